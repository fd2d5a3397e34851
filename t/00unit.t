#!/usr/bin/perl

# Runs every C unit test and shows its TAP as a subtest.  The tests are built
# first, so that none is run that is older than its source.

use strict;
use warnings;

use FindBin;
use Test::More;

chdir "$FindBin::Bin/.." or die "chdir: $!";

my $build = $ENV{BUILD} || 'build';
my $out = `make -s unit BUILD=$build 2>&1`;

is($?, 0, 'make unit') or diag $out;

for my $src (sort glob 't/unit/*.c') {
    my ($name) = $src =~ m{([^/]+)\.c$};

    subtest $name => sub {
        my ($count, $plan) = (0);

        open my $tap, '-|', "$build/unit/$name"
            or return fail("$name runs: $!");

        while (<$tap>) {
            if (/^(not )?ok \d+(?: - (.*))?$/) {
                $count++;
                ok(!$1, $2);

            } elsif (/^1\.\.(\d+)/) {
                $plan = $1;

            } elsif (/^#/) {
                diag $_;
            }
        }

        close $tap;
        is($?, 0, "$name ends well");
        is($count, $plan, "$name ran all its tests");
    };
}

done_testing();
