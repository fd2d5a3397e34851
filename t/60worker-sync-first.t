# What could not be read at the first sync is unknown: when it is read later,
# nothing was granted.

use lib 't/lib';
use TaiFish;
use TaiFish::Sync;

my $tf = TaiFish->new->start;
my $db = $tf->postgres;

$db->sql('CREATE ROLE team; CREATE ROLE app LOGIN IN ROLE team');
$db->sql('CREATE DATABASE one');
$db->sql('CREATE TABLE t (); GRANT SELECT ON t TO app', 'one');
my $s = TaiFish::Sync->new($tf, $tf->as('admin'), 'postgresql', $db);

$db->sql('REVOKE SELECT ON pg_auth_members FROM PUBLIC', $_)
    for qw(postgres one);
$db->sql('ALTER DATABASE one ALLOW_CONNECTIONS false');

ok $s->sync->{partial}, 'the first sync is partial';
is $s->status, 'partial', 'the instance says so';
my %stale = map { s/ *:.*//r => 1 } $s->stale;
ok $stale{memberships}, 'memberships are stale' or diag explain [$s->stale];
ok $stale{'tables one'}, 'and a database';
is $tf->value("SELECT count(*) FROM instance_scopes
               WHERE scope = 'memberships' AND known"), 0,
    'they were never known';
my $first = $s->categories('app');
is $first->{postgresql_memberships}, undef, 'no membership is shown';
$s->changes;

ok $s->sync->{partial}, 'the second sync is partial, too';
is_deeply [$s->changes], [], 'and changes nothing';

$db->sql('ALTER DATABASE one ALLOW_CONNECTIONS true');
$db->sql('GRANT SELECT ON pg_auth_members TO PUBLIC', $_)
    for qw(postgres one);
ok !$s->sync->{partial}, 'then all is read';
my $then = $s->categories('app');
ok $then->{postgresql_memberships}, 'a membership is shown'
    or diag explain $then;
ok $then->{postgresql_table_privileges}, 'and a right in the database';
is_deeply [$s->changes], [], 'but nothing was granted';

$db->sql('REVOKE team FROM app');
$db->sql('REVOKE SELECT ON t FROM app', 'one');
$s->sync;
is_deeply [$s->changes], ['modify_privilege app'], 'from then on it counts';

# It is stale since it was first not read, whatever the reason was then.

$db->sql('REVOKE SELECT ON pg_auth_members FROM PUBLIC', $_)
    for qw(postgres one);
$s->sync;
$tf->sql("UPDATE instance_scopes
          SET status = 'timeout', error_code = 'TARGET_TIMEOUT',
              stale_since = '2026-01-02 03:04:05Z'
          WHERE scope = 'memberships'");
$s->sync;
is_deeply $tf->row("SELECT status,
                           (stale_since = '2026-01-02 03:04:05Z')::text AS same
                    FROM instance_scopes WHERE scope = 'memberships'"),
    { status => 'denied', same => 'true' },
    'another reason leaves the time since when it is stale';

done_testing;
