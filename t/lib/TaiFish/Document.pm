package TaiFish::Document;

# The API document as the route tables and the schema make it.
#
#     make document

use strict;
use warnings;

use JSON::PP ();
use TaiFish ();
use TaiFish::Example;

# The text of docs/openapi.json with its examples: a member on each line in the
# order of their names, so that two changes meet in few lines.

sub made {
    my ($tf) = @_;
    my $url = $tf->database_url('taifish_worker');

    my $text = qx{$TaiFish::BUILD/document '$url'};
    die "$TaiFish::BUILD/document failed\n" if $?;
    my $doc = JSON::PP->new->utf8->decode($text);
    TaiFish::Example::add($doc);
    return JSON::PP->new->canonical->pretty->indent_length(1)->utf8
        ->encode($doc);
}

# perl -It/lib -MTaiFish::Document -e TaiFish::Document::write

sub write {
    my $file = "$TaiFish::ROOT/docs/openapi.json";
    my $text = made(TaiFish->new);

    open my $out, '>', $file or die "$file: $!\n";
    print $out $text;
    close $out or die "$file: $!\n";
}

1;
