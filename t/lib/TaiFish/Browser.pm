package TaiFish::Browser;

# Walks of the console in Debian's Chromium, driven by web/test/*.mjs.
#
#     use TaiFish::Browser;              # skips the test where there is none
#
#     TaiFish::Browser::walk($tf, 'jobs.mjs', { ROLE => 'x' },
#         grant => sub { $target->sql('GRANT ...') });
#
# A script prints TAP without numbers.  A line that is the name of a sub asks
# for it; when it is done the script is told by an empty line.

use strict;
use warnings;

use IPC::Open2 qw(open2);
use TaiFish::Server;
use Test::More;

my ($chromium) = grep { -x } '/usr/bin/chromium', '/usr/bin/chromium-browser';

sub import {
    my ($class, $page) = @_;

    plan skip_all => 'the console is not built: make console'
        unless -e "$TaiFish::ROOT/web/dist/" . ($page || 'index.html');
    plan skip_all => 'no chromium' unless $chromium;
}

sub walk {
    my ($tf, $script, $env, %on) = @_;

    local %ENV = (%ENV, BASE => $tf->base, CHROMIUM => $chromium,
        PASSWORD => $TaiFish::PASSWORD, %{ $env || {} });

    my $pid = open2(my $out, my $in, 'node', "$TaiFish::ROOT/web/test/$script");
    binmode $out, ':encoding(UTF-8)';

    while (my $line = <$out>) {
        chomp $line;
        if ($line =~ /^(not )?ok - (.*)/) {
            ok !$1, $2;
        } elsif ($on{$line}) {
            $on{$line}->();
            print $in "\n";
            $in->flush;
        } else {
            diag $line;
        }
    }

    waitpid $pid, 0;
    is $?, 0, "$script came to its end";
}

1;
