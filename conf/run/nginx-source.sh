#!/bin/sh

# nginx-source.sh DIR: the source of the nginx this Debian packages, unpacked
# to DIR/nginx-*/, over the mirror the machine uses.  apt's own lists and
# sources stay as they are.

set -eu

dir=$1
[ -z "$(ls -d "$dir"/nginx-*/ 2>/dev/null)" ] || exit 0
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
lists=$(mktemp -d)
trap 'rm -rf "$lists"' EXIT
mkdir -p "$lists/partial"

# The binary sources of this release, as source ones.

. /etc/os-release
perl -we '
    use strict;
    my $suite = shift;
    for my $path (glob "/etc/apt/sources.list.d/*.sources") {
        open my $in, "<", $path or next;
        local $/ = "";
        while (my $s = <$in>) {
            $s =~ s/^#.*\n//mg;
            print $s =~ s/^Types:.*/Types: deb-src/mr =~ s/\n*\z/\n\n/r
                if $s =~ /^Suites:.*\b\Q$suite\E\b/m
                   && $s !~ /^Enabled: *no/mi;
        }
    }
    for my $path ("/etc/apt/sources.list",
                  glob "/etc/apt/sources.list.d/*.list")
    {
        open my $in, "<", $path or next;
        while (<$in>) {
            /^\s*deb\s+(?:\[(.*?)\]\s+)?(\S+)\s+(\S+)\s+(.*)/ or next;
            my ($opt, $uri, $s, $parts) = ($1 || "", $2, $3, $4);
            next unless $s =~ /^\Q$suite\E/;
            my $key = $opt =~ /signed-by=(\S+)/ ? "Signed-By: $1\n" : "";
            print "Types: deb-src\nURIs: $uri\nSuites: $s\n",
                  "Components: $parts\n$key\n";
        }
    }
' "$VERSION_CODENAME" > "$lists/src.sources"

apt="-q -o Dir::State::lists=$lists -o Dir::Etc::sourcelist=$lists/src.sources
     -o Dir::Etc::sourceparts=- -o Dir::Cache::pkgcache=
     -o Dir::Cache::srcpkgcache="

chmod 755 "$lists" "$lists/partial"
[ "$(id -u)" != 0 ] || chown _apt "$lists/partial" 2>/dev/null || :
# shellcheck disable=SC2086
{
    apt-get $apt update || { sleep 5; apt-get $apt update; }
    cd "$dir"
    apt-get $apt source nginx
}
