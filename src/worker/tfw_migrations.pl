#!/usr/bin/perl

# Embeds the .sql files named as arguments, in order, as C for tfw_migrate.c.
# Their names are NNNN_words.sql; numbers are unique and rise.

use strict;
use warnings;

my $last = 0;

sub fail { die "tfw_migrations.pl: $_[0]\n" }

sub c_string {
    my ($s) = @_;

    $s =~ s/([\\"?])/\\$1/g;
    $s =~ s/\t/\\t/g;
    return join "\n      ", map { '"' . s/\n/\\n/r . '"' }
        split /(?<=\n)/, $s;
}

print "\n/* Made by tfw_migrations.pl. */\n\n#include \"tfw_migrate.h\"\n\n"
    . "const tfw_migration_t  tfw_migrations[] = {\n";

for my $file (@ARGV) {
    my ($number, $name) = $file =~ m{(?:^|/)(\d{4})_([a-z0-9_]+)\.sql$}
        or fail("$file: the name has to be NNNN_words.sql");

    $number > $last or fail("$file: $number does not follow $last");
    $last = $number + 0;

    open my $in, '<', $file or fail("$file: $!");
    my $text = do { local $/; <$in> };

    print "    { $last, \"$name\",\n      ", c_string($text), " },\n";
}

print "    { 0, NULL, NULL }\n};\n";
