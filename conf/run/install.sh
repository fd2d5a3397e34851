#!/bin/sh

# install.sh install|uninstall
#
# For "make install" and "make uninstall": what was built, below DESTDIR, with
# PREFIX (/usr/local) in place of /usr.  The module is named after its version:
# nginx does not load a changed file of the same name.  nginx.conf includes
# module.conf, which says that name and is written every time; any other file
# of configuration that was changed by hand is kept, with the new one beside
# it.  uninstall leaves /etc/taifish, with its keys, and the backups.

set -eu
umask 022

cd "$(dirname "$0")/../.."
: "${BUILD:=build}" "${DESTDIR:=}" "${PREFIX:=/usr/local}"
etc=$DESTDIR/etc
usr=$DESTDIR$PREFIX
units=$DESTDIR${UNITDIR:-$PREFIX/lib/systemd/system}
version=$(sed -n 's/^#define TF_RELEASE *"\(.*\)"$/\1/p' \
    src/core/tf_release.h)
module=ngx_taifish_module-$version.so

put() {
    mkdir -p "${3%/*}"
    install -m "$1" "$2" "$3"
}

# placed FILE: on stdout, with the paths of this installation, and what is of
# nginx as the one that is here takes it

placed() {
    case $1 in
        conf/*.conf) conf/run/for-nginx.sh < "$1" ;;
        *)           cat "$1" ;;
    esac | sed -e "s|/usr/bin/taifish|$PREFIX/bin/taifish|g" \
        -e "s|/usr/lib/taifish|$PREFIX/lib/taifish|g" \
        -e "s|/usr/share/|$PREFIX/share/|g" \
        -e 's|^load_module .*ngx_taifish_module.*|include module.conf;|'
}

text() {
    mkdir -p "${2%/*}"
    placed "$1" > "$2"
    chmod 644 "$2"
}

# setting NEW DEST

setting() {
    if [ -e "$2" ] && ! cmp -s "$1" "$2"; then
        put 644 "$1" "$2.new"
        echo "kept ${2#"$DESTDIR"}, the new one is beside it as .new"
    else
        put 644 "$1" "$2"
    fi
}

# On a host nginx is started as its user, logs to the journal and a file, and
# has its other files in /run.

on_host() {
    sed -e '/^user /d' -e 's|^error_log .*|error_log stderr notice;|' \
        -e 's|^pid .*|pid /run/taifish/nginx.pid;|' \
        -e 's|access_log logs/|access_log /var/log/taifish/|'
}

install_all() {
    tmp=$(mktemp -d)
    trap 'rm -rf "$tmp"' EXIT

    put 755 "$BUILD/taifish-worker" "$usr/bin/taifish-worker"
    put 644 "$BUILD/ngx_taifish_module.so" "$usr/lib/nginx/modules/$module"
    for f in backup restore; do
        put 755 docker/$f.sh "$usr/lib/taifish/$f.sh"
    done

    mkdir -p "$etc/taifish"
    echo "load_module $PREFIX/lib/nginx/modules/$module;" \
        > "$etc/taifish/module.conf"
    chmod 644 "$etc/taifish/module.conf"
    for f in conf/*.conf; do
        case ${f##*/} in
            nginx.conf)     placed "$f" | on_host > "$tmp/new" ;;
            postgresql.conf|pg_hba.conf|redis.conf) continue ;;
            *)              placed "$f" > "$tmp/new" ;;
        esac
        setting "$tmp/new" "$etc/taifish/${f##*/}"
    done
    setting conf/systemd/taifish.logrotate "$etc/logrotate.d/taifish"

    for f in conf/systemd/*.service conf/systemd/*.timer; do
        text "$f" "$units/${f##*/}"
    done
    text conf/systemd/taifish.sysusers "$usr/lib/sysusers.d/taifish.conf"
    text conf/systemd/taifish.tmpfiles "$usr/lib/tmpfiles.d/taifish.conf"
    put 644 conf/run/taifish-worker.bash \
        "$usr/share/bash-completion/completions/taifish-worker"
    perl conf/run/manual.pl worker "$BUILD/taifish-worker" > "$tmp/man"
    text "$tmp/man" "$usr/share/man/man8/taifish-worker.8"
    perl conf/run/manual.pl settings docs/settings.md > "$tmp/man"
    text "$tmp/man" "$usr/share/man/man5/taifish.conf.5"
    for f in docs/*.md; do
        text "$f" "$usr/share/doc/taifish/${f##*/}"
    done
    web=web/dist
    [ -e $web/index.html ] || web=web/plain
    (cd $web && find . -type f) | while read -r f; do
        put 644 "$web/$f" "$usr/share/taifish/web/${f#./}"
    done
}

uninstall_all() {
    rm -f "$usr/bin/taifish-worker" "$usr"/lib/nginx/modules/ngx_taifish_*.so \
        "$units"/taifish-nginx.service "$units"/taifish-worker.service \
        "$units"/taifish-backup.service "$units"/taifish-backup*.timer \
        "$usr/lib/sysusers.d/taifish.conf" "$usr/lib/tmpfiles.d/taifish.conf" \
        "$etc/logrotate.d/taifish" \
        "$usr/share/bash-completion/completions/taifish-worker" \
        "$usr/share/man/man8/taifish-worker.8" \
        "$usr/share/man/man5/taifish.conf.5"
    rm -rf "$usr/lib/taifish" "$usr/share/taifish" "$usr/share/doc/taifish"
    echo "kept /etc/taifish with its keys, the backups, users and database"
}

case ${1:-} in
    install)   install_all ;;
    uninstall) uninstall_all ;;
    *)         echo "usage: $0 install|uninstall" >&2; exit 2 ;;
esac
