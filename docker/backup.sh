#!/bin/sh

# backup.sh now | daily HH:MM[:SS] | verify FILE | prune
#
# Backups of TaiFish's database, each one proven by restoring it; for Debian
# and for postgres:*-alpine (docs/backup.md).  One JSON line per run on stdout.
# Exit code: 0 done, 1 failed, 2 wrong arguments or settings, 3 the file is not
# what it should be, 75 another run is at work.  restore.sh reads this file for
# its functions.

set -eu
umask 077
LC_ALL=C
export LC_ALL

usage() {
    cat <<'TEXT'
usage: backup.sh now               make a backup, verify it, prune old ones
       backup.sh daily HH:MM[:SS]  the same every day at that local time
       backup.sh verify FILE       restore FILE into a scratch database
       backup.sh prune             remove what retention does not keep

DATABASE_URL         the owner's; or DATABASE_URL_FILE (verify, prune: not used)
BACKUP_VERIFY_URL    role and server of the scratch database, else DATABASE_URL
BACKUP_DIR           where backups are (/backups)
BACKUP_KEEP_DAILY    (7), BACKUP_KEEP_WEEKLY (4), BACKUP_KEEP_MONTHLY (6)
BACKUP_RETRY         daily: seconds until a failed run is tried again (900)
TEXT
}


# What is said, and the end of a run.

now() { date -u +%Y-%m-%dT%H:%M:%SZ; }

json() {
    printf '%s' "$1" | tr '\n\t' '  ' | tr -d '\000-\037' \
        | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/.*/"&"/'
}

report() {
    printf '{"time":"%s","event":"%s","ok":%s%s}\n' "$(now)" "$event" "$1" \
        "${2:+,$2}"
}

# fail CODE TEXT; not to be called in a $(...)

told=
fail() {
    told=1
    report false "\"code\":$1,\"error\":$(json "$2")"
    exit "$1"
}

# What the last program said on stderr, on one line; a damaged dump makes it
# say bytes that are no text.

said() {
    tail -n 5 "$work/err" | tr '\n' ' ' | tr -c '\040-\176' '?' | cut -c 1-500
}

# Programs run as a child, so that TERM is heard while they do.

child=
task() {
    "$@" 2> "$work/err" 9>&- &
    child=$!
    rc=0
    wait "$child" || rc=$?
    child=
    return "$rc"
}

# begin EVENT: a private directory that goes when the run ends, and with it
# the scratch database and whatever was not finished.

work=
scratch=
parts=
begin() {
    event=$1
    trap finish EXIT
    heed
    work=$(mktemp -d "${TMPDIR:-/tmp}/taifish-backup.XXXXXX") \
        || fail 1 'no temporary directory'
    : > "$work/service"
    export PGSERVICEFILE="$work/service"
}

heed() { trap 'fail 1 "ended by a signal"' TERM INT HUP; }

finish() {
    rc=$?
    trap '' TERM INT HUP
    [ $rc = 0 ] || [ -n "$told" ] \
        || report false "\"code\":$rc,\"error\":\"see stderr\""
    for p in $child ${asker:-}; do
        kill "$p" 2>/dev/null || :
    done
    [ -z "$scratch" ] || drop_scratch || :
    [ -z "$parts" ] || rm -f "$parts".*
    [ -z "$work" ] || rm -rf "$work"
}


# Settings.

# setting NAME: $value is NAME or what is in the file that NAME_FILE names.

setting() {
    eval "value=\${$1:-} file=\${$1_FILE:-}"
    if [ -n "$value" ] && [ -n "$file" ]; then
        fail 2 "$1 is set, and so is $1_FILE: give only one"
    fi
    if [ -n "$file" ]; then
        value=$(cat "$file" 2>/dev/null) || fail 2 "$1_FILE: cannot read $file"
    fi
}

number() {
    eval "value=\${$1:-$2}"
    case $value in
        ''|*[!0-9]*) fail 2 "$1: \"$value\" is not a number" ;;
    esac
}

# connect NAME URL: a libpq URI or keyword string becomes service NAME of a
# private service file, its password a private password file: neither is ever
# an argument of a program or in its environment.

connect() {
    printf '%s\n' "$2" | awk -v name="$1" -v secret="$work/$1.pass" '
        function bad(why) { print why > "/dev/stderr"; failed = 1; exit 1 }

        function nibble(c) {
            c = index("0123456789abcdef", tolower(c))
            if (c == 0) bad("a % without two hex digits")
            return c - 1
        }

        function decode(s,    out, i) {
            while ((i = index(s, "%")) > 0) {
                if (length(s) < i + 2) bad("a % without two hex digits")
                out = out substr(s, 1, i - 1) sprintf("%c", \
                    nibble(substr(s, i + 1, 1)) * 16 \
                    + nibble(substr(s, i + 2, 1)))
                s = substr(s, i + 3)
            }
            return out s
        }

        function set(key, v) {
            if (key !~ /^[a-z_]+$/) bad("a setting without a name")
            if (v ~ /[\001-\037]/) bad("a control character in " key)
            if (key == "ssl" && v == "true") { key = "sslmode"; v = "require" }
            keys[key] = v
        }

        # user:password@host:port,host:port/database?key=value&...

        function uri(s,    at, slash, i, n, list, h, p, hosts, ports, some) {
            at = index(s, "@"); slash = index(s, "/")
            if (at && (!slash || at < slash)) {
                h = substr(s, 1, at - 1); s = substr(s, at + 1)
                i = index(h, ":")
                if (i) { set("password", decode(substr(h, i + 1)))
                         h = substr(h, 1, i - 1) }
                if (h != "") set("user", decode(h))
            }
            i = match(s, /[\/?]/)
            if (!i) i = length(s) + 1
            n = split(substr(s, 1, i - 1), list, ",")
            s = substr(s, i)
            for (i = 1; i <= n; i++) {
                h = list[i]; p = ""
                if (h ~ /^\[[^]]*\](:.*)?$/) {
                    at = index(h, "]")
                    p = substr(h, at + 2); h = substr(h, 2, at - 2)
                } else if ((at = index(h, ":")) > 0) {
                    p = substr(h, at + 1); h = substr(h, 1, at - 1)
                }
                hosts = hosts (i > 1 ? "," : "") decode(h)
                ports = ports (i > 1 ? "," : "") p
                some = some p
            }
            if (hosts != "") set("host", hosts)
            if (some != "") set("port", ports)
            if (substr(s, 1, 1) == "/") {
                i = index(s, "?")
                if (!i) i = length(s) + 1
                if (i > 2) set("dbname", decode(substr(s, 2, i - 2)))
                s = substr(s, i)
            }
            n = split(substr(s, 2), list, "&")
            for (i = 1; i <= n; i++) {
                at = index(list[i], "=")
                if (!at) bad("a parameter without a value")
                set(decode(substr(list[i], 1, at - 1)),
                    decode(substr(list[i], at + 1)))
            }
        }

        # key=value key = \047quoted \\\047 value\047

        function words(s,    key, v, c, i, quoted) {
            for (;;) {
                sub(/^[ \t]+/, "", s)
                if (s == "") return
                i = index(s, "=")
                if (!i) bad("a word without a value")
                key = substr(s, 1, i - 1); sub(/[ \t]+$/, "", key)
                s = substr(s, i + 1); sub(/^[ \t]+/, "", s)
                quoted = substr(s, 1, 1) == "\047"
                v = ""
                for (i = quoted + 1; ; i++) {
                    c = substr(s, i, 1)
                    if (c == "" && quoted) bad("a quote without its end")
                    if (c == "" || (quoted ? c == "\047" : c ~ /[ \t]/)) break
                    if (c == "\\") c = substr(s, ++i, 1)
                    v = v c
                }
                set(key, v)
                s = substr(s, i + 1)
            }
        }

        NR > 1 { bad("more than one line") }
        /^postgres(ql)?:\/\// { sub(/^[a-z]+:\/\//, ""); uri($0); next }
        { words($0) }

        END {
            if (failed) exit 1
            if ("password" in keys) {
                v = keys["password"]
                gsub(/[\\:]/, "\\\\&", v)
                print "*:*:*:*:" v > secret
                keys["passfile"] = secret
                delete keys["password"]
            }
            print "[" name "]"
            for (key in keys) print key "=" keys[key]
        }' >> "$work/service" 2> "$work/err" \
        || fail 2 "the database's URL: $(said)"
}

connect_verify() {
    setting BACKUP_VERIFY_URL
    [ -n "$value" ] || setting DATABASE_URL
    [ -n "$value" ] || fail 2 'BACKUP_VERIFY_URL or DATABASE_URL is needed'
    connect verify "$value"
}

# sql CONNINFO [FILE]: runs what is in FILE, else in $work/sql.  Becomes psql,
# so that killing the child kills that: to be called in a child only.

sql() { exec psql -XqAtw -v ON_ERROR_STOP=1 -d "$1" -f "${2:-$work/sql}"; }

directory() {
    dir=${BACKUP_DIR:-/backups}
    [ -d "$dir" ] || fail 2 "BACKUP_DIR: there is no directory $dir"
    dir=$(cd "$dir" && pwd -P)
}

# One run at a time; the kernel ends the lock with this shell, however it ends.

lock() {
    command -v flock > /dev/null || fail 2 'flock (util-linux) is needed'
    exec 9> "$dir/.lock" || fail 1 "cannot write to $dir"
    flock -n 9 || fail 75 'another run is at work'
}


# Rows of every table, one line "schema.table": n each, by name.

count_sql() {
    cat <<'SQL'
SELECT format('SELECT %L || count(*) FROM ONLY %I.%I',
              to_json(n.nspname || '.' || c.relname) || ': ',
              n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname !~ '^pg_'
      AND n.nspname <> 'information_schema'
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
\gexec
SQL
}

# counted CONNINFO FILE: whether that database holds what FILE says.

counted() {
    count_sql > "$work/sql"
    task sql "$1" > "$work/got" \
        || fail 1 "rows could not be counted: $(said)"
    cmp -s "$2" "$work/got"
}

size() { stat -c %s "$1"; }

digest() {
    task sha256sum "$1" > "$work/digest" || fail 1 "cannot read $1"
    read -r sum rest < "$work/digest"
}


# A backup is three files: NAME.dump, NAME.json (the manifest) and
# NAME.dump.sha256 (of both).

# field NAME: of the manifest

field() {
    sed -n "s/^  \"$1\": \"\{0,1\}\([^\"]*\)\"\{0,1\},\$/\1/p" "$manifest"
}

# check FILE: 0 when dump, manifest and checksums belong together; else 1 and
# $why.

check() {
    dump=$1
    manifest=${dump%.dump}.json
    for f in "$dump" "$dump.sha256" "$manifest"; do
        if [ ! -f "$f" ] || [ ! -r "$f" ]; then
            why="$f is missing"
            return 1
        fi
    done
    why="${manifest##*/} is not what it was: its checksum is wrong"
    digest "$manifest"
    [ "$sum" = "$(checksum "$manifest")" ] || return 1
    why="${manifest##*/} is of a format that this program does not know"
    [ "$(field format)" = 1 ] || return 1
    why="${dump##*/} has $(size "$dump") bytes instead of $(field size)"
    [ "$(size "$dump")" = "$(field size)" ] || return 1
    why="${dump##*/} is not what it was: its checksum is wrong"
    digest "$dump"
    [ "$sum" = "$(checksum "$dump")" ] || return 1
    why="${dump##*/} is not the dump of its manifest"
    [ "$sum" = "$(field sha256)" ] || return 1
    tables "$manifest" > "$work/tables"
}

checksum() { awk -v n="${1##*/}" '$2 == n { print $1 }' "$dump.sha256"; }

tables() { sed -n 's/^    \("[^"]*": [0-9]*\),\{0,1\}$/\1/p' "$1"; }


# prove DUMP TABLES ROLES: restores DUMP into a new database, counts, drops it.
# Rights are restored too where the roles they are given to exist.  Only a
# database that CREATE DATABASE has just made is ever written to.

prove() {
    stale_scratch
    scratch=taifish_verify_$(date -u +%Y%m%dt%H%M%Sz)_$$
    cat > "$work/sql" <<SQL
CREATE DATABASE $scratch TEMPLATE template0 ENCODING 'UTF8';
REVOKE ALL ON DATABASE $scratch FROM PUBLIC;
SQL
    task sql "service=verify application_name=$scratch" \
        || fail 1 "no scratch database: $(said)"
    rights=true
    for role in $3; do
        echo "SELECT count(*) FROM pg_roles WHERE rolname = '$role'" \
            > "$work/sql"
        task sql service=verify > "$work/got" \
            || fail 1 "cannot look at roles: $(said)"
        [ "$(cat "$work/got")" = 1 ] || rights=false
    done
    acl=
    [ $rights = true ] || acl=--no-acl
    task pg_restore -w --exit-on-error --single-transaction --no-owner $acl \
        -d "service=verify dbname=$scratch" "$1" \
        || fail 3 "the dump does not restore: $(said)"
    counted "service=verify dbname=$scratch" "$2" \
        || fail 3 'the dump does not hold the rows it should'
    drop_scratch || fail 1 "$scratch could not be dropped: $(said)"
}

# A server goes on making the database when who asked for it was killed: first
# it is told to stop.

drop_scratch() {
    cat > "$work/sql" <<SQL
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE application_name = '$scratch' AND pid <> pg_backend_pid() \g /dev/null
DROP DATABASE IF EXISTS $scratch WITH (FORCE);
SQL
    ( sql service=verify 2> "$work/err" ) && scratch=
}

# Those that a killed run left behind, once they are a day old.

stale_scratch() {
    cat > "$work/sql" <<'SQL'
SELECT format('DROP DATABASE IF EXISTS %I WITH (FORCE)', datname)
FROM pg_database
WHERE datname ~ '^taifish_verify_[0-9]{8}t[0-9]{6}z_[0-9]+$'
      AND pg_get_userbyid(datdba) = current_user
      AND substr(datname, 16, 15)
          < to_char(now() AT TIME ZONE 'UTC' - interval '1 day',
                    'YYYYMMDD"t"HH24MISS')
\gexec
SQL
    task sql service=verify \
        || fail 1 "the server to verify on: $(said)"
}


# now

# One session holds the snapshot that pg_dump reads and counts the rows in it,
# so the numbers are those of the dump whatever is written meanwhile.  It
# listens on a pipe.

make() {
    mkfifo "$work/ask" "$work/answer"
    # opened in this order none of them waits for its other end
    exec 3<> "$work/ask" 5<> "$work/answer" 4< "$work/answer"
    sql service=live - < "$work/ask" >&5 2> "$work/ask.err" \
        3>&- 4<&- 5>&- 9>&- &
    asker=$!
    exec 5>&-
    cat >&3 <<'SQL'
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY;
SELECT pg_export_snapshot();
SELECT to_json(current_database());
SELECT current_setting('server_version');
SELECT coalesce(max(version), 0) FROM schema_migrations;
SELECT coalesce(string_agg(rolname, ' ' ORDER BY rolname), '')
FROM pg_roles
WHERE oid IN (SELECT refobjid FROM pg_shdepend
              WHERE refclassid = 'pg_authid'::regclass AND deptype = 'a'
                    AND dbid = (SELECT oid FROM pg_database
                                WHERE datname = current_database()));
SQL
    { answer && snapshot=$line && answer && database=$line \
        && answer && server=$line && answer && version=$line \
        && answer && roles=$line; } || asked
    [ "$version" -gt 0 ] || fail 1 'the database holds no schema of TaiFish'

    { count_sql; echo "SELECT 'end';"; } >&3
    task pg_dump -w -Fc --snapshot="$snapshot" -d service=live \
        -f "$parts.dump" 3>&- 4<&- || fail 1 "pg_dump: $(said)"
    while answer && [ "$line" != end ]; do
        printf '%s\n' "$line"
    done > "$work/tables"
    [ "$line" = end ] || asked
    exec 3>&- 4<&-
    wait "$asker" || :
    asker=
}

answer() { IFS= read -r line <&4; }

asked() {
    exec 3>&- 4<&-
    wait "$asker" || :
    asker=
    cp "$work/ask.err" "$work/err"
    fail 1 "the database: $(said)"
}

write_manifest() {
    list=
    for role in $roles; do
        list="$list${list:+, }$(json "$role")"
    done
    cat <<EOF_MANIFEST
{
  "format": 1,
  "time": "$time",
  "file": "$name.dump",
  "database": $database,
  "schema_version": $version,
  "server": $(json "$server"),
  "tool": $(json "$(pg_dump --version)"),
  "size": $(size "$parts.dump"),
  "sha256": "$sum",
  "roles": [$list],
  "tables": {
$(sed -e 's/^/    /' -e '$!s/$/,/' "$work/tables")
  }
}
EOF_MANIFEST
}

command_now() {
    begin backup
    started=$(date +%s)
    keep_settings
    setting DATABASE_URL
    [ -n "$value" ] || fail 2 'DATABASE_URL is not set'
    connect live "$value"
    connect_verify
    directory
    lock
    rm -f "$dir"/.taifish-*.part.*

    time=$(now)
    name=taifish-$(printf %s "$time" | tr -d :-)
    [ ! -e "$dir/$name.dump" ] || fail 1 "$name.dump exists already"
    parts=$dir/.$name.part

    make
    digest "$parts.dump"
    write_manifest > "$parts.json"
    digest_dump=$sum
    digest "$parts.json"
    printf '%s  %s.dump\n%s  %s.json\n' "$digest_dump" "$name" "$sum" "$name" \
        > "$parts.sha256"
    prove "$parts.dump" "$work/tables" "$roles"

    sync "$parts.dump" "$parts.json" "$parts.sha256"
    bytes=$(size "$parts.dump")
    rows=$(awk '{ n += $2 } END { printf "%.0f", n }' "$work/tables")
    count=$(awk 'END { print NR }' "$work/tables")

    # all or none, the dump last: where it is, the others are

    trap '' TERM INT HUP
    mv "$parts.json" "$dir/$name.json"
    mv "$parts.sha256" "$dir/$name.dump.sha256"
    mv "$parts.dump" "$dir/$name.dump"
    sync "$dir"
    parts=
    heed

    prune
    report true "\"file\":$(json "$dir/$name.dump"),\"bytes\":$bytes,\
\"schema_version\":$version,\"tables\":$count,\"rows\":$rows,\
\"rights_verified\":$rights,\"kept\":$kept,\"removed\":$removed,\
\"damaged\":$damaged,\"seconds\":$(($(date +%s) - started))"
}


# Retention: all of the 24 hours before the newest, and the newest of each of
# the last days, weeks (from Monday) and months that have a backup, by the time
# in the name (UTC).

keep_settings() {
    number BACKUP_KEEP_DAILY 7
    keep_daily=$value
    number BACKUP_KEEP_WEEKLY 4
    keep_weekly=$value
    number BACKUP_KEEP_MONTHLY 6
    keep_monthly=$value
}

backups() {
    for f in "$dir"/taifish-????????T??????Z.dump; do
        [ ! -e "$f" ] || printf '%s\n' "${f##*/}"
    done | sort -r
}

# Prints the names, newest first, that are not kept.

excess() {
    awk -v daily="$keep_daily" -v weekly="$keep_weekly" \
        -v monthly="$keep_monthly" '
        {
            y = substr($0, 9, 4) + 0; m = substr($0, 13, 2) + 0
            day = substr($0, 9, 8); month = substr($0, 9, 6)
            if (m < 3) { y--; m += 12 }
            # days since 1970-01-01, a Thursday
            n = 365 * y + int(y / 4) - int(y / 100) + int(y / 400) \
                + int((153 * (m - 3) + 2) / 5) + substr($0, 15, 2) \
                - 1 - 719468
            week = int((n + 3) / 7)
            n = n * 86400 + substr($0, 18, 2) * 3600 \
                + substr($0, 20, 2) * 60 + substr($0, 22, 2)
            if (NR == 1) newest = n
            keep = newest - n < 86400
            if (!(day in days) && d < daily) { days[day]; d++; keep = 1 }
            if (!(week in weeks) && w < weekly) { weeks[week]; w++; keep = 1 }
            if (!(month in months) && o < monthly) {
                months[month]; o++; keep = 1
            }
            if (!keep) print
        }'
}

# Counting starts at the newest backup that is whole, which stays whatever
# happens; without one nothing is removed.  What is damaged and newer is left
# for a person to look at.

prune() {
    kept=0
    removed=0
    damaged=0
    backups > "$work/all"
    while read -r one; do
        if check "$dir/$one"; then
            break
        fi
        damaged=$((damaged + 1))
    done < "$work/all"

    [ -s "$work/all" ] || return 0
    tail -n +$((damaged + 1)) "$work/all" > "$work/good"
    [ -s "$work/good" ] \
        || fail 3 "no backup in $dir is whole, nothing was removed: $why"
    excess < "$work/good" > "$work/excess"
    while read -r one; do
        rm -f "$dir/$one" "$dir/$one.sha256" "$dir/${one%.dump}.json"
        removed=$((removed + 1))
    done < "$work/excess"
    kept=$(($(awk 'END { print NR }' "$work/good") - removed))
}

command_prune() {
    begin prune
    keep_settings
    directory
    lock
    prune
    report true "\"kept\":$kept,\"removed\":$removed,\"damaged\":$damaged"
}


# verify FILE

command_verify() {
    begin verify
    started=$(date +%s)
    check "$1" || fail 3 "$why"
    connect_verify
    prove "$dump" "$work/tables" "$(manifest_roles)"
    report true "\"file\":$(json "$1"),\"bytes\":$(field size),\
\"schema_version\":$(field schema_version),\"rights_verified\":$rights,\
\"seconds\":$(($(date +%s) - started))"
}

manifest_roles() {
    sed -n 's/^  "roles": \[\(.*\)\],$/\1/p' "$manifest" | tr -d '",'
}


# daily HH:MM[:SS]

# $clock, and $left: seconds until the clock on the wall shows $at, 1 to 86400.

look() {
    date '+%s %H:%M:%S' > "$work/look"
    IFS=' ' read -r clock wall < "$work/look"
    left=$(echo "$wall" | awk -F: -v at="$at" '
        BEGIN { split(at, t, ":") }
        {
            n = (t[1] - $1) * 3600 + (t[2] - $2) * 60 + t[3] - $3
            print (n > 0 ? n : n + 86400)
        }')
}

# The newest backup is older than a day: one was missed while this was down.

missed() {
    newest=$(backups | head -n 1)
    [ -n "$newest" ] && [ -z "$(find "$dir/$newest" -mmin -1440)" ]
}

# Sleeps in short pieces and looks again: the clock may be set, summer may
# begin, and the machine itself may sleep.

command_daily() {
    at=$1
    begin daily
    trap stop_daily TERM INT HUP
    number BACKUP_RETRY 900
    retry=$value
    directory

    look
    due=$((clock + left))
    again=0
    ! missed || due=0
    while :; do
        if [ "$clock" -ge "$due" ] \
            || { [ $again != 0 ] && [ "$clock" -ge $again ]; }
        then
            ( trap - EXIT TERM INT HUP; command_now ) &
            rc=0
            wait "$!" || rc=$?
            look
            again=$((rc ? clock + retry : 0))
        fi
        due=$((clock + left))
        pause=$left
        [ $again = 0 ] || [ $again -ge $due ] || pause=$((again - clock))
        [ "$pause" -le 60 ] || pause=60
        sleep "$pause" &
        wait "$!" || :
        look
    done
}

stop_daily() {
    trap '' TERM INT HUP
    kill "${!:-}" 2>/dev/null || :
    wait "${!:-}" 2>/dev/null || :
    exit 0
}


main() {
    event=${1:-}
    case "$event,$#" in
        now,1)     command_now ;;
        prune,1)   command_prune ;;
        verify,2)  command_verify "$2" ;;
        daily,2)
            case $2 in
                [01][0-9]:[0-5][0-9]|2[0-3]:[0-5][0-9])
                    command_daily "$2:00" ;;
                [01][0-9]:[0-5][0-9]:[0-5][0-9]|2[0-3]:[0-5][0-9]:[0-5][0-9])
                    command_daily "$2" ;;
                *)  usage >&2; exit 2 ;;
            esac ;;
        --help,1|help,1) usage ;;
        *)  usage >&2; exit 2 ;;
    esac
}

case ${0##*/} in
    *backup*) main "$@" ;;
esac
