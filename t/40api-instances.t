# Instances: the inventory, its rules about credentials, TLS and hosts, soft
# delete and restore.  Connecting has a test of its own.

use lib 't/lib';
use TaiFish;
use TaiFish::Check;

my $tf = TaiFish->new;
$tf->start_nginx;

my %as = map { $_ => $tf->as($_) } qw(admin operator user viewer auditor);
my $api = $as{operator};

$tf->sql("INSERT INTO credentials (name, credential_type, db_type, username,
                                   sealed, is_active)
          VALUES ('my', 'database', 'mysql', 'u', '\\x00', true),
                 ('pg', 'database', 'postgresql', 'u', '\\x00', true),
                 ('off', 'database', 'mysql', 'u', '\\x00', false),
                 ('ssh', 'ssh', NULL, 'u', '\\x00', true);
          INSERT INTO tags (name, display_name, category)
          VALUES ('prod', 'Prod', 'env'), ('east', 'East', 'site'),
                 ('ha', 'HA', 'architecture')");
my %cred = map { $_->{name} => $_->{id} }
    $tf->rows('SELECT id, name FROM credentials');

my $pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----";

sub place {
    my ($name, %more) = @_;
    return { name => $name, db_type => 'mysql', host => 'db.example.org',
             port => 3306, %more };
}

my @detail = qw(active_account_count active_db_count audit_status
    backup_last_time backup_status capacity_limit_bytes created_at credential
    credential_id
    database_name database_version db_type deleted_at description
    detailed_version host id is_active is_jumpserver_managed is_tls_weak
    last_capacity_status last_capacity_time last_connected
    last_sync_status last_sync_time main_version name port size_is_complete
    sized_at status sync_count tags tls_ca tls_mode total_size_bytes
    total_size_mb unread_scope_count updated_at);
my @item = grep !/^(?:last_capacity.*|size.*|total_size.*|database_name|tls_ca
    |database_version
    |detailed_version|unread_scope_count
    |sync_count|credential|last_connected
    |capacity_limit_bytes|created_at|updated_at)$/x,
    @detail;


# --- one instance ----------------------------------------------------------

my $i = data_of($api->post('/instances', place('主库-1 a.b_c',
    database_name => 'app', credential_id => $cred{my},
    description => "two\nlines 🐘", tag_names => ['prod', 'east'])), 201,
    'created')->{instance};
is_deeply [sort keys %$i], \@detail, 'what is shown of one';
is_deeply [@$i{qw(name db_type host port database_name credential_id
    description status tls_mode is_active deleted_at)}],
    ['主库-1 a.b_c', 'mysql', 'db.example.org', 3306, 'app', $cred{my},
     "two\nlines 🐘", 'active', 'verify-full', JSON::PP::true, undef],
    'as sent, TLS verified';
is_deeply [map +{ name => $_->{name}, display_name => $_->{display_name} },
           @{ $i->{tags} }], [{ name => 'east', display_name => 'East' },
                       { name => 'prod', display_name => 'Prod' }], 'tags';
is_deeply [@$i{qw(active_account_count active_db_count audit_status
    backup_status is_jumpserver_managed last_sync_time)}], [(undef) x 6],
    'what nobody has read is unknown';
is_deeply data_of($api->get("/instances/$i->{id}"), 200, 'read')->{instance},
    $i, 'the same';

$tf->sql("INSERT INTO accounts (instance_id, principal, username, kind,
                                dropped_at)
          VALUES ($i->{id}, 'a', 'a', 'user', NULL),
                 ($i->{id}, 'b', 'b', 'user', now()),
                 ($i->{id}, 'p', 'PUBLIC', 'public', NULL);
          UPDATE instances SET last_sync_at = now()");
is $api->get("/instances/$i->{id}")->data->{instance}{active_account_count},
    1, 'accounts are counted once a sync has read them';

refused $api->post('/instances', place('主库-1 a.b_c')), 400, 'NAME_EXISTS',
    'name', 'a name is used once';
for my $id (999) {
    refused $api->get("/instances/$id"), 404, 'RESOURCE_NOT_FOUND', undef,
        'none to read';
    refused $api->put("/instances/$id", place('x')), 404,
        'RESOURCE_NOT_FOUND', 'id', 'none to change';
    refused $api->delete("/instances/$id"), 404, 'RESOURCE_NOT_FOUND', undef,
        'none to delete';
    refused $api->post("/instances/$id/actions/restore"), 404,
        'RESOURCE_NOT_FOUND', undef, 'none to restore';
    refused $api->get("/instances/$id/connection-status"), 404,
        'RESOURCE_NOT_FOUND', undef, 'none to ask about';
}


# --- bad input -------------------------------------------------------------

for (['name', undef], ['name', 'x' x 101], ['name', "a'b"], ['name', 'a;b'],
     ['name', '🐘'], ['name', "a\nb"], ['name', "a\0b"], ['db_type', undef],
     ['db_type', 'db2'], ['host', undef], ['host', 'x' x 254],
     ['port', undef], ['port', 0], ['port', 65536], ['port', 'x'],
     ['port', 1.5], ['database_name', 'x' x 65], ['database_name', "a\tb"],
     ['credential_id', 'x'], ['credential_id', -1], ['tls_mode', 'maybe'],
     ['tls_ca', 'no certificate'], ['description', 'x' x 501],
     ['is_active', 2], ['tag_names', ['nope']], ['tag_names', [1]])
{
    my ($field, $value) = @$_;
    my $show = JSON::PP->new->allow_nonref->ascii->encode($value);
    refused $as{admin}->post('/instances', place('bad', $field => $value)),
        400, 'VALIDATION_ERROR', $field, "create: $field " . substr $show, 0,
        20;
    refused $as{admin}->put("/instances/$i->{id}",
        place('bad', $field => $value)), 400, 'VALIDATION_ERROR', $field,
        "change: $field";
}
for my $host ('a b', '/var/run', 'a,b', 'h:3306', '[::1]', '0x7f.1',
              '2130706433', '127.1', "a'", 'host=/x', "a\nb", '-a', 'a..b',
              '名.中国')
{
    my $r = $api->post('/instances', place('bad', host => $host));
    ok $r->status == 400 && ($r->json->{extra}{field} // '') eq 'host',
        'bad host ' . JSON::PP->new->allow_nonref->ascii->encode($host)
        or diag $r->as_string;
}
for my $host ('10.0.0.1', 'fd00::1', 'a-b.example', 'db1') {
    is $api->put("/instances/$i->{id}", place('主库-1 a.b_c',
        host => $host, credential_id => $cred{my}))->status, 200,
        "good host $host";
}


# --- credentials -----------------------------------------------------------

my $path = "/instances/$i->{id}";
my $name = '主库-1 a.b_c';

sub current { $api->get($path)->data->{instance} }

for (['unknown', 999, 404, 'RESOURCE_NOT_FOUND'],
     ['of another engine', $cred{pg}, 400, 'VALIDATION_ERROR'],
     ['inactive', $cred{off}, 400, 'VALIDATION_ERROR'],
     ['of another type', $cred{ssh}, 400, 'VALIDATION_ERROR'])
{
    my ($what, $id, $status, $code) = @$_;
    refused $api->post('/instances', place('bad', credential_id => $id)),
        $status, $code, 'credential_id', "create: $what";
    refused $api->put($path, place($name, host => 'db1',
        credential_id => $id)), $status, $code, 'credential_id',
        "change: $what";
    refused $api->post('/instances/actions/validate-connection-params',
        { db_type => 'mysql', port => 1, credential_id => $id }), $status,
        $code, 'credential_id', "validate: $what";
}

for (['host', host => 'db2'], ['port', port => 3307],
     ['db_type', db_type => 'postgresql'])
{
    my ($what, %more) = @$_;
    refused $api->put($path, place($name, host => 'db1', %more)), 400,
        'CREDENTIAL_REQUIRED', 'credential_id',
        "a new $what needs the credential again";
}
for (['tls_mode', tls_mode => 'disable'], ['tls_ca', tls_ca => $pem]) {
    my ($what, %more) = @$_;
    refused $as{admin}->put($path, place($name, host => 'db1', %more)), 400,
        'CREDENTIAL_REQUIRED', 'credential_id',
        "a new $what needs the credential again";
}
is current()->{host}, 'db1', 'nothing changed';
is data_of($api->put($path, place($name, host => 'db1',
    description => 'only this')), 200, 'other fields do not')->{instance}
    {credential_id}, $cred{my}, 'the credential stays';
is data_of($api->put($path, place($name, host => 'db2',
    credential_id => undef)), 200, 'null is an answer too')->{instance}
    {credential_id}, undef, 'none from now on';
is data_of($api->put($path, place($name, host => 'db3')), 200,
    'without a credential')->{instance}{host}, 'db3', 'a place is free';
is data_of($api->put($path, place($name, host => 'db4', port => 5432,
    db_type => 'postgresql', credential_id => $cred{pg})), 200,
    'all at once')->{instance}{credential_id}, $cred{pg}, 'given again';
is current()->{description}, 'only this', 'a description left out stays';
data_of($api->put($path, place($name, host => 'db4', port => 5432,
    db_type => 'postgresql', description => '')), 200, 'an empty one');
is current()->{description}, undef, 'is none';

$tf->sql("UPDATE credentials SET is_active = false WHERE id = $cred{pg}");
data_of($api->put($path, place($name, host => 'db4', port => 5432,
    db_type => 'postgresql', credential_id => $cred{pg})), 200,
    'one that is linked may be inactive');
$tf->sql("UPDATE credentials SET is_active = true WHERE id = $cred{pg}");


# --- TLS -------------------------------------------------------------------

for my $mode (qw(verify-ca require disable)) {
    refused $api->post('/instances', place('weak', tls_mode => $mode)), 403,
        'FORBIDDEN', 'tls_mode', "an operator does not $mode";
    refused $api->put($path, place($name, host => 'db4', tls_mode => $mode)),
        403, 'FORBIDDEN', 'tls_mode', "nor later";
}
refused $api->post('/instances', place('weak', tls_ca => $pem)), 403,
    'FORBIDDEN', 'tls_ca', 'nor trusts other authorities';
my $weak = data_of($as{admin}->post('/instances', place('weak',
    tls_mode => 'require', tls_ca => "$pem\0")), 201, 'an admin does')
    ->{instance};
is_deeply [@$weak{qw(tls_mode tls_ca)}], ['require', $pem],
    'both kept, without the NUL at the end of a ca.pem of MySQL';
is data_of($api->put("/instances/$weak->{id}", place('weak',
    description => 'x')), 200, 'an operator changes the rest')->{instance}
    {tls_mode}, 'require', 'and leaves it';
is data_of($api->put("/instances/$weak->{id}", place('weak',
    tls_mode => 'verify-full')), 200, 'stronger is free')->{instance}
    {tls_mode}, 'verify-full', 'again';
refused $api->put("/instances/$weak->{id}", place('weak', tls_ca => undef)),
    403, 'FORBIDDEN', 'tls_ca', 'whom to trust is not';


# --- tags ------------------------------------------------------------------

sub tags { join ' ', map $_->{name}, @{ $_[0]->data->{instance}{tags} } }
my $w = "/instances/$weak->{id}";
is tags($api->put($w, place('weak', tag_names => ['prod', 'ha']))),
    'ha prod', 'set';
is tags($api->put($w, place('weak'))), 'ha prod', 'left out: kept';
is tags($api->put($w, place('weak', tag_names => ['ha', 'east', 'ha']))),
    'east ha', 'replaced';
is tags($api->put($w, place('weak', tag_names => []))), '', 'emptied';
$api->put($w, place('weak', tag_names => ['ha']));


# --- delete, restore -------------------------------------------------------

my $d = data_of($api->delete($w), 200, 'deleted');
is_deeply [@$d{qw(instance_id deletion_mode)}], [$weak->{id}, 'soft'],
    'softly';
like $d->{deleted_at}, qr/^\d{4}-.*Z$/, 'at a time';
data_of($api->delete($w), 200, 'once more');
refused $api->put($w, place('weak')), 404, 'RESOURCE_NOT_FOUND', 'id',
    'it cannot be changed';
is $api->get($w)->data->{instance}{status}, 'deleted', 'but read';
refused $api->post('/instances', place('weak')), 400, 'NAME_EXISTS', 'name',
    'its name is still its own';
is $api->get('/instances')->data->{total}, 1, 'it is not listed';
is $api->get('/instances?include_deleted=true')->data->{total}, 2,
    'unless asked for';
is data_of($api->post("$w/actions/restore"), 200, 'restored')->{instance}
    {deleted_at}, undef, 'as it was';
is tags($api->get($w)), 'ha', 'with its tags';
is $api->post("$w/actions/restore")->status, 200, 'again is no error';

$api->post('/instances', place("gone-$_")) for 1 .. 3;
my %id = map { $_->{name} => $_->{id} }
    $tf->rows('SELECT id, name FROM instances');
my @gone = map $id{"gone-$_"}, 1 .. 3;
is_deeply data_of($api->post('/instances/actions/batch-delete',
    { instance_ids => [@gone[0, 1], 999] }), 200, 'several'),
    { deleted_count => 2, instance_ids => [@gone[0, 1]],
      missing_instance_ids => [999], deletion_mode => 'soft' },
    'softly unless said';
$tf->sql("INSERT INTO task_runs (task_key, task_category, trigger_source)
          VALUES ('x', 'other', 'api');
          INSERT INTO task_items (run_id, kind, lane, max_attempts, deadline,
                                  item_type, item_key, instance_id)
          VALUES (1, 'x', 'normal', 1, '1 minute', 'instance', '1',
                  $gone[2])");
refused $api->post('/instances/actions/batch-delete',
    { instance_ids => [@gone[1, 2]], deletion_mode => 'hard' }), 409,
    'ALREADY_RUNNING', 'instance_ids', 'not while something works on it';
$tf->sql("UPDATE task_items SET state = 'done', completed_at = now()");
is data_of($api->post('/instances/actions/batch-delete',
    { instance_ids => \@gone, deletion_mode => 'hard' }), 200, 'for good')
    ->{deleted_count}, 3, 'all three';
is $tf->value("SELECT count(*) FROM instances WHERE name LIKE 'gone%'"), 0,
    'are gone';
for (['instance_ids', []], ['instance_ids', 'x'], ['deletion_mode', 'x']) {
    refused $api->post('/instances/actions/batch-delete',
        { instance_ids => [1], $_->[0] => $_->[1] }), 400,
        'VALIDATION_ERROR', $_->[0], "batch-delete: bad $_->[0]";
}


# --- lists -----------------------------------------------------------------

$tf->sql("INSERT INTO instances (name, db_type, host, port, is_active,
                                 main_version, description)
          SELECT 'n' || lpad(n::text, 3, '0'),
                 CASE WHEN n % 2 = 0 THEN 'oracle' ELSE 'sqlserver' END,
                 'h' || n || '_x.example', 1000 + n % 12, n > 10, '19',
                 'd' || n || '%'
          FROM generate_series(1, 98) n;
          INSERT INTO instance_tags
          SELECT id, (SELECT id FROM tags WHERE name = 'ha')
          FROM instances WHERE name ~ '^n0[12]'");
$d = data_of($api->get('/instances'), 200, 'list');
is_deeply [@$d{qw(total page pages limit)}], [100, 1, 5, 20], 'paging';
is_deeply [sort keys %{ $d->{items}[0] }], \@item, 'keys of an item';
is $d->{items}[0]{name}, 'n098', 'the newest first';
is scalar @{ $api->get('/instances?page=5')->data->{items} }, 20, 'the last';
is_deeply $api->get('/instances?page=6')->data->{items}, [], 'beyond the end';
my %seen;
$seen{$_->{id}}++ for map @{ $api->get(
    "/instances?sort=port&limit=9&page=$_")->data->{items} }, 1 .. 12;
is_deeply [scalar keys %seen, grep $_ > 1, values %seen], [100],
    'pages of equal ports neither repeat nor lose one';

sub total { $api->get("/instances?$_[0]")->data->{total} }
is total('db_type=oracle'), 49, 'by engine';
is total('db_type=all'), 100, 'by no engine';
is total('status=inactive'), 10, 'by state';
is total('tags=ha'), 21, 'by tag';
is total('tags=ha&tags=nope'), 21, 'any of the tags';
is total('tags[]=prod,ha'), 22, 'as a list';
is total('search=N09'), 9, 'by name';
is total('search=_x.'), 98, 'by host, _ is no wildcard';
is total('search=%25'), 98, 'by description, nor is %';
is total('search=%27%22%5C'), 0, 'quotes are characters';
is total('search=%F0%9F%90%98'), 0, 'so is an elephant';
for my $key (qw(id name db_type host port status main_version last_sync_time
                created_at))
{
    is $api->get("/instances?sort=$key&order=$_")->status, 200,
        "sort=$key $_" for qw(asc desc);
}
for (qw(sort=tls_ca db_type=x status=x include_deleted=x limit=x page=x
        search=%00 search=%FF tags=%00))
{
    my ($field) = /^(\w+)/;
    refused $api->get("/instances?$_"), 400, 'VALIDATION_ERROR', $field, $_;
}


# --- options, statistics, status -------------------------------------------

my @o = @{ $api->get('/instances/options?db_type=mysql,postgresql')
    ->data->{instances} };
is_deeply [map $_->{name}, @o], ['weak', $name], 'options';
is_deeply $o[0], { id => $weak->{id}, name => 'weak', db_type => 'mysql',
    display_name => 'weak (db.example.org:3306)', asset_url => undef,
    engine_tested => 'real' }, 'one of them';
refused $api->get('/instances/options?db_type=x'), 400, 'VALIDATION_ERROR',
    'db_type', 'of known engines';
is_deeply $api->get('/instances/account-scope-options?db_type=mysql')->data
    ->{account_scopes}, [{ value => "instance:$weak->{id}", label => 'weak',
    db_type => 'mysql', owner_type => 'instance', owner_id => $weak->{id},
    name => 'weak', host => 'db.example.org' }], 'owners of accounts';

$api->delete($w);
my $s = data_of($api->get('/instances/statistics'), 200, 'statistics');
is_deeply { map { /(.*)_instances/ ? ($1 => $s->{$_}) : () } keys %$s },
    { total => 100, current => 99, active => 89, normal => 89,
      weak_tls => 0, disabled => 10, inactive => 10, deleted => 1,
      high_availability => 19,
      audit_enabled => undef, managed => undef, unmanaged => undef,
      backed_up => undef, backup_stale => undef, not_backed_up => undef },
    'counts, and null for what is not read';
is $s->{db_types_count}, 3, 'engines';
is_deeply $s->{db_type_stats}[0], { db_type => 'oracle', count => 49 },
    'by engine';
is scalar @{ $s->{port_stats} }, 10, 'ten ports';
is_deeply $s->{version_stats}[0], { db_type => 'oracle', version => '19',
    count => 49 }, 'by version';

for (['unknown', 'NULL'], ['good', "now() - interval '59 minutes'"],
     ['warning', "now() - interval '61 minutes'"],
     ['poor', "now() - interval '25 hours'"])
{
    $tf->sql("UPDATE instances SET last_connected = $_->[1]
              WHERE id = $i->{id}");
    my $c = $api->get("$path/connection-status")->data;
    is $c->{status}, $_->[0], "last reached: $_->[0]";
    is_deeply [sort keys %$c], [qw(db_type host instance_id instance_name
        is_active last_connected port status)], 'keys';
}
is_deeply data_of($api->post(
    '/instances/actions/validate-connection-params',
    { db_type => 'mysql', port => '3306', credential_id => $cred{my} }), 200,
    'parameters are good'), { db_type => 'mysql', port => 3306,
    credential_id => $cred{my} }, 'as understood';
for (['port', 0], ['port', undef], ['db_type', 'x'], ['host', 'a b']) {
    my $r = $api->post('/instances/actions/validate-connection-params',
        { db_type => 'mysql', port => 1, $_->[0] => $_->[1] });
    is $r->json->{extra}{field}, $_->[0], "validate: bad $_->[0]";
}


# --- roles -----------------------------------------------------------------

for my $role (qw(viewer auditor)) {
    is $as{$role}->get($_)->status, 200, "$role: $_"
        for '/instances', $path, '/instances/statistics';
    for (['POST', '/instances', place('evil')], ['PUT', $path, place('evil')],
         ['DELETE', $path], ['POST', "$path/actions/restore"],
         ['POST', '/instances/actions/batch-delete', { instance_ids => [1] }])
    {
        refused $as{$role}->request(@$_), 403, 'PERMISSION_REQUIRED', undef,
            "$role: $_->[0] $_->[1]";
    }
}

done_testing;
