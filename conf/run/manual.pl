#!/usr/bin/perl

# manual.pl worker PROGRAM | settings FILE.md
#
# A man page on stdout: taifish-worker(8) from what the program says with
# --help, taifish.conf(5) from docs/settings.md, so that neither is written
# twice.

use strict;
use warnings;

my ($what, $from) = @ARGV;
my ($version) = slurp('src/core/tf_release.h') =~ /TF_RELEASE\s+"([^"]+)"/;

sub slurp {
    my ($path) = @_;
    open my $in, '<', $path or die "$path: $!\n";
    local $/;
    return <$in>;
}

# One line of text as roff; **bold**, `code` and [words](link) of Markdown.

sub text {
    my ($s) = @_;
    $s =~ s/\\(?!\|)/\\e/g;
    $s =~ s/\\\|/|/g;
    $s =~ s/-/\\-/g;
    $s =~ s/\[([^\]]+)\]\([^)]*\)/$1/g;
    $s =~ s/\*\*(.+?)\*\*|`([^`]+)`/'\\fB' . ($1 \/\/ $2) . '\\fP'/ge;
    $s =~ s/^(?=[.'])/\\&/;
    return $s;
}

sub title {
    my ($name, $section, $summary) = @_;
    print ".TH ", uc $name, " $section \"\" \"TaiFish $version\"\n",
        ".SH NAME\n$name \\- ", text($summary), "\n";
}


sub worker {
    my $usage = `"$from" --help` or die "$from --help: $?\n";
    my @commands = $usage =~ /^  ([a-z-]+) {2,}\S/mg;

    title('taifish-worker', 8, 'jobs, schedules and administration of TaiFish');
    print ".SH SYNOPSIS\n.B taifish\\-worker\n.I COMMAND\n[ARGUMENTS]\n",
        ".SH COMMANDS\n";

    my $exit;
    for my $command (@commands) {
        my $help = `"$from" $command --help` or die "$command --help: $?\n";
        ($help, $exit) = split /^Exit codes:\n/m, $help;
        my ($line, $body) = $help =~ /^usage: taifish-worker (.*?)\n\n(.*)/s;
        print '.SS ', text($line), "\n";
        my ($summary) = $usage =~ /^  $command +(\S.*)/m;
        print text(ucfirst $summary), ".\n.PP\n";
        print options($body);
    }

    print ".SH SETTINGS\nThey come from the environment, or from the files ",
        "that NAME_FILE names; see\n.BR taifish.conf (5).\n",
        ".SH EXIT STATUS\n", options($exit),
        ".SH SEE ALSO\n.BR taifish.conf (5),\n.BR nginx (8)\n";
}

# Paragraphs, and lines like "  --name VALUE  what it is".

sub options {
    my ($body) = @_;
    my $out = '';

    for my $line (split /\n/, $body) {
        if ($line =~ /^  (\S.*?) {2,}(\S.*)/) {
            $out .= ".TP\n.B " . text($1) . "\n" . text($2) . "\n";
        } elsif ($line =~ /\S/) {
            $out .= text($line =~ s/^ +//r) . "\n";
        } else {
            $out .= ".PP\n";
        }
    }

    return $out;
}


sub settings {
    my @lines = split /\n/, slurp($from);
    my ($paragraph, $head) = (0, undef);

    title('taifish.conf', 5, 'settings of nginx and the worker of TaiFish');
    print ".SH DESCRIPTION\n";

    while (defined(my $line = shift @lines)) {
        if ($line =~ /^# /) {
            next;
        } elsif ($line =~ /^(##+) (.*)/) {
            print length $1 == 2 ? '.SH ' . uc text($2) : '.SS ' . text($2),
                "\n";
        } elsif ($line =~ /^\|(.*)\|$/) {
            my @cells = map { s/^\s+|\s+$//gr } split /(?<!\\)\|/, $1;
            # the first line of a table says what is in which column
            if (@lines && $lines[0] =~ /^\|[-|: ]+\|$/) {
                shift @lines;
                $head = [@cells];
                next;
            }
            my $last = pop @cells;
            my @named = map { length $cells[$_] ? $_ && $head->[$_] ne ''
                ? "($head->[$_]: $cells[$_])" : $cells[$_] : () } 0 .. $#cells;
            print ".TP\n", text(join ' ', @named), "\n", text($last), "\n";
        } elsif ($line =~ /^ {4}(.*)/) {
            print ".RS\n.nf\n", text($1), "\n";
            print text(substr shift @lines, 4), "\n"
                while @lines && $lines[0] =~ /^ {4}/;
            print ".fi\n.RE\n";
        } elsif ($line =~ /^- (.*)/) {
            print ".IP \\(bu 2\n", text($1), "\n";
        } elsif ($line eq '') {
            print ".PP\n" if @lines && $lines[0] !~ /^(?:[#|-]|$)/;
        } else {
            print text($line), "\n";
        }
    }

    print ".SH SEE ALSO\n.BR taifish\\-worker (8),\n.BR nginx (8)\n";
}


$what && $what eq 'worker' && $from ? worker()
    : $what && $what eq 'settings' && $from ? settings()
    : die "usage: $0 worker PROGRAM | settings FILE.md\n";
