# In the place of postgres:15-alpine where no image can be pulled: its uid, its
# paths, busybox's shell and tools, and what its entrypoint does.

FROM debian:12-slim
RUN apt-get update -q \
    && apt-get install -y -q --no-install-recommends busybox postgresql-common \
    && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf \
    && apt-get install -y -q --no-install-recommends postgresql-15 \
    && rm -rf /var/lib/apt/lists/* \
    && ln -s /usr/lib/postgresql/15/bin/* /usr/local/bin/ \
    && usermod -u 70 postgres && groupmod -g 70 postgres \
    && busybox --install -s /usr/local/sbin \
    && ln -sf busybox /bin/sh \
    && install -d -o 70 -g 70 -m 3777 /var/run/postgresql \
    && mkdir /docker-entrypoint-initdb.d
COPY postgres-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
ENV PGDATA=/var/lib/postgresql/data
ENTRYPOINT ["docker-entrypoint.sh"]
STOPSIGNAL SIGINT
EXPOSE 5432
CMD ["postgres"]
