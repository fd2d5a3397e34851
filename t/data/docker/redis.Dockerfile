# In the place of redis:7-alpine where no image can be pulled: its uid and
# busybox's shell and tools.

FROM debian:12-slim
RUN apt-get update -q \
    && apt-get install -y -q --no-install-recommends busybox redis-server \
    && rm -rf /var/lib/apt/lists/* /etc/redis \
    && busybox --install -s /usr/local/sbin && ln -sf busybox /bin/sh
EXPOSE 6379
CMD ["redis-server"]
