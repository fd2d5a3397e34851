#!/bin/sh

# taifish.sh start|stop|reload|status|check-config|clean
#
# TaiFish on this machine, for "make run" and its companions: a PostgreSQL, a
# Redis, taifish-worker and nginx of its own below .run, all run by one user
# without rights.  Environment: PORT of nginx (8080), TAIFISH_TARGET_ALLOW and
# TAIFISH_TARGET_PORTS for the worker.  Running it again starts what has died
# and changes nothing else.

set -eu

# where Debian has nginx and setpriv's friends, and a user's PATH has not
PATH=$PATH:/usr/sbin:/sbin

here=$(cd "$(dirname "$0")/../.." && pwd -P)
run=$here/.run
build=$here/build
umask 077

say() { printf '%s\n' "$@"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }


# Who runs everything: the user "taifish" when we are root, else we.

if [ "$(id -u)" = 0 ]; then
    user=taifish
    as="setpriv --reuid $user --regid $user --clear-groups --"
else
    user=$(id -un)
    as=
fi

# in "/": the user may not be let into the checkout
# shellcheck disable=SC2086
as() { (cd / && exec $as "$@"); }

make_user() {
    if [ "$(id -u)" = 0 ] && ! id -u "$user" >/dev/null 2>&1; then
        useradd --system --user-group --home-dir /nonexistent \
            --shell /usr/sbin/nologin "$user"
    fi
}

# Where everything is: .run, or a short private directory behind it when the
# user cannot reach the checkout, a socket's path would be too long, or one of
# the configurations that name it would need quotes.

fits() {
    case $run in
        *[!A-Za-z0-9/._-]*) return 1 ;;
    esac
    [ ${#run} -le 80 ] && as test -x "$here"
}

enter_run() {
    dir=$(cd "$run" 2>/dev/null && pwd -P) && [ -w "$dir" ] \
        || fail "$run belongs to $(stat -L -c %U "$run"): be that user or root"
}

make_run() {
    if [ -L "$run" ] && [ ! -d "$run" ]; then
        rm -f "$run"
    fi

    if [ ! -e "$run" ]; then
        if fits; then
            mkdir "$run"
        else
            ln -s "$(mktemp -d /var/tmp/taifish.XXXXXX)" "$run"
        fi
    fi

    enter_run
    chmod 700 "$dir"
    [ "$(id -u)" != 0 ] || chown "$user:" "$dir"
    as mkdir -p "$dir/s" "$dir/logs" "$dir/tmp" "$dir/bin" "$dir/modules" \
        "$dir/redis"
}

# The processes.  A pid file counts only while it names a process that works
# for this directory.

pid_of() {
    pid=$(head -n 1 "$dir/$1" 2>/dev/null) || return 1
    case $pid in
        ''|*[!0-9]*) return 1 ;;
    esac
    [ -r "/proc/$pid/cmdline" ] || return 1
    tr '\0' ' ' < "/proc/$pid/cmdline" | grep -qF "$dir" || return 1
    printf '%s\n' "$pid"
}

pid_file() {
    case $1 in
        postgres) echo pg/data/postmaster.pid ;;
        *)        echo "$1.pid" ;;
    esac
}

pid() { pid_of "$(pid_file "$1")"; }

# wait_for WHAT PID LOG COMMAND: until the command succeeds.  What the process
# said is shown when it ends before, or after 30 s.

wait_for() {
    what=$1
    waited_for=$2
    log=$3
    shift 3
    i=0
    until "$@" >/dev/null 2>&1; do
        i=$((i + 1))
        if [ $i -gt 300 ] || gone "$waited_for"; then
            tail -n 20 "$log" >&2 || :
            fail "$what did not come up; its log is $log"
        fi
        sleep 0.1
    done
}

# background NAME COMMAND &: in a session of its own, with its pid in NAME.pid
# and its output in logs/NAME.log.

background() {
    name=$1
    shift
    exec >> "$dir/logs/$name.log" 2>&1 < /dev/null
    # shellcheck disable=SC2016,SC2086
    exec $as setsid sh -c 'echo $$ > "$0"; exec "$@"' "$dir/$name.pid" "$@"
}

# It ended, whether its parent asked for it or not.

gone() {
    state=$(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null) || return 0
    [ "${state:-Z}" = Z ]
}

end() {
    p=$(pid "$1") || return 0
    say "Stopping $1."
    kill "-$2" "$p"
    i=0
    until gone "$p"; do
        i=$((i + 1))
        [ $i -le 600 ] || { kill -KILL "$p"; break; }
        sleep 0.1
    done
}

# What this start started ends with it when it fails; what ran before stays.

started=

give_up() {
    code=$?
    trap - EXIT
    [ "$code" != 0 ] || exit 0
    for name in $started; do
        case $name in
            nginx)    end nginx QUIT ;;
            postgres) end postgres INT ;;
            *)        end "$name" TERM ;;
        esac
    done
    exit "$code"
}

# One that the system chooses, or the given one; fails with the reason.

free_port() {
    perl -MIO::Socket::INET -e '
        my $s = IO::Socket::INET->new(Listen => 1, ReuseAddr => 1,
            LocalAddr => "127.0.0.1", LocalPort => shift) or die "$!\n";
        print $s->sockport' "${1:-0}" 2>&1
}

check_port() {
    case $port in
        *[!0-9]*|'') fail "PORT=$port is not a number" ;;
    esac
    [ "$port" -ge 1 ] && [ "$port" -le 65535 ] \
        || fail "PORT=$port is not between 1 and 65535"
    why=$(free_port "$port") || fail "port $port cannot be used: $why" \
        "(make run PORT=... takes another)"
}

secret() { head -c 24 /dev/urandom | base64 | tr -d '+/=\n'; }


# PostgreSQL: for our own roles without a password on a socket that only our
# user can reach; for the monitoring role over TCP with one.

bin() { ls -d /usr/lib/postgresql/*/bin | sort -t/ -k5 -n | tail -n 1; }

sql() {
    as env PGOPTIONS='-c client_min_messages=warning' \
        "$(bin)/psql" -XqAt -v ON_ERROR_STOP=1 -h "$dir/s" \
        -U "$1" -d "$2" -f -
}

start_postgres() {
    if [ ! -e "$dir/pg.ready" ]; then
        rm -rf "$dir/pg"
        as mkdir "$dir/pg"
        as "$(bin)/initdb" -D "$dir/pg/data" -U postgres -E UTF8 \
            --locale=C.UTF-8 --auth=reject > "$dir/logs/initdb.log" 2>&1 \
            || { cat "$dir/logs/initdb.log" >&2; exit 1; }
        as tee "$dir/pg/data/pg_hba.conf" >/dev/null <<EOF
local all     all                              trust
host  all     taifish_monitor 127.0.0.1/32     scram-sha-256
EOF
        as tee -a "$dir/pg/data/postgresql.conf" >/dev/null <<EOF

listen_addresses = '127.0.0.1'
port = $(free_port)
unix_socket_directories = '$dir/s'
password_encryption = 'scram-sha-256'
max_connections = 100
idle_in_transaction_session_timeout = '60s'
log_line_prefix = '%m [%p] %q%u@%d '
timezone = 'UTC'
EOF
    fi

    pg_port=$(sed -n 's/^port = //p' "$dir/pg/data/postgresql.conf")
    export PGPORT="$pg_port"

    if ! pid postgres >/dev/null; then
        say "Starting PostgreSQL."
        started="postgres $started"
        background postgres "$(bin)/postgres" -D "$dir/pg/data" &
        wait_for PostgreSQL $! "$dir/logs/postgres.log" \
            as "$(bin)/pg_isready" -q -h "$dir/s"
    fi

    if [ ! -e "$dir/pg.ready" ]; then
        secret > "$dir/monitor-password"
        sql postgres postgres <<EOF
CREATE ROLE taifish LOGIN CREATEROLE;
CREATE DATABASE taifish OWNER taifish;
CREATE ROLE taifish_monitor LOGIN CONNECTION LIMIT 10 IN ROLE pg_monitor
    PASSWORD '$(cat "$dir/monitor-password")';
ALTER ROLE taifish_monitor SET default_transaction_read_only = on;
EOF
        : > "$dir/pg.ready"
    fi
}

# Redis holds only what may vanish: nothing is written to disk.

start_redis() {
    pid redis >/dev/null && return
    say "Starting Redis."
    started="redis $started"
    background redis redis-server --port 0 --unixsocket "$dir/s/redis" \
        --unixsocketperm 700 --dir "$dir/redis" --save '' --appendonly no \
        --maxmemory 64mb --maxmemory-policy allkeys-lru &
    wait_for Redis $! "$dir/logs/redis.log" as redis-cli -s "$dir/s/redis" ping
}


# The worker.

settings() {
    export DATABASE_URL="host=$dir/s port=$pg_port dbname=taifish user=$1"
    export REDIS_URL="unix://$dir/s/redis"
    export TAIFISH_KEYS="$dir/keys"
    export TAIFISH_TARGET_ALLOW="${TAIFISH_TARGET_ALLOW:-127.0.0.0/8,::1/128}"
    export TAIFISH_TARGET_PORTS="${TAIFISH_TARGET_PORTS:-1024-65535}"
}

# worker ROLE COMMAND: the worker's program to its end, as that role.

worker() (
    settings "$1"
    shift
    as "$dir/bin/taifish-worker" "$@"
)

# A file of ours in $dir, replaced only when it differs; 0 when it did.

install_file() {
    cmp -s "$1" "$2" && return 1
    cp "$1" "$2.new"
    chmod "$3" "$2.new"
    [ "$(id -u)" != 0 ] || chown "$user:" "$2.new"
    mv -f "$2.new" "$2"
}

start_worker() {
    if install_file "$build/taifish-worker" "$dir/bin/taifish-worker" 700; then
        worker_is_new=1
    fi

    # what a new worker brings: the schema, before either program uses it
    if [ -n "${worker_is_new:-}" ] || [ ! -e "$dir/keys/seal.pub" ]; then
        worker taifish migrate
        [ -e "$dir/keys/seal.pub" ] \
            || worker taifish keygen >/dev/null
        end worker TERM
    fi

    if [ ! -e "$dir/admin-password" ]; then
        # rules for passwords want a digit and both cases
        printf '%sA9z\n' "$(secret)" > "$dir/admin-password.new"
        [ "$(id -u)" != 0 ] || chown "$user:" "$dir/admin-password.new"
        worker taifish admin create \
            --username admin --password-file "$dir/admin-password.new" \
            >/dev/null
        mv "$dir/admin-password.new" "$dir/admin-password"
        show_password=1
    fi

    pid worker >/dev/null && return
    say "Starting taifish-worker."
    started="worker $started"
    (
        settings taifish_worker
        background worker "$dir/bin/taifish-worker" run
    ) &
    wait_for taifish-worker $! "$dir/logs/worker.log" registered $!
}

# It says so itself in the database when it takes jobs.

registered() {
    [ "$(echo "SELECT count(*) FROM workers
               WHERE pid = $1 AND state = 'running'" \
        | sql taifish taifish)" != 0 ]
}


# nginx.  The module's file is named after its version and its contents, so
# that a reload loads new code.

module_name() {
    version=$("$build/taifish-worker" --version)
    version=${version##* }
    sum=$(sha256sum "$build/ngx_taifish_module.so" | cut -c 1-12)
    echo "ngx_taifish_module-$version-$sum.so"
}

write_conf() {
    module=modules/$(module_name)
    install_file "$build/ngx_taifish_module.so" "$dir/$module" 600 || :
    api_url="host=$dir/s port=$pg_port dbname=taifish user=taifish_api"
    sed -e "s|^load_module .*|load_module $module;|" \
        -e '/^user /d' -e '/^env /d' -e '/^worker_rlimit_nofile /d' \
        -e "s|^worker_processes .*|worker_processes 2;|" \
        -e "s|^\( *listen\) [^ ;]*|\1 127.0.0.1:$port|" \
        "$here/conf/nginx.conf" > "$dir/nginx.conf.next"
    sed -e "s|#taifish_database_url .*|taifish_database_url \"$api_url\";|" \
        -e "s|#taifish_redis_url .*|taifish_redis_url unix://$dir/s/redis;|" \
        -e "s|#taifish_keys .*|taifish_keys $dir/keys;|" \
        -e 's|taifish_cookie_secure .*|taifish_cookie_secure off;|' \
        "$here/conf/settings.conf" > "$dir/settings.conf.next"
    "$here/conf/run/for-nginx.sh" < "$here/conf/http.conf" \
        > "$dir/http.conf.next"
    cp "$here/conf/headers.conf" "$dir/headers.conf.next"
    sed "s|/usr/share/taifish/web|$dir/web|" "$here/conf/taifish.conf" \
        > "$dir/taifish.conf.next"

    changed=
    for f in nginx settings http headers taifish; do
        install_file "$dir/$f.conf.next" "$dir/$f.conf" 600 && changed=1
        rm -f "$dir/$f.conf.next"
    done

    # the user may not be able to reach the checkout
    rm -rf "$dir/web.new"
    web=$here/web/dist
    [ -e "$web/index.html" ] || web=$here/web/plain
    cp -R "$web" "$dir/web.new"
    [ "$(id -u)" != 0 ] || chown -R "$user:" "$dir/web.new"
    rm -rf "$dir/web"
    mv "$dir/web.new" "$dir/web"
}

nginx_do() {
    as nginx -p "$dir/" -c nginx.conf -e logs/error.log "$@"
}

drop_old_modules() {
    ls -t "$dir/modules" | tail -n +4 | while read -r old; do
        rm -f "$dir/modules/$old"
    done
}

ready() { curl --noproxy '*' -fsS -m 2 "$url/health/ready"; }

# nginx says in its log whether it took the new configuration.

reload_nginx() {
    nginx_do -t -q
    log=$dir/logs/error.log
    size=$(($(wc -c < "$log")))
    kill -HUP "$(pid nginx)"
    i=0
    until news=$(tail -c "+$((size + 1))" "$log") \
        && printf '%s' "$news" | grep -q 'start worker process '
    do
        i=$((i + 1))
        if [ $i -gt 300 ] || printf '%s' "$news" | grep -q '\[emerg\]'; then
            printf '%s\n' "$news" | grep -F '[emerg]' | tail -n 3 >&2 || :
            fail "nginx goes on as it was; its log is $log"
        fi
        sleep 0.1
    done
    drop_old_modules
}

start_nginx() {
    write_conf

    if pid nginx >/dev/null; then
        if [ -n "$changed" ]; then
            say "Reloading nginx."
            reload_nginx
        fi
    else
        say "Starting nginx."
        started="nginx $started"
        nginx_do -t -q
        nginx_do < /dev/null 2>> "$dir/logs/nginx.log" || {
            tail -n 5 "$dir/logs/error.log" >&2
            fail "nginx did not start"
        }
        drop_old_modules
    fi

    wait_for "nginx at $url" "$(pid nginx)" "$dir/logs/error.log" ready
}


# Like a person would, by the API: the instance this all runs on.

api() {
    method=$1
    path=$2
    shift 2
    curl --noproxy '*' -sS -m 60 -b "$dir/tmp/cookies" -c "$dir/tmp/cookies" \
        -H "X-CSRFToken: $csrf" -H 'Content-Type: application/json' \
        -H 'Accept-Language: en' -X "$method" "$url/api/v1$path" "$@"
}

# The value at a path like data.user.id of the JSON on stdin

field() {
    perl -MJSON::PP -0777 -we '
        my $v = eval { decode_json(<STDIN>) };
        for (split /\./, shift) {
            $v = ref $v eq "HASH" ? $v->{$_} : ref $v eq "ARRAY" ? $v->[$_]
                                                                : undef;
        }
        print $v // "", "\n";
    ' "$1"
}

need() {
    [ -n "$1" ] || fail "$2"
    printf '%s\n' "$1"
}

post() {
    what=$1
    path=$2
    body=$3
    key=$4
    answer=$(printf '%s' "$body" | api POST "$path" -d @-)
    need "$(printf '%s' "$answer" | field "$key")" "$what: $answer"
}

first_sync() {
    [ ! -e "$dir/synced" ] || return 0

    csrf=
    rm -f "$dir/tmp/cookies"
    csrf=$(api GET /auth/csrf-token | field data.csrf_token)
    csrf=$(post 'signing in' /auth/login "{\"username\":\"admin\",
        \"password\":\"$(cat "$dir/admin-password")\"}" data.csrf_token)

    instance=$(api GET '/instances?search=taifish-local' \
        | field data.items.0.id)

    if [ -z "$instance" ]; then
        say "Registering this PostgreSQL as the first instance."
        credential=$(api GET '/credentials?search=taifish-local' \
            | field data.items.0.id)
        [ -n "$credential" ] || credential=$(post 'storing the credential' \
            /credentials "{\"name\":\"taifish-local\",
            \"credential_type\":\"database\",\"db_type\":\"postgresql\",
            \"username\":\"taifish_monitor\",
            \"password\":\"$(cat "$dir/monitor-password")\"}" \
            data.credential.id)
        instance=$(post 'creating the instance' /instances \
            "{\"name\":\"taifish-local\",\"db_type\":\"postgresql\",
            \"host\":\"127.0.0.1\",\"port\":$pg_port,
            \"database_name\":\"taifish\",\"tls_mode\":\"disable\",
            \"credential_id\":$credential}" data.instance.id)
    fi

    say "Reading its accounts."
    answer=$(api POST "/instances/$instance/actions/sync-accounts" -d '{}')
    [ "$(printf '%s' "$answer" | field success)" = 1 ] \
        || fail "the first sync: $answer"

    i=0
    until found=$(api GET "/accounts/ledgers?instance_id=$instance" \
            | field data.total) && [ "${found:-0}" != 0 ]; do
        i=$((i + 1))
        [ $i -le 60 ] || fail "the first sync found nothing; see $dir/logs"
        sleep 0.5
    done

    powerful=$(api GET \
        "/accounts/ledgers?instance_id=$instance&is_superuser=true" \
        | field data.total)
    found="$found accounts (superusers: ${powerful:-unknown})"

    api POST /auth/logout -d '{}' >/dev/null
    rm -f "$dir/tmp/cookies"
    echo "$found" > "$dir/synced"
}

where() {
    kept=$(cat "$dir/port" 2>/dev/null) || :
    port=${PORT:-${kept:-8080}}
    url=http://127.0.0.1:$port
}

start() {
    make_user
    make_run
    where
    if ! pid nginx >/dev/null || [ "$port" != "$kept" ]; then
        check_port
    fi

    trap give_up EXIT
    trap 'exit 130' INT TERM HUP
    start_postgres
    start_redis
    start_worker
    start_nginx
    first_sync
    echo "$port" > "$dir/port"

    say "" "TaiFish runs at $url"
    say "  user      admin"
    if [ -n "${show_password:-}" ]; then
        say "  password  $(cat "$dir/admin-password")" \
            "            (kept in .run/admin-password)"
    else
        say "  password  in .run/admin-password"
    fi
    say "  found     $(cat "$dir/synced") in instance taifish-local" \
        "            (this PostgreSQL: 127.0.0.1:$pg_port, role" \
        "            taifish_monitor, TLS off, allowed by" \
        "            TAIFISH_TARGET_ALLOW=$(
            settings taifish_worker
            printf '%s' "$TAIFISH_TARGET_ALLOW"
        ))"
    say "  stop      make stop"
}

stop() {
    end nginx QUIT
    end worker TERM
    end redis TERM
    end postgres INT
}

# Once it was made, or there is nothing to do

existing() {
    [ -d "$run" ] || fail "TaiFish is not set up here: make run"
    enter_run
    pg_port=$(sed -n 's/^port = //p' "$dir/pg/data/postgresql.conf" \
        2>/dev/null) || :
    where
}

case ${1:-} in
start)
    start
    ;;
stop)
    [ -d "$run" ] || exit 0
    existing
    stop
    ;;
reload)
    existing
    pid nginx >/dev/null || fail "nginx does not run: make run"
    start_worker
    write_conf
    reload_nginx
    say "Reloaded."
    ;;
status)
    existing
    down=0
    for name in postgres redis worker nginx; do
        if p=$(pid $name); then
            printf '%-10s %s\n' $name "pid $p"
        else
            printf '%-10s %s\n' $name stopped
            down=1
        fi
    done
    if pid nginx >/dev/null && ready >/dev/null 2>&1; then
        printf '%-10s %s\n' ready "$url"
    else
        printf '%-10s %s\n' ready no
        down=1
    fi
    exit $down
    ;;
check-config)
    existing
    write_conf
    nginx_do -t
    worker taifish_worker check-config
    ;;
clean)
    if [ -d "$run" ]; then
        existing
        stop
        rm -rf "$dir"
    fi
    rm -rf "$run"
    ;;
*)
    echo "usage: $0 start|stop|reload|status|check-config|clean" >&2
    exit 2
    ;;
esac
