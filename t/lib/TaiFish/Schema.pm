package TaiFish::Schema;

# The API document in tests: its operations, and the check of values against
# the part of JSON Schema 2020-12 that it uses.  An unknown keyword is an
# error, so that nothing passes for want of a check.
#
#     my $doc = TaiFish::Schema->new($client->get('/openapi.json')->json);
#     for my $op ($doc->operations) { $op->{method}, $op->{path}, ... }
#     my @wrong = $doc->check($schema, $value);

use strict;
use warnings;
use utf8;

use B ();
use JSON::PP ();

my %ignored = map { $_ => 1 }
    qw(description default title format minItems maxItems minLength maxLength
       minimum maximum pattern);

sub new {
    my ($class, $doc) = @_;
    return bless { doc => $doc }, $class;
}

# A list of { id, method, path, permission, query, needs, body, responses,
# params }; path is complete, query and body are { name => schema }, needs names
# what a query has to have.

sub operations {
    my ($self) = @_;
    my @found;

    for my $path (sort keys %{ $self->{doc}{paths} }) {
        my $item = $self->{doc}{paths}{$path};
        for my $method (sort keys %$item) {
            my $o = $item->{$method};
            my @params = map { $self->resolve($_) } @{ $o->{parameters} };
            my $json = $o->{requestBody}
                && $o->{requestBody}{content}{'application/json'};
            my $body = $json && $json->{schema};
            push @found, {
                id => $o->{operationId}, method => uc $method, path => $path,
                permission => $o->{'x-permission'}, tag => $o->{tags}[0],
                body => $body, responses => $o->{responses},
                query => { map { $_->{name} => $_->{schema} }
                           grep { $_->{in} eq 'query' } @params },
                needs => [map { $_->{name} }
                          grep { $_->{in} eq 'query' && $_->{required} }
                          @params],
                params => { map { $_->{name} => $_->{schema} }
                            grep { $_->{in} eq 'path' } @params },
            };
        }
    }

    return @found;
}

sub resolve {
    my ($self, $node) = @_;

    while (ref $node eq 'HASH' && defined $node->{'$ref'}) {
        my $to = $self->{doc};
        for my $name (split m{/}, $node->{'$ref'} =~ s{^#/}{}r) {
            $to = $to->{$name} // die "no $node->{'$ref'}\n";
        }
        $node = $to;
    }
    return $node;
}

# What is wrong with a value; nothing when it fits.

sub check {
    my ($self, $schema, $value, $at) = @_;
    my @wrong;

    $at //= '$';
    $schema = $self->resolve($schema);

    for my $key (sort keys %$schema) {
        my $want = $schema->{$key};

        if ($key eq 'type') {
            my @types = ref $want ? @$want : $want;
            push @wrong, "$at is a " . type($value) . ", not @types"
                unless grep { fits($_, $value) } @types;

        } elsif ($key eq 'const') {
            push @wrong, "$at is not " . text($want)
                unless text($value) eq text($want);

        } elsif ($key eq 'enum') {
            push @wrong, "$at is " . text($value) . ', none of '
                . text($want)
                unless grep { text($value) eq text($_) } @$want;

        } elsif ($key eq 'properties') {
            next unless ref $value eq 'HASH';
            push @wrong, $self->check($want->{$_}, $value->{$_}, "$at.$_")
                for grep { exists $value->{$_} } sort keys %$want;

        } elsif ($key eq 'required') {
            next unless ref $value eq 'HASH';
            push @wrong, map { "$at.$_ is missing" }
                grep { !exists $value->{$_} } @$want;

        } elsif ($key eq 'additionalProperties') {
            next unless ref $value eq 'HASH';
            my @more = grep { !$schema->{properties}
                || !exists $schema->{properties}{$_} } sort keys %$value;
            for my $name (@more) {
                push @wrong, ref $want eq 'HASH'
                    ? $self->check($want, $value->{$name}, "$at.$name")
                    : $want ? () : "$at.$name is not known";
            }

        } elsif ($key eq 'items') {
            next unless ref $value eq 'ARRAY';
            push @wrong, $self->check($want, $value->[$_], "$at\[$_]")
                for 0 .. $#$value;

        } elsif ($key eq 'allOf') {
            push @wrong, map { $self->check($_, $value, $at) } @$want;

        } elsif ($key eq 'oneOf' || $key eq 'anyOf') {
            my $n = grep { my @no = $self->check($_, $value, $at); !@no }
                @$want;
            push @wrong, "$at fits $n of $key"
                if $n == 0 || ($key eq 'oneOf' && $n > 1);

        } elsif (!$ignored{$key} && $key !~ /^x-/) {
            push @wrong, "$at: keyword $key is not known to the test";
        }
    }

    return (@wrong, bounds($schema, $value, $at));
}

sub bounds {
    my ($schema, $value, $at) = @_;
    my @wrong;
    my $format = $schema->{format} // '';

    return unless defined $value;

    if (!ref $value && type($value) eq 'string') {
        push @wrong, "$at is no $format: $value"
            if $format eq 'date-time' && $value !~
                /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/
            || $format eq 'date' && $value !~ /^\d{4}-\d\d-\d\d$/
            || $format eq 'uuid' && $value !~ /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}
                                               -[0-9a-f]{12}$/x;
        push @wrong, "$at is too short"
            if defined $schema->{minLength}
            && length $value < $schema->{minLength};
        push @wrong, "$at is too long"
            if defined $schema->{maxLength}
            && length $value > $schema->{maxLength};
        push @wrong, "$at is not $schema->{pattern}"
            if defined $schema->{pattern} && $value !~ /$schema->{pattern}/;

    } elsif (!ref $value) {
        push @wrong, "$at is too small"
            if defined $schema->{minimum} && $value < $schema->{minimum};
        push @wrong, "$at is too large"
            if defined $schema->{maximum} && $value > $schema->{maximum};
    }

    return @wrong;
}

my $json = JSON::PP->new->canonical->allow_nonref;

sub text { $json->encode($_[0]) }

sub type {
    my ($value) = @_;

    return 'null' unless defined $value;
    return 'object' if ref $value eq 'HASH';
    return 'array' if ref $value eq 'ARRAY';
    return 'boolean' if JSON::PP::is_bool($value);

    my $flags = B::svref_2object(\$value)->FLAGS;
    return 'string' if $flags & B::SVp_POK;
    return $value =~ /^-?\d+$/ ? 'integer' : 'number';
}

sub fits {
    my ($type, $value) = @_;
    my $is = type($value);
    return $is eq $type || ($type eq 'number' && $is eq 'integer');
}

1;
