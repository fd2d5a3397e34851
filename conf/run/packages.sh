#!/bin/sh

# packages.sh build|console|run|test|proof|bench|asan|deb
#
# Installs, by name, the Debian packages that "make run", "make test" and so
# on need and that are missing.  No service is started, no database cluster is
# made, and no service of the machine that was there before is touched.

set -eu

# The console is built by Node.js 18 or later, whoever installed it.

console="nodejs npm"
if command -v npm >/dev/null \
    && node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' \
        2>/dev/null
then
    console=
fi

build="gcc libc6-dev make perl binutils nginx nginx-dev libpq-dev
       libhiredis-dev libyajl-dev libpcre2-dev libsodium-dev libmariadb-dev
       unixodbc-dev libxlsxwriter-dev"
run="$build postgresql redis-server curl util-linux tdsodbc
     $console"
test="$run odbc-postgresql
      mariadb-server-core mariadb-client-core wrk procps psmisc
      libtest-nginx-perl openssl libio-socket-ssl-perl busybox-static
      chromium fonts-wqy-zenhei python3-openpyxl"
proof="$test prometheus buildah debootstrap iproute2 slirp4netns"
bench="$run wrk procps redis-tools cargo librust-chrono-dev librust-hyper-dev
       librust-serde-json-dev librust-sha2-dev librust-tokio-dev
       librust-tokio-postgres-dev"
deb="$build debhelper dpkg-dev $console"
asan="$test dpkg-dev zlib1g-dev libssl-dev"

case ${1:-} in
    console) want=$console ;;
    build) want=$build ;;
    run)   want=$run ;;
    test)  want=$test ;;
    proof) want=$proof ;;
    bench) want=$bench ;;
    asan)  want=$asan ;;
    deb)   want=$deb ;;
    *)     echo "usage: $0 build|console|run|test|proof|bench|asan|deb" >&2
           exit 2 ;;
esac

missing=
for p in $want; do
    s=$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null || :)
    [ "$s" = installed ] || missing="$missing $p"
done

[ -n "$missing" ] || exit 0

root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "packages missing:$missing" >&2
        echo "become root, or install sudo, to let this install them" >&2
        exit 1
    fi
}

echo "Installing:$missing"


# While apt runs: nothing starts (policy-rc.d), and PostgreSQL makes no
# cluster (createcluster.d).  All is as before when this ends.

policy=/usr/sbin/policy-rc.d
sources=/etc/apt/sources.list.d/taifish-packages.sources
pin=/etc/apt/preferences.d/taifish-packages
nocluster=/etc/postgresql-common/createcluster.d/taifish-packages.conf

restore() {
    root rm -f "$nocluster" "$sources" "$pin"
    if root test -e "$policy.taifish"; then
        root mv "$policy.taifish" "$policy"
    else
        root rm -f "$policy"
    fi
}

if root test -e "$policy.taifish"; then
    :                                   # an earlier run was killed
elif root test -e "$policy"; then
    root mv "$policy" "$policy.taifish"
fi

trap restore EXIT
trap 'exit 130' INT TERM HUP

printf '#!/bin/sh\nexit 101\n' | root tee "$policy" >/dev/null
root chmod 755 "$policy"
root mkdir -p "${nocluster%/*}"
echo 'create_main_cluster = false' | root tee "$nocluster" >/dev/null


# Test::Nginx is packaged from Debian's forky on.  On an older release only
# this one package may come from there, over the mirror the machine uses.

forky_source() {
    . /etc/os-release

    perl -we '
        use strict;
        my $suite = shift;
        my @found;

        for my $path (glob "/etc/apt/sources.list.d/*.sources") {
            open my $in, "<", $path or next;
            local $/ = "";
            while (my $stanza = <$in>) {
                $stanza =~ s/^#.*\n//mg;
                next if $stanza =~ /^Enabled:\s*no/mi;
                my ($suites) = $stanza =~ /^Suites:\s*(.*)/mi or next;
                my ($uri) = $stanza =~ /^URIs:\s*(\S+)/mi or next;
                my ($key) = $stanza =~ /^Signed-By:\s*(\/\S+)/mi;
                push @found, [$uri, $key]
                    if grep { $_ eq $suite } split " ", $suites;
            }
        }

        for my $path ("/etc/apt/sources.list",
                      glob "/etc/apt/sources.list.d/*.list") {
            open my $in, "<", $path or next;
            while (<$in>) {
                /^\s*deb\s+(?:\[(.*?)\]\s+)?(\S+)\s+(\S+)\s/ or next;
                my ($opt, $uri, $s) = ($1 || "", $2, $3);
                push @found, [$uri, $opt =~ /signed-by=(\/\S+)/ ? $1 : undef]
                    if $s eq $suite;
            }
        }

        @found or die "no apt source of $suite was found\n";
        my ($uri, $key) = @{ $found[0] };
        $key ||= "/usr/share/keyrings/debian-archive-keyring.gpg";
        print "Types: deb\nURIs: $uri\nSuites: forky\nComponents: main\n",
              "Signed-By: $key\n";
    ' "$VERSION_CODENAME"
}

update() {
    root apt-get update -q "$@" \
        || { sleep 5; root apt-get update -q "$@"; }
}

update

case " $missing " in
*" libtest-nginx-perl "*)
    if ! apt-cache show libtest-nginx-perl >/dev/null 2>&1; then
        forky_source | root tee "$sources" >/dev/null
        printf '%s\n' 'Package: *' 'Pin: release n=forky' \
            'Pin-Priority: -1' '' 'Package: libtest-nginx-perl' \
            'Pin: release n=forky' 'Pin-Priority: 500' \
            | root tee "$pin" >/dev/null
        # a mirror that stands still has an old date: signed all the same
        update -o "Dir::Etc::sourcelist=$sources" \
            -o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0 \
            -o Acquire::Check-Valid-Until=false
    fi
    ;;
esac

# shellcheck disable=SC2086
root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
    --no-install-recommends $missing


# What we brought must not start at the next boot either.

if command -v systemctl >/dev/null; then
    for p in nginx redis-server postgresql prometheus; do
        case " $missing " in
            *" $p "*) root systemctl disable -q "$p" 2>/dev/null || : ;;
        esac
    done
fi
