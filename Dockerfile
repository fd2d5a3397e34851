# The images of TaiFish; docs/deployment.md.  Targets: app (nginx with the
# module), edge (the load balancer, the same image with another program) and
# worker.  BASE is any Debian 12.

ARG BASE=debian:12-slim


FROM ${BASE} AS build

WORKDIR /src

COPY conf/run/packages.sh conf/run/
RUN conf/run/packages.sh build

COPY config Makefile ngx_taifish_module.c ./
COPY src src
COPY sql sql
COPY docs/openapi.json docs/
RUN make -s -j"$(nproc)" all \
    && strip --strip-unneeded build/taifish-worker build/ngx_taifish_module.so


# The console, unless "make console" built it before.

FROM ${BASE} AS console

ARG NPM_REGISTRY
WORKDIR /src

COPY conf/run/packages.sh conf/run/
COPY docs docs
COPY web web
RUN [ -e web/dist/index.html ] \
    || { conf/run/packages.sh console \
         && cd web \
         && npm ci --no-fund --no-audit --ignore-scripts \
                ${NPM_REGISTRY:+--registry=$NPM_REGISTRY} \
         && npm run -s api && npm run -s build; }


# What both programs need, and the user they are.  A tmpfs of a Swarm is root's
# and has the mode of what it is mounted on.

FROM ${BASE} AS runtime

ARG REVISION=unknown
LABEL org.opencontainers.image.title="TaiFish" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.revision="${REVISION}"

RUN apt-get update -q \
    && apt-get install -y -q --no-install-recommends \
        ca-certificates libhiredis0.14 libpcre2-8-0 libpq5 libsodium23 \
        libyajl2 \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/* \
        /usr/share/doc /usr/share/man \
    && groupadd --gid 10001 taifish \
    && useradd --uid 10001 --gid 10001 --no-create-home \
        --home-dir /nonexistent --shell /usr/sbin/nologin taifish \
    && install -d -o 10001 -g 10001 -m 700 /var/lib/taifish \
    && install -d -m 1777 /run/taifish


# No port, so its health is whether the database saw it (30 s at most).

FROM runtime AS worker

RUN apt-get update -q \
    && apt-get install -y -q --no-install-recommends \
        libmariadb3 libodbc2 tdsodbc \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/*

COPY --from=build /src/build/taifish-worker /usr/bin/

USER 10001:10001
WORKDIR /var/lib/taifish
ENTRYPOINT ["taifish-worker"]
CMD ["run"]
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
    CMD ["taifish-worker", "status"]


FROM runtime AS app

RUN apt-get update -q \
    && apt-get install -y -q --no-install-recommends curl libxlsxwriter4 \
        nginx \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/* \
        /usr/share/doc /usr/share/man /var/www

COPY --from=build /src/build/ngx_taifish_module.so /usr/lib/nginx/modules/
COPY conf/*.conf /etc/taifish/
COPY --from=console /src/web/dist /usr/share/taifish/web

# direct.conf: nginx.conf, which serves 80 and 443 itself, where an image has
# its files, and port 5000 for the health check and metrics.

RUN sed -e 's|^load_module modules/|load_module /usr/lib/nginx/modules/|' \
        -e '/^user /d' -e '/^worker_rlimit_nofile /d' \
        -e 's|^worker_processes .*|worker_processes 2;|' \
        -e 's|^error_log logs/error.log|error_log stderr|' \
        -e 's|^pid .*|pid /run/taifish/nginx.pid;|' \
        -e 's|access_log .*|access_log /dev/stdout taifish buffer=4k flush=1s;|' \
        -e 's|_temp_path tmp;|_temp_path /run/taifish/tmp;|' \
        -e 's|_exports_path exports;|_exports_path /var/lib/taifish/exports;|' \
        -e 's|#include direct-tls|include direct-tls|' \
        -e 's|listen 127.0.0.1:8080|listen 5000|' \
        /etc/taifish/nginx.conf > /etc/taifish/direct.conf \
    && rm /etc/taifish/nginx.conf

USER 10001:10001
WORKDIR /var/lib/taifish
EXPOSE 5000
STOPSIGNAL SIGQUIT
ENTRYPOINT ["nginx", "-e", "stderr", "-g", "daemon off;", "-c"]
CMD ["/etc/taifish/app.conf"]

# An answer alone is not health: it has to say that PostgreSQL is there.

HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
    CMD curl -fsS --noproxy '*' -m 9 http://127.0.0.1:5000/health \
        | grep -q '"status":"healthy"'


# Healthy when it has a certificate and an app answers through it.

FROM app AS edge

COPY docker/edge-watch.sh /usr/lib/taifish/

EXPOSE 80 443
ENTRYPOINT ["/usr/lib/taifish/edge-watch.sh"]
CMD []
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
    CMD curl -fsSk --noproxy '*' -m 9 -o /dev/null \
        https://127.0.0.1/health/live
