package TaiFish::Scenario;

# Scenarios that every engine has to read rightly: t/scenario/<engine>.pl gives
# a list of them, each
#
#     { name => 'a role in a role', since => 2012,
#       do => 'statements of the engine',
#       is => { principal => [...], ... },
#       then => 'more statements', after => { principal => [...] } }
#
# All "do" are run, the instance is read once and every "is" compared; then all
# "then" are run, and so on.  A principal has to have exactly the rights that
# are listed, as "category privilege" or "category|where privilege" without the
# engine's prefix, unless '*' is among them; "+name" and "-name" are attributes
# that are true or false, "name=value" others, "name=" null, "kind:role" its
# kind.  undef: there is no such account.

use strict;
use warnings;
use utf8;

use Test::More;

sub load {
    my ($engine) = @_;
    my @list = @{ do "./t/scenario/$engine.pl"
        or die "t/scenario/$engine.pl: " . ($@ || $!) };
    return @list;
}

# run: what takes statements; read: gives what TaiFish::Dump::read does.

sub check {
    my (%o) = @_;
    my @list = grep { (!$_->{since} || $o{version} >= $_->{since})
        && (!$_->{before} || $o{version} < $_->{before}) } load($o{engine});
    my $mark = $o{real} ? 'real' : 'simulated';
    my %bad;

    for my $phase (['do', 'is'], ['then', 'after']) {
        for my $s (grep { $_->{ $phase->[0] } } @list) {
            eval { $o{run}->($s->{ $phase->[0] }); 1 }
                or $bad{ $s->{name} } = "statements: $@";
        }

        my $d = $o{read}->();
        is $d->{exit}, 0, "$o{engine} $o{version}: read" or diag $d->{detail};
        my %not = map { $_ => 1 } @{ $o{not_ok} || [] };
        is_deeply [grep { $d->{scopes}{$_} ne 'ok' && !$not{$_} }
            sort keys %{ $d->{scopes} }], [], 'every scope';

        for my $s (@list) {
            my $is = $s->{ $phase->[1] } or next;
            for my $p (sort keys %$is) {
                my $why = account($o{prefix} || $o{engine},
                    $d->{accounts}{$p}, $is->{$p});
                $bad{ $s->{name} } .= "$p: $why\n" if $why;
            }
        }
    }

    for my $s (@list) {
        ok !$bad{ $s->{name} },
            "$s->{name} × $o{engine} × $o{version} [$mark]"
            or diag $bad{ $s->{name} };
    }

    return scalar @list;
}

sub account {
    my ($engine, $a, $want) = @_;

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
        } elsif ($w =~ /^([a-z_]+)=(.*)$/s) {
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
        push @why, map({ "+ $_" } sort grep { !$want{$_} } keys %has),
            map({ "- $_" } sort grep { !$has{$_} } keys %want);
    }

    return join '; ', @why;
}

1;
