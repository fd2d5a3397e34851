#!/usr/bin/perl

# Prints the circles among object files: those that, by their symbols, all need
# each other.  One line each; nothing when there is none.
#
#     perl t/cycles.pl build/nginx/objs/addon/*/*.o

use strict;
use warnings;

my (%owner, %needs);

for my $path (@ARGV) {
    my ($name) = $path =~ m{([^/]+)\.o$} or die "$path: no object file\n";

    open my $nm, '-|', 'nm', '--extern-only', $path or die "nm: $!\n";
    while (<$nm>) {
        my ($type, $symbol) = /(\w) (\w+)$/ or next;
        if ($type eq 'U') {
            push @{ $needs{$name} }, $symbol;
        } else {
            $owner{$symbol} = $name;
        }
    }
    close $nm or die "nm $path failed\n";
    $needs{$name} ||= [];
}

my %calls;

for my $name (keys %needs) {
    for my $symbol (@{ $needs{$name} }) {
        my $other = $owner{$symbol};
        $calls{$name}{$other} = 1 if defined $other && $other ne $name;
    }
}

# Tarjan: the strongly connected components.

my ($n, %index, %low, %on, @stack, @circles) = (0);

sub visit {
    my ($name) = @_;

    $index{$name} = $low{$name} = $n++;
    push @stack, $name;
    $on{$name} = 1;

    for my $other (sort keys %{ $calls{$name} || {} }) {
        if (!defined $index{$other}) {
            visit($other);
            $low{$name} = $low{$other} if $low{$other} < $low{$name};
        } elsif ($on{$other} && $index{$other} < $low{$name}) {
            $low{$name} = $index{$other};
        }
    }

    return if $low{$name} != $index{$name};

    my @members;
    for (;;) {
        my $member = pop @stack;
        $on{$member} = 0;
        push @members, $member;
        last if $member eq $name;
    }
    push @circles, join ' ', sort @members if @members > 1;
}

for my $name (sort keys %needs) {
    visit($name) unless defined $index{$name};
}

print "$_\n" for sort @circles;
