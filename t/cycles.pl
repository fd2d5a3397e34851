#!/usr/bin/perl

# Prints the circles among object files: those that, by their symbols, all need
# each other.  One line each; nothing when there is none.
#
#     perl t/cycles.pl build/nginx/objs/addon/*/*.o
#
# t/tidy.pl uses the functions.

use strict;
use warnings;

print map { "$_\n" } circles(object_needs(@ARGV)) unless caller;

# What each object needs of the others: { from => { to => 1 } }, without the
# endings of their names.

sub object_needs {
    my @paths = @_;
    my (%owner, %needs, %graph);

    for my $path (@paths) {
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
    }

    for my $name (keys %needs) {
        for my $symbol (@{ $needs{$name} }) {
            my $other = $owner{$symbol};
            $graph{$name}{$other} = 1 if defined $other && $other ne $name;
        }
    }

    return \%graph;
}

# The circles of a graph, each as one line of names (Tarjan: the strongly
# connected components).

sub circles {
    my ($graph) = @_;
    my ($n, %index, %low, %on, @stack, @circles) = (0);

    my $visit;
    $visit = sub {
        my ($name) = @_;

        $index{$name} = $low{$name} = $n++;
        push @stack, $name;
        $on{$name} = 1;

        for my $other (sort keys %{ $graph->{$name} || {} }) {
            if (!defined $index{$other}) {
                $visit->($other);
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
    };

    for my $name (sort keys %$graph) {
        $visit->($name) unless defined $index{$name};
    }

    return sort @circles;
}

1;
