#!/bin/sh

# edge-watch.sh: the edge's nginx in the foreground, and its list of apps kept
# as the name "app" resolves.  It is the first process of the edge's container.
#
# Every few seconds the name is resolved.  When its addresses have changed, the
# list is replaced at once and nginx reloads it, unless "nginx -t" refuses; no
# address at all is no news.  TERM and QUIT are passed to nginx, HUP makes it
# read everything again (a new certificate).  Ends when nginx ends, with its
# exit code.

set -eu

: "${EDGE_CONF:=/etc/taifish/edge.conf}"
: "${EDGE_LIST:=/run/taifish/upstream.conf}"
: "${EDGE_APP:=app}" "${EDGE_PORT:=5000}" "${EDGE_SECONDS:=2}"
: "${EDGE_RESOLVE:=getent ahostsv4 $EDGE_APP}"
: "${EDGE_NGINX:=nginx}"

nginx=

say() { printf 'edge-watch: %s\n' "$*" >&2; }

# The apps as lines for nginx, sorted; nothing when there are none.

servers() {
    # shellcheck disable=SC2086
    $EDGE_RESOLVE 2>/dev/null | awk -v port="$EDGE_PORT" '
        $1 ~ /^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$/ && !seen[$1]++ {
            print "server " $1 ":" port " max_fails=2 fail_timeout=1s;"
        }' | sort
}

write_list() {
    printf '%s\n' "$1" > "$EDGE_LIST.new"
    mv -f "$EDGE_LIST.new" "$EDGE_LIST"
}

# Lets nginx read everything again, if it can.

reload() {
    if $EDGE_NGINX -c "$EDGE_CONF" -e stderr -t -q; then
        kill -HUP "$nginx" 2>/dev/null || :
    else
        say "nginx refuses its configuration and goes on with the old one"
        return 1
    fi
}

# The list again, when there are apps and they are not those of before.

look() {
    old=$(cat "$EDGE_LIST")
    new=$(servers)

    if [ -z "$new" ] || [ "$new" = "$old" ]; then
        return 0
    fi

    write_list "$new"
    if reload; then
        say "apps: $(printf '%s\n' "$new" | cut -d' ' -f2 | paste -sd' ' -)"
    else
        write_list "$old"
    fi
}

forward() {
    [ -z "$nginx" ] || kill "-$1" "$nginx" 2>/dev/null || :
}

trap 'forward TERM' TERM INT
trap 'forward QUIT' QUIT
trap 'reload || :' HUP

# Before the name has an answer there is one app, and it is down.

first=$(servers)
if [ -n "$first" ]; then
    write_list "$first"
elif [ ! -s "$EDGE_LIST" ]; then
    write_list "server 127.0.0.1:$EDGE_PORT down;"
fi

$EDGE_NGINX -c "$EDGE_CONF" -e stderr -g 'daemon off;' &
nginx=$!

while kill -0 "$nginx" 2>/dev/null; do
    sleep "$EDGE_SECONDS"
    look || :
done &
watch=$!

# A signal ends this wait, but not nginx.

while :; do
    code=0
    wait "$nginx" || code=$?
    kill -0 "$nginx" 2>/dev/null || break
done

kill "$watch" 2>/dev/null || :
exit "$code"
