#!/bin/sh

# restore.sh FILE [--into NAME]
#
# Restores a backup of backup.sh into the database of DATABASE_URL (the owner's,
# or DATABASE_URL_FILE), which has to be empty, or into a new database NAME on
# the same server.  Nothing is changed unless all of it is restored.  Exit code:
# 0 done, 1 failed, 2 wrong arguments or settings, 3 the file is not what it
# should be.

. "$(dirname "$0")/backup.sh"

usage() { echo "usage: restore.sh FILE [--into NAME]" >&2; exit 2; }

# A person reads this.

report() { :; }
fail() {
    echo "restore.sh: $2" >&2
    exit "$1"
}

run() { echo "$2" > "$work/sql"; task sql "$1"; }

undo() {
    [ -z "$into" ] || run service=live "DROP DATABASE \"$into\" WITH (FORCE)" \
        || :
}

into=
case $#,${2:-} in
    1,)       ;;
    3,--into) into=$3 ;;
    *)        usage ;;
esac
case $into in
    [0-9]*|*[!a-z0-9_]*) fail 2 "--into takes a name of a-z, 0-9 and _" ;;
esac

begin restore
check "$1" || fail 3 "$why"
setting DATABASE_URL
[ -n "$value" ] || fail 2 'DATABASE_URL is not set'
connect live "$value"


# Where to

if [ -n "$into" ]; then
    run service=live "CREATE DATABASE \"$into\" TEMPLATE template0
        ENCODING 'UTF8'" || fail 1 "database $into: $(said)"
    trap 'undo; finish' EXIT
    to="service=live dbname=$into"
    run service=live "REVOKE ALL ON DATABASE \"$into\" FROM PUBLIC" \
        || fail 1 "database $into: $(said)"
else
    to=service=live
    run $to "SELECT count(*)
        FROM (SELECT oid, relnamespace AS ns FROM pg_class
              UNION ALL SELECT oid, pronamespace FROM pg_proc) o
             JOIN pg_namespace n ON n.oid = o.ns
        WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
              AND NOT EXISTS (SELECT FROM pg_depend d
                              WHERE d.objid = o.oid AND d.deptype = 'e')" \
        > "$work/got" || fail 1 "the database: $(said)"
    [ "$(cat "$work/got")" = 0 ] || fail 1 \
        "the database is not empty: make a new one beside it with --into NAME"
fi


# The roles that rights are given to.  Their passwords are in no backup.

made=
for role in $(manifest_roles); do
    run service=live "SELECT count(*) FROM pg_roles
        WHERE rolname = '$role'" > "$work/got" || fail 1 "roles: $(said)"
    if [ "$(cat "$work/got")" = 0 ]; then
        run service=live "CREATE ROLE \"$role\" LOGIN" || fail 1 \
            "role $role is missing, let a superuser CREATE ROLE it: $(said)"
        made="$made $role"
    fi
    [ -z "$into" ] || run service=live \
        "GRANT CONNECT, TEMPORARY ON DATABASE \"$into\" TO \"$role\"" \
        || fail 1 "database $into: $(said)"
done

task pg_restore -w --exit-on-error --single-transaction --no-owner \
    -d "$to" "$dump" || fail 1 "pg_restore: $(said)"
counted "$to" "$work/tables" \
    || fail 3 'the restored database does not hold the rows it should'

# Who signed out after the backup stays signed out.

run "$to" "WITH ended AS (DELETE FROM sessions RETURNING 1)
    SELECT count(*) FROM ended; ANALYZE" > "$work/got" \
    || fail 1 "ending the sessions: $(said)"

trap finish EXIT

cat <<TEXT
Restored ${dump##*/} of $(field time), schema $(field schema_version):
$(awk '{ n += $2 } END { printf "%d tables, %.0f rows", NR, n }' \
    "$work/tables"), as many as were backed up.
Sessions ended: $(cat "$work/got"); everybody signs in again.

Next:
- The keys are in no dump.  Put the key directory of this system in place
  (TAIFISH_KEYS) and let this say that it fits:
      taifish-worker backup-verify
  Without its keys every stored password has to be entered again.
TEXT
[ -z "$into" ] || echo "- Name database $into in DATABASE_URL, everywhere."
[ -z "$made" ] || echo "- Give these new roles their passwords:$made."
cat <<'TEXT'
- taifish-worker migrate, when the programs are newer than the backup.
- Start the worker and nginx.
- What was revoked after the backup is valid again: look at users and tokens.
TEXT
