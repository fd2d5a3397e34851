use lib 't/lib';
use TaiFish;

use Encode ();
use utf8;

# The contract with clients of the reference API, as a table: a request, the
# status, and what stands where in the answer.  What differs on purpose is in
# docs/compatibility.md and at the end of this file.

my $tf = TaiFish->new(redis => 1);
my $target = $tf->postgres('fleet');

$tf->start;

my %as = map { $_ => $tf->as($_) } qw(admin operator user viewer auditor);
$as{nobody} = $tf->client;

my $json = JSON::PP->new->utf8->canonical->allow_nonref;


# --- what there is ---------------------------------------------------------

sub made {
    my ($path, $body, $key) = @_;
    my $r = $as{admin}->post($path, $body);
    $r->status == 201 or die "POST $path: " . $r->as_string;
    return $r->data->{$key};
}

my $tag = made('/tags', { name => 'prod', display_name => '生产',
    category => 'environment' }, 'tag');
my $unused = made('/tags', { name => 'unused', display_name => 'Unused',
    category => 'environment' }, 'tag');
my $cred = made('/credentials', { name => 'monitor',
    credential_type => 'database', db_type => 'postgresql',
    username => 'monitor', password => 'Secret-1' }, 'credential');

sub instance {
    my ($name, %more) = @_;
    return made('/instances', { name => $name, db_type => 'postgresql',
        host => '127.0.0.1', port => $target->{port},
        credential_id => $cred->{id}, tls_mode => 'disable', %more },
        'instance');
}

my $live = instance('live', tag_names => ['prod']);
my $dead = instance('dead', port => TaiFish::Server::free_port(),
    is_active => JSON::PP::false);
my $gone = instance('gone');
my $bare = instance('bare', credential_id => undef,
    is_active => JSON::PP::false);

# an account that changed, and a run that is over

$tf->sql("INSERT INTO accounts (instance_id, principal, username, kind)
    VALUES ($live->{id}, 'app', 'app', 'user');
    INSERT INTO account_versions (account_id, snapshot, facts, fingerprint,
                                  observed)
    SELECT id, '{}', '{\"capability_reasons\": {\"LOCKED\":
                       [\"role_attributes.can_login=False\"]}}',
           '\\x00', tstzrange(now(), NULL) FROM accounts;
    UPDATE accounts SET version_id = (SELECT max(id) FROM account_versions);
    INSERT INTO account_changes (account_id, instance_id, db_type, username,
        change_type, message, privilege_diff, other_diff)
    SELECT id, instance_id, 'postgresql', 'app', x.type, 'GRANT 1', x.diff,
           NULL
    FROM accounts, (VALUES ('modify_privilege',
        '{\"entries\": [{\"action\": \"GRANT\"}]}'::jsonb),
        ('drop', NULL), ('add', NULL)) AS x (type, diff);
    INSERT INTO task_runs (task_key, task_category, trigger_source, status,
                           started_at, completed_at, progress_total)
    VALUES ('sync_accounts', 'account', 'manual', 'completed_with_errors',
            now(), now(), 1);
    INSERT INTO task_items (run_id, kind, item_type, item_key, item_name,
        instance_id, state, started_at, completed_at, error_code,
        error_message, metrics)
    SELECT id, 'sync_accounts', 'instance', '$live->{id}', 'live', $live->{id},
           'dead', now(), now(), 'TARGET_AUTH', 'as the worker noted it',
           '{\"accounts_synced\": 3}'
    FROM task_runs");

my $account = $tf->value('SELECT max(id) FROM accounts');
my $run = $tf->value("SELECT run_id FROM task_runs
                      WHERE status = 'completed_with_errors'");
my $change = $tf->value("SELECT id FROM account_changes
                         WHERE change_type = 'drop'");


# --- the table -------------------------------------------------------------

# A place is a path into the answer.  What stands there: a word of types (str,
# int, num, bool, obj, list, null, "str|null"), "=text", a reference to the
# value itself, or a pattern.

my %type = (
    str  => sub { !ref $_[0] && defined $_[0] && $json->encode($_[0]) =~ /^"/ },
    int  => sub { !ref $_[0] && defined $_[0]
                  && $json->encode($_[0]) =~ /^-?[0-9]+$/ },
    num  => sub { !ref $_[0] && defined $_[0]
                  && $json->encode($_[0]) =~ /^-?[0-9.]+$/ },
    bool => sub { JSON::PP::is_bool($_[0]) },
    true => sub { JSON::PP::is_bool($_[0]) && $_[0] },
    false => sub { JSON::PP::is_bool($_[0]) && !$_[0] },
    obj  => sub { ref $_[0] eq 'HASH' },
    list => sub { ref $_[0] eq 'ARRAY' },
    null => sub { !defined $_[0] },
    time => sub { defined $_[0] && $_[0]
                  =~ /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z$/ },
    display => sub { defined $_[0]
                     && $_[0] =~ /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/ },
);

sub at {
    my ($value, $path) = @_;

    for my $step (split /\./, $path) {
        if (ref $value eq 'HASH' && exists $value->{$step}) {
            $value = $value->{$step};
        } elsif (ref $value eq 'ARRAY' && $step =~ /^\d+$/
                 && $step < @$value) {
            $value = $value->[$step];
        } else {
            return (0);
        }
    }

    return (1, $value);
}

sub fits {
    my ($json_, $path, $want) = @_;
    my ($there, $value) = at($json_, $path);

    return "$path is missing" unless $there;
    return $json->encode($value) eq $json->encode($$want) ? ()
        : "$path is " . $json->encode($value) if ref $want eq 'REF'
        || ref $want eq 'SCALAR';
    return defined $value && $value =~ $want ? ()
        : "$path is " . ($value // 'null') if ref $want eq 'Regexp';
    return defined $value && $value eq substr($want, 1) ? ()
        : "$path is " . ($value // 'null') if $want =~ /^=/;
    return (grep { $type{$_}->($value) } split /\|/, $want) ? ()
        : "$path is no $want: " . $json->encode($value);
}

sub line {
    my ($who, $request, $body, $status, %places) = @_;
    my ($method, $path) = split / /, $request, 2;
    my $lang = delete $places{lang};
    my $r = $as{$who}->request($method, $path, $body,
        $lang ? { 'accept-language' => $lang } : undef);
    my @wrong = $r->status == $status ? () : ("status " . $r->status);

    push @wrong, map { fits($r->json, $_, $places{$_}) } sort keys %places;

    ok !@wrong, join ' ', "$who $request", $body ? $json->encode($body) : (),
        "-> $status" or diag join "\n", @wrong,
            substr($r->as_string, 0, 700);
    return $r;
}

my $id = $live->{id};
my $nowhere = 999_999_999;


# files

for (['/instances/exports', 'instances_export',
      'ID,实例名称,数据库类型,主机地址,端口,数据库名,标签,状态,描述,凭据ID,'
          . '同步次数,最后连接时间,创建时间,更新时间'],
     ['/accounts/ledgers/exports', 'accounts_export',
      '名称,实例名称,IP地址,标签,数据库类型,分类,锁定状态,AD状态'],
     ['/databases/ledgers/exports', 'database_ledger',
      '数据库名称,实例名称,主机,数据库类型,标签,最新容量,采集时间,同步状态'])
{
    my ($path, $name, $titles) = @$_;
    my $r = $as{viewer}->get($path);
    is $r->status . ' ' . $r->header('content-type'),
        '200 text/csv; charset=utf-8', "$path is CSV";
    like $r->header('content-disposition'),
        qr/^attachment; filename="?${name}_\d{8}_\d{6}\.csv"?$/, 'its name';
    like Encode::decode('UTF-8', $r->body), qr/^\x{feff}$titles\r\n/,
        'its titles';
    line nobody => "GET $path", undef, 401,
        message_code => '=AUTHENTICATION_REQUIRED';
}

{
    my $r = $as{operator}->post('/instances/actions/batch-create',
        "name,db_type,host,port,database_name,description,credential_id\n"
            . "imported,mysql,i.example,3306,inventory,example,\n"
            . "imported 2,mysql,i.example,x,,,\nlive,mysql,i.example,1,,,\n"
            . "two,mysql,i.example,1,,,\ntwo,mysql,i.example,1,,,\n",
        { 'content-type' => 'text/csv' });
    is $r->status, 200, 'an import';
    is_deeply [map { fits($r->json, @$_) } (
        ['data.created_count', '=1'], ['data.errors', 'list'],
        ['data.errors.0', 'str'], ['data.duplicate_names', \['two']],
        ['data.skipped_existing_names', \['live']],
        ['data.message', 'str'])], [], 'what it answers';
    $r = $as{viewer}->get('/instances/imports/template');
    like $r->body, qr/^\xef\xbb\xbfname,db_type,host,port,database_name,
        description,credential_id,tags\r\n
        demo-mysql-01,mysql,10\.10\.10\.10,3306,/x,
        'the template of an import, with tags behind';
}

# connection tests

line admin => 'POST /instances/actions/test-connection',
    { instance_id => $dead->{id} }, 409,
    message_code => '=DATABASE_CONNECTION_ERROR', 'extra.error_code' => 'str',
    'extra.details' => 'obj', 'extra.details.host' => '=127.0.0.1',
    'extra.connection_error_id' => 'str';
line admin => 'POST /instances/actions/batch-test-connections',
    { instance_ids => [$dead->{id}] }, 200, 'data.results.0' => 'obj',
    'data.results.0.success' => 'false', 'data.summary.total' => '=1',
    'data.summary.failed' => '=1';
line admin => 'POST /instances/actions/batch-test-connections',
    { instance_ids => $dead->{id} }, 200, 'data.results.0' => 'obj',
    'data.summary.total' => '=1';
line admin => 'POST /instances/actions/batch-test-connections',
    { instance_ids => [$nowhere] }, 200, 'data.results.0.success' => 'false',
    'data.summary.total' => '=1', 'data.summary.failed' => '=1';

# what is read of an instance, and what its account may do

line viewer => "GET /instances/$id/coverage", undef, 200,
    'data.instance_id' => "=$id", 'data.tested' => '=real',
    'data.scope_count' => 'int', 'data.unread_scope_count' => 'int',
    'data.scopes.0.reading' => '=accounts', 'data.scopes.0.scope' => 'str',
    'data.scopes.0.name' => 'str', 'data.scopes.0.kind' => '=instance',
    'data.scopes.0.status' => 'null', 'data.scopes.0.grants' => 'list';
line viewer => "POST /instances/$dead->{id}/actions/check-collector", {}, 409,
    message_code => '=DATABASE_CONNECTION_ERROR', 'extra.error_code' => 'str';
line viewer => "POST /instances/$nowhere/actions/check-collector", {}, 404,
    message_code => 'str';


# changes

for ("/accounts/ledgers/$account/change-history") {
    my $r = line viewer => "GET $_", undef, 200, 'data.history' => 'list',
        map { ("data.history.$_.privilege_diff" => 'list',
               "data.history.$_.other_diff" => 'list') } 0 .. 2;
    is_deeply [map { scalar @{ $_->{privilege_diff} } }
               @{ $r->data->{history} }], [0, 0, 1],
        'an entry of the diff is an entry of the list';
}

line viewer => "GET /account-change-logs/$change", undef, 200,
    'data.log.privilege_diff' => \[], 'data.log.other_diff' => \[],
    'data.log.instance_host' => '=127.0.0.1';
line viewer => 'GET /account-change-logs?change_type=delete', undef, 200,
    'data.total' => '=1', 'data.items.0.change_type' => '=drop',
    'data.items.0.instance_host' => '=127.0.0.1';
line viewer => 'GET /task-runs?status=partial', undef, 200,
    'data.total' => '=1', 'data.items.0.status' => '=completed_with_errors';
line viewer => 'GET /sync-sessions?status=Partial', undef, 200,
    'data.total' => '=1';


# capacity and partitions

{
    $tf->sql("INSERT INTO databases (instance_id, name) VALUES ($id, 'app');
        INSERT INTO database_sizes (database_id, instance_id, day, size_bytes,
                                    data_bytes)
        SELECT d.id, $id, capacity_day() - n, 300000000 - n * 1000000, 5000000
        FROM databases d, generate_series(1, 2) n;
        INSERT INTO instance_sizes (instance_id, day, size_bytes,
                                    database_count, is_complete)
        SELECT instance_id, day, size_bytes, 1, true FROM database_sizes");
    $tf->wait_run($tf->value("SELECT run_id FROM
        tf_enqueue('calculate_database', 'manual')"));

    my @page = ('data.total' => 'int', 'data.page' => 'int', 'data.pages'
        => 'int', 'data.limit' => 'int', 'data.has_prev' => 'bool',
        'data.has_next' => 'bool');
    my @row = (id => 'int', instance_id => "=$id", period_type => '=daily',
        (map { $_ => qr/^\d{4}-\d\d-\d\d$/ } qw(period_start period_end)),
        (map { $_ => 'int' } qw(avg_size_mb max_size_mb min_size_mb
                                data_count)),
        growth_rate => 'num', calculated_at => 'time', created_at => 'time',
        'instance.id' => "=$id", 'instance.name' => '=live',
        'instance.db_type' => '=postgresql');
    my $item = sub {
        my %row = @_;
        return map { ("data.items.0.$_" => $row{$_}) } keys %row;
    };

    line viewer => 'GET /capacity/instances?period_type=daily', undef, 200,
        @page, $item->(@row, total_size_mb => 'int', database_count => 'int',
        avg_database_count => 'num', max_database_count => 'int',
        min_database_count => 'int', total_size_change_mb => 'int',
        total_size_change_percent => 'num', database_count_change => 'int',
        database_count_change_percent => 'num', trend_direction => '=stable');
    line viewer => 'GET /capacity/databases?period_type=daily', undef, 200,
        @page, $item->(@row, database_name => '=app',
        avg_data_size_mb => 'int', max_data_size_mb => 'int',
        min_data_size_mb => 'int', avg_log_size_mb => 'null',
        max_log_size_mb => 'null', min_log_size_mb => 'null',
        size_change_mb => 'int', size_change_percent => 'num',
        data_size_change_mb => 'int', data_size_change_percent => 'num',
        log_size_change_mb => 'null', log_size_change_percent => 'null');
    line viewer => 'GET /capacity/databases?period_type=daily&order=asc',
        undef, 200, 'data.items.0.size_change_mb' => '=0',
        'data.items.0.size_change_percent' => '=0',
        'data.items.0.growth_rate' => '=0';
    line viewer => 'GET /capacity/instances?get_all=true', undef, 200, @page,
        'data.pages' => '=1';
    line viewer => 'GET /capacity/instances/summary', undef, 200,
        'data.summary.total_instances' => '=1', 'data.summary.total_size_mb'
        => 'int', 'data.summary.avg_size_mb' => 'num',
        'data.summary.max_size_mb' => 'int', 'data.summary.period_type' =>
        'str', 'data.summary.source' => 'str';
    line viewer => 'GET /capacity/databases/summary', undef, 200,
        'data.summary.total_databases' => '=1',
        'data.summary.total_instances' => '=1', 'data.summary.total_size_mb'
        => 'int', 'data.summary.avg_size_mb' => 'num',
        'data.summary.max_size_mb' => 'int', 'data.summary.growth_rate' =>
        'num';
    line admin => 'POST /capacity/aggregations/current', {}, 200,
        'data.run_id' => 'str';
    line operator => 'POST /capacity/aggregations/current', {}, 403;

    my @partition = (name => 'str', table => 'str', table_type => 'str',
        display_name => 'str', size => 'str', size_bytes => 'int',
        record_count => 'int', date => qr{^\d{4}/\d\d/01$},
        status => qr/^(?:current|past|future)$/);
    my $of = sub {
        my ($at, %row) = @_;
        return map { ("$at.$_" => $row{$_}) } keys %row;
    };

    line viewer => 'GET /partitions?search=_20', undef, 200,
        $of->('data.items.0', @partition), 'data.total' => 'int';
    for my $path (qw(info status)) {
        line viewer => "GET /partitions/$path", undef, 200,
            $of->('data.data.partitions.0', @partition),
            'data.data.status' => '=healthy', 'data.data.total_partitions' =>
            'int', 'data.data.total_size' => 'str', 'data.data.total_records'
            => 'int', 'data.data.missing_partitions' => \[],
            'data.timestamp' => 'time';
    }
    line viewer => 'GET /partitions/statistics', undef, 200,
        'data.data.total_size_bytes' => 'int', 'data.data.tables' => 'list',
        'data.data.partitions' => 'list', 'data.timestamp' => 'time';
    line viewer => 'GET /partitions/core-metrics', undef, 200,
        'data.labels.6' => 'str', 'data.datasets.3.data.6' => 'num',
        'data.datasets.0.label' => 'str', 'data.dataPointCount' => '=7',
        'data.timeRange' => 'str', 'data.yAxisLabel' => 'str',
        'data.chartTitle' => 'str', 'data.periodType' => '=daily';
    line admin => 'POST /partitions', { date => '2034-05-06' }, 200,
        'data.result.success' => 'true', 'data.result.message' => 'str',
        'data.result.created_partitions.0.partition_name' => 'str',
        'data.result.created_partitions.0.status' => '=created',
        'data.result.partition_start' => '=2034-05-01',
        'data.result.partition_end' => '=2034-06-01',
        'data.timestamp' => 'time';
    line admin => 'POST /partitions', { date => '2020-01-01' }, 400,
        'extra.field' => '=date';
    line admin => 'POST /partitions/actions/cleanup',
        { retention_months => 12 }, 200, 'data.result.success' => 'true',
        'data.result.dropped_partitions' => 'list',
        'data.timestamp' => 'time';
    line operator => 'POST /partitions/actions/cleanup', {}, 403;
}


# filters

for (['/instances', 4, qw(db_type status tags audit_status managed_status
                          backup_status)],
     ['/credentials', 1, qw(credential_type db_type status tags)],
     ['/tags', 2, qw(category status)],
     ['/users', 5, qw(role status)],
     ['/accounts/ledgers', 1, qw(db_type classification ad_status plugin
        tags owner_type owner_id instance_id is_locked is_superuser)],
     ['/account-change-logs', 3, qw(db_type change_type status instance_id
        account_id is_elevation hours)],
     ['/task-runs', 1, qw(task_key task_category trigger_source status)],
     ['/sync-sessions', 1, qw(sync_type sync_category status)])
{
    my ($path, $total, @filters) = @$_;
    my $all = $as{admin}->get($path)->data->{total};

    for my $filter (@filters) {
        line admin => "GET $path?$filter=all", undef, 200,
            'data.total' => "=$all";
    }
    cmp_ok $all, '>=', $total, "$path has something to filter";
}

for ('audit_status=enabled', 'audit_status=not_configured',
     'managed_status=managed', 'managed_status=unmanaged',
     'backup_status=backed_up', 'backup_status=not_backed_up')
{
    line viewer => "GET /instances?$_", undef, 200, 'data.total' => '=0';
}

for ('db_type=PostgreSQL', 'db_type=postgres', 'status=ACTIVE') {
    my $r = line viewer => "GET /instances?$_", undef, 200;
    cmp_ok $r->data->{total} // 0, '>', 0, "$_ finds instances";
}

line viewer => 'GET /instances/options?db_type=Postgres,MYSQL', undef, 200,
    'data.instances.0.db_type' => '=postgresql',
    'data.instances.0.asset_url' => 'str|null';
line viewer => 'GET /instances?db_type=db2', undef, 400,
    message_code => '=VALIDATION_ERROR', 'extra.field' => '=db_type';


# pages

for (['page=0', 1, 20], ['page=-1', 1, 20], ['limit=0', 1, 1],
     ['limit=-5', 1, 1], ['limit=500', 1, 200],
     ['limit=99999999999999999999', 1, 200])
{
    my ($query, $page, $limit) = @$_;
    line viewer => "GET /instances?$query", undef, 200,
        'data.page' => "=$page", 'data.limit' => "=$limit";
}

line viewer => 'GET /instances?page=x', undef, 400, 'extra.field' => '=page';
line viewer => 'GET /instances?limit=1e3', undef, 400,
    'extra.field' => '=limit';


# writes

line admin => 'POST /credentials', { name => 'any', username => 'm',
    credential_type => 'Database', password => 'Secret-1' }, 201,
    'data.credential.db_type' => 'null',
    'data.credential.credential_type' => '=database';
line admin => 'POST /credentials', { name => 'my', username => 'm',
    db_type => 'MySQL', credential_type => 'database',
    password => 'Secret-1' }, 201, 'data.credential.db_type' => '=mysql';

{
    my $any = $tf->value("SELECT id FROM credentials WHERE name = 'any'");
    line operator => "POST /instances", { name => 'of-any', db_type => 'MySQL',
        host => '127.0.0.1', port => 3306, credential_id => $any }, 201,
        'data.instance.db_type' => '=mysql',
        'data.instance.credential.name' => '=any',
        'data.instance.tls_mode' => '=verify-full',
        'data.instance.is_tls_weak' => 'false';
}

line operator => 'POST /tags/batch-delete',
    { tag_ids => [$tag->{id}, $unused->{id}] }, 207, 'data.results' => 'list',
    'data.results.0.status' => '=in_use', 'data.results.1.status' => '=deleted';
line operator => "DELETE /instances/$gone->{id}", undef, 200,
    'data.instance_id' => "=$gone->{id}", 'data.deleted_at' => 'time';
line operator => "DELETE /instances/$gone->{id}", undef, 200,
    'data.instance_id' => "=$gone->{id}", 'data.deleted_at' => 'time';
line viewer => "GET /instances/$gone->{id}", undef, 200,
    'data.instance.is_active' => 'false', 'data.instance.status' => '=deleted';
line viewer => 'GET /instances?include_deleted=true&search=gone', undef, 200,
    'data.items.0.is_active' => 'false';


# databases: one with sizes of two days and a table, one that was not read, and
# one that is no more

$tf->sql("DELETE FROM databases;
    INSERT INTO databases (instance_id, native_id, name, size_bytes,
        data_bytes, sized_at, dropped_at)
    VALUES ($live->{id}, '16384', 'app', 1500000, 1500000, now(), NULL),
           ($live->{id}, '16385', 'unsized', NULL, NULL, NULL, NULL),
           ($live->{id}, '16386', 'old', NULL, NULL, NULL, now());
    INSERT INTO database_sizes (database_id, instance_id, day, size_bytes)
    SELECT id, instance_id, capacity_day() - n, 1500000
    FROM databases, generate_series(0, 1) n WHERE name = 'app';
    INSERT INTO table_sizes (database_id, schema_name, table_name, size_bytes,
                             data_bytes, index_bytes, row_estimate)
    SELECT id, 'public', 't', 2000000, 1500000, 500000, 7
    FROM databases WHERE name = 'app';
    UPDATE instances SET database_count = 2, dropped_database_count = 1,
        size_bytes = 1500000, size_is_complete = false, sized_at = now(),
        last_capacity_at = now(), last_capacity_status = 'partial'
    WHERE id = $live->{id}");
my $database = $tf->value("SELECT id FROM databases WHERE name = 'app'");

line viewer => 'GET /databases/ledgers?search=app', undef, 200,
    'data.total' => '=1', 'data.page' => '=1', 'data.limit' => '=20',
    'data.items.0.id' => "=$database", 'data.items.0.database_name' => '=app',
    'data.items.0.instance.id' => "=$id",
    (map { ("data.items.0.instance.$_" => 'str') } qw(name host db_type)),
    'data.items.0.db_type' => '=postgresql',
    'data.items.0.capacity.size_mb' => '=1',
    'data.items.0.capacity.size_bytes' => '=1500000',
    'data.items.0.capacity.label' => '=1 MB',
    'data.items.0.capacity.collected_at' => 'time',
    'data.items.0.sync_status.value' => '=completed',
    'data.items.0.sync_status.label' => '=已更新',
    'data.items.0.sync_status.variant' => '=success',
    'data.items.0.tags.0.name' => '=prod',
    'data.items.0.tags.0.display_name' => 'str';
line viewer => 'GET /databases/ledgers?search=unsized', undef, 200,
    'data.items.0.capacity.size_mb' => 'null',
    'data.items.0.capacity.size_bytes' => 'null',
    'data.items.0.capacity.label' => '=未采集',
    'data.items.0.capacity.collected_at' => 'null',
    'data.items.0.sync_status.value' => '=pending',
    'data.items.0.sync_status.label' => '=待采集',
    'data.items.0.sync_status.variant' => '=secondary';
line viewer => 'GET /databases/ledgers?search=unsized', undef, 200,
    lang => 'en', 'data.items.0.sync_status.label' => '=not collected',
    'data.items.0.capacity.label' => '=not read';
line viewer => "GET /databases/ledgers?$_=all", undef, 200,
    'data.total' => '=2' for qw(db_type instance_id tags sync_status);
line viewer => "GET /databases/options?instance_id=$id", undef, 200,
    'data.total_count' => '=3', 'data.page' => '=1', 'data.pages' => '=1',
    'data.limit' => '=100', 'data.databases.0.id' => "=$database",
    'data.databases.0.database_name' => '=app',
    'data.databases.0.is_active' => 'true',
    'data.databases.0.first_seen_date' => qr/^\d{4}-\d\d-\d\d$/,
    'data.databases.0.last_seen_date' => qr/^\d{4}-\d\d-\d\d$/,
    'data.databases.0.deleted_at' => 'null',
    'data.databases.1.deleted_at' => 'time',
    'data.databases.1.is_active' => 'false';
line viewer => 'GET /databases/options', undef, 400,
    'extra.field' => '=instance_id';
line viewer => 'GET /databases/statistics', undef, 200,
    'data.total_databases' => '=3', 'data.active_databases' => '=2',
    'data.inactive_databases' => '=0', 'data.deleted_databases' => '=1',
    'data.total_instances' => '=1', 'data.total_size_mb' => '=1',
    'data.avg_size_mb' => 'num', 'data.max_size_mb' => '=1',
    'data.db_type_stats.0.db_type' => '=postgresql',
    'data.db_type_stats.0.count' => '=2',
    'data.instance_stats.0.instance_id' => "=$id",
    'data.instance_stats.0.instance_name' => '=live',
    'data.instance_stats.0.count' => '=2',
    'data.sync_status_stats.0.count' => '=1',
    (map { ("data.sync_status_stats.0.$_" => 'str') } qw(value label variant)),
    'data.capacity_rankings.0.database_name' => '=app',
    'data.capacity_rankings.0.instance_id' => "=$id",
    'data.capacity_rankings.0.size_mb' => '=1',
    'data.capacity_rankings.0.size_label' => '=1 MB',
    'data.capacity_rankings.0.collected_at' => 'time';
line viewer => "GET /databases/sizes?instance_id=$id&latest_only=true", undef,
    200, 'data.total' => '=2', 'data.active_count' => '=2',
    'data.filtered_count' => '=0', 'data.total_size_mb' => '=1',
    'data.limit' => '=100', 'data.offset' => '=0',
    'data.databases.0.id' => "=$database",
    'data.databases.0.database_name' => '=app',
    'data.databases.0.size_mb' => '=1', 'data.databases.0.data_size_mb' => '=1',
    'data.databases.0.log_size_mb' => 'null',
    'data.databases.0.collected_date' => qr/^\d{4}-\d\d-\d\d$/,
    'data.databases.0.collected_at' => 'time',
    'data.databases.0.is_active' => 'true',
    'data.databases.0.deleted_at' => 'null',
    'data.databases.0.last_seen_date' => qr/^\d{4}-\d\d-\d\d$/,
    'data.databases.1.size_mb' => 'null',
    'data.databases.1.collected_date' => 'null';
line viewer => "GET /databases/sizes?instance_id=$id", undef, 200,
    'data.total' => '=2', 'data.databases.1.size_mb' => '=1';
line viewer => "GET /databases/sizes?instance_id=$nowhere", undef, 404,
    message_code => '=RESOURCE_NOT_FOUND';
line viewer => "GET /databases/$database/tables/sizes", undef, 200,
    'data.total' => '=1', 'data.limit' => '=200',
    'data.collected_at' => 'time', 'data.tables.0.schema_name' => '=public',
    'data.tables.0.table_name' => '=t', 'data.tables.0.size_mb' => '=2',
    'data.tables.0.data_size_mb' => '=1', 'data.tables.0.index_size_mb' => '=1',
    'data.tables.0.row_count' => '=7', 'data.tables.0.collected_at' => 'time';
line viewer => "GET /databases/$database/tables/sizes?limit=5000", undef, 200,
    'data.limit' => '=2000';
line viewer => "GET /databases/$nowhere/tables/sizes", undef, 404,
    message_code => '=RESOURCE_NOT_FOUND';
line viewer => "POST /instances/$id/actions/sync-capacity", {}, 403,
    message_code => '=PERMISSION_REQUIRED';
line user => "POST /instances/$nowhere/actions/sync-capacity", {}, 404,
    message_code => '=RESOURCE_NOT_FOUND';
line viewer => "GET /instances/$id", undef, 200,
    'data.instance.active_db_count' => '=2',
    'data.instance.total_size_mb' => '=1';
line viewer => 'GET /dashboard/overview', undef, 200,
    'data.databases.total' => '=3', 'data.databases.active' => '=2',
    'data.databases.deleted' => '=1', 'data.capacity.total_gb' => 'num';


# fields

line viewer => "GET /instances/$id", undef, 200,
    'data.instance.credential.id' => "=$cred->{id}",
    'data.instance.credential.name' => '=monitor',
    'data.instance.credential.username' => '=monitor',
    'data.instance.is_tls_weak' => 'true',
    (map { ("data.instance.tags.0.$_" => 'str') }
         qw(name display_name category)),
    'data.instance.tags.0.id' => 'int', 'data.instance.tags.0.is_active' =>
        'true', 'data.instance.tags.0.created_at' => 'time',
    'data.instance.tags.0.updated_at' => 'time';
line viewer => "GET /instances/$bare->{id}", undef, 200,
    'data.instance.credential' => 'null', 'data.instance.tags' => 'list';
line viewer => 'GET /credentials', undef, 200,
    'data.items.0.created_at_display' => 'display';
line admin => 'GET /users', undef, 200, 'data.items.0.created_at' => 'time',
    'data.items.0.created_at_display' => 'display';
line viewer => 'GET /api/v1/health/detailed', undef, 200, timestamp => 'time',
    'data.timestamp' => 'time', map { ("data.components.$_.healthy" => 'bool') }
        qw(database cache system workers);
line nobody => 'GET /', undef, 200, 'data.docs_url' => '=/api/v1/docs',
    'data.openapi_url' => '=/api/v1/openapi.json',
    'data.swagger_url' => '=/api/v1/docs',
    'data.health_ping_url' => '=/api/v1/health/ping';
line viewer => 'GET /auth/session', undef, 200, 'data.user.email' => 'str|null',
    'data.user.created_at' => 'time', 'data.user.last_login' => 'str|null',
    'data.user.is_active' => 'true', 'data.user.role' => '=viewer';
line nobody => 'GET /auth/session', undef, 200, 'data.user' => 'null',
    'data.authenticated' => 'false';


# the log

{
    $as{viewer}->post('/tags', {});
    TaiFish::Server::until_true(20, sub {
        $tf->value("SELECT count(*) FROM app_logs
                    WHERE code = 'request.forbidden'");
    });
    my $r = line admin => 'GET /logs?limit=1&search=may%20not', undef, 200,
        'data.total' => 'int', 'data.page' => '=1', 'data.pages' => 'int',
        'data.limit' => '=1', 'data.items.0.id' => 'int',
        'data.items.0.timestamp' => 'time',
        'data.items.0.timestamp_display' => 'display',
        'data.items.0.level' => '=WARNING',
        'data.items.0.level_label' => '=告警',
        'data.items.0.module' => '=auth',
        'data.items.0.module_label' => '=认证',
        'data.items.0.message' => 'str', 'data.items.0.message_label' => 'str',
        'data.items.0.traceback' => 'null', 'data.items.0.context' => 'obj';
    my $log = $r->data->{items}[0]{id};
    line admin => "GET /logs/$log", undef, 200, 'data.log.id' => "=$log",
        'data.log.context' => 'obj';
    line admin => 'GET /logs?level=warning&module=AUT&limit=1', undef, 200,
        'data.items.0.module' => '=auth';
    line admin => 'GET /logs?hours=99999&limit=1', undef, 200,
        'data.items.0.id' => 'int';
    line admin => 'GET /logs?level=loud', undef, 400, 'extra.field' => '=level';
    line admin => "GET /logs?$_=2026-01-31T08:00:00", undef, 400,
        'extra.field' => "=$_" for qw(start_time end_time);
    line admin => 'GET /logs?limit=1&start_time=2026-01-31T08:00:00%2B08:00',
        undef, 200, 'data.items.0.timestamp' => 'time';
    line admin => 'GET /logs/modules', undef, 200, 'data.modules.0' => 'str',
        'data.module_options.0.value' => 'str',
        'data.module_options.0.label' => 'str';
    line admin => 'GET /logs/statistics', undef, 200,
        (map { ("data.${_}_count" => 'int') }
             qw(error warning info debug critical)),
        'data.total_logs' => 'int', 'data.level_distribution' => 'obj',
        'data.level_distribution.WARNING' => 'int',
        'data.top_modules.0.module' => 'str',
        'data.top_modules.0.module_label' => 'str',
        'data.top_modules.0.count' => 'int', 'data.error_rate' => 'num';
    line viewer => 'GET /dashboard/charts?type=logs', undef, 200,
        'data.log_trend.0.date' => 'str',
        'data.log_trend.0.error_count' => 'int',
        'data.log_trend.0.warning_count' => 'int',
        'data.log_levels' => 'list', 'data.log_levels.0.level' => 'str',
        'data.log_levels.0.count' => 'int';
    line $_ => 'GET /logs', undef, 403,
        message_code => '=PERMISSION_REQUIRED'
        for qw(operator user viewer);
}


# what happened: an empty list in the reference

{
    line admin => 'GET /dashboard/activities', undef, 200,
        data => 'list', 'data.0.type' => 'str', 'data.0.id' => 'str',
        'data.0.timestamp' => 'time', 'data.0.title' => 'str',
        'data.0.status' => 'str';
    line viewer => 'GET /dashboard/activities', undef, 200, data => 'list';
    line auditor => 'GET /audit?limit=1', undef, 200,
        'data.items.0.seq' => 'int', 'data.items.0.timestamp' => 'time',
        'data.items.0.details' => 'obj',
        'data.items.0.hash' => qr/^[0-9a-f]{64}$/;
    line operator => 'GET /audit', undef, 403;
}


# roles

my %may = (admin => [qw(view read create update execute delete logs admin)],
    operator => [qw(view read create update execute delete)],
    user => [qw(view read update execute)], viewer => [qw(view read)],
    auditor => [qw(view read logs)]);

for my $role (sort keys %may) {
    line $role => 'GET /auth/session', undef, 200,
        'data.permissions' => \$may{$role};
}

for ('viewer', 'user') {
    line $_ => 'POST /tags', { name => 'x', display_name => 'x',
        category => 'x' }, 403, message_code => '=PERMISSION_REQUIRED';
    line $_ => "DELETE /instances/$id", undef, 403,
        message_code => '=PERMISSION_REQUIRED';
    line $_ => 'POST /tags/bulk/actions/assign', { instance_ids => [$id],
        tag_ids => [$tag->{id}] }, 403, message_code => '=PERMISSION_REQUIRED';
}

line user => "PUT /tags/$tag->{id}", { name => 'prod', display_name => '生产',
    category => 'environment' }, 200, 'data.tag.name' => '=prod';


# what is not served: systems that are not connected

line admin => "GET $_", undef, 404, message_code => '=RESOURCE_NOT_FOUND'
    for '/sqlserver-clusters', '/mysql-clusters', '/risk-center/summary',
        '/alerts/email-settings', '/integrations/jumpserver/source',
        '/integrations/veeam/source', '/ad-domain-configs',
        map { "/instances/$id/$_" } qw(ag-accounts audit-info backup-info);


# errors

line admin => 'POST /instances', { name => 'x', db_type => 'mysql',
    host => 'h', port => 70000 }, 400, recoverable => 'true',
    'extra.field' => '=port', 'suggestions.0' => 'str',
    'suggestions.1' => 'str',
    message => qr/port 应为 1 到 65535 之间的整数/;
line admin => 'POST /instances', { name => 'x', db_type => 'mysql',
    host => 'h', port => 70000 }, 400, lang => 'en',
    message => qr/port has to be an integer from 1 to 65535/,
    'extra.detail' => '=has to be an integer from 1 to 65535';
line operator => 'POST /instances', { name => 'x', db_type => 'mysql',
    host => 'h', port => 1, credential_id => $cred->{id} }, 400, lang => 'en',
    message => qr/credential_id is no active credential for this engine/;
line nobody => 'GET /instances', undef, 401, 'suggestions.1' => 'str';


# a sync of one instance that fails

my $failed = (line user => "POST /instances/$id/actions/sync-accounts", {}, 409,
    message_code => '=TARGET_AUTH', message => '=目标数据库认证失败',
    'extra.instance_id' => "=$id", 'extra.result.success' => 'false',
    'extra.result.instance_name' => '=live',
    'extra.result.error_code' => '=TARGET_AUTH',
    'extra.result.error_message' => '=目标数据库认证失败')->json->{extra}{run_id};
$tf->wait_run($tf->value("SELECT run_id FROM
    tf_enqueue('housekeeping', 'manual')"));        # writes the summaries
TaiFish::Server::until_true(20, sub {
    $tf->value("SELECT count(*) FROM app_logs WHERE run_id = '$failed'
                AND code = 'job.failed'");
});


# words in the reader's language beside codes

for (['zh-CN', '账户同步', '读取所有实例的账户与权限', '目标数据库认证失败',
      '不能登录（NOLOGIN）', '实例总数', '已同步账户'],
     ['en', 'Sync accounts',
      'Reads accounts and privileges of all instances',
      'The target rejected the credential', 'May not log in (NOLOGIN)',
      'Instances', 'Accounts synced'])
{
    my ($lang, $task, $about, $error, $lock, $total, $synced) = @$_;
    my @run = (task_key => '=sync_accounts', task_name => "=$task",
        error_code => '=TARGET_AUTH', error_message => "=$error",
        'summary_json.common.metrics.0.key' => '=instances_total',
        'summary_json.common.metrics.0.label' => "=$total",
        'summary_json.common.metrics.0.value' => '=1');
    my @metric = ('summary_json.common.metrics.3.key' => '=accounts_synced',
        'summary_json.common.metrics.3.label' => "=$synced",
        'summary_json.common.metrics.3.value' => '=3',
        'summary_json.ext.data.accounts_synced' => '=3');
    my @item = (error_code => '=TARGET_AUTH', error_message => "=$error");
    my @noted = (@item, error_detail => '=as the worker noted it');
    my $of = sub {
        my ($at, %row) = @_;
        return (lang => $lang, map { ("$at.$_" => $row{$_}) } keys %row);
    };

    line viewer => "GET /task-runs?status=failed", undef, 200,
        $of->('data.items.0', @run);
    line viewer => "GET /task-runs/$failed", undef, 200,
        $of->('data.run', @run), $of->('data.items.0', @item);
    line viewer => "GET /task-runs/$failed/error-logs", undef, 200,
        $of->('data.run', @run), $of->('data.items.0', @item);
    line viewer => "GET /task-runs/$run", undef, 200,
        $of->('data.run', @metric), $of->('data.items.0', @noted);
    line viewer => "GET /sync-sessions/$run", undef, 200,
        $of->('data.session.instance_records.0', @noted);
    line viewer => "GET /sync-sessions/$run/error-logs", undef, 200,
        $of->('data.error_records.0', @noted);
    line viewer => 'GET /scheduler/jobs/sync_accounts', undef, 200,
        lang => $lang, 'data.func' => '=sync_accounts', 'data.name' =>
        "=$task", 'data.task_name' => "=$task", 'data.description' =>
        "=$about";
    line viewer => 'GET /dashboard/activities', undef, 200, lang => $lang,
        'data.1.key' => '=sync_accounts', 'data.1.title' => "=$task";
    line viewer => 'GET /accounts/ledgers', undef, 200, lang => $lang,
        'data.items.0.availability_reasons' => \[$lock],
        'data.items.0.availability_reason_codes' =>
        \['role_attributes.can_login=False'];
    line admin => "GET /logs?run_id=$failed", undef, 200, lang => $lang,
        'data.items.0.context.kind' => '=sync_accounts',
        'data.items.0.message_label' => qr/\Q$task\E.*\Q$error\E/;
}


# a run that is over, and a sync of all instances when there are none

line admin => "POST /task-runs/$failed/actions/cancel", undef, 409,
    message_code => '=RUN_ENDED', 'extra.detail' => '=failed';
line admin => "POST /task-runs/$run/actions/cancel", undef, 409,
    'extra.detail' => '=completed_with_errors';

$tf->sql('UPDATE instances SET is_active = false');
line user => 'POST /instances/actions/sync-accounts', {}, 400, lang => 'en',
    message => qr/there is no active instance/;


# a token from before sign-in is good after it, for what is no browser

{
    my $program = $tf->client;
    my $token = $program->get('/auth/csrf-token')->data->{csrf_token};
    my %with = ('x-csrftoken' => $token);
    my @tag = ("/tags/$tag->{id}", { name => 'prod', display_name => '生产',
        category => 'environment' });

    is $program->post('/auth/login', { username => 'user',
        password => $TaiFish::PASSWORD }, \%with)->status, 200, 'a sign-in';
    is $program->put(@tag, \%with)->status, 200,
        'the token from before it is good';
    is $program->put(@tag, { %with, origin =>
        "http://127.0.0.1:$tf->{port}" })->code, 'CSRF_INVALID',
        'in a browser it ended';
}


# --- times -----------------------------------------------------------------

# Every time in every answer has one form.

sub times_of {
    my ($value, $path, $found) = @_;

    if (ref $value eq 'HASH') {
        times_of($value->{$_}, "$path.$_", $found) for sort keys %$value;
    } elsif (ref $value eq 'ARRAY') {
        times_of($value->[$_], "$path.$_", $found) for 0 .. $#$value;
    } elsif (defined $value && !ref $value
             && $value =~ /^\d{4}-\d\d-\d\dT\d\d:\d\d/) {
        push @$found, [$path, $value];
    }
}

for my $path ('/tags', '/tags/options', '/tags/bulk/tags', '/instances',
    "/instances/$id", '/credentials', '/users', '/accounts/ledgers',
    "/accounts/ledgers/$account/permissions",
    "/accounts/ledgers/$account/change-history",
    "/accounts/ledgers/$account/versions", '/account-change-logs',
    '/task-runs', "/task-runs/$run", "/task-runs/$run/error-logs",
    '/sync-sessions', "/sync-sessions/$run", "/sync-sessions/$run/error-logs",
    '/auth/me', '/api/v1/health', '/api/v1/health/basic',
    '/api/v1/health/detailed')
{
    my $r = $as{admin}->get($path);
    my @found;
    times_of($r->json, '', \@found);
    my @bad = grep { !$type{time}->($_->[1]) } @found;

    ok @found && !@bad, "$path: times are RFC 3339 in UTC"
        or diag join "\n", $r->status, map { "@$_" } @bad;
}


# --- a server-wide TLS mode ------------------------------------------------

# Last: nginx starts anew.

$tf->stop_nginx;
$tf->{opt}{http} = 'taifish_tls_default require';
$tf->start_nginx;
line operator => 'POST /instances', { name => 'by default', db_type => 'mysql',
    host => '127.0.0.1', port => 3306 }, 201,
    'data.instance.tls_mode' => '=require',
    'data.instance.is_tls_weak' => 'true';
line viewer => 'GET /instances?search=by%20default', undef, 200,
    'data.items.0.is_tls_weak' => 'true';


done_testing;
