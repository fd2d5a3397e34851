#!/bin/sh

# nginx-source.sh DIR: the source of the version of nginx that this Debian
# packages, without Debian's patches, unpacked to DIR/nginx-*/, over the mirror
# the machine uses.  apt's own lists and sources stay as they are.

set -eu

dir=$1
[ -z "$(ls -d "$dir"/nginx-*/ 2>/dev/null)" ] || exit 0
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$tmp/lists/partial"

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
' "$VERSION_CODENAME" > "$tmp/src.sources"

apt="-q -o Dir::State::lists=$tmp/lists -o Dir::Etc::sourcelist=$tmp/src.sources
     -o Dir::Etc::sourceparts=- -o Dir::Cache::pkgcache=
     -o Dir::Cache::srcpkgcache="

chmod 755 "$tmp"
[ "$(id -u)" != 0 ] || chown _apt "$tmp/lists/partial" 2>/dev/null || :
# shellcheck disable=SC2086
{
    apt-get $apt update || { sleep 5; apt-get $apt update; }
    cd "$dir"
    apt-get $apt -o APT::Sandbox::User=root source --tar-only nginx
}
tar -xf nginx_*.orig.tar.*
