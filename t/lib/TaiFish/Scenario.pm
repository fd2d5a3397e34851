package TaiFish::Scenario;

# Scenarios that every engine has to read rightly: t/scenario/<engine>.pl gives
# a list of them, each
#
#     { name => 'a role in a role', since => 2012,
#       do => 'statements of the engine',
#       is => { principal => [...], ... },
#       only => 'mariadb', then => 'more statements',
#       after => { principal => [...] } }
#
# All "do" are run, the instance is read once and every "is" compared; then all
# "then" are run, and so on.  A principal has to have exactly the rights that
# are listed, as "category privilege" or "category|where privilege" without the
# engine's prefix, unless '*' is among them; "+name" and "-name" are attributes
# that are true or false, "name=value" others, "name=" null, "!name" one that is
# not told, "kind:role" its kind.  undef: there is no such account.

use strict;
use warnings;
use utf8;

use Test::More;

# what a file of scenarios is read for
our ($version, $product);

my (%table, %versions);

sub load {
    my ($engine) = @_;
    my @list = @{ do "./t/scenario/$engine.pl"
        or die "t/scenario/$engine.pl: " . ($@ || $!) };
    return @list;
}

# run: what takes statements; read: gives what TaiFish::Dump::read does; truth:
# what the server says otherwise than that; engine: the file; product: a name
# that "only" of a scenario can be; ignore: rights that need not be listed.

sub check {
    my (%o) = @_;
    local $version = $o{version};
    local $product = $o{product} || $o{engine};
    my @all = load($o{engine});
    my @list = grep { (!$_->{since} || $o{version} >= $_->{since})
        && (!$_->{before} || $o{version} < $_->{before})
        && (!$_->{only} || $_->{only} eq $product) } @all;
    my $mark = $o{real} ? 'real' : 'simulated';
    my $column = "$product $o{version} [$mark]";
    my %bad;

    push @{ $versions{order} }, $column;

    for my $phase (['do', 'is'], ['then', 'after']) {
        for my $s (grep { $_->{ $phase->[0] } } @list) {
            eval { $o{run}->($s->{ $phase->[0] }); 1 }
                or $bad{ $s->{name} } = "statements: $@";
        }

        my $d = $o{read}->();
        is $d->{exit}, 0, "$column: read" or diag $d->{detail};
        my $may = $o{real} ? qr/^(?:ok|unsupported)$/ : qr/^ok$/;
        is_deeply [grep { $d->{scopes}{$_} !~ $may }
                   sort keys %{ $d->{scopes} }], [], 'every scope';
        is_deeply [$o{truth}->($d)], [], "$column: as the server says"
            if $o{truth};

        for my $s (@list) {
            my $is = $s->{ $phase->[1] } or next;
            for my $p (sort keys %$is) {
                my $why = account($o{prefix} || $o{engine},
                    $d->{accounts}{$p}, $is->{$p}, $o{ignore});
                $bad{ $s->{name} } .= "$p: $why\n" if $why;
            }
        }
    }

    for my $s (@list) {
        ok !$bad{ $s->{name} },
            "$s->{name} × $column" or diag $bad{ $s->{name} };
        $table{ $s->{name} }{$column} = $bad{ $s->{name} } ? 'BAD' : 'ok';
    }

    return scalar @list;
}

# All that were checked: scenario × engine and version.

sub table {
    my @columns = @{ $versions{order} };
    my $n = 0;

    my $text = join '', map { sprintf "%2d  %s\n", ++$n, $_ } @columns;
    $text .= sprintf "\n%-52s %s\n", 'scenario',
        join ' ', map { sprintf '%3d', $_ } 1 .. @columns;
    for my $name (sort keys %table) {
        $text .= sprintf "%-52s %s\n", $name, join ' ', map { sprintf '%3s',
            $table{$name}{$_} // '-' } @columns;
    }
    return $text . sprintf "%-52s %s\n", 'together', join ' ', map {
        my $c = $_; sprintf '%3d', scalar grep { $_->{$c} } values %table
    } @columns;
}

sub account {
    my ($engine, $a, $want, $ignore) = @_;

    if (!defined $want) {
        return $a ? 'is there' : '';
    }
    return 'is not there' unless $a;

    my (@rights, @why);
    my $any = 0;

    for my $w (@$want) {
        if ($w eq '*') {
            $any = 1;
        } elsif ($w =~ /^kind:(\w+)$/) {
            push @why, "is a $a->{kind}" if $a->{kind} ne $1;
        } elsif ($w =~ /^id:(.*)$/) {
            push @why, "native id $a->{native_id}" if $a->{native_id} ne $1;
        } elsif ($w =~ /^([+-])(\w+)$/) {
            my $v = $a->{attributes}{$2};
            push @why, "$2 is " . ($v // 'null')
                if !defined $v || !!$v ne ($1 eq '+');
        } elsif ($w =~ /^!(\w+)$/) {
            push @why, "$1 is told" if exists $a->{attributes}{$1};
        } elsif ($w =~ /^([a-z0-9_]+)=(.*)$/s) {
            my $v = $a->{attributes}{$1};
            push @why, "$1 is " . ($v // 'null')
                if !exists $a->{attributes}{$1} || ($v // '') ne $2;
        } else {
            push @rights, $w;
        }
    }

    if (!$any) {
        my @has = map { my $c = $_; (my $short = $c) =~ s/^\Q$engine\E_//;
            map { my $where = $_; map { length $where
                ? "$short|$where $_" : "$short $_" }
                @{ $a->{grants}{$c}{$where} } }
            keys %{ $a->{grants}{$c} } } keys %{ $a->{grants} };
        my %has = map { $_ => 1 } @has;
        my %want = map { $_ => 1 } @rights;
        push @why, map({ "+ $_" } sort grep { !$want{$_}
                && !($ignore && $_ =~ $ignore) } keys %has),
            map({ "- $_" } sort grep { !$has{$_} } keys %want);
    }

    return join '; ', @why;
}

1;
