# Credentials: the password goes in sealed and never comes out.

use lib 't/lib';
use TaiFish;
use TaiFish::Check;

my $tf = TaiFish->new;
$tf->start_nginx;

my $admin = $tf->as('admin');
my $canary = 'Canary-9f3c';

sub login {
    my ($name, %more) = @_;
    return { name => $name, credential_type => 'database',
             db_type => 'mysql', username => 'mon', password => $canary,
             %more };
}

sub change {
    my $c = login(@_);
    delete $c->{password} if $c->{password} eq $canary;
    return $c;
}

sub stored { $tf->row("SELECT encode(sealed, 'hex') AS sealed,
                              encode(envelope, 'hex') AS envelope
                       FROM credentials WHERE id = $_[0]") }


# --- one credential --------------------------------------------------------

my $d = data_of($admin->post('/credentials', login("it's 🔑")), 201,
                'created');
my $c = $d->{credential};
is_deeply [sort keys %$c], [qw(created_at created_at_display credential_type
    db_type description id instance_count is_active name
    password updated_at username)],
    'what is shown';
is_deeply [@$c{qw(name credential_type db_type username instance_count)}],
    ["it's 🔑", 'database', 'mysql', 'mon', 0], 'as sent';
like $c->{password}, qr/^\*+$/, 'the password is a mask';

my $row = stored($c->{id});
ok length $row->{sealed} > 2 * (length($canary) + 48), 'stored sealed';
is $row->{envelope}, undef, 'not yet in an envelope';
unlike pack('H*', $row->{sealed}), qr/$canary/, 'which shows nothing';

$admin->post('/credentials', login('again'));
isnt stored($c->{id} + 1)->{sealed}, $row->{sealed},
    'the same password is sealed differently';

$d = data_of($admin->put("/credentials/$c->{id}", change('renamed',
    description => 'why')), 200, 'changed without a password');
is_deeply [@{ $d->{credential} }{qw(name description instance_count)}],
    ['renamed', 'why', 0], 'the rest changes';
is stored($c->{id})->{sealed}, $row->{sealed}, 'the password stays';
data_of($admin->put("/credentials/$c->{id}", login('renamed',
    password => '')), 200, 'an empty password');
is stored($c->{id})->{sealed}, $row->{sealed}, 'is none either';
is $admin->get("/credentials/$c->{id}")->data->{credential}{description},
    'why', 'a description left out stays';

$tf->sql("UPDATE credentials SET envelope = '\\x00' WHERE id = $c->{id}");
data_of($admin->put("/credentials/$c->{id}", login('renamed',
    password => " $canary 2 ")), 200, 'changed with a password');
isnt stored($c->{id})->{sealed}, $row->{sealed}, 'sealed anew';
is stored($c->{id})->{envelope}, undef, 'the old envelope is gone';

refused $admin->post('/credentials', login('renamed')), 400, 'NAME_EXISTS',
    'name', 'a name is used once';
for my $id (999) {
    refused $admin->get("/credentials/$id"), 404, 'RESOURCE_NOT_FOUND', undef,
        'none to read';
    refused $admin->put("/credentials/$id", change('x')), 404,
        'RESOURCE_NOT_FOUND', undef, 'none to change';
    refused $admin->put("/credentials/$id", login('x')), 404,
        'RESOURCE_NOT_FOUND', undef, 'nor its password';
    refused $admin->delete("/credentials/$id"), 404, 'RESOURCE_NOT_FOUND',
        undef, 'none to delete';
}


# --- bad input -------------------------------------------------------------

for (['name', undef], ['name', ''], ['name', 'x' x 256], ['name', "a\nb"],
     ['name', "a\0"], ['credential_type', undef],
     ['credential_type', 'rocket'], ['db_type', 'db2'],
     ['username', undef], ['username', 'x' x 129], ['username', "a\rb"],
     ['description', 'x' x 501], ['is_active', 7])
{
    my ($field, $value) = @$_;
    refused $admin->post('/credentials', login('bad', $field => $value)), 400,
        'VALIDATION_ERROR', $field, "create: bad $field";
    refused $admin->put("/credentials/$c->{id}",
        change('bad', $field => $value)), 400, 'VALIDATION_ERROR', $field,
        "change: bad $field";
}
for (undef, '', "a\0b", 'x' x 1025, 7, ['x']) {
    my $r = $admin->post('/credentials', login('bad', password => $_));
    refused $r, 400, 'VALIDATION_ERROR', 'password', 'bad password';
}
my $r = $admin->post('/credentials', login('bad', password => "$canary\0"));
unlike $r->body, qr/$canary/, 'an error does not repeat the password';

$d = data_of($admin->post('/credentials', login('shell',
    credential_type => 'ssh', username => 'DOM\\user')), 201,
    'a type without an engine');
is $d->{credential}{db_type}, undef, 'has none';


# --- in use ----------------------------------------------------------------

$tf->sql("INSERT INTO tags (name, display_name, category)
          VALUES ('blue', 'b', 'c');
          INSERT INTO instances (name, db_type, host, port, credential_id)
          VALUES ('i1', 'mysql', 'h', 3306, $c->{id});
          INSERT INTO instance_tags VALUES (1, 1)");
is $admin->get("/credentials/$c->{id}")->data->{credential}{instance_count},
    1, 'instance_count';
refused $admin->delete("/credentials/$c->{id}"), 409, 'CREDENTIAL_IN_USE',
    'id', 'in use';
refused $admin->put("/credentials/$c->{id}", change('renamed',
    db_type => 'oracle')), 409, 'CREDENTIAL_IN_USE', 'db_type',
    'its engine stays';
refused $admin->put("/credentials/$c->{id}", change('renamed',
    credential_type => 'api')), 409, 'CREDENTIAL_IN_USE', 'credential_type',
    'and its type';
is $admin->get('/credentials?tags=blue')->data->{total}, 1,
    'found by the tags of its instances';
is $admin->get('/credentials?tags[]=red&tags[]=blue')->data->{total}, 1,
    'any of them';
is $admin->get('/credentials?tags=red')->data->{total}, 0, 'or not';
$tf->sql('UPDATE instances SET deleted_at = now()');
is_deeply data_of($admin->delete("/credentials/$c->{id}"), 200,
    'a deleted instance does not hold it'), { credential_id => $c->{id} },
    'its id';
is $tf->value('SELECT count(credential_id) FROM instances'), 0,
    'the instance let go';


# --- lists -----------------------------------------------------------------

$tf->sql("INSERT INTO credentials (name, credential_type, db_type, username,
                                   sealed, is_active)
          SELECT 'c' || lpad(i::text, 2, '0'), 'database',
                 CASE WHEN i % 2 = 0 THEN 'oracle' ELSE 'postgresql' END,
                 'u' || i, '\\x00', i > 3
          FROM generate_series(1, 25) i");
$d = data_of($admin->get('/credentials'), 200, 'list');
is_deeply [@$d{qw(total page pages limit)}], [27, 1, 2, 20], 'paging';
like $_->{password}, qr/^\*+$/, 'masked' for $d->{items}[0];
unlike $admin->get('/credentials?limit=200')->body, qr/sealed|envelope/,
    'nothing of the stored forms';
is $admin->get('/credentials?db_type=oracle')->data->{total}, 12, 'by engine';
is $admin->get('/credentials?db_type=all&credential_type=all&status=all')
    ->data->{total}, 27, 'all is no filter';
is $admin->get('/credentials?credential_type=ssh')->data->{total}, 1,
    'by type';
is $admin->get('/credentials?status=inactive')->data->{total}, 3, 'by state';
is $admin->get('/credentials?search=U2')->data->{total}, 7, 'by user name';
is $admin->get('/credentials?page=3')->data->{items}[0], undef,
    'beyond the end';
is_deeply [map $_->{name}, @{ $admin->get(
    '/credentials?sort=name&order=desc&limit=2&db_type=oracle')->data
    ->{items} }], ['c24', 'c22'], 'sorted';
for (qw(credential_type=x db_type=x status=x sort=password sort=sealed
        order=x limit=x))
{
    my ($field) = /^(\w+)/;
    refused $admin->get("/credentials?$_"), 400, 'VALIDATION_ERROR', $field,
        $_;
}


# --- roles -----------------------------------------------------------------

for my $role (qw(user viewer auditor)) {
    my $api = $tf->as($role);
    is $api->get('/credentials')->status, 200, "$role lists";
    for (['POST', '/credentials', login('evil')],
         ['PUT', '/credentials/2', change('evil')],
         ['DELETE', '/credentials/2'])
    {
        refused $api->request(@$_), 403, 'ADMIN_PERMISSION_REQUIRED', undef,
            "$role: $_->[0]";
    }
}


# --- the canary ------------------------------------------------------------

for ($tf->error_log, $tf->access_log, $tf->value(
        "SELECT string_agg(c::text, '') FROM credentials c"))
{
    unlike $_, qr/$canary/, 'the password is in no log and no row';
}

done_testing;
