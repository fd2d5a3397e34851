#!/usr/bin/perl

# Every route of the API document against every role: who may call it, that
# nobody changes anything without a request token, and that a token that only
# reads does only that.

use strict;
use warnings;
use lib 't/lib';

use TaiFish;
use TaiFish::Schema;

my $tf = TaiFish->new(http => 'taifish_run_wait 100ms');
$tf->start_nginx;

my @roles = qw(viewer auditor user operator admin);
my %may = (
    public => { map { $_ => 1 } 'none', @roles },
    login  => { map { $_ => 1 } @roles },
    view   => { map { $_ => 1 } @roles },
    create => { operator => 1, admin => 1 },
    update => { user => 1, operator => 1, admin => 1 },
    delete => { operator => 1, admin => 1 },
    logs   => { auditor => 1, admin => 1 },
    admin  => { admin => 1 },
);

my $doc = TaiFish::Schema->new($tf->client->get('/openapi.json')->json);
my @operations = $doc->operations;

cmp_ok scalar @operations, '>', 60, scalar(@operations) . ' operations';

# What is open to everybody is written down here, on purpose.

my %open = map { $_ => 1 } 'GET /health', 'GET /health/live',
    'GET /health/ready', 'GET /metrics', map { "$_->[0] /api/v1$_->[1]" }
    [GET => '/health'], [GET => '/health/ping'], [GET => '/health/basic'],
    [GET => '/health/detailed'], [GET => '/auth/csrf-token'],
    [GET => '/auth/session'], [POST => '/auth/login'],
    [GET => '/openapi.json'], [GET => ''];

# A path whose objects do not exist: whoever is let in finds nothing.

sub path_of {
    my ($op) = @_;
    my $path = $op->{path};

    $path =~ s/\{(\w+)\}/($op->{params}{$1}{format} || '') eq 'uuid'
        ? '00000000-0000-4000-8000-000000000000'
        : $op->{params}{$1}{type} eq 'integer' ? '999999999' : 'none'/ge;
    return $path;
}

# A connection test is for who may see the instance; of an instance that does
# not exist yet only for who may create it.

my %body = ('/api/v1/instances/actions/test-connection'
    => { instance_id => 999_999_999 });

sub call {
    my ($client, $op, $headers) = @_;
    return $client->request($op->{method}, path_of($op),
        $op->{body} ? $body{ $op->{path} } || {} : undef, $headers);
}

sub denied {
    my ($r) = @_;
    return ($r->code // '') =~ /^(?:AUTHENTICATION_REQUIRED
        |(?:ADMIN_)?PERMISSION_REQUIRED|PERMISSION_DENIED)$/x
        ? $r->status . ' ' . $r->code : '';
}

sub fresh { $_[0] eq 'none' ? $tf->client : $tf->as($_[0]) }

my %client = map { $_ => fresh($_) } 'none', @roles;

for my $op (@operations) {
    my $name = "$op->{method} $op->{path}";
    my $may = $may{ $op->{permission} // '' };

    ok $may, "$name: permission " . ($op->{permission} // 'none') or next;
    is !!$open{$name}, $op->{permission} eq 'public',
        "$name: open to everybody or not";

    for my $role ('none', @roles) {
        my $r = call($client{$role}, $op);
        my $want = $may->{$role} ? '' : $role eq 'none'
            ? '401 AUTHENTICATION_REQUIRED' : $op->{permission} eq 'admin'
            ? '403 ADMIN_PERMISSION_REQUIRED' : '403 PERMISSION_REQUIRED';

        is denied($r), $want, "$name: $role";
        cmp_ok $r->status, '<', 500, "$name: $role gets an answer"
            or diag $r->as_string;
        $client{$role} = fresh($role)
            if $name =~ m{POST /api/v1/auth/log(?:in|out)$};
    }
}

# Nothing is changed without a request token, and a GET changes nothing.

my %tokens;
for my $scope (qw(read write)) {
    my $r = $client{admin}->post('/auth/tokens',
        { name => "roles-$scope", scope => $scope });
    $tokens{$scope} = $tf->client(headers => {
        authorization => 'Bearer ' . $r->data->{token} });
}

for my $op (@operations) {
    my $name = "$op->{method} $op->{path}";

    if ($op->{method} eq 'GET') {
        my $r = call($tokens{read}, $op);
        ok denied($r) eq '' || $r->code eq 'PERMISSION_DENIED',
            "$name: a token that reads";
        next;
    }

    is call($client{admin}, $op, { 'x-csrftoken' => undef })->code,
        'CSRF_MISSING', "$name: no request token";

    next if $op->{permission} eq 'public';

    like denied(call($tokens{read}, $op, { 'x-csrftoken' => undef })),
        qr/^403 (?:ADMIN_)?PERMISSION_REQUIRED$/,
        "$name: a token that reads";
    my $r = call($tokens{write}, $op, { 'x-csrftoken' => undef });
    unlike $r->code // '', qr/^CSRF/, "$name: a token that writes";
}

# Unlisted methods: 405 with Allow, never a way around a permission.

for my $op (grep { $_->{method} eq 'GET' } @operations) {
    my %listed = map { $_->{method} => 1 }
        grep { $_->{path} eq $op->{path} } @operations;

    for my $method (grep { !$listed{$_} } qw(POST PUT PATCH DELETE)) {
        my $r = $client{none}->request($method, path_of($op), undef,
            { 'x-csrftoken' => 'x' });
        is $r->status, 405, "$method $op->{path}";
        like $r->header('allow') // '', qr/^GET, HEAD/, 'Allow';
    }
}

done_testing;
