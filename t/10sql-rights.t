# What the two programs may not do to the database, tried as their roles: the
# API reads no secret of a target and no history it could rewrite, the worker
# reads no password of a person and signs nobody in.

use lib 't/lib';
use TaiFish;

my $tf = TaiFish->new(redis => 0);

$tf->sql(q{
    INSERT INTO credentials (name, credential_type, db_type, username, sealed)
    VALUES ('one', 'database', 'mysql', 'monitor', '\x01');
    INSERT INTO instances (name, db_type, host, port, credential_id)
    VALUES ('one', 'mysql', 'db1', 3306, 1);
    INSERT INTO sessions (id, user_id, expires_at)
    VALUES (sha256('one'), 1, now() + interval '1 hour');
});

my %no = (
    taifish_api => [
        'SELECT sealed FROM credentials',
        'SELECT envelope FROM credentials',
        'SELECT * FROM credentials',
        'COPY credentials TO STDOUT',
        'UPDATE credentials SET description = encode(sealed, $$hex$$)',
        'UPDATE credentials SET sealed = envelope',
        'UPDATE credentials SET username = username
         WHERE sealed > $$\x00$$',
        'DELETE FROM credentials RETURNING sealed',
        'INSERT INTO credentials (name, credential_type, username, sealed)
         VALUES ($$b$$, $$ssh$$, $$u$$, $$\x01$$) RETURNING sealed',
        'UPDATE credentials SET uuid = gen_random_uuid()',
        'UPDATE credentials SET key_id = NULL',
        'INSERT INTO accounts (instance_id, principal, username, kind)
         VALUES (1, $$x$$, $$x$$, $$user$$)',
        'UPDATE accounts SET dropped_at = now()',
        'DELETE FROM accounts',
        'UPDATE account_versions SET snapshot = $${}$$',
        'DELETE FROM account_versions',
        'UPDATE account_changes SET message = $$$$',
        'DELETE FROM account_changes',
        'TRUNCATE account_changes',
        'DELETE FROM task_runs',
        'DELETE FROM task_items',
        'DELETE FROM instance_scopes',
        'INSERT INTO schedule_fires VALUES (1, now())',
        'UPDATE workers SET state = $$stopped$$',
        'INSERT INTO audit_log SELECT * FROM audit_log',
        'UPDATE audit_log SET actor_name = $$eve$$',
        'DELETE FROM audit_log',
        'TRUNCATE audit_log',
        'UPDATE audit_head SET seq = 0',
        'SELECT audit_cut(current_date, $$eve$$)',
        'INSERT INTO app_logs (time, level, module, code, message)
         VALUES (now(), $$INFO$$, $$x$$, $$x$$, $$x$$)',
        'UPDATE app_logs SET message = $$$$',
        'DELETE FROM app_logs',
        'UPDATE app_log_counts SET n = 0',
        'UPDATE partitioned_tables SET retention_months = 1',
        'SELECT * FROM tf_partitions_drop($$x$$, now()::date, 1)',
        'SELECT * FROM tf_partitions_ahead($$x$$, now()::date)',
        'SELECT tf_partition_make($$x$$, now()::date)',
    ],
    taifish_worker => [
        'SELECT password_hash FROM users',
        'SELECT * FROM users',
        'UPDATE users SET role = $$admin$$',
        'INSERT INTO users (username, password_hash) VALUES ($$eve$$, $$x$$)',
        'DELETE FROM users',
        'SELECT * FROM api_tokens',
        'SELECT hash FROM api_tokens',
        'INSERT INTO api_tokens (user_id, name, prefix, hash, expires_at)
         VALUES (1, $$x$$, $$x$$, sha256($$x$$), now())',
        'SELECT user_id FROM sessions',
        'INSERT INTO sessions (id, user_id, expires_at)
         VALUES (sha256($$x$$), 1, now() + interval $$1 hour$$)',
        'UPDATE sessions SET user_id = 1',
        'UPDATE sessions SET expires_at = now() + interval $$1 year$$',
        'UPDATE login_throttle SET failures = 0',
        'UPDATE credentials SET uuid = gen_random_uuid()',
        'UPDATE credentials SET username = $$x$$',
        'INSERT INTO credentials (name, credential_type, username, sealed)
         VALUES ($$b$$, $$ssh$$, $$u$$, $$\x01$$)',
        'DELETE FROM credentials',
        'INSERT INTO instances (name, db_type, host, port)
         VALUES ($$b$$, $$mysql$$, $$h$$, 1)',
        'DELETE FROM instances',
        'UPDATE tags SET name = $$x$$',
        'INSERT INTO audit_log SELECT * FROM audit_log',
        'UPDATE audit_log SET actor_name = $$eve$$',
        'DELETE FROM audit_log',
        'TRUNCATE audit_log',
        'UPDATE audit_head SET seq = 0',
        'UPDATE app_logs SET message = $$$$',
        'DELETE FROM app_logs',
        'UPDATE partitioned_tables SET retention_months = 1',
        'SELECT tf_partitions_register($$x$$, $$x$$, $$x$$, $$x$$, 1)',
    ],
);

# and neither of the two

my @never = (
    'CREATE TABLE public.t (a int)',
    'CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS $$SELECT 1$$',
    'ALTER TABLE users DISABLE TRIGGER ALL',
    'ALTER TABLE users OWNER TO CURRENT_USER',
    'DROP TABLE users',
    'GRANT SELECT ON credentials TO PUBLIC',
    'CREATE ROLE eve LOGIN',
    'ALTER ROLE CURRENT_USER SUPERUSER',
    'SET ROLE taifish',
    'SELECT pg_read_file($$PG_VERSION$$)',
    'SELECT lo_import($$/etc/passwd$$)',
    'SELECT rolpassword FROM pg_authid',
    'COPY users TO PROGRAM $$true$$',
    'COPY tags FROM $$/etc/passwd$$',
);

for my $role (sort keys %no) {
    for my $sql (@{ $no{$role} }, @never) {
        my ($code, $out) = $tf->pg->psql("SET SESSION AUTHORIZATION $role;\n"
            . "BEGIN;\n\\o /dev/null\n$sql;\nROLLBACK;\n");
        $sql =~ s/\s+/ /g;
        like $out, qr/permission[ ]denied|must[ ]be[ ](?:owner|superuser)
             |no[ ]privileges[ ]were[ ]granted/x,
            "$role: $sql";
    }

    my $bad = $tf->value("SELECT count(*) FROM pg_roles
        WHERE rolname = '$role' AND (rolsuper OR rolcreaterole OR rolcreatedb
              OR rolreplication OR rolbypassrls)");
    is $bad, 0, "$role is an ordinary role";
}

# rights that PUBLIC has are everybody's

is $tf->value("SELECT string_agg(c.relname, ' ') FROM pg_class c,
        aclexplode(c.relacl) a
    WHERE c.relnamespace = 'public'::regnamespace AND a.grantee = 0"), '',
    'no table is open to everybody';

done_testing;
