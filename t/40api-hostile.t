#!/usr/bin/perl

# Every text that an operation of the API document takes, as somebody writes it
# who means harm: it is stored, looked for or refused, and never a failure of
# ours nor a part of a statement.

use strict;
use warnings;
use lib 't/lib';

use JSON::PP ();

use TaiFish;
use TaiFish::Schema;

my $tf = TaiFish->new(http => 'taifish_run_wait 50ms',
                      pg => { log_min_messages => 'notice' });
$tf->start_nginx;

my $admin = $tf->as('admin');
my $doc = TaiFish::Schema->new($admin->get('/openapi.json')->json);

my @texts = ("'", '"', "\\", "a'; DROP TABLE users; --", '$1 :name %s%n',
    '%00', "a\0b", "a\r\nSet-Cookie: a=b", "\x{202e}\x{10ffff}",
    '<img src=x onerror=alert(1)>', 'x' x 100_000);

# a value that may pass, for what is not being tried

sub plain {
    my ($schema) = @_;
    $schema = $doc->resolve($schema);
    my $type = $schema->{type} // 'string';
    ($type) = grep { $_ ne 'null' } @$type if ref $type;

    return (grep { defined } @{ $schema->{enum} })[0] if $schema->{enum};
    return $schema->{minimum} // 1 if $type =~ /^(?:integer|number)$/;
    return JSON::PP::true if $type eq 'boolean';
    return [plain($schema->{items})] if $type eq 'array';
    return 'Plain-text1';
}

sub is_text {
    my ($schema) = @_;
    $schema = $doc->resolve($schema);
    my @types = ref $schema->{type} ? @{ $schema->{type} }
                                    : $schema->{type} // 'string';
    return is_text($schema->{items}) if grep { $_ eq 'array' } @types;
    return grep { $_ eq 'string' } @types;
}

sub escaped {
    my ($text) = @_;
    utf8::encode($text);
    return $text =~ s/([^A-Za-z0-9_])/sprintf '%%%02X', ord $1/ger;
}

my $count = 0;

for my $op ($doc->operations) {
    next if $op->{id} =~ /login|change_?password|logout/i;
    my $path = $op->{path} =~ s/\{(?:run|session)_id\}
        /00000000-0000-4000-8000-000000000000/xgr =~ s/\{\w+\}/999999/gr;
    my $body = $op->{body} ? $doc->resolve($op->{body}) : undef;
    my %rest = map { $_ => plain($body->{properties}{$_}) }
        @{ $body ? $body->{required} || [] : [] };
    my @bad;

    my $try = sub {
        my ($what, $r) = @_;
        $count++;
        push @bad, $what . ': ' . substr $r->as_string, 0, 300
            if $r->status >= 500 || $r->status < 200
               || !(is_file($r) || ref eval { $r->json })
               || $r->header('set-cookie');
    };

    for my $text (@texts) {
        my $short = substr $text =~ s/[^ -~]/./gr, 0, 20;

        for my $name (sort keys %{ $op->{query} }) {
            next if length $text > 1000;
            $try->("$name=$short", $admin->request($op->{method},
                "$path?$name=" . escaped($text)));
        }

        for my $name ($body ? sort keys %{ $body->{properties} } : ()) {
            my $schema = $doc->resolve($body->{properties}{$name});
            next unless is_text($schema);
            $try->("$name: $short", $admin->request($op->{method}, $path,
                { %rest, $name => ref plain($schema) ? [$text] : $text }));
        }
    }

    is_deeply \@bad, [], "$op->{method} $op->{path}";
}

# An export: a file and no document.

sub is_file {
    my ($r) = @_;
    return $r->status == 200
        && ($r->header('content-disposition') // '') =~ /^attachment; /;
}

cmp_ok $count, '>', 800, "$count requests";

# pg_isready asks as nobody
my @said = $tf->pg->output =~ /^(.*ERROR:.*(?:syntax[ ]error|unterminated
    |invalid[ ](?:byte|input)|does[ ]not[ ]exist|internal[ ]error).*)$/mgx;
is_deeply \@said, [], 'PostgreSQL logged no syntax or encoding error';
is $tf->value('SELECT count(*) > 0 FROM users'), 't', 'and has its tables';

done_testing;
