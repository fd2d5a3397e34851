#!/usr/bin/perl

# Signing in: sessions, request tokens, throttling, passwords, API tokens.

use strict;
use warnings;
use lib 't/lib';

use Digest::SHA qw(sha256_hex);
use IO::Socket::INET;
use JSON::PP ();
use Time::HiRes qw(time sleep);

use TaiFish;

my $BELIEF = 2.5;       # seconds: 2 of belief and a little

my $tf = TaiFish->new(workers => 2);
$tf->start_nginx;

my $password = $TaiFish::PASSWORD;

sub user {
    my ($name, $role) = @_;
    $tf->sql("INSERT INTO users (username, password_hash, role)
              VALUES ('$name', '$TaiFish::HASH', '"
              . ($role || 'operator') . "')");
    return $name;
}

sub sign_in {
    my ($client, $name, $pass) = @_;
    return $client->post('/auth/login',
        { username => $name, password => $pass // $password });
}

sub refused {
    my ($r, $status, $code, $name, $field) = @_;
    is($r->status . ' ' . ($r->code // ''), "$status $code", $name);
    is($r->json->{extra}{field}, $field, "$name: field") if $field;
}

# Within the time an answer is cached.

sub soon {
    my ($client, $status, $name) = @_;
    my $start = time;
    my $last;

    TaiFish::Server::until_true($BELIEF, sub {
        ($last = $client->get('/auth/me')->status) == $status;
    });
    is($last, $status, "$name, after " . sprintf('%.1f s', time - $start));
}


subtest 'nobody' => sub {
    my $c = $tf->client;
    my $r = $c->get('/auth/session');

    is $r->status, 200, 'session is for everybody';
    ok !$r->data->{authenticated}, 'not signed in';
    is $r->data->{user}, undef, 'no user';
    is_deeply $r->data->{permissions}, [], 'no permissions';
    like $r->header('set-cookie'),
        qr/^taifish_anon=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/,
        'an anonymous cookie';

    my $anon = $c->cookie('taifish_anon');
    $r = $c->get('/auth/csrf-token');
    like $r->data->{csrf_token}, qr/^[\w-]{64}$/, 'a token';
    is $c->cookie('taifish_anon'), $anon, 'the cookie stays';
    refused($c->get('/auth/me'), 401, 'AUTHENTICATION_REQUIRED', 'me');
    like join(',', map { ref ? @$_ : $_ } $r->header('cache-control')),
        qr/^no-store(?:,no-store)*$/, 'nothing is cached';
};


subtest 'sign in and out' => sub {
    my $name = user('Signer');
    my $c = $tf->client;
    my $r = sign_in($c, 'sIGNER');

    is $r->status, 200, 'upper or lower case' or diag $r->as_string;
    is $r->data->{auth_model}, 'session', 'auth_model';
    is $r->data->{user}{username}, $name, 'user';
    is $r->data->{user}{role}, 'operator', 'role';
    ok $r->data->{user}{is_active}, 'active';
    like $r->data->{csrf_token}, qr/^[\w-]{64}$/, 'the next token';
    like $r->header('set-cookie'),
        qr/^taifish_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/,
        'the cookie and its attributes';

    my $first = $c->cookie('taifish_session');
    my $rows = $tf->value("SELECT string_agg(s::text, ' ') FROM sessions s");
    unlike $rows, qr/\Q$first\E/, 'the cookie is not in the database';
    is $tf->value("SELECT count(*) FROM sessions
                   WHERE id = '\\x" . sha256_hex($first) . "'"), 1,
        'its digest is';
    isnt $tf->value("SELECT last_login FROM users WHERE username = '$name'"),
        '', 'last_login';
    is $tf->value("SELECT host(remote_addr) || user_agent FROM sessions
                   WHERE id = '\\x" . sha256_hex($first) . "'"),
        '127.0.0.1taifish-test', 'who it was';

    my $me = $c->get('/auth/me')->data;
    is_deeply [sort keys %$me], [qw(created_at email id is_active last_login
        role username)], 'me';

    is sign_in($c, $name)->status, 200, 'once more';
    my $second = $c->cookie('taifish_session');
    isnt $second, $first, 'a new id at every sign-in';

    my $old = $tf->client;
    $old->cookie(taifish_session => $first);
    is $old->get('/auth/me')->status, 401, 'the id before is over at once';

    my $thief = $tf->client;
    $thief->cookie(taifish_session => $second);
    is $thief->get('/auth/me')->status, 200, 'a copy of the cookie';

    $r = $c->post('/auth/logout');
    is $r->status, 200, 'sign out';
    like $r->header('set-cookie'), qr/^taifish_session=;.*Max-Age=0/,
        'the cookie goes';
    $thief->{http} = HTTP::Tiny->new(keep_alive => 0);
    is_deeply [map { $thief->get('/auth/me')->status } 1 .. 12],
        [(401) x 12], 'at once, in every worker';
    is $tf->value("SELECT count(*) FROM sessions
                   WHERE id = '\\x" . sha256_hex($second) . "'"), 0,
        'the row is gone';

    for my $bad ('', 'x' x 43, 'A' x 42, '!' x 43, "$second ", '"' x 43) {
        my $b = $tf->client;
        $b->cookie(taifish_session => $bad);
        is $b->get('/auth/me')->status, 401, "cookie '$bad'";
    }
};


subtest 'wrong and unknown' => sub {
    my $name = user('wrongly');
    my $c = $tf->client;
    my %seen;

    for my $try ([$name, 'Wrong-pass-1'], ['nobody_here', $password],
                 ['no such name', $password], ['x' x 64, 'x'],
                 ["'; DROP TABLE users --", 'x']) {
        my $r = sign_in($c, @$try);
        refused($r, 401, 'INVALID_CREDENTIALS', $try->[0]);
        is $r->header('set-cookie'), undef, 'no cookie';
        my $json = { %{ $r->json } };
        delete @$json{qw(error_id timestamp context)};
        $seen{JSON::PP->new->canonical->encode($json)}++;
    }

    is keys %seen, 1, 'all the same';

    refused($c->post('/auth/login', { username => $name }), 400,
        'VALIDATION_ERROR', 'no password', 'password');
    refused($c->post('/auth/login', { password => 'x' }), 400,
        'VALIDATION_ERROR', 'no name', 'username');
    refused($c->post('/auth/login', { username => [1], password => 'x' }),
        400, 'VALIDATION_ERROR', 'a list', 'username');
    refused(sign_in($c, $name, 'x' x 1025), 400, 'VALIDATION_ERROR',
        '1,025 bytes', 'password');

    my $start = time;
    is sign_in($c, $name, 'x' x 1_000_000)->status, 413, 'a megabyte';
    cmp_ok time - $start, '<', 0.5, 'refused without hashing';

    $tf->sql("UPDATE users SET is_active = false WHERE username = '$name'");
    refused(sign_in($c, $name, 'Wrong-pass-1'), 401, 'INVALID_CREDENTIALS',
        'disabled, wrong password');
    refused(sign_in($c, $name), 403, 'ACCOUNT_DISABLED',
        'disabled, right password');
};


subtest 'request tokens' => sub {
    my $c = $tf->as('admin');
    my $other = $tf->as('admin')->csrf;
    my $good = $c->csrf;
    my $base = $tf->base;
    my $id = $c->post('/tags', { name => 'csrf', display_name => 'x',
                                 category => 'x' })->data->{tag}{id};
    my $body = { name => 'csrf2', display_name => 'x', category => 'x',
                 csrf_token => $good, 'X-CSRFToken' => $good };

    my %same = ('x-csrftoken' => $good);
    my @refused = (
        ['no token', 'CSRF_MISSING', { 'x-csrftoken' => undef }],
        ['an empty token', 'CSRF_MISSING', { 'x-csrftoken' => '' }],
        ['a wrong token', 'CSRF_INVALID', { 'x-csrftoken' => 'A' x 64 }],
        ['a longer token', 'CSRF_INVALID', { 'x-csrftoken' => "${good}A" }],
        ['a changed token', 'CSRF_INVALID',
            { 'x-csrftoken' => substr($good, 0, 63)
                . (substr($good, 63) eq 'A' ? 'B' : 'A') }],
        ["another session's token", 'CSRF_INVALID',
            { 'x-csrftoken' => $other }],
        ['cross-site', 'CSRF_INVALID',
            { %same, 'sec-fetch-site' => 'cross-site' }],
        ['same-site', 'CSRF_INVALID',
            { %same, 'sec-fetch-site' => 'same-site' }],
        ['cross-site with a good Origin', 'CSRF_INVALID',
            { %same, 'sec-fetch-site' => 'cross-site', origin => $base }],
        ['another Origin', 'CSRF_INVALID',
            { %same, origin => 'http://evil.example' }],
        ['another port', 'CSRF_INVALID',
            { %same, origin => 'http://127.0.0.1:1' }],
        ['Origin null', 'CSRF_INVALID', { %same, origin => 'null' }],
        ['an Origin that begins like ours', 'CSRF_INVALID',
            { %same, origin => "$base.evil.example" }],
    );

    for my $call ([POST => '/tags'], [PUT => "/tags/$id"],
                  [DELETE => "/tags/$id"], [POST => '/auth/logout']) {
        my ($method, $path) = @$call;
        for my $case (@refused) {
            my ($name, $code, $headers) = @$case;
            refused($c->request($method, $path, $body, $headers), 403, $code,
                "$method $path: $name");
        }
    }

    is $tf->value("SELECT string_agg(name, ',') FROM tags"), 'csrf',
        'nothing was written';

    my $r = $c->request('POST', '/tags', '{"name":"a"}',
        { %same, 'content-type' => 'text/plain' });
    refused($r, 415, 'UNSUPPORTED_MEDIA_TYPE', 'a form can send text/plain');

    my $n = 0;
    for my $headers ({}, { 'sec-fetch-site' => 'same-origin' },
                     { 'sec-fetch-site' => 'none' }, { origin => $base },
                     { origin => uc $base }) {
        $n++;
        is $c->request('POST', '/tags', { name => "ok$n",
            display_name => 'x', category => 'x' },
            { %same, %$headers })->status, 201, "accepted $n";
    }

    # before sign-in

    my $name = user('csrf_user');
    my $anon = $tf->client;
    my $token = $anon->csrf;
    my $login = { username => $name, password => $password };

    for my $case (['no cookie', $tf->client, $token],
                  ["another's cookie", do {
                      my $x = $tf->client; $x->csrf; $x }, $token],
                  ["a session's token", $anon, $good]) {
        refused($case->[1]->post('/auth/login', $login,
            { 'x-csrftoken' => $case->[2] }), 403, 'CSRF_INVALID',
            "login: $case->[0]");
    }
    refused($anon->post('/auth/login', $login, { 'x-csrftoken' => $token,
        'sec-fetch-site' => 'cross-site' }), 403, 'CSRF_INVALID',
        'login: cross-site');
    is $anon->post('/auth/login', $login)->status, 200, 'login';

    $tf->sql('DELETE FROM tags');
};


subtest 'throttle' => sub {
    my $name = user('throttled');
    my $c = $tf->client;
    my $key = "FROM login_throttle WHERE username = '$name'";
    my $clock = 'SELECT extract(epoch FROM clock_timestamp())';

    # a second is over too soon on a busy machine: a block that is there lasts

    my $hold = sub {
        $tf->sql("UPDATE login_throttle SET blocked_until = blocked_until
                  + interval '10 minutes' WHERE username = '$_[0]'");
    };

    refused(sign_in($c, $name, 'Wrong-pass-1'), 401, 'INVALID_CREDENTIALS',
        "failure $_") for 1 .. 5;
    $hold->($name);

    my $r = sign_in($c, uc $name, 'Wrong-pass-1');
    refused($r, 429, 'RATE_LIMIT_EXCEEDED', 'the sixth');
    like $r->header('retry-after'), qr/^[1-9]\d*$/, 'Retry-After';
    is sign_in($c, $name)->status, 429, 'the right one has to wait too';
    is $tf->value("SELECT failures $key"), 5, 'a refused try does not count';

    # the n-th failure blocks for 2 ** (n - 5) seconds

    for my $n (6 .. 16) {
        $tf->sql("UPDATE login_throttle SET blocked_until = now(), failures =
                  $n - 1 WHERE username = '$name'");
        my $delay = 2 ** ($n - 5) > 900 ? 900 : 2 ** ($n - 5);
        my $before = $tf->value($clock);
        sign_in($c, $name, 'Wrong-pass-1');
        my $since = $tf->value("SELECT extract(epoch FROM blocked_until) $key")
            - $delay;
        ok $before - 0.1 < $since && $since < $tf->value($clock) + 0.1,
            "failure $n: $delay s";
    }

    is sign_in($c, $name)->status, 429, 'before the reload';
    $tf->reload;
    sleep 1;
    is sign_in($c, $name)->status, 429, 'and after it';

    $tf->sql("UPDATE login_throttle SET blocked_until = now() $_")
        for "WHERE username = '$name'";
    is sign_in($c, $name)->status, 200, 'then the right one passes';
    is $tf->value("SELECT count(*) $key"), 0, 'and ends it';

    sign_in($c, $name, 'Wrong-pass-1') for 1 .. 5;
    $tf->sql("UPDATE login_throttle SET first_failure = now()
              - interval '16 minutes', blocked_until = now()
              - interval '15 minutes 1 second' WHERE username = '$name'");
    is sign_in($c, $name, 'Wrong-pass-1')->status, 401, 'a quarter of an hour';
    is $tf->value("SELECT failures $key"), 1, 'the count starts anew';

    sign_in($c, 'nobody_knows', 'Wrong-pass-1') for 1 .. 5;
    $hold->('nobody_knows');
    is sign_in($c, 'nobody_knows', 'Wrong-pass-1')->status, 429,
        'a name nobody has is throttled alike';
};


# All requests are on their way before the first answer is read.

sub burst {
    my ($n, $name, $pass) = @_;
    my $c = $tf->client;
    my $csrf = $c->csrf;
    my $json = JSON::PP::encode_json({ username => $name,
                                       password => $pass });
    my $text = "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\n"
        . "Connection: close\r\nContent-Type: application/json\r\n"
        . "Content-Length: " . length($json) . "\r\nX-CSRFToken: $csrf\r\n"
        . "Cookie: taifish_anon=" . $c->cookie('taifish_anon')
        . "\r\n\r\n$json";
    my @sockets = map {
        IO::Socket::INET->new(PeerAddr => '127.0.0.1',
            PeerPort => $tf->port) or die "connect: $!";
    } 1 .. $n;

    syswrite $_, $text for @sockets;

    my %count;
    for my $s (@sockets) {
        local $/;
        my $answer = <$s> // '';
        $count{ $answer =~ m{^HTTP/1.1 (\d+)} ? $1 : 'none' }++;
    }
    return \%count;
}

subtest 'bursts' => sub {
    my $name = user('burst');

    is_deeply burst(30, $name, 'Wrong-pass-1'), { 401 => 5, 429 => 25 },
        '30 wrong ones at once: 5 are looked at';
    is_deeply burst(20, 'burst_unknown', 'Wrong-pass-1'),
        { 401 => 5, 429 => 15 }, 'a name nobody has';

    my $hundred = user('hundred');
    my %count;
    for (1 .. 4) {
        my $c = burst(25, $hundred, 'Wrong-pass-1');
        $count{$_} += $c->{$_} for keys %$c;
    }
    is $count{401} + $count{429}, 100, '100 wrong ones';
    cmp_ok $count{401}, '<=', 15, "$count{401} reached the hash";
};


subtest 'ends' => sub {
    user($_) for qw(idle_u life_u off_u role_u gone_u);
    my %c = map { $_ => $tf->as($_) } qw(idle_u life_u off_u gone_u);
    my $role = $tf->as('role_u');

    is $_->get('/auth/me')->status, 200, 'signed in' for values %c, $role;
    is $role->get('/auth/session')->data->{user}{role}, 'operator',
        'an operator';

    my $of = "user_id = (SELECT id FROM users WHERE username =";
    $tf->sql("UPDATE sessions SET last_seen_at = now()
              - interval '30 minutes 1 second' WHERE $of 'idle_u')");
    $tf->sql("UPDATE sessions SET expires_at = now() WHERE $of 'life_u')");
    $tf->sql("UPDATE users SET is_active = false WHERE username = 'off_u'");
    $tf->sql("UPDATE users SET role = 'viewer' WHERE username = 'role_u'");
    $tf->sql("DELETE FROM users WHERE username = 'gone_u'");

    soon($c{idle_u}, 401, 'half an hour idle');
    soon($c{life_u}, 401, 'twelve hours old');
    soon($c{off_u}, 401, 'disabled');
    soon($c{gone_u}, 401, 'deleted');
    refused($role->post('/tags', { name => 'x' }), 403,
        'PERMISSION_REQUIRED', 'a viewer now');

    my $twelve = $tf->value("SELECT extract(epoch FROM expires_at
        - created_at) FROM sessions WHERE $of 'Signer')
        ORDER BY created_at DESC LIMIT 1");
    is $twelve || 43200, 43200, 'a session lives for twelve hours';

    # last_seen_at moves once a minute

    user('seen_u');
    my $seen = $tf->as('seen_u');
    my $at = "extract(epoch FROM now() - last_seen_at) FROM sessions
              WHERE $of 'seen_u')";
    $tf->sql("UPDATE sessions SET last_seen_at = now() - interval '50 s'
              WHERE $of 'seen_u')");
    $seen->get('/auth/me');
    sleep 0.3;
    cmp_ok $tf->value("SELECT $at"), '>', 49, 'not within the minute';
    $tf->sql("UPDATE sessions SET last_seen_at = now() - interval '20 minutes'
              WHERE $of 'seen_u')");
    ok TaiFish::Server::until_true(5, sub {
        $seen->get('/auth/me');
        $tf->value("SELECT $at") < 60;
    }), 'after it';
};


subtest 'change of password' => sub {
    my $name = user('changer');
    my $c = $tf->client;
    my $new = 'Another-pass-2';

    sign_in($c, $name);
    my $other = $tf->as($name);
    is $other->get('/auth/me')->status, 200, 'another session';

    my $change = sub {
        my ($old, $to, $confirm) = @_;
        return $c->post('/auth/change-password', { old_password => $old,
            new_password => $to, confirm_password => $confirm // $to });
    };

    refused($change->($password, $new, 'Another-pass-3'), 400,
        'PASSWORD_MISMATCH', 'twice not the same', 'confirm_password');
    refused($change->($password, $password), 400, 'PASSWORD_DUPLICATED',
        'the same as before', 'new_password');
    refused($change->($password, $_), 400, 'PASSWORD_INVALID', $_,
        'new_password') for 'Short1', 'nouppercase1', 'NOLOWERCASE1',
        'NoDigitsHere', "x$name-ChangeR1";
    refused($change->($password, 'Password123'), 400, 'PASSWORD_COMMON',
        'a common one', 'new_password');
    refused($c->post('/auth/change-password', {}), 400, 'VALIDATION_ERROR',
        'nothing', 'old_password');
    refused($change->('Wrong-pass-1', $new), 401, 'INVALID_OLD_PASSWORD',
        'the old one is wrong', 'old_password');

    my $before = $c->cookie('taifish_session');
    my $r = $change->($password, $new);
    is $r->status, 200, 'changed' or diag $r->as_string;
    isnt $c->cookie('taifish_session'), $before, 'a new id';
    is $c->get('/auth/me')->status, 200, 'still signed in';
    is $c->post('/auth/tokens', { name => 'after' })->status, 201,
        'the new request token is good';
    is $other->get('/auth/me')->status, 401, 'the other session is over';

    my $old = $tf->client;
    $old->cookie(taifish_session => $before);
    is $old->get('/auth/me')->status, 401, 'so is the id before';

    is sign_in($tf->client, $name)->status, 401, 'the old password';
    is sign_in($tf->client, $name, $new)->status, 200, 'the new one';

    # three an hour

    refused($change->('Wrong-pass-1', $password), 401,
        'INVALID_OLD_PASSWORD', 'the third');
    $r = $change->($new, $password);
    refused($r, 429, 'RATE_LIMIT_EXCEEDED', 'the fourth');
    cmp_ok $r->header('retry-after'), '>', 3500, 'an hour';
    $tf->sql("UPDATE login_throttle SET first_failure = first_failure
              - interval '1 hour' WHERE username LIKE 'password/%'");
    is $change->($new, $password)->status, 200, 'an hour later';
};


subtest 'stored forms' => sub {
    my $name = user('oldhash');
    my $bcrypt = crypt 'Old-hash-pass-1', '$2b$04$abcdefghijklmnopqrstuu';

    $tf->sql("UPDATE users SET password_hash = '$bcrypt'
              WHERE username = '$name'");
    is sign_in($tf->client, $name, 'Old-hash-pass-1')->status, 200, 'bcrypt';
    like $tf->value("SELECT password_hash FROM users
                     WHERE username = '$name'"),
        qr/^\$argon2id\$v=19\$m=65536,t=2,p=1\$/, 'is renewed';
    is sign_in($tf->client, $name, 'Old-hash-pass-1')->status, 200, 'again';

    my $long = join '', map { chr(65 + $_ % 26) } 1 .. 72;
    my $c = $tf->client;
    sign_in($c, $name, 'Old-hash-pass-1');
    is $c->post('/auth/change-password', { old_password => 'Old-hash-pass-1',
        new_password => "a1$long", confirm_password => "a1$long" })->status,
        200, '74 characters';
    is sign_in($tf->client, $name, "a1" . substr($long, 0, 71))->status, 401,
        '73 are not enough';
    is sign_in($tf->client, $name, "a1$long")->status, 200, 'all are';
};


subtest 'API tokens' => sub {
    my $name = user('scripter');
    my $c = $tf->as($name);
    my $make = sub {
        my $r = $c->post('/auth/tokens', { @_ });
        return $r->data->{token} // diag $r->as_string;
    };
    my $with = sub {
        my ($token, $scheme) = @_;
        return $tf->client(headers => {
            authorization => ($scheme // 'Bearer') . " $token" });
    };

    my $r = $c->post('/auth/tokens', { name => 'reader' });
    is $r->status, 201, 'made';
    like $r->data->{token}, qr/^tf_[\w-]{8}[\w-]{43}[0-9a-f]{8}$/, 'its form';
    is $r->data->{scope}, 'read', 'reads by default';

    my $read = $r->data->{token};
    my $write = $make->(name => 'writer', scope => 'write');
    my $tokens = $tf->value("SELECT string_agg(t::text, ' ')
                             FROM api_tokens t");
    unlike $tokens, qr/\Q$read\E/, 'it is not in the database';
    like $tokens, qr/${\sha256_hex($read)}/, 'its digest is';

    my $list = $c->get('/auth/tokens')->data->{items};
    is_deeply [map { $_->{name} } @$list], ['reader', 'writer'], 'the list';
    ok !grep({ exists $_->{token} || exists $_->{hash} } @$list),
        'without secrets';

    refused($c->post('/auth/tokens', { name => 'reader' }), 400,
        'NAME_EXISTS', 'the name is taken', 'name');
    refused($c->post('/auth/tokens', { name => 'y',
        expires_in_days => 366 }), 400, 'VALIDATION_ERROR',
        'more than a year', 'expires_in_days');
    refused($c->post('/auth/tokens', { name => 'y', scope => 'all' }), 400,
        'VALIDATION_ERROR', 'another scope', 'scope');

    my ($reader, $writer) = ($with->($read), $with->($write));
    my $tag = { name => 'bearer', display_name => 'x', category => 'x' };
    my %none = ('x-csrftoken' => undef);

    is $reader->get('/auth/me')->status, 200, 'read';
    is $with->($read, 'bearer')->get('/auth/me')->status, 200, 'any case';
    refused($reader->post('/tags', $tag, \%none), 403, 'PERMISSION_REQUIRED',
        'read: no writing');
    is $writer->post('/tags', $tag, \%none)->status, 201,
        'write: without a request token';
    is_deeply $reader->get('/auth/session')->data->{permissions},
        ['view', 'read'],
        'what it may do';
    ok TaiFish::Server::until_true(3, sub {
        $tf->value("SELECT last_used_at IS NOT NULL FROM api_tokens
                    WHERE name = 'reader'") eq 't';
    }), 'last_used_at';

    for my $call ([GET => '/auth/tokens'], [POST => '/auth/tokens'],
                  [POST => '/auth/logout'], [POST => '/auth/change-password'],
                  [DELETE => '/auth/tokens/1']) {
        refused($writer->request(@$call, { name => 'z', old_password => 'x',
            new_password => 'x', confirm_password => 'x' }, \%none), 403,
            'PERMISSION_DENIED', "@$call is for people");
    }

    # near misses

    my ($crc) = $read =~ /(.{8})$/;
    my $swapped = substr($read, 0, 11) . substr($write, 11);
    for my $bad ($swapped, 'tf_', '', "${read}0", substr($read, 0, 61),
                 $read =~ s/.{8}$/00000000/r, uc $read) {
        is $with->($bad)->get('/auth/me')->status, 401, "token '$bad'";
    }

    my $made_up = substr($read, 0, 11) . ('A' x 43);
    $made_up .= sprintf '%08x', crc32($made_up);
    is $with->($made_up)->get('/auth/me')->status, 401,
        'the right prefix with another secret';

    my $both = $tf->as($name, headers => { authorization => "Bearer tf_x" });
    is $both->get('/auth/me')->status, 401,
        'a bad token is not saved by a good cookie';
    my $basic = $tf->as($name, headers => { authorization => 'Basic eDp5' });
    is $basic->get('/auth/me')->status, 200,
        "a proxy's own password does not matter";

    # ends

    my ($id) = map { $_->{id} } grep { $_->{name} eq 'writer' } @$list;
    refused($tf->as('admin')->delete("/auth/tokens/$id"), 404,
        'RESOURCE_NOT_FOUND', "another's token");
    is $c->delete("/auth/tokens/$id")->status, 200, 'revoked';
    is $writer->get('/auth/me')->status, 401, 'at once';
    refused($c->delete("/auth/tokens/$id"), 404, 'RESOURCE_NOT_FOUND',
        'no second time');
    ok $make->(name => 'writer'), 'its name is free again';

    $tf->sql("UPDATE api_tokens SET expires_at = now(), created_at = now()
              - interval '1 day' WHERE name = 'reader'");
    soon($reader, 401, 'expired');

    my $again = $with->($make->(name => 'again'));
    is $again->get('/auth/me')->status, 200, 'another';
    $tf->sql("UPDATE users SET is_active = false WHERE username = '$name'");
    soon($again, 401, 'its user is disabled');

    my ($leak) = ($tf->access_log . $tf->error_log)
        =~ /^(.*(?:\Q$read\E|\Q$write\E).*)$/m;
    is $leak, undef, 'no token in the logs';
};

sub crc32 {
    my ($s) = @_;
    my $crc = 0xffffffff;

    for my $byte (unpack 'C*', $s) {
        $crc ^= $byte;
        $crc = ($crc >> 1) ^ ($crc & 1 ? 0xedb88320 : 0) for 1 .. 8;
    }
    return $crc ^ 0xffffffff;
}


# Many sessions in many workers: everybody is who he is, also while workers are
# killed in the middle of whatever they do.

subtest 'nobody is somebody else' => sub {
    $tf->allow(qr/exited on signal 9/);

    my @names = map { user("mixed$_") } 1 .. 8;
    my @clients = map { my $c = $tf->as($names[$_ % 8]);
                        $c->{http} = HTTP::Tiny->new(keep_alive => 0);
                        [$names[$_ % 8], $c] } 1 .. 64;
    my ($asked, $lost, @mixed) = (0, 0);

    for my $round (1 .. 10) {
        kill 'KILL', ($tf->nginx_workers)[0];
        for my $i (0 .. 63) {
            my ($name, $c) = @{ $clients[($i * 7 + $round) % 64] };
            my $r = $c->get('/auth/me');
            $asked++;
            if ($r->status != 200) {
                $lost++;
            } elsif ($r->data->{username} ne $name) {
                push @mixed, "$name is " . $r->data->{username};
            }
        }
    }

    is "@mixed", '', "$asked answers";
    cmp_ok $lost, '<', $asked / 10, "$lost requests went with their worker";
    TaiFish::Server::until_true(5, sub {
        !grep { $_->[1]->get('/auth/me')->status != 200 } @clients[0 .. 15];
    });
    is_deeply [map { $_->[1]->get('/auth/me')->status } @clients],
        [(200) x 64], 'all are signed in';
};


# Passwords leave the memory of nginx with their request.

sub memory_has {
    my ($pid, $canary) = @_;

    no warnings 'portable';     # 64-bit addresses

    open my $maps, '<', "/proc/$pid/maps" or return;
    open my $mem, '<:raw', "/proc/$pid/mem" or return;
    my $found = 0;

    while (<$maps>) {
        my ($from, $to, $mode) = /^([0-9a-f]+)-([0-9a-f]+) (\S+)/ or next;
        next if $mode !~ /^rw/;
        next if hex($to) - hex $from > 2 ** 28;     # a sanitizer's shadow
        sysseek $mem, hex $from, 0 or next;
        my $n = sysread $mem, my $bytes, hex($to) - hex $from;
        my $at = $n ? index $bytes, $canary : -1;
        next if $at < 0;
        $found++;
        diag $bytes =~ s/.*(.{60}\Q$canary\E.{60}).*/$1/sr
            =~ s/[^ -~]/./gr;
    }
    return $found;
}

subtest 'memory' => sub {
    my $name = user('memory');
    my $c = $tf->client;
    my $canary = join '', 'Canary-1', map { chr 97 + int rand 26 } 1 .. 16;

    sign_in($c, $name);
    is $c->post('/auth/change-password', { old_password => $password,
        new_password => $canary, confirm_password => $canary })->status, 200,
        'a password to look for';
    is sign_in($tf->client, $name, $canary)->status, 200, 'sign in';
    is sign_in($tf->client, 'nobody_else', $canary)->status, 401, 'or not';
    is sign_in($tf->client, 'no such name', $canary)->status, 401, 'at once';
    is $tf->client->post('/auth/login', { username => { a => 1 },
        password => $canary })->status, 400, 'a bad body';
    is $tf->client->post('/auth/login', "{\"password\":\"$canary\",")
        ->status, 400, 'no JSON';
    is $c->post('/auth/change-password', { old_password => $canary,
        new_password => "x$canary", confirm_password => $canary })->status,
        400, 'a mismatch';

    for my $pid ($tf->nginx_workers) {
        my $found = memory_has($pid, $canary);
        defined $found or plan(skip_all => 'may not read its memory');
        is $found, 0, 'not there any more';
    }
};


# A measurement, not a test: the machine may be busy.

subtest 'time' => sub {
    my $name = user('timed');
    my $c = $tf->client;
    my (%sum, %n);

    for my $i (1 .. 24) {
        my $kind = $i % 2 ? 'wrong' : 'unknown';
        $tf->sql('DELETE FROM login_throttle');
        my $start = time;
        sign_in($c, $kind eq 'wrong' ? $name : 'untimed', 'Wrong-pass-1');
        $sum{$kind} += time - $start;
        $n{$kind}++;
    }
    pass sprintf 'wrong password %.1f ms, unknown name %.1f ms',
        map { 1000 * $sum{$_} / $n{$_} } qw(wrong unknown);
};


subtest 'behind TLS' => sub {
    my $conf = $tf->dir . '/nginx.conf';
    my $text = TaiFish::slurp($conf);

    $text =~ s/taifish_cookie_secure off;/taifish_cookie_secure on;/
        or die 'no taifish_cookie_secure';
    TaiFish::spew($conf, $text);

    my $plain = $tf->as('viewer');
    is $plain->get('/auth/me')->status, 200, 'before the reload';
    $tf->reload;

    my $cookie = '';
    TaiFish::Server::until_true(5, sub {
        my $c = $tf->client;
        $c->{http} = HTTP::Tiny->new(keep_alive => 0);
        $cookie = $c->get('/auth/csrf-token')->header('set-cookie');
        $cookie =~ /^__Host-/;
    });
    like $cookie, qr/^__Host-taifish_anon=[\w-]{43};\ Path=\/;\ HttpOnly;
                     \ SameSite=Lax;\ Secure$/x, 'the anonymous cookie';

    my $c = $tf->client;
    my $r = sign_in($c, 'auditor');
    is $r->status, 200, 'sign in';
    like $r->header('set-cookie'), qr/^__Host-taifish_session=[\w-]{43};
        \ Path=\/;\ HttpOnly;\ SameSite=Lax;\ Secure$/x, 'the cookie';
    is $c->get('/auth/me')->status, 200, 'it is good';

    my $stripped = $tf->client;
    $stripped->cookie(taifish_session =>
        $c->cookie('__Host-taifish_session'));
    is $stripped->get('/auth/me')->status, 401, 'not without its prefix';
};

my ($leak) = ($tf->access_log . $tf->error_log)
    =~ /^(.*(?:\Q$password\E|Another-pass|Wrong-pass).*)$/m;
is $leak, undef, 'no password in the logs';

done_testing;
