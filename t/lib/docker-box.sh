#!/bin/bash

# docker-box.sh: a Docker Engine for the tests on a machine that has none.  It
# runs in mount, pid and network namespaces of its own, in a Debian 13 made by
# debootstrap, and ends with them; the machine's own engine, network and cgroups
# are left alone.
#
#     make DIR        Debian 13 with the engine in DIR (3 minutes, 1.2 GB)
#     up DIR          start the engine; its networks reach what the machine does
#     up DIR DIR2     with a cable to DIR2, which is up: 10.99.0.2 to 10.99.0.1
#     run DIR CMD     run CMD beside the engine; DIR is its root
#     net DIR CMD     run CMD of the machine in the engine's network only
#     down DIR        end it, with all its containers
#     kill DIR        the same as if its power had failed
#     copy DIR DIR2   a second one in DIR2, without what the first engine holds
#     base FILE       a Debian 12 as small as debian:12-slim, for docker import
#     clients DIR     Compose and docker of Debian 13 and forky in DIR/trixie
#                     and DIR/forky, unpacked and not installed
#
# As root, with debootstrap, iproute2 and slirp4netns.  Packages come from the
# mirror that this machine's apt uses.

set -eu

fail() { echo "docker-box.sh: $*" >&2; exit 1; }
[ $# -ge 2 ] || fail 'see the head of this file'
verb=$1
dir=$(realpath -m "$2")
shift 2

mirror() {
    uri=$(cat /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list \
        /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list \
        2>/dev/null | sed -n -e 's/^URIs: *\([^ ]*\).*/\1/p' \
        -e 's/^deb  *\(\[[^]]*\] *\)\{0,1\}\([^ ]*\).*/\2/p' | head -n 1)
    [ -n "$uri" ] || fail "no mirror in apt's sources"
    echo "$uri"
}

# The engine: the only child of the process that made its namespaces.

engine() {
    [ -e "$1.pid" ] || fail "$1 is not up"
    pgrep -P "$(cat "$1.pid")" || fail "$1 is not up"
}

inside() {
    local pid
    pid=$(engine "$dir")
    nsenter -t "$pid" -m -n -p -u -r -w env -i HOME=/root TERM=dumb \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# To a switch in the other engine's network, which stays when this one goes.

cable() {
    local a b
    a=$(engine "$1")
    until b=$(engine "$dir" 2>/dev/null); do sleep 0.1; done
    nsenter -t "$a" -n sh -euc 'ip link show switch > /dev/null 2>&1 || {
            ip link add switch type bridge
            ip address add 10.99.0.1/24 dev switch
            ip link set switch up; }
        ip link add type veth peer name cable netns "$1"
        ip link set veth0 master switch up' sh "$b"
}

apt_of() {
    local suite=$1 work=$2
    shift 2
    mkdir -p "$work/lists/partial" "$work/cache/archives/partial" \
        "$work/sources"
    printf '%s\n' 'Types: deb' "URIs: $(mirror)" "Suites: $suite" \
        'Components: main' \
        'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg' \
        > "$work/sources/it.sources"
    apt-get -q -o Dir::Etc::sourcelist=/dev/null \
        -o "Dir::Etc::sourceparts=$work/sources" \
        -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work/cache" \
        -o Acquire::Check-Valid-Until=false -o APT::Sandbox::User=root \
        "$@" > "$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
}

# What the engine's first process does in its namespaces: file systems of its
# own, cgroup v1 by hand where the machine has no v2, the loopback.

# shellcheck disable=SC2016
start='
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=755 tmpfs /dev
for n in null:3 zero:5 full:7 random:8 urandom:9; do
    mknod -m 666 "/dev/${n%:*}" c 1 "${n#*:}"
done
mknod -m 666 /dev/tty c 5 0
mkdir /dev/pts /dev/shm
mount -t devpts -o newinstance,ptmxmode=666 devpts /dev/pts
ln -s pts/ptmx /dev/ptmx
ln -s /proc/self/fd /dev/fd
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs -o mode=755 tmpfs /run
if grep -q " cgroup " /old-mounts; then
    mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
    for c in cpu cpuacct cpuset memory devices freezer blkio pids; do
        mkdir "/sys/fs/cgroup/$c"
        mount -t cgroup -o "$c" cgroup "/sys/fs/cgroup/$c"
    done
    mkdir /sys/fs/cgroup/systemd
    mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
else
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
fi
ip link set lo up
hostname "$NAME"
echo "nameserver 10.0.2.3" > /etc/resolv.conf
if [ -n "$CABLE" ]; then
    until ip link set cable up 2>/dev/null; do sleep 0.1; done
    ip address add 10.99.0.2/24 dev cable
fi
exec dockerd > /var/log/dockerd.log 2>&1'

case $verb in
make)
    [ ! -x "$dir/usr/sbin/dockerd" ] || exit 0
    list=docker.io,docker-cli,docker-compose,docker-buildx,iptables,iproute2
    debootstrap --variant=minbase \
        --include="$list,procps,curl,git,ca-certificates,openssl" \
        trixie "$dir" "$(mirror)"
    mkdir -p "$dir/old" "$dir/usr/libexec/docker/cli-plugins"
    [ -e "$dir/usr/libexec/docker/cli-plugins/docker-compose" ] ||
        ln -s /usr/bin/docker-compose "$dir/usr/libexec/docker/cli-plugins/"
    ;;

up)
    [ -x "$dir/usr/sbin/dockerd" ] || fail "$dir has no engine: make it first"
    mkdir -p "$dir/old"
    cat /proc/mounts > "$dir/old-mounts"
    # shellcheck disable=SC2016
    setsid unshare --mount --pid --net --uts --fork --kill-child \
        --propagation private sh -c '
        mount --bind "$1" "$1" && cd "$1" && pivot_root . old && cd /
        mount -t proc proc /proc && umount -l /old
        exec env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin \
            NAME="${1##*/}" CABLE="$3" sh -euc "$2"' sh "$dir" "$start" \
        "${1:-}" > "$dir/start.log" 2>&1 \
        < /dev/null &
    echo $! > "$dir.pid"
    [ $# = 0 ] || cable "$(realpath -m "$1")"
    for i in $(seq 60); do
        sleep 1
        ! inside docker info > /dev/null 2>&1 || break
        [ "$i" -lt 60 ] || { tail -n 5 "$dir/start.log" \
            "$dir/var/log/dockerd.log" >&2; fail 'the engine did not start'; }
    done
    setsid slirp4netns --configure --mtu=1500 "$(engine "$dir")" tap0 \
        > "$dir/slirp.log" 2>&1 < /dev/null &
    echo $! > "$dir.net.pid"
    for _ in $(seq 50); do
        ! inside ip route | grep -q ^default || exit 0
        sleep 0.2
    done
    fail "no way out: $(tail -n 3 "$dir/slirp.log")"
    ;;

run)
    inside "$@"
    ;;

net)
    pid=$(engine "$dir")
    exec nsenter -t "$pid" -n "$@"
    ;;

down)
    [ -e "$dir.pid" ] || exit 0
    pid=$(pgrep -P "$(cat "$dir.pid")" || :)
    [ ! -e "$dir.net.pid" ] || kill "$(cat "$dir.net.pid")" 2>/dev/null || :
    if [ -n "$pid" ]; then
        kill "$pid"
        for _ in $(seq 60); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.5
        done
        kill -9 "$pid" 2>/dev/null || :
    fi
    rm -f "$dir.pid" "$dir.net.pid"
    ;;

kill)
    [ ! -e "$dir.net.pid" ] || kill "$(cat "$dir.net.pid")" 2>/dev/null || :
    kill -9 "$(engine "$dir")"
    rm -f "$dir.pid" "$dir.net.pid"
    ;;

copy)
    [ ! -x "$1/usr/sbin/dockerd" ] || exit 0
    mkdir -p "$1"
    tar -C "$dir" -c --one-file-system --exclude=./var/lib/docker \
        --exclude=./root --exclude=./opt . | tar -C "$1" -x
    mkdir -p "$1/root"
    ;;

base)
    [ ! -s "$dir" ] || exit 0
    root=$(mktemp -d /var/tmp/taifish-base.XXXXXX)
    trap 'rm -rf "$root"' EXIT
    debootstrap --variant=minbase bookworm "$root" "$(mirror)" >&2
    printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
    chmod 755 "$root/usr/sbin/policy-rc.d"
    printf 'path-exclude /usr/share/%s/*\n' doc man locale \
        > "$root/etc/dpkg/dpkg.cfg.d/docker"
    rm -rf "$root/var/lib/apt/lists/"* "$root/var/cache/apt/archives/"*.deb \
        "$root/usr/share/doc/"* "$root/usr/share/man/"* \
        "$root/usr/share/locale/"*
    tar -C "$root" -cf "$dir.new" .
    mv "$dir.new" "$dir"
    ;;

clients)
    for suite in trixie forky; do
        [ ! -x "$dir/$suite/usr/bin/docker-compose" ] || continue
        mkdir -p "$dir/$suite"
        apt_of $suite "$dir/$suite.apt" update
        (cd "$dir/$suite.apt" && apt_of $suite "$dir/$suite.apt" \
            download docker-compose docker-cli)
        for deb in "$dir/$suite.apt"/*.deb; do
            dpkg -x "$deb" "$dir/$suite"
        done
        rm -rf "$dir/$suite.apt"
    done
    ;;

*)
    fail "$verb is no verb"
    ;;
esac
