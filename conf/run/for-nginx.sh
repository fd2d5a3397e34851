#!/bin/sh

# for-nginx.sh < conf/FILE: the same on stdout, as this nginx takes it best.
# The files of conf/ are for nginx 1.22; what newer ones have in addition, or
# write in another way, stands here.  NGINX names another program.

set -eu

PATH=$PATH:/usr/sbin:/sbin
version=$("${NGINX:-nginx}" -v 2>&1 \
    | sed -n 's|.*/\([0-9]*\)\.\([0-9]*\)\.\([0-9]*\).*|(\1*1000+\2)*1000+\3|p')
version=$((${version:?no nginx to ask for its version}))

# 1.25.1: HTTP/2 is a directive, and its parameter of listen draws a warning
http2='s/^\( *\)\(listen .*\) http2\( .*\)\{0,1\};/\1\2\3;\
\1http2 on;/'

# 1.27.4: a reload does not cut connections that are kept
keepalive='s/#\(keepalive_min_timeout \)/\1/'

[ $version -ge 1025001 ] || http2=
[ $version -ge 1027004 ] || keepalive=
exec sed -e "$http2" -e "$keepalive"
