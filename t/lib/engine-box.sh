#!/bin/bash

# engine-box.sh: today's database servers on a Debian 12 that has older ones,
# each Debian in a directory of its own, nothing of it installed.
#
#     make DIR      DIR/trixie: MariaDB 11.8, PostgreSQL 17
#                   DIR/sid: MySQL, PostgreSQL 18 (3 minutes, 2 GB)
#
# TaiFish::Server starts them (TAIFISH_ENGINE_ROOT=DIR/trixie).  As root, with
# debootstrap.  Packages come from the mirror that this machine's apt uses.

set -eu

fail() { echo "engine-box.sh: $*" >&2; exit 1; }
[ $# -eq 2 ] && [ "$1" = make ] || fail 'see the head of this file'
dir=$(realpath -m "$2")

mirror=$(cat /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list \
    /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list \
    2>/dev/null | sed -n -e 's/^URIs: *\([^ ]*\).*/\1/p' \
    -e 's/^deb  *\(\[[^]]*\] *\)\{0,1\}\([^ ]*\).*/\2/p' | head -n 1)
[ -n "$mirror" ] || fail "no mirror in apt's sources"

# One that was not finished is made anew.

debian() {
    [ ! -e "$dir/$1/srv/db/ready" ] || return 0
    rm -rf "${dir:?}/$1"
    mkdir -p "$dir/$1"
    debootstrap --variant=minbase --include="$2" "$1" "$dir/$1" "$mirror"
    mkdir -p "$dir/$1/srv/db"
    : > "$dir/$1/srv/db/ready"
}

debian trixie mariadb-server-core,mariadb-client-core,postgresql-17
debian sid mysql-server-core,mysql-client-core,postgresql-18
