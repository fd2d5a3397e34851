# Snapshots of 1.0.0, where a grant option was a part of the privilege's text,
# become snapshots with states: byte by byte those of a sync, with their
# fingerprints, so that the next sync finds nothing new.

use lib 't/lib';
use TaiFish;
use TaiFish::Sync;

my $tf = TaiFish->new->start;
my $api = $tf->as('admin');
my $db = $tf->postgres;

$db->sql(q{CREATE ROLE app LOGIN});
$db->sql(q{CREATE ROLE "x WITH GRANT OPTION"});
$db->sql(q{GRANT "x WITH GRANT OPTION" TO app});
$db->sql(q{CREATE DATABASE "a "" WITH GRANT OPTION"});
$db->sql(q{GRANT CREATE ON DATABASE "a "" WITH GRANT OPTION" TO app});
$db->sql(q{GRANT CONNECT ON DATABASE "a "" WITH GRANT OPTION" TO app
    WITH GRANT OPTION});
$db->sql($_, 'a " WITH GRANT OPTION') for (
    q{CREATE TABLE "t WITH GRANT OPTION" (a int)},
    q{CREATE TABLE "{""SELECT"": ""grantable""}" (a int)},
    q{GRANT INSERT, DELETE ON "t WITH GRANT OPTION" TO app},
    q{GRANT SELECT, UPDATE ON "t WITH GRANT OPTION" TO app
        WITH GRANT OPTION},
    q{GRANT SELECT ON "{""SELECT"": ""grantable""}" TO app
        WITH GRANT OPTION},
    q{GRANT UPDATE ON "{""SELECT"": ""grantable""}"
        TO "x WITH GRANT OPTION" WITH GRANT OPTION});

my $s = TaiFish::Sync->new($tf, $api, 'postgresql', $db);
$s->sync;
$s->changes;

my $versions = 'SELECT v.id, a.principal, v.snapshot, v.fingerprint
                FROM account_versions v JOIN accounts a ON a.id = v.account_id
                ORDER BY v.id';
my @now = $tf->rows($versions);
is scalar(grep { $_->{snapshot} =~ /":"grantable"\}/ } @now), 2,
    'two accounts may pass rights on';

# as 1.0.0 wrote them

$tf->sql(q{
    UPDATE account_versions v
    SET snapshot = regexp_replace(v.snapshot,
            '\{("(?:[^"\\\\]|\\\\.)*)":"grantable"\}',
            '\1 WITH GRANT OPTION"', 'g');
    UPDATE account_versions v
    SET fingerprint = sha256(convert_to(E'1\n'
            || CASE a.kind WHEN 'user' THEN 1 WHEN 'role' THEN 2 ELSE 3 END
            || E'\n' || v.snapshot, 'UTF8'))
    FROM accounts a WHERE a.id = v.account_id;
});
my @old = $tf->rows($versions);
is scalar(grep { $_->{snapshot} =~ /SELECT WITH GRANT OPTION"/ } @old), 1,
    'text of 1.0.0';
is scalar(grep { $old[$_]{fingerprint} ne $now[$_]{fingerprint} } 0 .. $#now),
    2, 'with its fingerprint';

my $migration = do { local $/;
    open my $f, '<:utf8', "$TaiFish::ROOT/sql/0004_engines.sql" or die $!;
    <$f> };
my ($statements) = $migration =~
    /^(CREATE\ FUNCTION\ pg_temp\.with_states.*
      ^DROP\ FUNCTION\ pg_temp\.with_states\(text\);)/msx;
ok $statements, 'the statements of the migration';
$tf->sql("BEGIN; $statements COMMIT");

my @new = $tf->rows($versions);
is_deeply [map { $_->{snapshot} } @new], [map { $_->{snapshot} } @now],
    'the same snapshots again';
is_deeply [map { $_->{fingerprint} } @new], [map { $_->{fingerprint} } @now],
    'and fingerprints';

$s->sync;
is_deeply [$s->changes], [], 'the next sync logs nothing';
is scalar(my @after = $tf->rows($versions)), scalar @now,
    'and writes no version';

# what clients read is the text of 1.0.0

my ($app) = grep { $_->{principal} eq 'app' } @old;
my $id = $tf->value("SELECT id FROM accounts WHERE principal = 'app'");
is_deeply $api->get("/accounts/ledgers/$id/permissions")
        ->data->{permissions}{snapshot},
    JSON::PP->new->decode($app->{snapshot}), 'clients read the same words';

done_testing;
