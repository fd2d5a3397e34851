# Databases and their sizes from real servers to the API: what is read, what
# happens to a database that is renamed, dropped, made again or may not be read,
# and the sizes of tables.

use lib 't/lib';
use TaiFish;
use JSON::PP ();
use TaiFish::Sync;

my $tf = TaiFish->new->start;
my $api = $tf->as('admin');

my $pg = $tf->postgres;
$pg->sql("CREATE DATABASE $_") for qw(app billing old);
$pg->sql('CREATE TABLE t AS SELECT generate_series(1, 20000) AS a;
          CREATE INDEX ON t (a); CREATE TABLE u (a int); ANALYZE t', 'app');

my $s = TaiFish::Sync->new($tf, $api, 'postgresql', $pg);
my $id = $s->id;

sub capacity {
    return $api->post("/instances/$id/actions/sync-capacity", {});
}

sub result {
    my $r = capacity();
    is $r->status, 200, 'synced' or diag $r->as_string, $s->log;
    return $r->data->{result};
}

sub database {
    my ($name) = @_;
    return $tf->row("SELECT *, dropped_at IS NOT NULL AS gone FROM databases
                     WHERE instance_id = $id AND name = '$name'
                     ORDER BY id DESC LIMIT 1");
}

sub sizes {
    my ($database) = @_;
    return $tf->rows("SELECT * FROM database_sizes
                      WHERE database_id = $database->{id} ORDER BY day");
}

sub instance { return $tf->row("SELECT * FROM instances WHERE id = $id") }

sub ledger {
    my ($query) = @_;
    return $api->get('/databases/ledgers?' . ($query // '') =~ s/^&//r);
}

sub names { return [map { $_->{database_name} } @{ $_[0]->data->{items} }] }

# --- before anything was read ------------------------------------------------

is $api->get("/instances/$id")->data->{instance}{active_db_count}, undef,
    'databases of an instance that was never read are unknown, not 0';
is $api->get('/dashboard/overview')->data->{databases}{total}, undef,
    'on the dashboard, too';
is $api->get('/dashboard/overview')->data->{capacity}{total_gb}, undef,
    'and so is what they hold';
is_deeply names(ledger()), [], 'the ledger is empty';

# --- the first reading -------------------------------------------------------

my $r = result();
is $r->{status}, 'completed', 'its outcome';
ok !$r->{partial}, 'all was read';
is_deeply $r->{inventory}{active_databases}, [qw(app billing old taifish)],
    'the databases';
is $r->{inventory}{created}, $r->{database_count}, 'all are new';
is $r->{saved_count}, $r->{database_count}, 'and all have a size';

my ($app) = grep { $_->{database_name} eq 'app' } @{ $r->{databases} };
is $app->{size_bytes}, $pg->value("SELECT pg_database_size('app')"),
    'as the server says';
is $app->{size_mb}, sprintf('%.0f', $app->{size_bytes} / 1048576),
    'in megabytes';

my $sum = $pg->value('SELECT sum(pg_database_size(oid)) FROM pg_database');
my $i = instance();
is $i->{size_bytes}, $sum, 'the instance has all of them';
is $i->{database_count}, 4, 'and counts those that are not of the system';
is $i->{last_capacity_status}, 'completed', 'its state';
is $tf->value("SELECT unread_count || ' ' || is_complete FROM instance_sizes
               WHERE instance_id = $id"), '0 true', 'and the row of the day';

my $list = ledger();
is_deeply names($list), [qw(app billing old taifish)], 'the ledger';
my $item = $list->data->{items}[0];
is $item->{capacity}{size_bytes}, $app->{size_bytes}, 'with the size';
is $item->{capacity}{label}, $item->{capacity}{size_mb} . ' MB', 'in words';
is $item->{sync_status}{value}, 'completed', 'fresh';
is $item->{sync_status}{label}, '已更新', 'which has a label';
is $item->{instance}{name}, 'postgresql', 'and its instance';
is $list->data->{total}, 4, 'counted';
is_deeply names(ledger('&search=APP')), ['app'], 'searched';
is_deeply names(ledger("&instance_id=$id&sort=size&order=desc&limit=1")),
    ['app'], 'sorted by size';
is_deeply names(ledger('&db_type=mysql')), [], 'of another engine';
is_deeply names(ledger('&sync_status=failed')), [], 'none failed';
is_deeply names(ledger('&include_system=true&search=template0')),
    ['template0'], "the system's when asked for";

my $one = $api->get("/instances/$id")->data->{instance};
is $one->{active_db_count}, 4, 'the instance says how many';
is $one->{total_size_bytes}, $sum, 'and how much';
my $overview = $api->get('/dashboard/overview')->data;
is_deeply $overview->{databases},
    { total => 4, active => 4, inactive => 0, deleted => 0 }, 'the dashboard';
is $overview->{capacity}{usage_percent}, undef, 'without a limit no use of it';
$tf->sql("UPDATE instances SET capacity_limit_bytes = $sum * 2");
is $api->get('/dashboard/overview')->data->{capacity}{usage_percent}, 50,
    'with one it has';
cmp_ok abs($overview->{capacity}{total_gb} - $sum / 1024 ** 3), '<', 0.01,
    'and what they hold';

# --- again on the same day ---------------------------------------------------

$pg->sql('INSERT INTO t SELECT generate_series(1, 100000)', 'app');
$r = result();
is $r->{inventory}{created}, 0, 'nothing is new';
is $r->{inventory}{refreshed}, $r->{database_count}, 'all are there still';
my @sizes = sizes(database('app'));
is @sizes, 1, 'one row for the day';
is $sizes[0]{size_bytes}, $pg->value("SELECT pg_database_size('app')"),
    'which is the last reading';
cmp_ok $sizes[0]{size_bytes}, '>', $app->{size_bytes}, 'larger than the first';
is $sizes[0]{day},
    $tf->value("SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date"),
    'the day is that of the schedule';

# --- renamed, dropped, back, made again --------------------------------------

my %before = map { $_ => database($_) } qw(billing old);
$pg->sql('ALTER DATABASE billing RENAME TO invoices');
$pg->sql('DROP DATABASE old');
$r = result();
is $r->{inventory}{created}, 0, 'a renamed database is not a new one';
is $r->{inventory}{deactivated}, 1, 'one is gone';
is database('invoices')->{id}, $before{billing}{id}, 'it keeps its row';
is database('billing'), undef, 'under its new name only';
ok database('old')->{gone}, 'the dropped one is marked';
is scalar(sizes($before{old})), 1, 'and keeps its sizes';
is_deeply names(ledger()), [qw(app invoices taifish)],
    'the ledger lists it no more';
is_deeply names(ledger('&include_deleted=true')),
    [qw(app invoices old taifish)], 'unless asked';
$overview = $api->get('/dashboard/overview')->data;
is_deeply $overview->{databases},
    { total => 4, active => 3, inactive => 0, deleted => 1 }, 'counted apart';

$pg->sql('CREATE DATABASE old');
$r = result();
is $r->{inventory}{created}, 1, 'another database of the same name is new';
isnt database('old')->{id}, $before{old}{id}, 'with a row of its own';
is $tf->value("SELECT count(*) FROM databases WHERE name = 'old'"), 2,
    'beside the one before';

# --- one that may not be read ------------------------------------------------

my $was = database('invoices');
my $known = (sizes($was))[0]{size_bytes};
$pg->sql('REVOKE CONNECT ON DATABASE invoices FROM PUBLIC');
$tf->sql("UPDATE database_sizes SET day = day - 1; UPDATE instance_sizes
          SET day = day - 1");
$r = result();
ok $r->{partial}, 'not all could be read';
is $r->{unread_count}, 1, 'one could not';
my $now = database('invoices');
is $now->{unread}, 'TARGET_PERMISSION', 'which says why';
ok !$now->{gone}, 'it is not dropped';
is_deeply [map { $_->{size_bytes} } sizes($now)], [$known],
    'a failed reading writes no size, and no 0';
is $now->{size_bytes}, $known, 'what was known of it stays';
is scalar(sizes(database('app'))), 2, 'the others have the size of the day';
is $tf->value("SELECT unread_count || ' ' || is_complete FROM instance_sizes
    WHERE instance_id = $id ORDER BY day DESC LIMIT 1"), '1 false',
    'the sum of the instance is not complete';
is instance()->{last_capacity_status}, 'partial', 'nor is the sync';
$item = ledger('&search=invoices')->data->{items}[0];
is $item->{sync_status}{value}, 'failed', 'the ledger shows it';
is $item->{unread}, 'TARGET_PERMISSION', 'with the reason';
is ledger('&sync_status=failed')->data->{total}, 1, 'and finds it';
my $run = $tf->row("SELECT * FROM task_runs ORDER BY id DESC LIMIT 1");
is $run->{status}, 'completed_with_errors', 'so does the run';

$pg->sql('GRANT CONNECT ON DATABASE invoices TO PUBLIC');
result();
is database('invoices')->{unread}, undef, 'it may be read again';

# read in the morning, not in the evening: the day's sum has it still

$pg->sql('REVOKE CONNECT ON DATABASE invoices FROM PUBLIC');
result();
is $tf->value("SELECT size_bytes FROM instance_sizes WHERE instance_id = $id
               ORDER BY day DESC LIMIT 1"),
    $pg->value('SELECT sum(pg_database_size(oid)) FROM pg_database'),
    'the sum of the day has what was read earlier on it';
$pg->sql('GRANT CONNECT ON DATABASE invoices TO PUBLIC');

# --- a server that does not answer -------------------------------------------

my $rows = $tf->value('SELECT count(*) FROM database_sizes');
$tf->sql("UPDATE job_kinds SET attempts = 1 WHERE kind = 'sync_databases'");
$pg->stop;
my $failed = capacity();
is $failed->status, 409, 'the action fails';
like $failed->code, qr/^TARGET_/, 'for its reason';
is instance()->{last_capacity_status}, 'failed', 'which the instance shows';
is $tf->value("SELECT count(*) FROM databases WHERE instance_id = $id
               AND dropped_at IS NULL AND unread IS NULL"), 0,
    'no database was read';
is $tf->value("SELECT count(*) FROM databases WHERE instance_id = $id
               AND dropped_at IS NOT NULL"), 1, 'and none more is dropped';
is $tf->value('SELECT count(*) FROM database_sizes'), $rows, 'no size is new';
$pg->start;
result();

# --- sizes -------------------------------------------------------------------

my $data = $api->get("/databases/sizes?instance_id=$id&latest_only=true")->data;
is_deeply [sort map { $_->{database_name} } @{ $data->{databases} }],
    [qw(app invoices old taifish)], 'the newest sizes';
is $data->{databases}[0]{database_name}, 'app', 'the largest first';
is $data->{active_count}, 4, 'those that are there';
is $data->{filtered_count}, 0, 'without those that are not';
my $total = 0;
$total += $_->{size_bytes} for @{ $data->{databases} };
is $data->{total_size_bytes}, $total, 'what they come to';

$data = $api->get("/databases/sizes?instance_id=$id&latest_only=true"
    . '&include_inactive=true')->data;
is $data->{filtered_count}, 1, 'with what is no more';
is $data->{total_size_bytes}, $total, 'which holds nothing';

$data = $api->get("/databases/sizes?instance_id=$id&database_name=app")->data;
is $data->{total}, 2, 'two days of one database';
cmp_ok $data->{databases}[0]{collected_date}, 'gt',
    $data->{databases}[1]{collected_date}, 'the newest first';
my $day = $data->{databases}[1]{collected_date};
is $api->get("/databases/sizes?instance_id=$id&database_name=app&end_date=$day")
    ->data->{total}, 1, 'until a day';
is $api->get('/databases/sizes?instance_id=999')->status, 404,
    'of no instance';
is $api->get('/databases/sizes')->status, 400, 'of none that is named';
is $api->get("/databases/sizes?instance_id=$id&start_date=2026-02-30")->status,
    400, 'a day that does not exist';

$data = $api->get("/databases/options?instance_id=$id&limit=2&page=2")->data;
is $data->{total_count}, 5, 'options have all of them';
is $data->{pages}, 3, 'in pages';
is_deeply [map { $_->{database_name} } @{ $data->{databases} }], ['old', 'old'],
    'also one that was dropped';

$data = $api->get('/databases/statistics')->data;
is $data->{active_databases}, 4, 'statistics';
is $data->{deleted_databases}, 1, 'of what is no more';
is $data->{total_databases}, 5, 'and all';
is $data->{total_size_bytes}, $total, 'their size';
is $data->{capacity_rankings}[0]{database_name}, 'app', 'the largest';
is_deeply $data->{db_type_stats}, [{ db_type => 'postgresql', count => 4 }],
    'by engine';
is $data->{instance_stats}[0]{count}, 4, 'by instance';
is_deeply $data->{sync_status_stats}, [{ value => 'completed', count => 4,
    label => '已更新', variant => 'success' }], 'by how fresh they are';

# --- tables ------------------------------------------------------------------

my $path = '/databases/' . database('app')->{id} . '/tables/sizes';
is_deeply $api->get($path)->data->{tables}, [], 'nothing was read yet';
is $api->get($path)->data->{collected_at}, undef, 'at no time';

my $refresh = $api->post("$path/actions/refresh?schema_name=public", {});
is $refresh->status, 200, 'tables are read'
    or diag $refresh->as_string, $s->log;
$data = $refresh->data;
is_deeply [map { $_->{table_name} } @{ $data->{tables} }], ['t', 'u'],
    'those that were asked for, the largest first';
cmp_ok $data->{saved_count}, '>', 50, 'all were saved';
is $data->{deleted_count}, 0, 'none was there before';
like $data->{elapsed_ms}, qr/^\d+$/, 'and how long it took';
my ($t) = @{ $data->{tables} };
is $t->{size_bytes}, $pg->value("SELECT pg_total_relation_size('t')", 'app'),
    'the size of a table';
is $t->{index_bytes}, $pg->value("SELECT pg_indexes_size('t')", 'app'),
    'of its index';
is $t->{row_count}, $pg->value("SELECT reltuples::bigint FROM pg_class
    WHERE relname = 't'", 'app'), 'the estimate of its rows';
ok $t->{row_count_is_estimate}, 'which says that it is one';

$pg->sql('DROP TABLE u; ALTER TABLE t RENAME TO renamed', 'app');
$data = $api->post("$path/actions/refresh?table_name=renamed", {})->data;
is $data->{deleted_count}, 2, 'tables that are no more are gone';
is_deeply [map { $_->{table_name} } @{ $data->{tables} }], ['renamed'],
    'and the new name is there';
is $api->get("$path?schema_name=public")->data->{total}, 1, 'the list has it';
is $api->get("$path?limit=1&page=2")->data->{page}, 2, 'in pages';
is $api->get('/databases/999999/tables/sizes')->status, 404, 'of no database';

my $gone = $tf->value("SELECT id FROM databases WHERE dropped_at IS NOT NULL");
is $api->post("/databases/$gone/tables/sizes/actions/refresh", {})->status,
    404, 'a dropped database has no tables to read';

# a database that went away since it was listed

$pg->sql('DROP DATABASE old');
my $old = database('old')->{id};
$refresh = $api->post("/databases/$old/tables/sizes/actions/refresh", {});
is $refresh->status, 409, 'one that is not there any more';
like $refresh->code, qr/^TARGET_/, 'and says so';

# --- MariaDB: the name is the identity ---------------------------------------

my $my = $tf->mariadb;
$my->sql('CREATE DATABASE shop; CREATE TABLE shop.t (a int);
          CREATE DATABASE other; CREATE TABLE other.t (a int)');
my $m = TaiFish::Sync->new($tf, $api, 'mysql', $my);
$my->sql("GRANT PROCESS, SHOW DATABASES, SHOW VIEW ON *.*
          TO collector\@'127.0.0.1'");
$id = $m->id;
$r = result();
is_deeply $r->{inventory}{active_databases}, [qw(other shop)], 'of MariaDB';
ok !$r->{partial}, 'all of them';
my $shop = database('shop')->{id};
is $tf->value("SELECT native_id FROM databases WHERE id = $shop"), '',
    'it has no identity but its name';
$my->sql('DROP DATABASE shop');
result();
ok database('shop')->{gone}, 'dropped';
$my->sql('CREATE DATABASE shop; CREATE TABLE shop.t (a int)');
$r = result();
is $r->{inventory}{reactivated}, 1, 'back';
is database('shop')->{id}, $shop, 'it is continued';
ok !database('shop')->{gone}, 'and no longer marked';

$data = $api->post("/databases/$shop/tables/sizes/actions/refresh", {})->data;
is_deeply [map { "$_->{schema_name}.$_->{table_name}" } @{ $data->{tables} }],
    ['shop.t'], 'its tables';

# a reader that may not see all databases has not lost them

$my->sql("REVOKE SHOW DATABASES, SHOW VIEW ON *.* FROM collector\@'127.0.0.1';
          GRANT SHOW VIEW ON shop.* TO collector\@'127.0.0.1'");
$r = result();
ok !$r->{inventory}{is_complete}, 'the list is not complete';
is $r->{inventory}{deactivated}, 0, 'nobody takes what is hidden for dropped';
ok !database('other')->{gone}, 'it is there';
is database('other')->{unread}, 'TARGET_PERMISSION', 'and was not read';
is database('shop')->{unread}, undef, 'the other one was';

$my->sql("REVOKE PROCESS ON *.* FROM collector\@'127.0.0.1'");
$tf->sql("UPDATE instances SET last_capacity_at = NULL WHERE id = $id");
my $none = capacity();
is $none->status, 409, 'no size at all: the action fails';
is $none->code, 'TARGET_PERMISSION', 'for the right that is missing';
is instance()->{last_capacity_status}, 'failed', 'the instance says so';
isnt instance()->{last_capacity_at}, undef, 'but the list was read and kept';

# --- the fleet ---------------------------------------------------------------

my $all = $api->post('/databases/ledgers/actions/sync-all', {});
is $all->status, 200, 'all instances';
is $all->data->{instance_count}, 2, 'which are two';
my $ended = $tf->wait_run($all->data->{run_id});
is $ended->{task_key}, 'sync_databases', 'their job';
is $ended->{status}, 'completed_with_errors', 'one of them failed';
my ($good) = grep { $_->{state} eq 'done' } @{ $ended->{items} };
is $good->{metrics}{databases_synced}, 6, 'the other was read';
cmp_ok $good->{metrics}{total_size_mb}, '>', 0, 'with its sizes';

is $tf->value("SELECT cron_expression || ' ' || timezone || ' ' || is_builtin
    FROM schedules WHERE job_id = 'sync_databases'"),
    '0 3 * * * Asia/Shanghai true', 'and it has its schedule';

# --- the ledger as a file ----------------------------------------------------

for my $filter ('', 'include_deleted=true', 'include_system=true',
                "instance_id=$id", 'search=sho', 'db_type=mysql',
                'sync_status=failed', 'tags=none')
{
    my $list = $api->get("/databases/ledgers?limit=200&sort=id&order=asc"
        . "&$filter")->data->{items};
    my @lines = map { JSON::PP::decode_json($_) } split /\n/,
        $api->get("/databases/ledgers/exports?format=jsonl&$filter")->body;
    is_deeply [map { [@$_{qw(id database_name size_bytes sync_status)}] }
               @lines],
        [map { [@$_{qw(id database_name)}, $_->{capacity}{size_bytes},
                $_->{sync_status}{value}] } @$list],
        "the file of the list, $filter: " . @lines . ' rows';
}
my ($titles, @csv) = split /\r\n/,
    $api->get('/databases/ledgers/exports?include_deleted=true')->body;
is scalar @csv, $api->get('/databases/ledgers?include_deleted=true')
    ->data->{total}, 'as many lines of CSV';

# --- who may -----------------------------------------------------------------

my $viewer = $tf->as('viewer');
is $viewer->get('/databases/ledgers')->status, 200, 'a viewer reads';
is $viewer->post('/databases/ledgers/actions/sync-all', {})->status, 403,
    'and starts nothing';

done_testing;
