#!/bin/sh

# initdb.sh: the first start of PostgreSQL, run by its image's entrypoint.
# Roles with passwords from secrets, and an empty database; the schema comes
# from "taifish-worker migrate".  Passwords are never arguments of a program.
#
#     taifish         owns the database, migrates, makes backups; CREATEDB is
#                     for the database that a backup is tried in
#     taifish_api     nginx
#     taifish_worker  taifish-worker

set -eu

: "${SECRETS:=/run/secrets}"
export SECRETS

for name in db_owner_password db_api_password db_worker_password; do
    if [ ! -s "$SECRETS/$name" ]; then
        echo "initdb.sh: $SECRETS/$name is missing or empty" >&2
        exit 1
    fi
done

psql -XqAt -v ON_ERROR_STOP=1 -U "${POSTGRES_USER:-postgres}" -d postgres \
    -f - <<'SQL'
\set owner_password `cat "$SECRETS/db_owner_password"`
\set api_password `cat "$SECRETS/db_api_password"`
\set worker_password `cat "$SECRETS/db_worker_password"`

SET log_min_error_statement = panic;
SET password_encryption = 'scram-sha-256';

CREATE ROLE taifish LOGIN CREATEDB PASSWORD :'owner_password';
CREATE ROLE taifish_api LOGIN PASSWORD :'api_password';
CREATE ROLE taifish_worker LOGIN PASSWORD :'worker_password';

CREATE DATABASE taifish OWNER taifish TEMPLATE template0 ENCODING 'UTF8'
    LOCALE 'C.UTF-8';

REVOKE ALL ON DATABASE taifish FROM PUBLIC;
GRANT CONNECT ON DATABASE taifish TO taifish_api;
GRANT CONNECT, TEMPORARY ON DATABASE taifish TO taifish_worker;
REVOKE CONNECT ON DATABASE template1 FROM PUBLIC;
SQL
