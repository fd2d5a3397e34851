package TaiFish::Check;

# Checks of answers that API tests share.
#
#     refused $r, 400, 'VALIDATION_ERROR', 'name', 'what was tried';

use strict;
use warnings;
use utf8;

use Exporter 'import';
use Test::More;

our @EXPORT = qw(refused data_of row_into);

# The answer is this error: status, message_code, field.

sub refused {
    my ($r, $status, $code, $field, $name) = @_;
    my $j = $r->json || {};
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    return is_deeply([$r->status, $j->{message_code},
                      ($j->{extra} || {})->{field}],
                     [$status, $code, $field], $name)
        || diag($r->as_string);
}

# data of an answer that has to have this status.

sub data_of {
    my ($r, $status, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;

    is($r->status, $status, $name) or diag($r->as_string);
    return $r->data // {};
}

# Inserts a row with the rights of the schema's owner; the whole row comes back.

sub row_into {
    my ($tf, $table, $row) = @_;
    my @names = sort keys %$row;
    my @values = map { my $v = $row->{$_}; "'" . $v =~ s/'/''/gr . "'" }
                     @names;

    local $" = ', ';
    return ($tf->rows("INSERT INTO $table (@names) VALUES (@values)
                       RETURNING *"))[0];
}

1;
