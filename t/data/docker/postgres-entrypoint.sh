#!/bin/sh

# As the image's own: a first start makes the cluster, runs what lies in
# /docker-entrypoint-initdb.d on a server without TCP, and then is the server.

set -eu

if [ "$1" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
    # shellcheck disable=SC2086
    initdb -D "$PGDATA" -U postgres -A scram-sha-256 \
        --pwfile="$POSTGRES_PASSWORD_FILE" ${POSTGRES_INITDB_ARGS:-}
    PGPASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
    export PGPASSWORD
    shift
    pg_ctl -D "$PGDATA" -w start -o "$* -c listen_addresses="
    for f in /docker-entrypoint-initdb.d/*; do
        if [ -x "$f" ]; then "$f"; else . "$f"; fi
    done
    pg_ctl -D "$PGDATA" -m fast -w stop
    unset PGPASSWORD
    set -- postgres "$@"
fi

exec "$@"
