#!/bin/sh

# try.sh [DIR]: builds the images and runs them, without a Docker engine, the
# way docker-compose.yml would: one network with its addresses, read-only
# roots, tmpfs, secret files by prepare.sh, no capability, uid 10001.  Prints
# TAP; t/85image.t runs it with TAIFISH_PROOF=1.
#
# As root, with buildah, debootstrap, openssl, iproute2, postgresql and
# redis-server of Debian 12; PostgreSQL and Redis are this machine's.  DIR
# keeps the base image between runs; without one everything goes at the end.

set -eu

here=$(cd "$(dirname "$0")/.." && pwd -P)
say() { printf '# %s\n' "$*"; }

if [ "${TRY_INSIDE:-}" = "" ]; then
    [ "$(id -u)" = 0 ] || { echo "1..0 # SKIP not root"; exit 0; }
    for p in buildah debootstrap ip unshare setpriv openssl redis-server; do
        command -v $p >/dev/null || { echo "1..0 # SKIP no $p"; exit 0; }
    done

    keep=${1:-}
    dir=${keep:-$(mktemp -d /var/tmp/taifish-try.XXXXXX)}
    mkdir -p "$dir"
    export STORAGE_DRIVER=vfs TRY_DIR="$dir"
    b="buildah --root $dir/store --runroot $dir/run"

    clean() {
        rm -rf "$dir"/rootfs.*
        [ -n "$keep" ] || rm -rf "$dir"
    }
    trap clean EXIT
    trap 'exit 130' INT TERM HUP

    # The base: Debian 12 over the mirror the machine uses, as small as
    # debian:12-slim, where nothing is started by apt either.

    if ! $b inspect localhost/debian:12-slim >/dev/null 2>&1; then
        say 'making the base'
        mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list \
            /etc/apt/sources.list.d/*.sources 2>/dev/null | sed -n -e \
            's/^URIs: *\([^ ]*\).*/\1/p' -e 's/^deb  *\([^ ]*\).*/\1/p' \
            | head -n 1)
        debootstrap --variant=minbase bookworm "$dir/base" "$mirror" \
            > "$dir/debootstrap.log"
        cp /etc/apt/sources.list.d/debian.sources \
            "$dir/base/etc/apt/sources.list.d/" 2>/dev/null \
            && : > "$dir/base/etc/apt/sources.list"
        printf '#!/bin/sh\nexit 101\n' > "$dir/base/usr/sbin/policy-rc.d"
        chmod 755 "$dir/base/usr/sbin/policy-rc.d"
        printf 'path-exclude /usr/share/%s/*\n' doc man locale \
            > "$dir/base/etc/dpkg/dpkg.cfg.d/docker"
        rm -rf "$dir/base/var/lib/apt/lists/"* \
            "$dir/base/var/cache/apt/archives/"*.deb \
            "$dir/base/usr/share/doc/"* "$dir/base/usr/share/man/"* \
            "$dir/base/usr/share/locale/"*
        tar -C "$dir/base" -cf "$dir/base.tar" .
        rm -rf "$dir/base"
        printf 'FROM scratch\nADD base.tar /\nCMD ["/bin/sh"]\n' \
            > "$dir/base.Dockerfile"
        $b bud -q --isolation chroot -t localhost/debian:12-slim \
            -f "$dir/base.Dockerfile" "$dir" >/dev/null
        rm -f "$dir/base.tar"
    fi

    for t in worker app edge; do
        say "building $t"
        $b bud -q --isolation chroot --format docker --layers \
            --build-arg BASE=localhost/debian:12-slim --target $t \
            -t "localhost/taifish-$t:try" "$here" > "$dir/$t.log" 2>&1 \
            || { tail -n 30 "$dir/$t.log" >&2; exit 1; }
        c=$($b from "localhost/taifish-$t:try")
        rm -rf "$dir/rootfs.$t"
        cp -a "$($b mount "$c")" "$dir/rootfs.$t"
        echo "$dir/rootfs.$t" > "$dir/$t.root"
        $b rm "$c" >/dev/null
        $b inspect --type image "localhost/taifish-$t:try" > "$dir/$t.json"
    done
    $b images | sed 's/^/# /'

    TRY_INSIDE=1 unshare --mount --net --pid --uts --fork --kill-child \
        --mount-proc --propagation private "$0"
    exit
fi


# From here on in namespaces of our own, which end with this script.

dir=$TRY_DIR
work=$(mktemp -d /tmp/taifish-try.XXXXXX)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
n=0
failed=0

# check WHAT COMMAND...

check() {
    what=$1
    shift
    n=$((n + 1))
    if "$@" > "$work/out" 2>&1; then
        echo "ok $n - $what"
    else
        echo "not ok $n - $what"
        tail -n 5 "$work/out" | sed 's/^/# /'
        failed=1
    fi
}

eventually() {
    i=0
    until "$@"; do
        i=$((i + 1))
        [ $i -lt 100 ] || return 1
        sleep 0.2
    done
}

prints() {
    want=$1
    shift
    got=$("$@")
    echo "$got"
    case $got in
        *"$want"*) ;;
        *) return 1 ;;
    esac
}

ip link set lo up
echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start     # as compose has it
for a in 10 30 40; do
    ip address add 172.20.0.$a/16 dev lo
done
ip address add 172.20.128.1/16 dev lo
hostname taifish-try
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY

# The users of the databases' images, for this script's processes only.

{ cat /etc/passwd
  echo postgres70:x:70:70::/:/bin/sh
  echo redis999x:x:999:1000::/:/bin/sh; } > "$work/passwd"
mount --bind "$work/passwd" /etc/passwd

home=$work/opt/taifish
r=$(cat "$dir/worker.root")
printf '#!/bin/sh\nmkdir -p "%s/keys"\nmount --bind "$TAIFISH_KEYS" "%s/keys"
chroot "%s" env TAIFISH_KEYS=/keys taifish-worker "$@"\numount "%s/keys"\n' \
    "$r" "$r" "$r" "$r" > "$work/keygen"
chmod 755 "$work/keygen"
check 'prepare.sh' env PREFIX="$work" TAIFISH_WORKER="$work/keygen" \
    "$here/docker/prepare.sh" --self-signed taifish.test


# container NAME IMAGE SECRETS COMMAND...: in the background, its output in
# $work/NAME.log.  SECRETS: words FILE or FILE=TARGET, $home/ssl and keys.

# shellcheck disable=SC2016
container() {
    name=$1
    image=$2
    secrets=$3
    shift 3
    : > "$work/$name.log"
    chown 10001:10001 "$work/$name.log"
    inside "$name" "$image" "$secrets" "$@" >> "$work/$name.log" 2>&1 &
}

inside() {
    root=$(cat "$dir/$2.root")
    mnt=$work/$1.root
    mounts=$3
    shift 3
    ROOT=$root MNT=$mnt HOME_DIR=$home SECRETS=$mounts HOSTS=$work/hosts \
        unshare --mount --propagation private sh -euc '
        # where things are mounted, as an engine would make it
        for s in $SECRETS; do
            t=$ROOT/run/secrets/${s##*/}
            [ "$s" = "${s#*=}" ] || t=$ROOT${s#*=}
            if [ -d "$HOME_DIR/${s%%=*}" ]; then
                mkdir -p "$t"
            else
                mkdir -p "${t%/*}"; touch "$t"
            fi
        done
        mkdir -p "$MNT"
        mount --bind "$ROOT" "$MNT"
        mount -o remount,bind,ro "$MNT"
        mount --rbind /proc "$MNT/proc"
        mount --rbind /dev "$MNT/dev"
        mount --bind "$HOSTS" "$MNT/etc/hosts"
        mount -t tmpfs -o noexec,nosuid,nodev,size=64m,mode=1777 t "$MNT/tmp"
        own=noexec,nosuid,nodev,size=64m,mode=700,uid=10001,gid=10001
        mount -t tmpfs -o $own t "$MNT/run/taifish"
        mount --bind "$HOME_DIR/data/app" "$MNT/var/lib/taifish"
        for s in $SECRETS; do
            t=$MNT/run/secrets/${s##*/}
            [ "$s" = "${s#*=}" ] || t=$MNT${s#*=}
            mount --bind "$HOME_DIR/${s%%=*}" "$t"
            mount -o remount,bind,ro "$t"
        done
        exec chroot "$MNT" setpriv --reuid 10001 --regid 10001 \
            --clear-groups --bounding-set=-all --inh-caps=-all \
            --ambient-caps=-all --no-new-privs -- "$@"' sh "$@"
}

# What an image says of itself: word by word, one JSON string per line.

image() {
    perl -MJSON::PP -we 'my ($file, @path) = @ARGV; local $/;
        open my $in, "<", $file or die; my $v = decode_json(<$in>)->{Docker};
        $v = $v->{$_} for @path;
        print ref $v eq "ARRAY" ? map { "$_\n" } @$v : "$v\n"' \
        "$dir/$1.json" config "$2" ${3:+"$3"}
}

has_user() { [ "$(image "$1" User)" = 10001:10001 ]; }

# as_image NAME IMAGE SECRETS [COMMAND...]: with the image's own program

as_image() {
    of=$1
    target=$2
    secrets=$3
    shift 3
    {
        image "$target" Entrypoint
        if [ $# = 0 ]; then image "$target" Cmd; else printf '%s\n' "$@"; fi
    } > "$work/args"
    set --
    while IFS= read -r word; do
        [ -z "$word" ] || set -- "$@" "$word"
    done < "$work/args"
    container "$of" "$target" "$secrets" "$@"
}

fails() { ! "$@"; }

health() { inside "$1-health" "$2" "$3" sh -c "$4"; }

# uid, capabilities and no_new_privs of every process whose executable is $1

bare() {
    found=
    for p in /proc/[0-9]*; do
        case $(readlink "$p/exe" 2>/dev/null || :) in
            */"$1") ;;
            *) continue ;;
        esac
        found=1
        grep -E '^(Uid|Cap|NoNewPrivs)' "$p/status"
        grep -q '^Uid:.10001.10001.10001.10001$' "$p/status" || return 1
        grep -q '^NoNewPrivs:.1$' "$p/status" || return 1
        for set in CapInh CapPrm CapEff CapBnd CapAmb; do
            grep -q "^$set:.0000000000000000\$" "$p/status" || return 1
        done
    done
    [ -n "$found" ]
}

printf '127.0.0.1 localhost\n172.20.128.1 app\n' > "$work/hosts"
export NO_PROXY='*'


# The databases.

pg=$(ls -d /usr/lib/postgresql/*/bin | sort -t/ -k5 -n | tail -n 1)
as_pg() {
    setpriv --reuid 70 --regid 70 --clear-groups -- env PATH="$pg:$PATH" "$@"
}
mkdir "$work/pg" "$work/redis"
chown 70:70 "$work/pg"
chown 999:1000 "$work/redis"
cp "$here/conf/postgresql.conf" "$here/conf/pg_hba.conf" \
    "$here/conf/redis.conf" "$here/docker/initdb.sh" "$here/docker/redis.sh" \
    "$work/"
chmod 644 "$work"/*.conf
sed -i "s|/run/redis|$work/redis|; s|^dir .*|dir $home/data/redis|; \
    s|^bind .*|bind 172.20.0.40|" "$work/redis.conf"

start_pg() {
    as_pg postgres -D "$home/data/postgres" \
        -c config_file="$work/postgresql.conf" -c hba_file="$work/pg_hba.conf" \
        -c unix_socket_directories="$work/pg" -c listen_addresses="$1" \
        >> "$work/postgres.log" 2>&1 &
    eventually as_pg pg_isready -q -h "$work/pg"
}

pg_signal() { kill "-$1" "$(head -n 1 "$home/data/postgres/postmaster.pid")"; }

as_pg initdb -D "$home/data/postgres" -U postgres -A scram-sha-256 -E UTF8 \
    --locale=C.UTF-8 --data-checksums \
    --pwfile="$home/secrets/postgres_password" > "$work/initdb.log"
check 'PostgreSQL with our settings' start_pg ''
check 'initdb.sh' as_pg env PGHOST="$work/pg" SECRETS="$home/secrets" \
    PGPASSWORD="$(cat "$home/secrets/postgres_password")" "$work/initdb.sh"
pg_signal INT
wait
check 'PostgreSQL on its address' start_pg 172.20.0.30
check 'the superuser cannot come by the network' prints 'pg_hba.conf rejects' \
    sh -c "PGPASSWORD=\$(cat $home/secrets/postgres_password) psql -w \
        -h 172.20.0.30 -U postgres -d postgres -c 'SELECT 1' 2>&1 || :"

setpriv --reuid 999 --regid 1000 --clear-groups -- env \
    REDIS_CONF="$work/redis.conf" REDIS_RUN="$work/redis" \
    REDIS_PASSWORD_FILE="$home/secrets/redis_password" "$work/redis.sh" \
    > "$work/redis.log" 2>&1 &
check 'Redis with our settings' eventually sh -c "REDISCLI_AUTH=\$(cat \
    $home/secrets/redis_password) redis-cli -h 172.20.0.40 --user taifish ping"

[ $failed = 0 ] || { tail -n 20 "$work"/*.log >&2; exit 1; }


# The images.

for t in worker app edge; do
    check "$t runs as 10001" has_user $t
done
check 'app has a health check' prints '127.0.0.1:5000/health' \
    cat "$dir/app.json"

s=secrets
export DATABASE_URL_FILE=/run/secrets/database_url_owner
check 'migrate' inside migrate worker $s/database_url_owner \
    taifish-worker migrate

export DATABASE_URL_FILE=/run/secrets/database_url_worker
export REDIS_URL_FILE=/run/secrets/redis_url TAIFISH_KEYS=/etc/taifish/keys
worker_secrets="$s/database_url_worker $s/redis_url $s/keys=/etc/taifish/keys"
check 'without a worker, its health check fails' fails \
    inside health worker "$worker_secrets" taifish-worker status
as_image worker worker "$worker_secrets"
check 'worker is healthy' eventually health worker worker "$worker_secrets" \
    'taifish-worker status'
check 'it has no capability' bare taifish-worker
check 'it does a job' inside job worker "$worker_secrets" \
    taifish-worker enqueue housekeeping --wait

export DATABASE_URL_FILE=/run/secrets/database_url_api
app_secrets="$s/database_url_api $s/redis_url
    $s/keys/csrf.key=/etc/taifish/keys/csrf.key
    $s/keys/seal.pub=/etc/taifish/keys/seal.pub"
app_health='curl -fsS -m 9 http://127.0.0.1:5000/health
    | grep -q "\"status\":\"healthy\""'
app_health=$(printf '%s' "$app_health" | tr '\n' ' ')
as_image app app "$app_secrets"
check 'app is healthy' eventually health app app "$app_secrets" "$app_health"
check 'and says so' prints '"database":"connected","redis":"connected"' \
    curl -sS http://172.20.128.1:5000/health
check 'it has no capability' bare nginx
check 'it has no key of the worker' inside look app "$app_secrets" sh -c \
    'test -r /etc/taifish/keys/seal.pub && ! ls /etc/taifish/keys/seal.key'
check 'nothing can be written but what should be' inside look app \
    "$app_secrets" sh -c '! touch /x && ! touch /etc/taifish/x \
    && ! touch /usr/share/taifish/web/x && touch /run/taifish/x /tmp/x'
check 'no compiler, no source' inside look app "$app_secrets" sh -c \
    '! command -v gcc cc make perl-config && ! ls /src'

mkdir -p "$home/ssl/acme"
as_image edge edge ssl=/etc/taifish/ssl
check 'edge is healthy' eventually health edge edge ssl=/etc/taifish/ssl \
    'curl -fsSk -m 9 -o /dev/null https://127.0.0.1/health/live'
edge="curl -sSk --connect-to taifish.test::172.20.0.10:"
check 'an answer through it' prints '"status":"healthy"' \
    $edge https://taifish.test/health
check 'the page through it' prints 'TaiFish' $edge https://taifish.test/
check 'from port 80 to 443' prints 'https://taifish.test/' \
    $edge -o /dev/null -w '%{redirect_url}' http://taifish.test/
check 'JSON lines on stdout' eventually grep -q '^{"time":.*"app_status"' \
    "$work/edge.log"
check 'no [alert] or [emerg]' sh -c "! grep -hE '\[(alert|emerg)\]' \
    $work/app.log $work/edge.log"

check 'without PostgreSQL' pg_signal INT
check 'app is not healthy' eventually fails health app app "$app_secrets" \
    "$app_health"
check 'nor is worker' eventually fails health worker worker \
    "$worker_secrets" 'taifish-worker status'
check 'it comes back' start_pg 172.20.0.30
check 'with it, app is again' eventually health app app "$app_secrets" \
    "$app_health"

# Real need, in KiB of memory that is nobody else's

for t in nginx taifish-worker; do
    sum=0
    for p in /proc/[0-9]*; do
        case $(readlink "$p/exe" 2>/dev/null || :) in
            */$t) k=$(awk '/^Private/ { n += $2 } END { print n + 0 }' \
                      "$p/smaps_rollup" 2>/dev/null || echo 0)
                  say "$t $(tr '\0' ' ' < "$p/cmdline" | cut -c 1-60): $k KiB"
                  sum=$((sum + k)) ;;
        esac
    done
    say "$t together: $sum KiB"
done


# Direct mode: the same image with another configuration, no edge.

masters() {
    for p in /proc/[0-9]*; do
        case $(tr '\0' ' ' < "$p/cmdline" 2>/dev/null) in
            *'nginx: master'*|*edge-watch*) echo "${p#/proc/}" ;;
        esac
    done
}

# shellcheck disable=SC2046
kill -QUIT $(masters) || :
check 'app and edge stop' eventually sh -c '! pgrep -x nginx'
as_image direct app "$app_secrets ssl=/etc/taifish/ssl" \
    /etc/taifish/direct.conf
check 'direct mode is healthy' eventually health direct app "$app_secrets" \
    "$app_health"
check 'and serves by itself' prints '"status":"healthy"' \
    $edge https://taifish.test/health
check 'also the page' prints 'TaiFish' $edge https://taifish.test/
check 'and sends from port 80 to 443' prints 'https://taifish.test/' \
    $edge -o /dev/null -w '%{redirect_url}' http://taifish.test/
check 'it has no capability' bare nginx

[ $failed = 0 ] || tail -n 15 "$work"/*.log >&2
echo "1..$n"
exit $failed
