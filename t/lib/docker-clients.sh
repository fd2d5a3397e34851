#!/bin/sh

# docker-clients.sh DIR: Compose and the docker command of Debian 13 and forky
# (Compose 2.26 and 2.40), unpacked below DIR/trixie and DIR/forky and not
# installed.  They come from the mirror that the machine's apt uses.

set -eu

[ $# = 1 ] || { echo "usage: $0 DIR" >&2; exit 2; }
mkdir -p "$1"
cd "$1"

# The first Debian mirror among apt's sources, and the key it is signed with.

mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources \
    /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list \
    2>/dev/null | sed -n -e 's/^URIs: *\([^ ]*\).*/\1/p' \
    -e 's/^deb  *\(\[[^]]*\] *\)\{0,1\}\([^ ]*\).*/\2/p' | head -n 1)
[ -n "$mirror" ] || { echo "$0: no mirror in apt's sources" >&2; exit 1; }

for suite in trixie forky; do
    [ ! -x $suite/usr/bin/docker-compose ] || continue
    work=$PWD/$suite.apt
    mkdir -p "$work/lists/partial" "$work/cache/archives/partial" \
        "$work/sources" $suite
    printf '%s\n' 'Types: deb' "URIs: $mirror" "Suites: $suite" \
        'Components: main' \
        'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg' \
        > "$work/sources/it.sources"
    apt() {
        apt-get -q -o Dir::Etc::sourcelist=/dev/null \
            -o "Dir::Etc::sourceparts=$work/sources" \
            -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work/cache" \
            -o Acquire::Check-Valid-Until=false -o APT::Sandbox::User=root \
            "$@" > "$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
    }
    apt update
    (cd "$work" && apt download docker-compose docker-cli)
    for deb in "$work"/*.deb; do
        dpkg -x "$deb" $suite
    done
    rm -rf "$work"
done
