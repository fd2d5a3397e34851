#!/bin/sh

# redis.sh: Redis with conf/redis.conf and one user, whose password is a
# secret.  It may do what TaiFish does, on TaiFish's channels and keys; the
# default user is off, and nobody may change settings or load code.

set -eu
umask 077

: "${REDIS_CONF:=/etc/redis/redis.conf}"
: "${REDIS_RUN:=/run/redis}"
: "${REDIS_PASSWORD_FILE:=/run/secrets/redis_password}"

password=$(cat "$REDIS_PASSWORD_FILE")
if [ ${#password} -lt 16 ]; then
    echo "redis.sh: $REDIS_PASSWORD_FILE has no password of 16 or more" >&2
    exit 1
fi

hash=$(printf '%s' "$password" | sha256sum | cut -d ' ' -f 1)
unset password

may='-@all +@connection +@pubsub +@read +@write -@dangerous +info'
cat > "$REDIS_RUN/users.conf" <<EOF
user default off
user taifish on #$hash resetkeys ~taifish:* resetchannels &taifish:* $may
EOF

exec redis-server "$REDIS_CONF" "$@"
