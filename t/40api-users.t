# Users: only administrators change them, one administrator always stays, and
# what ends a person's rights ends their sessions.

use lib 't/lib';
use TaiFish;
use TaiFish::Check;

use IO::Socket::INET;

my $tf = TaiFish->new;
$tf->start_nginx;

my $admin = $tf->as('admin');
my %id = map { $_->{username} => $_->{id} }
    $tf->rows('SELECT id, username FROM users');

sub person {
    my ($name, %more) = @_;
    return { username => $name, role => 'viewer', password => 'Good-pass-7',
             %more };
}

# A PUT that keeps what it does not name.

sub change {
    my ($name, %more) = @_;
    my $p = person($name, %more);
    delete $p->{password} unless exists $more{password};
    return $p;
}


# --- one user --------------------------------------------------------------

my $d = data_of($admin->post('/users', person('alice', role => 'user',
    email => 'alice@example.org')), 201, 'created');
my $alice = $d->{user};
is_deeply [sort keys %$alice], [qw(created_at created_at_display email id
    is_active last_login
    password_changed_at role updated_at username)],
    'what is shown of a user, and no hash';
is_deeply [@$alice{qw(username role email is_active last_login)}],
    ['alice', 'user', 'alice@example.org', JSON::PP::true, undef], 'as sent';
like $tf->value("SELECT password_hash FROM users WHERE username = 'alice'"),
    qr/^\$argon2id\$v=19\$m=65536,t=2,p=1\$/, 'stored as argon2id';
is $tf->login('alice', 'Good-pass-7')->get('/auth/me')->status, 200,
    'and signs in';
is_deeply data_of($admin->get("/users/$alice->{id}"), 200, 'read')->{user}
    {username}, 'alice', 'the same user';

refused $admin->post('/users', person('ALICE')), 409, 'USERNAME_EXISTS',
    'username', 'names differ in more than case';
refused $admin->get('/users/999'), 404, 'RESOURCE_NOT_FOUND', undef,
    'no such user';
refused $admin->put('/users/999', change('bob')), 404, 'RESOURCE_NOT_FOUND',
    undef, 'nor to change';
refused $admin->put('/users/999', person('bob')), 404, 'RESOURCE_NOT_FOUND',
    undef, 'nor with a password';
refused $admin->delete('/users/999'), 404, 'RESOURCE_NOT_FOUND', undef,
    'nor to delete';


# --- bad input -------------------------------------------------------------

for (['username', undef], ['username', 'ab'], ['username', 'x' x 21],
     ['username', 'a b'], ['username', "a'--"], ['username', "a\0b"],
     ['username', '用户名'], ['role', undef], ['role', 'root'],
     ['is_active', 'maybe'], ['email', 'nobody'],
     ['email', 'a@' . 'b' x 300])
{
    my ($field, $value) = @$_;
    refused $admin->post('/users', person('badone', $field => $value)), 400,
        'VALIDATION_ERROR', $field, "create: bad $field";
    refused $admin->put("/users/$alice->{id}",
        change('badone', $field => $value)), 400, 'VALIDATION_ERROR', $field,
        "change: bad $field";
}
refused $admin->post('/users', person('badone', password => undef)), 400,
    'VALIDATION_ERROR', 'password', 'a new user has a password';
refused $admin->post('/users', person('badone', password => "Ab1\0cdefgh")),
    400, 'VALIDATION_ERROR', 'password', 'NUL is in none';
refused $admin->post('/users', person('badone', password => 'Aa1' x 200)),
    400, 'VALIDATION_ERROR', 'password', 'nor are 600 bytes';
for ('Short1a', 'alllower1', 'ALLUPPER1', 'NoDigitHere', 'Aa1' . 'x' x 126,
     'xBadOne1x')
{
    refused $admin->post('/users', person('badone', password => $_)), 400,
        'PASSWORD_INVALID', 'password', 'password rule';
}
refused $admin->post('/users', person('badone', password => 'Password1')),
    400, 'PASSWORD_COMMON', 'password', 'a common password';
is $tf->value("SELECT count(*) FROM users WHERE username ILIKE 'badone'"), 0,
    'nothing of that was stored';


# --- sessions end with rights ----------------------------------------------

sub sessions { $tf->value("SELECT count(*) FROM sessions
                           WHERE user_id = $_[0]") }

my %ends = (
    'a role' => { role => 'viewer' },
    'a password' => { role => 'user', password => 'Other-pass-8' },
    'being disabled' => { role => 'user', is_active => \0 },
);
for my $what (sort keys %ends) {
    $tf->sql("UPDATE users SET role = 'user', is_active = true
              WHERE id = $alice->{id}");
    $tf->as('alice');
    data_of($admin->put("/users/$alice->{id}", change('alice',
        role => 'user')), 200, 'nothing changes');
    cmp_ok sessions($alice->{id}), '>', 0, 'and the session stays';
    data_of($admin->put("/users/$alice->{id}", change('alice',
        %{ $ends{$what} })), 200, "changing $what");
    is sessions($alice->{id}), 0, "$what ends them";
}
$d = data_of($admin->put("/users/$alice->{id}",
    change('alice', role => 'user')), 200, 'without is_active');
is $d->{user}{is_active}, JSON::PP::false, 'it stays';
is $d->{user}{email}, 'alice@example.org', 'so does the address';
$d = data_of($admin->put("/users/$alice->{id}",
    change('alice', email => undef)), 200, 'an address of null');
is $d->{user}{email}, undef, 'is none';

my $before = $tf->value("SELECT password_hash FROM users
                         WHERE id = $id{admin}");
data_of($admin->put("/users/$id{admin}", { username => 'admin',
    role => 'admin', password => 'Newer-pass-9' }), 200,
    'an admin changes his own password');
isnt $tf->value("SELECT password_hash FROM users WHERE id = $id{admin}"),
    $before, 'it is another one';
is $admin->get('/users/stats')->status, 200, 'this session goes on';


# --- the last administrator ------------------------------------------------

refused $admin->put("/users/$id{admin}", change('admin')), 400,
    'LAST_ADMIN_REQUIRED', 'role', 'the last one keeps the role';
refused $admin->put("/users/$id{admin}", change('admin', role => 'admin',
    is_active => \0)), 400, 'LAST_ADMIN_REQUIRED', 'is_active',
    'and stays active';
refused $admin->delete("/users/$id{admin}"), 403, 'FORBIDDEN', 'id',
    'nobody deletes himself';

my $second = data_of($admin->post('/users', person('second',
    role => 'admin')), 201, 'a second one')->{user}{id};
$tf->sql("UPDATE users SET is_active = false WHERE id = $second");
refused $admin->put("/users/$id{admin}", change('admin')), 400,
    'LAST_ADMIN_REQUIRED', 'role', 'a disabled one does not count';
$tf->sql("UPDATE users SET is_active = true WHERE id = $second");

# Both at once: one of two demotions has to lose.

for my $try (1 .. 5) {
    $tf->sql("UPDATE users SET role = 'admin' WHERE id IN ($id{admin},
              $second)");
    my @pids;
    for my $who (['admin', $id{admin}], ['second', $second]) {
        my $client = $tf->as($who->[0]);
        $client->csrf;
        my $pid = fork // die;
        if (!$pid) {
            my $r = $client->put("/users/$who->[1]", change($who->[0]));
            POSIX::_exit($r->status == 200 ? 0 : 1);
        }
        push @pids, $pid;
    }
    waitpid $_, 0 for @pids;
    is $tf->value("SELECT count(*) FROM users
                   WHERE role = 'admin' AND is_active"), 1,
        "try $try: one is left";
}
$tf->sql("UPDATE users SET role = 'admin' WHERE id IN ($id{admin}, $second)");
$admin = $tf->as('admin');
is_deeply data_of($admin->delete("/users/$second"), 200, 'delete'),
    { user_id => $second }, 'the second one can go';


# --- lists -----------------------------------------------------------------

$d = data_of($admin->get('/users?sort=id&order=asc'), 200, 'list');
is_deeply [@$d{qw(total page pages limit)}], [6, 1, 1, 10], 'ten a page';
is_deeply [map $_->{username}, @{ $d->{items} }],
    [qw(admin operator user viewer auditor alice)], 'everybody';
is_deeply $admin->get('/users/stats')->data, { total => 6, active => 5,
    operator => 1,
    inactive => 1, admin => 1, user => 1, viewer => 2, auditor => 1 },
    'stats';

sub names { join ' ', sort map $_->{username},
            @{ $admin->get($_[0])->data->{items} } }
is names('/users?role=viewer'), 'alice viewer', 'by role';
is names('/users?status=inactive'), 'alice', 'by state';
is names('/users?search=IE'), 'viewer', 'by name';
is names('/users?search=_'), '', 'no wildcard';
is names('/users?page=7'), '', 'beyond the end';
for (qw(role=root status=x sort=password_hash order=x limit=x page=x)) {
    my ($field) = /^(\w+)/;
    refused $admin->get("/users?$_"), 400, 'VALIDATION_ERROR', $field, $_;
}


# --- roles -----------------------------------------------------------------

for my $role (qw(operator user viewer auditor)) {
    my $api = $tf->as($role);
    for (['GET', '/users'], ['GET', "/users/$id{admin}"],
         ['GET', '/users/stats'], ['POST', '/users', person('evil')],
         ['PUT', "/users/$id{$role}", change($role, role => 'admin')],
         ['DELETE', "/users/$id{admin}"])
    {
        refused $api->request(@$_), 403, 'ADMIN_PERMISSION_REQUIRED', undef,
            "$role: $_->[0] $_->[1]";
    }
}



# --- clients that go away while their password is hashed -------------------

my $csrf = $admin->csrf;
my $body = JSON::PP::encode_json(person('ghost'));
my $cookies = join '; ', map { "$_=" . $admin->cookie($_) }
    sort keys %{ $admin->{cookies} };
my $workers = join ' ', sort $tf->nginx_workers;
for (1 .. 20) {
    my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                  PeerPort => $tf->port) or die $!;
    print $s "POST /api/v1/users HTTP/1.1\r\nHost: 127.0.0.1\r\n",
        "Cookie: $cookies\r\nX-CSRFToken: $csrf\r\n",
        "Content-Type: application/json\r\nContent-Length: ",
        length $body, "\r\n\r\n$body";
    select undef, undef, undef, 0.01 * ($_ % 5);
    close $s;
}
is $admin->get('/users/stats')->status, 200, 'others are served meanwhile';

# the hashes that nobody waits for may still fill the queue: 429

my $after;
TaiFish::Server::until_true(60, sub {
    $after = $admin->post('/users', person('after'));
    $after->status != 429;
});
is data_of($after, 201, 'and after')->{user}{username}, 'after',
    'passwords are hashed again';
is join(' ', sort $tf->nginx_workers), $workers, 'no nginx worker died';
cmp_ok $tf->value("SELECT count(*) FROM users WHERE username = 'ghost'"), '<=',
    1, 'nobody was made twice';

done_testing;
