
# The account sync of PostgreSQL: several databases, some of which cannot be
# read, and roles that come back under the same name.

use lib 't/lib';
use TaiFish;
use TaiFish::Cut;
use TaiFish::Sync;

my $tf = TaiFish->new->start;
my $api = $tf->as('admin');
my $db = $tf->postgres;

$db->sql('CREATE DATABASE one');
$db->sql('CREATE DATABASE two');
$db->sql(q{
    CREATE ROLE app LOGIN;
    CREATE ROLE readers;
    CREATE ROLE boss LOGIN CREATEROLE;
    CREATE ROLE past LOGIN VALID UNTIL '2001-02-03 04:05:06+00';
    GRANT readers TO app;
});
for my $name (qw(one two)) {
    $db->sql(qq{
        CREATE TABLE t (a int, b int); CREATE SEQUENCE s;
        GRANT SELECT ON t TO readers; GRANT INSERT (a) ON t TO app;
        GRANT USAGE ON SEQUENCE s TO app WITH GRANT OPTION;
    }, $name);
}

my $cut = TaiFish::Cut->new($db->{port});
my $s = TaiFish::Sync->new($tf, $api, 'postgresql', $db, port => $cut->port);


# --- the first one ---------------------------------------------------------

my $r = $s->sync;
ok !$r->{partial}, 'the first sync read everything' or diag explain $r;
is scalar(grep { !/^add / } $s->changes), 0, 'all accounts are added';
my $app = $s->categories('app');
is_deeply $app->{postgresql_sequence_privileges},
    { map { $_ => { 'public.s' => ['USAGE WITH GRANT OPTION'] } }
      qw(one two) }, 'of two databases' or diag explain $app;
is_deeply $app->{postgresql_predefined_roles}, ['readers'], 'a membership';
ok $app->{postgresql_role_attributes}{can_login}, 'an attribute';

is_deeply $s->life('app'), { password_last_changed => 'NOT_KEPT',
    password_expires_at => 'NEVER_EXPIRES', is_password_expired => 'false',
    locked_at => 'NOT_LOCKED', is_locked_out => 'NO_SUCH_THING',
    last_seen => 'NOT_KEPT', is_orphaned => 'NO_SUCH_THING' },
    'the facts of its life' or diag explain $s->life('app');
is $s->life('past')->{is_password_expired}, 'true', 'past its validity';
is $s->life('past')->{password_expires_at}, '2001-02-03T04:05:06Z', 'since';

my $n = $s->written(sub { $s->sync });
cmp_ok $n, '<=', 10, "a sync that finds nothing new writes $n rows";
is_deeply [$s->changes], [], 'and logs nothing';


# --- exactly what happened -------------------------------------------------

$db->sql('CREATE ROLE doomed LOGIN');
$s->sync;
is_deeply [$s->changes], ['add doomed'], 'an account came';

$db->sql('GRANT UPDATE ON t TO app', 'one');
$db->sql('REVOKE SELECT ON t FROM readers', 'two');
$db->sql('DROP ROLE doomed; CREATE ROLE fresh LOGIN');
$s->sync;
is_deeply [$s->changes],
    ['add fresh', 'drop doomed', 'modify_privilege app',
     'modify_privilege readers'],
    'GRANT, CREATE, DROP and REVOKE are four changes';
is_deeply [$s->entries('app')],
    ['GRANT postgresql_table_privileges one.public.t: UPDATE'], 'the grant';
is_deeply [$s->entries('readers')],
    ['REVOKE postgresql_table_privileges two.public.t: SELECT'],
    'the revoke';

$db->sql('DROP ROLE fresh; CREATE ROLE fresh LOGIN');
$s->sync;
is_deeply [$s->changes], ['recreate fresh'],
    'a role of the same name is another one';

$db->sql('ALTER ROLE fresh SUPERUSER');
$s->sync;
ok $s->change('fresh')->{is_elevation}, 'a superuser is an elevation';
$db->sql('ALTER ROLE fresh NOSUPERUSER');
$s->sync;
ok !$s->change('fresh')->{is_elevation}, 'the way back is not';
$s->changes;

$db->sql('GRANT SELECT ON t TO app WITH GRANT OPTION', 'two');
$s->sync;
is_deeply [$s->entries('app')],
    ['GRANT postgresql_table_privileges two.public.t: '
     . 'SELECT WITH GRANT OPTION'], 'with grant option';
$db->sql('REVOKE GRANT OPTION FOR SELECT ON t FROM app', 'two');
$s->sync;
is_deeply [$s->entries('app')],
    ['ALTER postgresql_table_privileges two.public.t: SELECT'],
    'the option alone is an alteration';
$s->changes;


# a membership is one grant with its options

my $told = sub {
    my ($sql) = @_;
    $db->sql($sql);
    $s->sync;
    return $s->change('app')->{message} . ': '
        . join ' ', map { s/,(?:GRANTED BY \w+|INHERIT|SET)//gr }
                    $s->entries('app');
};
is $told->('CREATE ROLE team; GRANT team TO app WITH ADMIN OPTION'),
    'GRANT 1: GRANT postgresql_memberships team: ADMIN OPTION,MEMBER',
    'a membership';
is $told->('REVOKE ADMIN OPTION FOR team FROM app'),
    'ALTER 1: ALTER postgresql_memberships team: MEMBER', 'its option';
is $told->('REVOKE team FROM app; DROP ROLE team'),
    'REVOKE 1: REVOKE postgresql_memberships team: MEMBER', 'its end';
$s->changes;


# --- who is a superuser or as good as one, through others -------------------

$db->sql('CREATE ROLE su2 SUPERUSER; CREATE ROLE mid; CREATE ROLE low LOGIN;
          GRANT mid TO low');
$s->sync;
$s->changes;
$db->sql('GRANT su2 TO mid');
$s->sync;
is_deeply [$s->changes], ['modify_other low', 'modify_privilege mid'],
    'a member of a member of a superuser';
ok $s->change($_)->{is_elevation}, "$_ was elevated" for qw(mid low);
is $tf->value("SELECT count(*) FROM accounts WHERE principal IN ('mid', 'low')
               AND is_superuser AND can_grant"), 2, 'both are superusers';
$db->sql('REVOKE su2 FROM mid');
$s->sync;
$s->changes;
ok !$s->change('low')->{is_elevation}, 'the way back is not';
$db->sql('GRANT pg_execute_server_program TO mid');
$s->sync;
is_deeply [$s->changes], ['modify_other low', 'modify_privilege mid'],
    'who may run programs on the server';
ok $s->change($_)->{is_elevation}, "$_ was elevated" for qw(mid low);
$db->sql('DROP ROLE su2; DROP ROLE mid; DROP ROLE low');
$s->sync;
$s->changes;


# --- owners ------------------------------------------------------------------

for my $case (
    ['TABLE t', 'tables', 'public.t'], ['SCHEMA public', 'schemas', 'public'],
    ['SEQUENCE s', 'sequences', 'public.s'])
{
    my ($what, $kind, $name) = @$case;
    my $old = $db->value("SELECT pg_get_userbyid(nspowner) FROM pg_namespace
                          WHERE nspname = 'public'", 'one');
    $old = 'taifish' if $kind ne 'schemas';

    $db->sql("ALTER $what OWNER TO app", 'one');
    $s->sync;
    is_deeply [$s->changes],
        ['modify_privilege app', "modify_privilege $old"],
        "ALTER $what OWNER TO is a change";
    is scalar(grep { $_ eq "GRANT postgresql_owned_$kind one.$name: OWNER" }
              $s->entries('app')), 1, 'of the new owner'
        or diag explain [$s->entries('app')];
    is scalar(grep { $_ eq "REVOKE postgresql_owned_$kind one.$name: OWNER" }
              $s->entries($old)), 1, 'and of the old one';

    $db->sql("ALTER $what OWNER TO $old", 'one');
    $s->sync;
    is scalar($s->changes), 2, 'and back';
}

# a default privilege that is taken away

my $default = 'FOR ROLE boss ON FUNCTIONS: EXECUTE';
$db->sql('ALTER DEFAULT PRIVILEGES FOR ROLE boss REVOKE EXECUTE ON FUNCTIONS'
         . ' FROM PUBLIC', 'one');
$s->sync;
is_deeply [$s->changes], ['modify_privilege PUBLIC'], 'is a change';
is_deeply [$s->entries('PUBLIC')],
    ["GRANT postgresql_revoked_default_privileges one.$default"],
    'and says which';
$db->sql('ALTER DEFAULT PRIVILEGES FOR ROLE boss GRANT EXECUTE ON FUNCTIONS'
         . ' TO PUBLIC', 'one');
$s->sync;
is_deeply [$s->changes], ['modify_privilege PUBLIC'], 'and so is its return';


# after an update that reads more than before, what was there is no news

$tf->sql(q{
    DELETE FROM instance_scopes WHERE scope ~ 'owners';
    UPDATE account_versions SET fingerprint = sha256('before the update'),
        snapshot = jsonb_set(snapshot::jsonb, '{categories}',
            (SELECT coalesce(jsonb_object_agg(key, value), '{}')
             FROM jsonb_each(snapshot::jsonb -> 'categories')
             WHERE key !~ '_owned_' OR key ~ '_databases'))::text
    WHERE upper_inf(observed);
    UPDATE account_versions SET snapshot = jsonb_set(snapshot::jsonb,
        '{type_specific,postgresql}',
        (snapshot::jsonb #> '{type_specific,postgresql}') - 'server_access'
        || '{"can_grant": false, "is_superuser": false}')::text
    WHERE upper_inf(observed)});
$s->sync;
is_deeply [$s->changes], [], 'what is read for the first time is no change';


# --- what can not be read --------------------------------------------------

my $before = $s->categories('app');

for my $case (
    ['REVOKE SELECT ON pg_auth_members FROM PUBLIC',
     'GRANT SELECT ON pg_auth_members TO PUBLIC', 'postgres', 'memberships',
     'a right of the collector that was taken'],
    ['REVOKE CONNECT ON DATABASE two FROM PUBLIC; GRANT CONNECT ON DATABASE'
     . ' two TO PUBLIC; ALTER DATABASE two ALLOW_CONNECTIONS false',
     'ALTER DATABASE two ALLOW_CONNECTIONS true', 'postgres', 'tables two',
     'a database that takes no connections'],
    ['SET allow_system_table_mods = on; ALTER TABLE pg_sequence RENAME TO'
     . ' pg_sequence_away; ALTER TABLE pg_catalog.pg_largeobject_metadata'
     . ' RENAME TO pg_lo_away',
     'SET allow_system_table_mods = on; ALTER TABLE pg_sequence_away RENAME'
     . ' TO pg_sequence; ALTER TABLE pg_catalog.pg_lo_away RENAME TO'
     . ' pg_largeobject_metadata', 'one', 'tables one',
     'a sub-query that fails'],
    ['REVOKE SELECT ON pg_database FROM PUBLIC',
     'GRANT SELECT ON pg_database TO PUBLIC', 'postgres', 'tables one',
     'a list of databases that was not read'],
) {
    my ($break, $mend, $database, $scope, $name) = @$case;

    if ($database eq 'postgres' && $break =~ /pg_auth_members/) {
        $db->sql($break, $_) for qw(postgres one two taifish);
    } else {
        $db->sql($break, $database);
    }
    $r = $s->sync;
    ok $r->{partial}, "$name: the sync is partial";
    is $s->status, 'partial', "$name: the instance says so";
    ok scalar(grep { /^\Q$scope\E/ } $s->stale), "$name: the scope is stale"
        or diag explain [$s->stale];
    is_deeply [$s->changes], [], "$name: no change";
    is_deeply $s->categories('app'), $before, "$name: all is kept"
        or diag explain $s->categories('app');

    $db->sql('ALTER ROLE fresh CREATEDB');
    $s->sync;
    is_deeply [$s->changes], ['modify_privilege fresh'],
        "$name: the rest is compared";

    if ($database eq 'postgres' && $break =~ /pg_auth_members/) {
        $db->sql($mend, $_) for qw(postgres one two taifish);
    } else {
        $db->sql($mend, $database);
    }
    $db->sql('ALTER ROLE fresh NOCREATEDB');
    $s->sync;
    is_deeply [$s->changes], ['modify_privilege fresh'],
        "$name: mended, only what happened";
    is_deeply [$s->stale], [], "$name: nothing is stale any more";
}

# a database that was never read is no news when it is

$db->sql('CREATE DATABASE three');
$db->sql('ALTER DATABASE three ALLOW_CONNECTIONS false');
ok $s->sync->{partial}, 'what was never read is missing, too';
$s->changes;
$db->sql('ALTER DATABASE three ALLOW_CONNECTIONS true');
$db->sql('CREATE TABLE t (a int); GRANT SELECT ON t TO app', 'three');
$s->sync;
is_deeply [$s->changes], [], 'what is read for the first time is not granted';
is_deeply $s->categories('app')->{postgresql_table_privileges}{three},
    { 'public.t' => ['SELECT'] }, 'but it is there';

# one that is new and can be read

$db->sql('CREATE DATABASE four');
$db->sql('CREATE TABLE t (a int); GRANT SELECT ON t TO app', 'four');
$s->sync;
is_deeply [grep { / app$/ } $s->changes], ['modify_privilege app'],
    'in a new database it is a grant';

# one that is gone

$db->sql('DROP DATABASE three');
$s->sync;
is_deeply [grep { / app$/ } $s->changes], ['modify_privilege app'],
    'a dropped database takes its rights along';
is_deeply [$s->entries('app')],
    ['REVOKE postgresql_table_privileges three.public.t: SELECT'],
    'only those';
is $tf->value("SELECT count(*) FROM instance_scopes
               WHERE database = 'three'"), 0, 'its scopes go too';


# --- what can not be believed ----------------------------------------------

my $open = $tf->value('SELECT count(*) FROM accounts WHERE dropped_at IS NULL');
$before = $tf->value('SELECT md5(string_agg(id || observed::text, $$,$$
                             ORDER BY id)) FROM account_versions');

sub untouched {
    my ($name) = @_;
    is_deeply [$s->changes], [], "$name: nothing is logged";
    is $tf->value('SELECT md5(string_agg(id || observed::text, $$,$$
                   ORDER BY id)) FROM account_versions'), $before,
        "$name: nothing is written";
    is $tf->value('SELECT count(*) FROM accounts WHERE dropped_at IS NULL'),
        $open, "$name: no account is dropped";
    is $s->status, 'failed', "$name: the instance says failed";
}

my $maintenance = 'postgres';
my $view = $db->value("SELECT pg_get_viewdef('pg_catalog.pg_roles')",
                      $maintenance);
my $none = $view =~ s/;\s*$//r;
my $mods = 'SET allow_system_table_mods = on; CREATE OR REPLACE VIEW'
    . ' pg_catalog.pg_roles AS';
$db->sql("$mods SELECT * FROM ($none) x WHERE false", $maintenance);
$r = $s->fail_once;
is_deeply [$r->status, $r->code], [409, 'ACCOUNTS_REFUSED'],
    'an empty list is refused' or diag $r->as_string;
untouched('an empty list');
$db->sql("$mods SELECT * FROM ($none) x WHERE rolname = 'app'", $maintenance);
$r = $s->fail_once;
is $r->code, 'ACCOUNTS_REFUSED', 'and so is one without the collector'
    or diag $r->as_string;
untouched('a shrunk list');
my $fewer = int(($tf->value("SELECT count(*) FROM accounts WHERE dropped_at
    IS NULL AND kind <> 'public' AND instance_id = " . $s->id) - 1) / 2);
$db->sql("$mods SELECT * FROM ($none) x WHERE rolname <> 'collector'
          ORDER BY rolname <> 'app', rolname LIMIT $fewer", $maintenance);
$r = $s->fail_once;
is $r->code, 'ACCOUNTS_REFUSED', "and one of $fewer, just less than half"
    or diag $r->as_string;
untouched('a list of less than half');
$db->sql("$mods $view", $maintenance);

$db->sql('REVOKE SELECT ON pg_roles FROM PUBLIC', $maintenance);
$r = $s->fail_once;
is $r->code, 'TARGET_PERMISSION', 'no right to read the accounts'
    or diag $r->as_string;
untouched('no right');
$db->sql('GRANT SELECT ON pg_roles TO PUBLIC', $maintenance);

for my $bytes (100, 900, 3000, 6000) {
    $cut->after($bytes);
    $r = $s->fail_once;
    isnt $r->status, 200, "cut after $bytes bytes: failed";
    like $r->code, qr/^TARGET_/, "cut after $bytes bytes: by the target"
        or diag $r->as_string;
    untouched("cut after $bytes bytes");
}
$cut->after(undef);

$db->stop('QUIT');
$r = $s->fail_once;
like $r->code, qr/^TARGET_/, 'a dead host';
untouched('a dead host');
$db->start;

$r = $s->sync;
is_deeply [$s->changes], [], 'after all of that nothing has changed';
is $s->status, 'completed', 'all is well';

my @odd = ("it's `q`", 'a;b', "x\ny", 'ÜmläutÄ', '泰摸鱼' x 6, 'MiXed',
           'back\\slash', 'd"q', 'a_b%c', '$1');
for my $name (@odd) {
    my $sql = $name =~ s/"/""/gr;
    $db->sql(qq{CREATE ROLE "$sql"});
    $db->sql(qq{CREATE TABLE "$sql" (a int);
                GRANT SELECT ON "$sql" TO "$sql"}, 'one');
}
$s->sync;
is_deeply [sort $s->changes],
    [sort 'modify_privilege taifish', map { "add $_" } @odd],
    'names of all kinds are kept as they are';
is scalar(grep { %{ $s->categories($_)->{postgresql_table_privileges}{one} } }
          @odd), @odd, 'with their rights';
$n = $s->written(sub { $s->sync });
cmp_ok $n, '<=', 10, 'and come back equal';


# A store that refuses what is copied in keeps nothing of it.

$db->sql('CREATE ROLE late');
for my $table (qw(accounts account_changes account_versions)) {
    $tf->sql("ALTER TABLE $table ADD CONSTRAINT refused CHECK (id < 0)
              NOT VALID");
    $r = $s->fail_once;
    is $r->code, 'DATABASE_QUERY_ERROR', "$table refuses: failed"
        or diag $r->as_string;
    $tf->sql("ALTER TABLE $table DROP CONSTRAINT refused");
    is_deeply [$s->changes], [], "$table refuses: nothing is logged";
    is $tf->value("SELECT count(*) FROM accounts WHERE principal = 'late'"),
        0, "$table refuses: no account is left";
}
$s->sync;
is_deeply [$s->changes], ['add late'], 'and then it is there';


# An instance that is removed for good takes its history along.

my $left = sub {
    return $tf->value('SELECT (SELECT count(*) FROM account_versions)
                              + (SELECT count(*) FROM account_changes)');
};
cmp_ok $left->(), '>', 0, 'there is history';
is $api->post('/instances/actions/batch-delete',
    { instance_ids => [$s->id], deletion_mode => 'hard' })->status, 200,
    'removed for good';
is $left->(), 0, 'with all of it';

done_testing;
