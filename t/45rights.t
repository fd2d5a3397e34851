use lib 't/lib';
use TaiFish;
use TaiFish::Check;

# What takes rights away counts at once on the nginx that was asked, whatever
# it remembers, and within two seconds on another one.

my $tf = TaiFish->new;
$tf->start_nginx;

# A second nginx host with the same stores and keys.

my $dir = "$tf->{dir}/second";
mkdir $dir or die $!;
TaiFish::Server::give($dir);
symlink "$tf->{dir}/keys", "$dir/keys" or die $!;
my $second = bless { %$tf, dir => $dir, parts => [] }, ref $tf;
delete @$second{qw(port nginx module)};
$second->start_nginx;

my $admin = $tf->as('admin');
my $serial = 0;

sub person {
    my ($role) = @_;
    my $name = 'person' . ++$serial;
    my $id = $tf->value("INSERT INTO users (username, password_hash, role)
        VALUES ('$name', '$TaiFish::HASH', '$role') RETURNING id");
    return ($name, $id);
}

# A client of the second host with the session of another one.

sub there {
    my ($client) = @_;
    my $other = $second->client;
    $other->cookie(taifish_session => $client->cookie('taifish_session'));
    return $other;
}

my %change = (
    disabled => sub { my ($name, $id) = @_;
        $admin->put("/users/$id", { username => $name, role => 'admin',
            is_active => JSON::PP::false }) },
    demoted => sub { my ($name, $id) = @_;
        $admin->put("/users/$id", { username => $name, role => 'viewer' }) },
    deleted => sub { my ($name, $id) = @_; $admin->delete("/users/$id") },
    'given a password' => sub { my ($name, $id) = @_;
        $admin->put("/users/$id", { username => $name, role => 'admin',
            password => 'Other-pass-' . $id }) },
);

for my $what (sort keys %change) {
    my ($late, $elsewhere) = (0, 0);

    for (1 .. 30) {
        my ($name, $id) = person('admin');
        my $c = $tf->as($name);
        my $far = there($c);

        $c->get('/users')->status == 200 && $far->get('/users')->status == 200
            && $c->get('/users')->status == 200 or die "$name is nobody";
        my $r = $change{$what}->($name, $id);
        $r->status == 200 or die $r->as_string;
        $late++ if $c->get('/users')->status < 400;
        next if $_ > 3;
        TaiFish::Server::until_true(2.5, sub {
            $far->get('/users')->status >= 400 }) or $elsewhere++;
    }
    is $late, 0, "$what: at once, 30 of 30";
    is $elsewhere, 0, "$what: within two seconds on another host";
}

# Who is made an administrator again is one at once.

{
    my ($name, $id) = person('viewer');
    my $c = $tf->client(headers => { authorization => 'Bearer '
        . $tf->as($name)->post('/auth/tokens', { name => 't' })->data
          ->{token} });
    my $late = 0;

    for my $role (('admin', 'viewer') x 10) {
        $c->get('/auth/me');
        $admin->put("/users/$id", { username => $name, role => $role });
        my $status = $c->get('/users')->status;
        $late++ if $status != ($role eq 'admin' ? 200 : 403);
    }
    is $late, 0, 'a token has the role of the moment';
}


# --- tokens ----------------------------------------------------------------

sub token {
    my ($client, $name) = @_;
    my $d = $client->post('/auth/tokens', { name => $name })->data;
    return ($tf->client(headers => { authorization => "Bearer $d->{token}" }),
            $d->{id});
}

{
    my ($name, $id) = person('operator');
    my ($script) = token($tf->as($name), 'script');

    is $script->get('/auth/me')->status, 200, 'a token';
    $admin->put("/users/$id", { username => $name, role => 'operator',
                                password => 'Other-pass-9' });
    is $script->get('/auth/me')->status, 401, 'ends with a reset, at once';

    my $c = $tf->as($name);
    my %new = (new_password => 'Third-pass-9',
               confirm_password => 'Third-pass-9');
    my ($kept) = token($c, 'kept');
    is $c->post('/auth/change-password', { old_password => 'Other-pass-9',
        %new, end_tokens => JSON::PP::false })->status, 200, 'a change';
    is $kept->get('/auth/me')->status, 200, 'that says so keeps it';
    is $c->post('/auth/change-password', { old_password => 'Third-pass-9',
        new_password => 'Fourth-pass-9', confirm_password => 'Fourth-pass-9'
        })->status, 200, 'another';
    is $kept->get('/auth/me')->status, 401, 'that does not ends it';

    my ($one, $one_id) = token($c, 'one');
    my $list = $admin->get("/users/$id/tokens")->data->{items};
    is_deeply [map $_->{name}, @$list], ['one'], 'an administrator lists them';
    is_deeply [grep { exists $list->[0]{$_} } qw(hash token)], [],
        'without what proves them';
    $one->get('/auth/me');
    refused $admin->delete("/users/1/tokens/$one_id"), 404,
        'RESOURCE_NOT_FOUND', undef, 'only of its user';
    is $admin->delete("/users/$id/tokens/$one_id")->status, 200, 'revoked';
    is $one->get('/auth/me')->status, 401, 'at once';
    refused $tf->as('operator')->get("/users/$id/tokens"), 403,
        'ADMIN_PERMISSION_REQUIRED', undef, 'an operator does not see them';
    refused $admin->get('/users/99999/tokens'), 404, 'RESOURCE_NOT_FOUND',
        undef, 'of nobody';
}

# "taifish-worker admin reset-password" ends them too.

{
    my ($name, $id) = person('viewer');
    my ($script) = token($tf->as($name), 'script');
    $tf->value("SELECT count(*) FROM api_tokens WHERE user_id = $id
                AND revoked_at IS NULL") == 1 or die 'no token';
    my $file = "$tf->{dir}/password";
    TaiFish::spew($file, "Reset-pass-9\n");
    TaiFish::Server::give($file);
    my ($code, $out) = $tf->command('admin', 'reset-password', '--username',
        $name, '--password-file', $file);
    is $code, 0, 'reset-password' or diag $out;
    is $tf->value("SELECT count(*) FROM api_tokens WHERE user_id = $id
                   AND revoked_at IS NULL"), 0, 'leaves no token';
}


# --- request tokens of programs --------------------------------------------

{
    my $c = $tf->client;
    my $before = $c->csrf;
    my %h = ('x-csrftoken' => $before);

    is $c->post('/auth/login', { username => 'operator',
        password => $TaiFish::PASSWORD }, \%h)->status, 200, 'sign in';
    my $tag = { name => 'program', display_name => 'x', category => 'x' };
    is $c->post('/tags', $tag, \%h)->status, 201,
        'a program goes on with the token it had';
    for (['origin', $tf->base], ['sec-fetch-site', 'same-origin'],
         ['sec-fetch-mode', 'cors'])
    {
        my ($header, $value) = @$_;
        refused $c->post('/tags', { %$tag, name => 'browser' },
            { %h, $header => $value }), 403, 'CSRF_INVALID', undef,
            "a browser ($header) does not";
    }
    refused $tf->as('operator')->post('/tags', { %$tag, name => 'other' },
        \%h), 403, 'CSRF_INVALID', undef, 'nor another program';
}


# --- weak TLS --------------------------------------------------------------

{
    my $operator = $tf->as('operator');
    my $cred = $admin->post('/credentials', { name => 'c', username => 'c',
        credential_type => 'database', db_type => 'postgresql',
        password => 'x' })->data->{credential}{id};
    my $more = $admin->post('/credentials', { name => 'd', username => 'd',
        credential_type => 'database', password => 'x' })->data
        ->{credential}{id};
    my %place = (name => 'weak', db_type => 'postgresql', host => 'db1',
                 port => 5432, credential_id => $cred, tls_mode => 'disable');
    my $i = $admin->post('/instances', \%place)->data->{instance}{id};

    for my $who ('user', 'operator') {
        my $c = $tf->as($who);
        for (['host', 'evil'], ['port', 5433], ['credential_id', $more],
             ['tls_mode', 'require'])
        {
            my ($field, $value) = @$_;
            refused $c->put("/instances/$i", { %place, $field => $value }),
                403, 'FORBIDDEN', $field, "$who: $field of weak TLS";
        }
        refused $c->put("/instances/$i", { %place, db_type => 'mysql',
            credential_id => $more }), 403, 'FORBIDDEN', 'db_type',
            "$who: its engine";
        is $c->put("/instances/$i", { %place, description => $who })->status,
            200, "$who: the rest";
        is $c->put("/instances/$i", { %place, name => "weak" })->status, 200,
            "$who: what an administrator allowed stays";
    }
    is $operator->put("/instances/$i", { %place, host => 'db2',
        tls_mode => 'verify-full' })->status, 200, 'with verified TLS anywhere';
    is $admin->put("/instances/$i", { %place, host => 'db3' })->status, 200,
        'an administrator may';
}

$second->stop_nginx;
done_testing;
