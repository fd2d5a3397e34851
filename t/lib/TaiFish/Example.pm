package TaiFish::Example;

# An example for every JSON body of the API document, made from its schema: a
# request has what it must have, or all of it when nothing is a must; an answer
# has every member.  Names say what a text is; a column of JSON, of which the
# schema says nothing, is null.

use strict;
use warnings;

use JSON::PP ();

my %text = (
    account_scope => 'instance:1', actor_name => 'anna', address => '10.0.0.7',
    category => 'environment', code => 'highly', cron_expression => '0 3 * * *',
    csrf_token => 'Zk3v', database => 'orders', database_name => 'orders',
    db_type => 'postgresql', description => 'orders of the shop',
    detailed_version => '17.2', display_name => 'Production',
    email => 'anna@example.com', host => 'db1.example',
    instance_host => 'db1.example', instance_name => 'orders-1',
    job_id => 'sync_accounts', level => 'INFO', main_version => '17.2',
    message => 'OK', method => 'GET', name => 'production', next => undef,
    role => 'viewer', rule_text => "SUPERUSER AND NOT NAME LIKE 'dba\\_%'",
    task_key => 'sync_accounts', timezone => 'Asia/Shanghai',
    tls_mode => 'verify-full', username => 'anna', version => '17.2',
    original_username => 'anna', rule_name => 'superusers',
    confirm_password => 'Good-Horse-77', instance_database_name => 'orders',
    tls_ca => "-----BEGIN CERTIFICATE-----\nMIIB\n"
              . "-----END CERTIFICATE-----\n",
);

my %number = (port => 5432, page => 1, pages => 1, limit => 20, total => 1,
              status => 200);

# Names of what is there only when something went wrong or is over.

my $absent = qr/error|trace|unread|reason|^(?:deleted|dropped|superseded)_/;

# Puts the examples into a document.

sub add {
    my ($doc) = @_;

    for my $item (values %{ $doc->{paths} }) {
        for my $o (values %$item) {
            my $body = json($o->{requestBody});
            $body->{example} = value($doc, $body->{schema}, '', 1) if $body;

            for my $status (grep { /^2/ } keys %{ $o->{responses} }) {
                my $json = json($o->{responses}{$status}) or next;
                $json->{example} = value($doc, $json->{schema}, '', 0)
                    if %{ $json->{schema} };
            }
        }
    }
}

sub json { $_[0] && $_[0]{content} && $_[0]{content}{'application/json'} }

sub value {
    my ($doc, $schema, $name, $request) = @_;

    if ($schema->{'$ref'}) {
        my $to = $doc;
        $to = $to->{$_} for split m{/}, $schema->{'$ref'} =~ s{^#/}{}r;
        return value($doc, $to, $name, $request);
    }

    if ($schema->{allOf}) {
        return { map { %{ value($doc, $_, $name, $request) } }
                 @{ $schema->{allOf} } };
    }

    my ($one) = @{ $schema->{oneOf} || $schema->{anyOf} || [] };
    return value($doc, $one, $name, $request) if $one;
    return $schema->{const} if exists $schema->{const};
    return (grep { defined } @{ $schema->{enum} })[0] if $schema->{enum};
    return $schema->{default} if defined $schema->{default};

    my @types = ref $schema->{type} ? @{ $schema->{type} }
                                    : $schema->{type} // 'null';
    my ($type) = grep { $_ ne 'null' } @types;

    return undef if !$type || !$request && $name =~ $absent && @types > 1;
    return object($doc, $schema, $request) if $type eq 'object';
    return [value($doc, $schema->{items}, $name =~ s/s$//r, $request)]
        if $type eq 'array';
    return JSON::PP::true if $type eq 'boolean';
    return $number{$name} // $schema->{minimum} // 1 if $type eq 'integer';
    return 12.5 if $type eq 'number';
    return text($schema, $name);
}

sub object {
    my ($doc, $schema, $request) = @_;
    my $of = $schema->{properties} || {};
    my @names = $request && $schema->{required} ? @{ $schema->{required} }
                                                : keys %$of;

    return { map { $_ => value($doc, $of->{$_} || {}, $_, $request) } @names };
}

sub text {
    my ($schema, $name) = @_;
    my $format = $schema->{format} // '';

    return '2026-11-26T17:54:48Z' if $format eq 'date-time';
    return '2026-11-26' if $format eq 'date';
    return '1f0c6a3e-8b52-4d6a-9c0e-5a7d2b41c903'
        if $format eq 'uuid' || $name eq 'run_id';
    return 'Good-Horse-77' if $format eq 'password';
    return $text{$name} if exists $text{$name};
    return '/api/v1/docs' if $name =~ /_url$/;
    return '2026-11-26 17:54:48' if $name =~ /_display$|_time$|_at$/;
    return $name || 'production';
}

1;
