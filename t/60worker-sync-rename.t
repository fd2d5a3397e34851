# A name that changes while what it names stays the same: roles, groups,
# databases, schemas and tables of PostgreSQL.

use lib 't/lib';
use TaiFish;
use TaiFish::Sync;

my $tf = TaiFish->new->start;
my $api = $tf->as('admin');
my $db = $tf->postgres;

$db->sql('CREATE DATABASE one');
$db->sql('CREATE DATABASE two');
$db->sql(q{
    CREATE ROLE app LOGIN; CREATE ROLE other LOGIN; CREATE ROLE team;
    CREATE ROLE boss CREATEROLE;
    GRANT team TO boss WITH ADMIN OPTION;
    SET ROLE boss; GRANT team TO app; RESET ROLE;
    GRANT CREATE ON DATABASE one TO app;
});
for my $name (qw(one two)) {
    $db->sql(qq{
        CREATE SCHEMA s AUTHORIZATION other;
        CREATE TYPE s.kind AS ENUM ('a');
        CREATE TABLE s.t (a int, b int); CREATE SEQUENCE s.q;
        CREATE FUNCTION s.f(s.kind) RETURNS int LANGUAGE sql AS 'SELECT 1';
        ALTER TABLE s.t OWNER TO other;
        GRANT USAGE ON SCHEMA s TO app; GRANT UPDATE (a) ON s.t TO app;
        GRANT SELECT ON s.t TO team; GRANT USAGE ON SEQUENCE s.q TO app;
        GRANT EXECUTE ON FUNCTION s.f(s.kind) TO app;
        ALTER DEFAULT PRIVILEGES FOR ROLE boss IN SCHEMA s
            GRANT SELECT ON TABLES TO app;
    }, $name);
}

my $s = TaiFish::Sync->new($tf, $api, 'postgresql', $db);
$s->sync;
$s->changes;


# --- roles ------------------------------------------------------------------

my $history = sub {
    my ($name) = @_;
    return $tf->value("SELECT string_agg(c.change_type, ',' ORDER BY c.id)
        FROM accounts a JOIN account_changes c ON c.account_id = a.id
        WHERE a.principal = '$name' AND a.dropped_at IS NULL
              AND a.instance_id = " . $s->id);
};
my $id = sub {
    my ($name) = @_;
    return $tf->value("SELECT id FROM accounts WHERE principal = '$name'
                       AND dropped_at IS NULL AND instance_id = " . $s->id);
};
my $was = $id->('team');

$db->sql('ALTER ROLE team RENAME TO crew');
my $r = $s->sync;
is_deeply [$s->changes], ['rename crew'], 'a renamed group is one change';
is $id->('crew'), $was, 'of the same account';
is $history->('crew'), 'add,rename', 'with one history';
is $r->{modified_count}, 1, 'and one account is modified'
    or diag explain $r;
is_deeply [@$r{qw(added_count removed_count)}], [0, 0], 'none came or went';
is_deeply $s->categories('app')->{postgresql_predefined_roles}, ['crew'],
    'its members are in it by its new name';
my $change = $api->get("/account-change-logs/" . $s->change('crew')->{id})
    ->data;
is $change->{log}{change_type}, 'rename', 'the API says so'
    or diag explain $change;
is_deeply $change->{log}{privilege_diff}, [], 'without rights';
is_deeply [map { "$_->{field}: $_->{before} -> $_->{after}" }
           @{ $change->{log}{other_diff} }], ['username: team -> crew'],
    'and with both names';
is $api->get('/account-change-logs?change_type=rename')->data->{total}, 1,
    'it can be looked for';

$db->sql('ALTER ROLE boss RENAME TO chief');
$s->sync;
is_deeply [$s->changes], ['rename chief'],
    'the name of a grantor is no right of others';
like join(' ', @{ $s->categories('app')->{postgresql_memberships}{crew} }),
    qr/GRANTED BY chief/, 'but it is the new one'
    if $db->value('SHOW server_version_num') >= 160000;
like join(' ', keys %{ $s->categories('app')
    ->{postgresql_default_privileges}{one} }), qr/FOR ROLE chief IN/,
    'and so is that of default privileges';

# a, b -> b, a between two syncs, each keeps its own rights and history

my %was = map { $_ => $id->($_) } qw(app other);
$db->sql('ALTER ROLE app RENAME TO tmp; ALTER ROLE other RENAME TO app;
          ALTER ROLE tmp RENAME TO other');
$s->sync;
is_deeply [$s->changes], ['rename app', 'rename other'], 'swapped names';
is_deeply [map { $id->($_) } qw(other app)], [@was{qw(app other)}],
    'each account is the one it was';
ok $s->categories('app')->{postgresql_owned_schemas}{one},
    'with what it owns';
my $rows = join ' UNION ALL ', map { "SELECT '$_' || t.xmin || t.ctid AS id
    FROM $_ t" } qw(accounts account_versions account_objects account_changes
    instance_databases_seen);
$rows = "SELECT md5(string_agg(id, ',' ORDER BY id)) FROM ($rows) r";
my $written = $tf->value($rows);
$s->sync;
is $tf->value($rows), $written, 'and the next sync writes nothing';

# a role that takes the name of one that was dropped, and another one that has
# the old name

$db->sql('CREATE ROLE x1; CREATE ROLE x2; GRANT x1 TO other');
$s->sync;
$s->changes;
%was = map { $_ => $id->($_) } qw(x1 x2);
$db->sql('DROP ROLE x1; ALTER ROLE x2 RENAME TO x1; CREATE ROLE x2');
$s->sync;
is_deeply [$s->changes],
    ['add x2', 'drop x1', 'modify_privilege other', 'rename x1'],
    'a name that went on';
is $id->('x1'), $was{x2}, 'the account with it is the other one';
is $tf->value("SELECT dropped_at IS NOT NULL FROM accounts
               WHERE id = $was{x1}"), 't', 'the first one is dropped';
like join(';', $s->entries('other')),
    qr/^REVOKE postgresql_memberships x1 \(\d+\): .*MEMBER/,
    'and who was in it lost that';
is scalar(grep { /GRANT / } $s->entries('other')), 0, 'and gained nothing';
$db->sql('DROP ROLE x1');
$s->sync;
is_deeply [$s->changes], ['drop x1'], 'a second one of the name is dropped';
$db->sql('CREATE ROLE x1');
$s->sync;
is_deeply [$s->changes], ['recreate x1'], 'and made again';
is $id->('x1'), $was{x2}, 'after the last one';

# renamed and more

$db->sql('ALTER ROLE x1 RENAME TO x3; ALTER ROLE x3 SUPERUSER;
          GRANT crew TO x3');
$s->sync;
is_deeply [$s->changes], ['rename x3'], 'renamed and granted is one change';
ok $s->change('x3')->{is_elevation}, 'which is an elevation';
like join(';', $s->entries('x3')), qr/GRANT postgresql_memberships crew: /,
    'with the grant';
like $api->get('/account-change-logs/' . $s->change('x3')->{id})
    ->data->{log}{message}, qr/改名.*授予/, 'and says both';


# --- databases, schemas, tables ----------------------------------------------

$db->sql('ALTER DATABASE one RENAME TO uno');
$s->sync;
is_deeply [$s->changes], [], 'a renamed database';
ok $s->categories('other')->{postgresql_schema_privileges}{uno},
    'is what it was, under its new name';
ok !$s->categories('other')->{postgresql_schema_privileges}{one},
    'and not under the old one';
is $tf->value("SELECT count(*) FROM instance_scopes WHERE database = 'one'"),
    0, 'its scopes go with it';
$db->sql($_) for 'ALTER DATABASE uno RENAME TO three',
    'ALTER DATABASE two RENAME TO uno', 'ALTER DATABASE three RENAME TO two';
$s->sync;
is_deeply [$s->changes], [], 'two databases that swapped their names';

# renamed, and not readable since

my $before = $s->categories('other')->{postgresql_schema_privileges}{uno};
$db->sql('ALTER DATABASE uno RENAME TO blind');
$db->sql('ALTER DATABASE blind ALLOW_CONNECTIONS false');
ok $s->sync->{partial}, 'a renamed database that cannot be read';
is_deeply [$s->changes], [], 'loses nothing';
is_deeply $s->categories('other')->{postgresql_schema_privileges}{blind},
    $before, 'and what is known of it has its new name';
$db->sql('ALTER DATABASE blind ALLOW_CONNECTIONS true');
$db->sql('ALTER DATABASE blind RENAME TO uno');
$s->sync;
is_deeply [$s->changes], [], 'nor when it is back';

for my $rename ('TABLE s.t RENAME TO t2', 'SEQUENCE s.q RENAME TO q2',
                'FUNCTION s.f RENAME TO f2', 'TYPE s.kind RENAME TO sort',
                'TABLE s.t2 RENAME a TO aa', 'SCHEMA s RENAME TO s2')
{
    $db->sql("ALTER $rename", 'uno');
    $s->sync;
    is_deeply [$s->changes], [], "ALTER $rename: no right came or went";
}
ok $s->categories('other')->{postgresql_column_privileges}{uno}{'s2.t2.aa'},
    'the rights have the new names';

$db->sql('ALTER TABLE s2.t2 RENAME TO t3; GRANT INSERT ON s2.t3 TO other;
          REVOKE UPDATE (aa) ON s2.t3 FROM other', 'uno');
$s->sync;
is_deeply [$s->changes], ['modify_privilege other'], 'renamed and granted';
is_deeply [$s->entries('other')],
    ['GRANT postgresql_table_privileges uno.s2.t3: INSERT',
     'REVOKE postgresql_column_privileges uno.s2.t2.aa: UPDATE'],
    'is the grant and the revoke';

# a subscription, from 14 on

$db->sql(q{ALTER ROLE chief SUPERUSER; CREATE SUBSCRIPTION sub CONNECTION
           'dbname=x' PUBLICATION p WITH (connect = false);
           ALTER SUBSCRIPTION sub OWNER TO chief}, 'uno');
$s->sync;
$s->changes;
$db->sql('ALTER SUBSCRIPTION sub RENAME TO sub2', 'uno');
$s->sync;
is_deeply [$s->changes], [], 'a renamed subscription';
ok $s->categories('chief')->{postgresql_owned_other_objects}{uno}
    {'SUBSCRIPTION sub2'}, 'has its new name';
$db->sql('ALTER SUBSCRIPTION sub2 SET (slot_name = NONE);
          DROP SUBSCRIPTION sub2; ALTER ROLE chief NOSUPERUSER', 'uno');
$s->sync;
$s->changes;

# two tables swap their names

$db->sql('CREATE TABLE s2.n (a int); ALTER TABLE s2.n OWNER TO app;
          GRANT DELETE ON s2.n TO other', 'uno');
$s->sync;
$s->changes;
$db->sql('ALTER TABLE s2.t3 RENAME TO o; ALTER TABLE s2.n RENAME TO t3;
          ALTER TABLE s2.o RENAME TO n', 'uno');
$s->sync;
is_deeply [$s->changes], [], 'two tables that swapped their names';

# made again is not renamed

$db->sql('DROP TABLE s2.n; CREATE TABLE s2.n (aa int)', 'uno');
$s->sync;
$s->changes;
like join(';', $s->entries('other')),
    qr/REVOKE postgresql_table_privileges uno\.s2\.n: INSERT/,
    'a table that is made again has no rights';


# --- between the list of databases and the visit of each ----------------------

# The first session has the list and waits for a lock then; what code does is
# done before any other database is visited.

sub between {
    my ($code) = @_;
    my $lock = fork // die;
    if (!$lock) {
        eval { $db->sql('BEGIN; LOCK TABLE pg_ts_dict;
                         SELECT pg_sleep(120)', 'postgres') };
        POSIX::_exit(0);
    }
    TaiFish::Server::until_true(20, sub {
        $db->value("SELECT count(*) FROM pg_stat_activity
                    WHERE wait_event = 'PgSleep'") }) or die 'no lock';
    my $run = $tf->value("SELECT run_id FROM tf_enqueue('sync_accounts',
        'manual', instance_ids => ARRAY[" . $s->id . '])');
    TaiFish::Server::until_true(20, sub {
        $db->value("SELECT count(*) FROM pg_stat_activity
                    WHERE wait_event_type = 'Lock'") }) or die 'no wait';
    $code->();
    $db->sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity
              WHERE wait_event = 'PgSleep'");
    waitpid $lock, 0;
    return $tf->wait_run($run)->{status};
}

$db->sql('CREATE DATABASE four');
$db->sql('CREATE SCHEMA four AUTHORIZATION app', 'four');
$s->sync;
$s->changes;

is between(sub { $db->sql('ALTER DATABASE uno RENAME TO une') }), 'completed',
    'a database that was renamed meanwhile';
is_deeply [$s->changes], [], 'is read';
$s->sync;
is_deeply [$s->changes], [], 'and is what it was';
ok $s->categories('other')->{postgresql_schema_privileges}{une},
    'under its new name';

is between(sub { $db->sql($_) for 'ALTER DATABASE une RENAME TO x',
    'ALTER DATABASE two RENAME TO une', 'ALTER DATABASE x RENAME TO two' }),
    'completed', 'two that swapped their names meanwhile';
is_deeply [$s->changes], [], 'are not taken for each other';
$s->sync;
is_deeply [$s->changes], [], 'nor later';

is between(sub { $db->sql('DROP DATABASE four') }), 'completed',
    'one that was dropped meanwhile';
is_deeply [grep { / app$/ } $s->changes],
    ['modify_privilege app'], 'takes its rights along';
$s->sync;
is_deeply [grep { / app$/ } $s->changes], [], 'once';
$db->sql('ALTER DATABASE two RENAME TO uno');
$db->sql('ALTER DATABASE une RENAME TO two');
$s->sync;


# --- what an older release stored --------------------------------------------

$tf->sql('UPDATE accounts SET native_id = NULL; DELETE FROM account_objects;
          DELETE FROM instance_databases_seen');
$s->sync;
is_deeply [$s->changes], [], 'accounts without an identity get it';
is $tf->value('SELECT count(*) FROM accounts WHERE native_id IS NULL
               AND dropped_at IS NULL'), 0, 'all of them';
cmp_ok $tf->value('SELECT count(*) FROM account_objects'), '>', 3,
    'and their objects theirs';
$db->sql('ALTER ROLE crew RENAME TO team');
$s->sync;
is_deeply [$s->changes], ['rename team'], 'from then on a rename is one';

is $api->post('/instances/actions/batch-delete',
    { instance_ids => [$s->id], deletion_mode => 'hard' })->status, 200,
    'removed for good';
is $tf->value('SELECT count(*) FROM account_objects'), 0, 'with all of it';

done_testing;
