#!/usr/bin/perl

# tf_document.pl FILE > tf_document.c: the API document as C, without the white
# space between its tokens (no string of JSON has a line break in it).

use strict;
use warnings;

my $text = '';

while (my $line = <>) {
    $text .= $line =~ s/^\s+|\s+$//gr;
}

print "\n#include \"tf_document.h\"\n\n\nconst char  tf_document[] = {\n";
print join(',', unpack 'C*', $1), ",\n" while $text =~ /\G(.{1,24})/gs;
print "0\n};\n\nconst size_t  tf_document_len = sizeof(tf_document) - 1;\n";
