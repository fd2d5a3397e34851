#!/bin/sh

# prepare.sh [--self-signed NAME]
#
# Makes what docker-compose.yml expects on the host: the directories below
# /opt/taifish with their owners, and every secret that is missing.  What is
# there is kept, so it can be run again at any time.  A certificate is put into
# /opt/taifish/ssl by you; --self-signed makes one for NAME, to try things.
#
# As root.  Environment: TAIFISH_HOME (/opt/taifish), TAIFISH_VERSION (latest)
# of the worker's image, which makes the keys, or TAIFISH_WORKER, a
# taifish-worker to make them with; PREFIX is put before TAIFISH_HOME.

set -eu
umask 077

home=${PREFIX:-}${TAIFISH_HOME:-/opt/taifish}
image=taifish-worker:${TAIFISH_VERSION:-latest}
here=$(cd "$(dirname "$0")/.." && pwd -P)

taifish=10001:10001                     # in our images
postgres=70:70                          # in postgres:15-alpine
redis=999:1000                          # in redis:7-alpine
# One host: what goes over its own bridge is not encrypted.
database="${DATABASE_HOST:-172.20.0.30}:5432/taifish?sslmode=disable"
cache="${REDIS_HOST:-172.20.0.40}:6379"

say() { printf '%s\n' "$*"; }
fail() { printf 'prepare.sh: %s\n' "$*" >&2; exit 1; }

name=
case $#,${1:-} in
    0,)              ;;
    2,--self-signed) name=$2 ;;
    *)               echo "usage: $0 [--self-signed NAME]" >&2; exit 2 ;;
esac

case $name in
    *[!A-Za-z0-9.-]*) fail "\"$name\" is no name of a host" ;;
esac

[ "$(id -u)" = 0 ] || fail 'owners can be given by root only'


# directory PATH OWNER MODE

directory() {
    mkdir -p "$home/$1"
    chown "$2" "$home/$1"
    chmod "$3" "$home/$1"
}

# secret NAME OWNER MODE: a new file of stdin, unless it is there

secret() {
    file=$home/secrets/$1
    if [ ! -e "$file" ]; then
        if [ -n "$in_use" ]; then
            fail "$file is missing, but the database it belongs to exists:" \
                "put it back from the backup of the secrets"
        fi
        cat > "$file.new"
        [ -s "$file.new" ] || fail "$file: nothing to write"
        mv "$file.new" "$file"
        say "made $file"
    fi
    chown "$2" "$file"
    chmod "$3" "$file"
}

# Letters, digits, - and _: fit for a URL as they are; 192 bits.

random() { head -c 24 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n'; }

password() { cat "$home/secrets/$1"; }


(umask 022; mkdir -p "$home")
directory .                root:root  755
directory data             root:root  755
directory data/postgres    $postgres  700
directory data/redis       $redis     700
directory data/app         $taifish   750
for sub in logs uploads exports backups; do
    directory "data/app/$sub" $taifish 750
done
directory backups          $taifish   700
directory ssl              root:10001 750
directory ssl/acme         root:10001 750
directory secrets          root:root  711

# Passwords belong to who checks them, URLs to who uses them.

in_use=
[ ! -e "$home/data/postgres/PG_VERSION" ] || in_use=1

random | secret postgres_password  $postgres 400
random | secret db_owner_password  $postgres 400
random | secret db_api_password    $postgres 400
random | secret db_worker_password $postgres 400
random | secret redis_password     $redis    400

in_use=
owner=$(password db_owner_password)
api=$(password db_api_password)
worker=$(password db_worker_password)
printf 'postgresql://taifish:%s@%s\n' "$owner" "$database" \
    | secret database_url_owner $taifish 400
printf 'postgresql://taifish_api:%s@%s\n' "$api" "$database" \
    | secret database_url_api $taifish 400
printf 'postgresql://taifish_worker:%s@%s\n' "$worker" "$database" \
    | secret database_url_worker $taifish 400
printf 'redis://taifish:%s@%s\n' "$(password redis_password)" $cache \
    | secret redis_url $taifish 400


# Keys.  nginx is given two files of these, the worker all.

keys=$home/secrets/keys
if [ ! -e "$keys/seal.pub" ]; then
    if [ -e "$home/data/postgres/PG_VERSION" ]; then
        fail "$keys has no keys, but a database exists: what is stored there" \
            "can only be read with its keys; put them back from their backup"
    fi
    directory secrets/keys $taifish 700
    if [ -n "${TAIFISH_WORKER:-}" ]; then
        TAIFISH_KEYS=$keys TAIFISH_KEYS_FILE='' "$TAIFISH_WORKER" keygen
    else
        docker run --rm --network none --read-only --cap-drop ALL \
            --security-opt no-new-privileges -v "$keys:/keys" \
            -e TAIFISH_KEYS=/keys "$image" keygen
    fi
fi
directory secrets/keys $taifish 700
chown -R $taifish "$keys"


# A certificate: yours, or one that browsers do not believe.

if [ -n "$name" ] && [ ! -e "$home/ssl/privkey.pem" ]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
        -nodes -days 90 -subj "/CN=$name" -addext "subjectAltName=DNS:$name" \
        -keyout "$home/ssl/privkey.pem" -out "$home/ssl/fullchain.pem" \
        2>/dev/null || fail 'openssl made no certificate'
    say "made $home/ssl/fullchain.pem, self-signed for $name"
fi

missing=
for file in fullchain.pem privkey.pem; do
    if [ -e "$home/ssl/$file" ]; then
        chown root:10001 "$home/ssl/$file"
        chmod 640 "$home/ssl/$file"
    else
        missing=1
    fi
done

say "$home is prepared."
[ -z "$missing" ] || say "Still to do: $home/ssl/fullchain.pem and privkey.pem."
[ -e "$here/.env" ] || say "Settings: copy .env.example to .env and read it."
say "Keep a copy of $home/secrets away from this host and from the backups."
