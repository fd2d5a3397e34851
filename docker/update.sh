#!/bin/sh

# update.sh [SERVICE...]: brings the running system to the images that were
# built or pulled, without a failed request: the schema first, then workers,
# then apps, as SERVICE or all of these.  For each old container a new one is
# started; when it is healthy, the old one finishes what it does and goes.  A
# new one that does not become healthy is taken away, and everything stays as
# it was.  "docker compose up" would replace all replicas at once.
#
# Environment: COMPOSE ("docker compose"), UPDATE_DELAY (10 s between two),
# UPDATE_WAIT (90 s to become healthy).

set -eu

: "${COMPOSE:=docker compose}"
: "${UPDATE_DELAY:=10}" "${UPDATE_WAIT:=90}"

say() { printf '%s\n' "$*"; }
fail() { printf 'update.sh: %s\n' "$*" >&2; exit 1; }

cd "$(dirname "$0")/.."

# shellcheck disable=SC2086
compose() { $COMPOSE "$@"; }

containers() { compose ps -q "$1" | sort; }

# The container of service $1 that is not in the list $2

added() {
    for id in $(containers "$1"); do
        case " $2 " in
            *" $id "*) ;;
            *) echo "$id" ;;
        esac
    done
}

wait_healthy() {
    i=0
    until [ "$(docker inspect -f '{{.State.Health.Status}}' "$1")" = healthy ]
    do
        i=$((i + 1))
        [ $i -lt "$UPDATE_WAIT" ] || return 1
        sleep 1
    done
}

replace() {
    service=$1
    old=$(containers "$service" | tr '\n' ' ')
    old=${old% }
    [ -n "$old" ] || fail "no $service runs: docker compose up -d"
    # shellcheck disable=SC2086
    count=$(set -- $old; echo $#)

    for id in $old; do
        before=$(containers "$service" | tr '\n' ' ')
        compose up -d --no-deps --no-recreate \
            --scale "$service=$((count + 1))" "$service"
        new=$(added "$service" "${before% }")
        [ -n "$new" ] || fail "$service: no new container came"

        if ! wait_healthy "$new"; then
            docker logs --tail 20 "$new" >&2 || :
            docker rm -f "$new" >/dev/null
            fail "$service: the new container did not become healthy;" \
                "the old ones serve on"
        fi

        docker stop -t 60 "$id" >/dev/null
        docker rm "$id" >/dev/null
        say "$service: $(echo "$id" | cut -c 1-12) replaced by" \
            "$(echo "$new" | cut -c 1-12)"
        sleep "$UPDATE_DELAY"
    done
}

if [ $# = 0 ]; then
    compose run --rm -T --no-deps migrate
    set -- worker app
fi

for each in "$@"; do
    case $each in
        app|worker) replace "$each" ;;
        *) fail "$each is none of app and worker; see docs/deployment.md" ;;
    esac
done
