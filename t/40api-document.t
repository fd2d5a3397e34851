#!/usr/bin/perl

# The API document: complete, free of contradictions, the same for everybody,
# and to a public linter's liking.  The linter comes from the network, so it
# is asked when TAIFISH_OPENAPI_LINT says how:
#
#     TAIFISH_OPENAPI_LINT='npx -y @redocly/cli@2 lint' prove t/40api-document.t

use strict;
use warnings;
use lib 't/lib';

use File::Temp ();
use JSON::PP ();

use TaiFish;
use TaiFish::Document;
use TaiFish::Schema;

my $tf = TaiFish->new(workers => 2);
$tf->start_nginx;

my $r = $tf->client->get('/openapi.json');
is $r->status, 200, 'the document';
like $r->header('content-type'), qr{^application/json\b}, 'its type';

my $raw = $r->json;
my $doc = TaiFish::Schema->new($raw);
my @operations = $doc->operations;

is $raw->{openapi}, '3.1.0', 'the version of OpenAPI';
is $raw->{info}{title}, 'TaiFish', 'whose it is';
cmp_ok scalar @operations, '>', 60, scalar(@operations) . ' operations';

my (%ids, %texts);
my %tags = map { $_->{name} => 1 } @{ $raw->{tags} };

for my $op (@operations) {
    my $name = "$op->{method} $op->{path}";

    ok !$ids{ $op->{id} }++, "$name: operationId $op->{id}";
    ok $tags{ $op->{tag} }, "$name: tag";
    is_deeply [sort keys %{ $op->{params} }],
        [sort $op->{path} =~ /\{(\w+)\}/g], "$name: path parameters";
    ok grep({ /^2/ } keys %{ $op->{responses} }), "$name: 2xx";
    ok grep({ /^4/ } keys %{ $op->{responses} }), "$name: 4xx";

    for my $status (grep { /^[45]/ } keys %{ $op->{responses} }) {
        ok @{ $op->{responses}{$status}{'x-codes'} }, "$name: codes of $status";
    }
}

# Every JSON body has an example, which fits its schema.

for my $op (@operations) {
    my $o = $raw->{paths}{ $op->{path} }{ lc $op->{method} };

    for my $part ([request => $o->{requestBody}],
                  map { [$_ => $o->{responses}{$_}] }
                  grep { /^2/ } sort keys %{ $o->{responses} })
    {
        my ($what, $of) = @$part;
        my $json = $of && $doc->resolve($of)->{content}{'application/json'};
        next if !$json || !%{ $json->{schema} } || $of->{'$ref'};

        my @wrong = exists $json->{example}
            ? $doc->check($json->{schema}, $json->{example}) : 'no example';
        is "@wrong", '', "$op->{method} $op->{path}: example of $what";
    }
}

# Every reference leads somewhere.

my @todo = $raw;
my $references = 0;

while (my $node = shift @todo) {
    if (ref $node eq 'HASH') {
        if (defined $node->{'$ref'}) {
            $references++;
            ok ref $doc->resolve($node), $node->{'$ref'};
        }
        push @todo, values %$node;
    } elsif (ref $node eq 'ARRAY') {
        push @todo, @$node;
    }
}
ok $references, "$references references";

# Columns reach the document: a page, its rows, an object in a row.

my ($list) = grep { $_->{id} eq 'getTags' } @operations;
my $page = $list->{responses}{200}{content}{'application/json'}{schema}
    {allOf}[1]{properties}{data};
is_deeply [sort @{ $page->{required} }], [qw(has_next has_prev items limit
    next page pages total total_is_estimate)],
    'a page';
is_deeply $page->{properties}{items}{items}{properties}{created_at}{type},
    ['string', 'null'], 'a column';

# It is the one that is committed, and that is what the tables give now.

my $committed = TaiFish::slurp("$TaiFish::ROOT/docs/openapi.json");
is_deeply $raw, JSON::PP::decode_json($committed), 'the committed document';
ok TaiFish::Document::made($tf) eq $committed,
    'and the tables give it: if not, run make document';

# Every worker says the same, also to whoever asks at once.

for (1 .. 12) {
    my $c = $tf->client;
    $c->{http} = HTTP::Tiny->new(keep_alive => 0);
    $texts{ $c->get('/openapi.json')->body }++;
}
is keys %texts, 1, 'the same from every worker';

SKIP: {
    my $linter = $ENV{TAIFISH_OPENAPI_LINT}
        or skip 'TAIFISH_OPENAPI_LINT is not set', 1;
    my $file = File::Temp->new(SUFFIX => '.json');

    print $file $r->body;
    close $file;
    my $said = qx{$linter $file 2>&1};
    is $?, 0, 'the linter finds no error' or diag $said;
}

done_testing;
