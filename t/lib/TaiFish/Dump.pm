package TaiFish::Dump;

# What an engine reads of a server, through build/engine_dump:
#
#     my $d = TaiFish::Dump::read('mysql', port => $port, user => 'mon', ...);
#     $d->{accounts}{'app@%'}     { kind, username, host, attributes, grants }
#     $d->{scopes}                { 'tables' => 'ok', 'tables app' => 'denied' }
#     $d->{codes}                 the same with the error's code
#     $d->{error} $d->{detail}    of the reading as a whole
#     $d->{databases}{app}        { native_id, system, total, data, log }
#     $d->{tables}{'public.t'}    { native_id, total, data, index, rows }
#     $d->{verified}              how often
#     $d->{count} ...{rss}        numbers and KiB, with '-q' instead of the rows
#
# grants is { category => { "database|object" => [privileges] } }, parts that a
# category has not being left out.

use strict;
use warnings;
use utf8;

use IPC::Open3 ();
use JSON::PP ();
use Symbol ();

my $json = JSON::PP->new->allow_nonref->utf8;

sub raw {
    my ($type, @options) = @_;
    my @args = grep { /^-/ } @options;
    my %set = grep { !/^-/ } @options;

    my $pid = IPC::Open3::open3(undef, my $out, my $err = Symbol::gensym(),
        "$TaiFish::BUILD/engine_dump", @args, $type,
        map { my $v = "$_=$set{$_}"; utf8::encode($v) if utf8::is_utf8($v);
              $v } sort keys %set);
    my @lines = <$out>;
    my $detail = do { local $/; <$err> } // '';
    waitpid $pid, 0;
    return ($? >> 8, $? & 127, $detail, map { $json->decode($_) } @lines);
}

sub read {
    my ($exit, $signal, $detail, @lines) = raw(@_);
    my $d = { exit => $exit, signal => $signal, detail => $detail,
              accounts => {}, databases => {}, tables => {}, scopes => {},
              codes => {}, verified => 0,
              strangers => 0 };

    for my $l (@lines) {
        if (exists $l->{rss}) {
            $d->{count} = $l;
            $d->{$_} = $l->{$_} for qw(connect read rss verified);

        } elsif (defined $l->{account}) {
            die "twice: $l->{account}" if $d->{accounts}{ $l->{account} };
            $d->{accounts}{ delete $l->{account} }
                = { %$l, attributes => {}, grants => {} };

        } elsif (defined $l->{name}) {
            $d->{databases}{ delete $l->{name} } = $l;

        } elsif (defined $l->{sized}) {
            my $of = $d->{databases}{ delete $l->{sized} } || {};
            $of->{$_} = $l->{$_} for keys %$l;

        } elsif (defined $l->{table}) {
            my $name = delete($l->{schema}) . '.' . delete $l->{table};
            die "twice: $name" if $d->{tables}{$name};
            $d->{tables}{$name} = $l;

        } elsif (defined(my $of = delete $l->{of})) {
            my ($name) = keys %$l;
            $d->{accounts}{$of}{attributes}{$name} = $l->{$name};

        } elsif (defined $l->{to}) {
            my $a = $d->{accounts}{ $l->{to} };
            $d->{strangers}++, next unless $a;
            my $key = join '|', grep { defined } @$l{qw(database object)};
            push @{ $a->{grants}{ $l->{category} }{$key} }, $l->{privilege};

        } elsif ($l->{scope}) {
            my $key = join ' ', grep { length } @$l{qw(scope database)};
            $d->{scopes}{$key} = $l->{status};
            $d->{codes}{$key} = $l->{code} if $l->{code};

        } elsif ($l->{verified}) {
            $d->{verified}++;

        } elsif ($l->{error}) {
            $d->{error} = $l->{error};

        } else {
            $d->{$_} = $l->{$_} for keys %$l;
        }
    }

    for my $a (values %{ $d->{accounts} }) {
        for my $category (values %{ $a->{grants} }) {
            $_ = [sort @$_] for values %$category;
        }
    }

    return $d;
}

1;
