# TaiFish. "make help" lists what can be made.

NGX_SRC   ?= /usr/share/nginx/src
BUILD     ?= build
CC        ?= cc
CFLAGS    ?= -O2 -g

# where Debian has nginx, and a user's PATH has not
export PATH := $(PATH):/usr/sbin:/sbin

include $(BUILD)/sources.mk

warnings   = -std=gnu11 -W -Wall -Wextra -Werror -Wshadow -Wvla \
             -Wpointer-arith -Wmissing-prototypes -Wstrict-prototypes \
             -Wwrite-strings -Wformat=2 -Wno-format-nonliteral
hardening  = -D_FORTIFY_SOURCE=3 -fstack-protector-strong \
             -fstack-clash-protection -fcf-protection \
             -ftrivial-auto-var-init=zero -fPIE
links      = -pie -Wl,-z,relro,-z,now,-z,noexecstack
pq_inc    := $(shell pg_config --includedir 2>/dev/null)
my_inc    := $(shell mariadb_config --include 2>/dev/null)
includes   = $(addprefix -I,$(tf_includes)) -I$(BUILD) -I$(pq_inc) $(my_inc)
core_libs  = -lpq -lyajl -lpcre2-8 -lsodium -lcrypt
worker_libs= $(core_libs) -lhiredis -lmariadb -lssl -lodbc

core_obj   = $(patsubst %.c,$(BUILD)/o/%.o,$(tf_core)) $(BUILD)/o/tf_sql_list.o
worker_obj = $(patsubst %.c,$(BUILD)/o/%.o,$(tf_worker)) $(BUILD)/o/tfw_migrations.o
units      = $(patsubst t/unit/%.c,$(BUILD)/unit/%,$(wildcard t/unit/*.c))

sanitize   = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
             -fno-sanitize-recover=undefined
asan_make  = $(MAKE) BUILD=build/asan CFLAGS="$(sanitize)" hardening= \
             NGX_SRC="$${NGX_SRC:-$$(echo build/asan/src/nginx-*/)}" \
             NGX_CFLAGS="-O1 -g -fno-omit-frame-pointer -fsanitize=address \
                 -DNGX_DEBUG_PALLOC=1" \
             NGX_LD_OPT="-fsanitize=address -Wl,--no-as-needed -lcrypt" \
             NGX_FLAGS="--with-debug --with-http_realip_module \
                 --with-http_ssl_module --with-http_v2_module \
                 --with-http_gzip_static_module"

.PHONY: all module worker unit fuzz console console-check document packages run stop reload status check-config \
        test prove proof tidy asan bench install uninstall deb clean help
.DEFAULT_GOAL = all

all: module worker              ## build the module and the worker

# The list of sources as make variables; remade when a file comes or goes.

$(BUILD)/sources.mk: src/sources.sh $(shell find src sql -type d)
	@mkdir -p $(BUILD)
	@. src/sources.sh; for v in tf_includes tf_core tf_ngx tf_worker tf_sql \
	    tf_headers; do eval "echo \"$$v = \$$$$v\""; done > $@

$(BUILD)/tf_sql_list.c: src/core/tf_sql.pl $(tf_sql) $(wildcard sql/*.sql)
	perl src/core/tf_sql.pl $(BUILD) $(tf_sql)
	@touch $@

$(BUILD)/tf_sql_list.h: $(BUILD)/tf_sql_list.c ;

$(BUILD)/o/%.o: %.c $(BUILD)/tf_sql_list.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(warnings) $(hardening) $(includes) -MMD -MP -c -o $@ $<

$(BUILD)/o/tf_sql_list.o: $(BUILD)/tf_sql_list.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(hardening) $(includes) -c -o $@ $<

$(BUILD)/libtf.a: $(core_obj)
	rm -f $@; ar rcs $@ $^

# Migrations travel inside the worker.

$(BUILD)/tfw_migrations.c: src/worker/tfw_migrations.pl $(wildcard sql/*.sql)
	perl src/worker/tfw_migrations.pl $(sort $(wildcard sql/*.sql)) > $@

$(BUILD)/o/tfw_migrations.o: $(BUILD)/tfw_migrations.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(hardening) $(includes) -c -o $@ $<

worker: $(BUILD)/taifish-worker

$(BUILD)/taifish-worker: $(worker_obj) $(BUILD)/libtf.a
	$(CC) $(CFLAGS) $(links) -o $@ $^ $(worker_libs)

# Unit tests print TAP.  A test includes the .c it is about.

unit: $(units) $(BUILD)/document

$(BUILD)/unit/%: t/unit/%.c $(BUILD)/libtf.a
	@mkdir -p $(@D) $(BUILD)/o/t/unit
	$(CC) $(CFLAGS) $(warnings) $(includes) -It/unit \
	    -MMD -MP -MF $(BUILD)/o/t/unit/$*.d \
	    -o $@ $< $(BUILD)/libtf.a $(worker_libs)

# Prints what an engine reads of a server, for t/70engine-*.t.

$(BUILD)/engine_dump: t/lib/engine_dump.c \
                      $(patsubst %.c,$(BUILD)/o/%.o, \
                          $(filter src/worker/engine/%,$(tf_worker))) \
                      $(BUILD)/libtf.a
	$(CC) $(CFLAGS) $(warnings) $(hardening) $(includes) $(links) \
	    -o $@ $^ $(worker_libs)

# The evaluation of rules alone, for t/bench/rules.pl.

$(BUILD)/bench_rules: t/bench/rules.c src/worker/tfw_mem.c $(BUILD)/libtf.a
	$(CC) $(CFLAGS) $(warnings) $(includes) -o $@ $^ $(worker_libs)

# Fuzz targets: clang's libFuzzer, each for FUZZ_SECONDS.

FUZZ_SECONDS ?= 10
fuzzers    = $(patsubst t/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard t/fuzz/*.c))

$(BUILD)/fuzz/%: t/fuzz/%.c t/fuzz/fuzz.h t/unit/mem.h \
                 $(tf_core) $(tf_headers) $(BUILD)/tf_sql_list.h
	@mkdir -p $(@D)
	clang -g -O1 -std=gnu11 -W -Wall -Wextra -Werror \
	    -fsanitize=fuzzer,address,undefined \
	    -fno-sanitize-recover=undefined $(includes) -It/unit -It/fuzz \
	    -o $@ $< $(tf_core) $(BUILD)/tf_sql_list.c $(core_libs)

fuzz: $(fuzzers)                ## run the fuzz targets, FUZZ_SECONDS each
	@for f in $(fuzzers); do \
	    d=t/fuzz/$${f##*/}.dict; [ ! -e $$d ] || d=-dict=$$d; \
	    [ -n "$${d##t/*}" ] || d=; \
	    mkdir -p $$f.corpus; \
	    $$f -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -timeout=5 \
	        -rss_limit_mb=1024 -artifact_prefix=$$f. $$d \
	        $$f.corpus > $$f.log 2>&1 \
	        || { tail -n 30 $$f.log; echo "$$f failed"; exit 1; }; \
	    echo "$${f##*/}: $$(tail -n 1 $$f.log)"; \
	done

# The module is built by nginx's own make in a copy of its source tree.  Its
# configure takes no path with a space, so it is told the way from there.

NGX_CFLAGS ?= $(CFLAGS) $(filter-out -fPIE,$(hardening))

module: $(BUILD)/ngx_taifish_module.so

$(BUILD)/nginx/objs/Makefile: config src/sources.sh $(BUILD)/sources.mk
	@rm -rf $(BUILD)/nginx; mkdir -p $(BUILD)/nginx
	cp -rL $(NGX_SRC)/. $(BUILD)/nginx/
	cd $(BUILD)/nginx && bash -c 'unset CFLAGS; [ ! -f conf_flags ] || . ./conf_flags; \
	    configure=./configure; [ -x $$configure ] || configure=auto/configure; \
	    $$configure "$${NGX_CONF_FLAGS[@]:---with-compat}" --with-threads \
	    $(NGX_FLAGS) --with-cc-opt="$(NGX_CFLAGS) -std=gnu11 $(NGX_CC_OPT)" \
	    --with-ld-opt="-Wl,-z,relro,-z,now $(NGX_LD_OPT)" \
	    --add-dynamic-module="$$(realpath --relative-to=. "$$0")"' \
	    "$(CURDIR)" > configure.log \
	    || { tail -n 20 configure.log; exit 1; }

$(BUILD)/ngx_taifish_module.so: $(BUILD)/nginx/objs/Makefile $(tf_core) $(tf_ngx) \
                                $(tf_headers) $(tf_sql) \
                                ngx_taifish_module.c $(BUILD)/tf_sql_list.h \
                                $(BUILD)/tf_document.c
	MAKEFLAGS= $(MAKE) -s -j$$(nproc) -C $(BUILD)/nginx -f objs/Makefile modules
	cp $(BUILD)/nginx/objs/ngx_taifish_module.so $@

# The API document of the route tables, which are in the module's objects: what
# they need of nginx is never called.

ngx_src     = $(BUILD)/nginx/src
ngx_inc     = -I$(BUILD)/nginx/objs $(addprefix -I$(ngx_src)/,core event \
              event/modules event/quic os/unix http http/modules http/v2 http/v3)
document_c  = $(wildcard src/feature/document/document_*.c)

$(BUILD)/document: $(document_c) src/feature/document/document.h \
                   $(BUILD)/ngx_taifish_module.so
	$(CC) $(CFLAGS) -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror \
	    -Wno-unused-parameter $(includes) $(ngx_inc) -o $@ $(document_c) \
	    $(filter-out %/ngx_taifish_module.o, \
	        $(wildcard $(BUILD)/nginx/objs/addon/*/*.o)) \
	    -no-pie -Wl,--unresolved-symbols=ignore-all $(core_libs)

document: $(BUILD)/document     ## docs/openapi.json, after a route changed
	@perl -It/lib -MTaiFish::Document -e TaiFish::Document::write

$(BUILD)/tf_document.c: src/feature/document/tf_document.pl docs/openapi.json
	@mkdir -p $(@D)
	perl src/feature/document/tf_document.pl docs/openapi.json > $@

# The console, docs/console.md: its types are made from docs/openapi.json.  npm
# ci takes what web/package-lock.json says and nothing else; without its
# registry it would try for many minutes, so a quick question comes first.

web_src    := $(shell find web/src web/*.html web/*.json \
                  web/*.ts -type f 2>/dev/null | grep -v -e /schema.d.ts \
                  -e /licences.json)

console: web/dist/index.html    ## build the console, web/dist

web/node_modules/.package-lock.json: web/package-lock.json
	@cd web && npm ping --loglevel=error --fetch-retries=0 \
	    --fetch-timeout=20000
	cd web && npm ci --no-fund --no-audit --ignore-scripts
	@touch $@

web/dist/index.html: web/node_modules/.package-lock.json $(web_src) \
                     docs/openapi.json docs/monitoring-account.md
	cd web && npm run -s api && npm run -s build
	@touch $@

console-check: console          ## type check, lint and unit tests of the console
	cd web && npm run -s check && npm run -s lint && npm run -s unit

# TaiFish on this machine, below .run (conf/run/taifish.sh).

run:                            ## set up and start TaiFish here (PORT=8080)
	@conf/run/packages.sh run
	@$(MAKE) -s -j$$(nproc) all
	@$(MAKE) -s console || echo "The console was not built (see above: npm has" \
	    "to reach its registry once); a simple page is served in its place."
	@conf/run/taifish.sh start

stop:                           ## stop what make run started
	@conf/run/taifish.sh stop

reload:                         ## build, then swap the code without a stop
	@$(MAKE) -s -j$$(nproc) all
	@conf/run/taifish.sh reload

status:                         ## say what of it runs
	@conf/run/taifish.sh status

check-config:                   ## let both programs explain their settings
	@conf/run/taifish.sh check-config

clean:                          ## stop it, remove .run with its data and build
	@conf/run/taifish.sh clean
	rm -rf $(BUILD)

# Tests; docs/testing.md.

test:                           ## the gate: clean build, tidy, every test
	@conf/run/packages.sh test
	@rm -rf $(BUILD)
	@$(MAKE) -s -j$$(nproc) all unit
	@$(MAKE) -s console-check
	@$(MAKE) -s tidy
	@$(MAKE) -s prove

prove: all unit $(BUILD)/engine_dump ## every test, with what is built
	@r=0; prove -j2 t/[0-8]*.t || r=1; prove t/9*.t || r=1; exit $$r

proof:                          ## the same with the long ones
	@conf/run/packages.sh proof
	@TAIFISH_PROOF=1 $(MAKE) -s test

tidy:                           ## layering, names, sizes, style
	@INCLUDES="$(includes)" perl t/tidy.pl $(BUILD)

# These read the memory of processes; a sanitizer's is too large for that.

memory      = t/60worker-canary.t t/60worker-credentials.t

asan:                           ## the tests under AddressSanitizer (NGX_SRC=)
	@conf/run/packages.sh asan
	@[ -n "$$NGX_SRC" ] || conf/run/nginx-source.sh build/asan/src
	@$(asan_make) -s -j$$(nproc) all unit build/asan/engine_dump
	@MAKEFLAGS= $(MAKE) -s -j$$(nproc) -C build/asan/nginx -f objs/Makefile binary
	CFLAGS="$(sanitize)" ASAN_OPTIONS=detect_leaks=0:detect_odr_violation=0:report_globals=0:quarantine_size_mb=8 \
	    BUILD=build/asan TAIFISH_BUILD="$(CURDIR)/build/asan" \
	    TEST_NGINX_BINARY="$(CURDIR)/build/asan/nginx/objs/nginx" \
	    prove $(filter-out $(memory),$(wildcard t/[0-8]*.t))

bench:                          ## ratios to a bare nginx, to pgbench and a peer; growth; rules
	@conf/run/packages.sh bench
	@$(MAKE) -s -j$$(nproc) all $(BUILD)/bench_rules
	@perl t/bench/bench.pl
	@perl t/bench/growth.pl
	@perl t/bench/capacity.pl
	@perl t/bench/rules.pl

# On a host, docs/install.md.

PREFIX     ?= /usr/local
on_host     = BUILD="$(BUILD)" PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" \
              UNITDIR="$(UNITDIR)" conf/run/install.sh

install: all console            ## install (PREFIX=/usr/local, DESTDIR=)
	@$(on_host) install

uninstall:                      ## remove it, but for settings, keys, data
	@$(on_host) uninstall

deb:                            ## a Debian package, build/taifish_*.deb
	@conf/run/packages.sh deb
	@debian/rules binary

help:                           ## this list
	@sed -n 's/^\([a-z-]*\):.*## */\1 /p' $(MAKEFILE_LIST) \
	    | while read -r name what; do \
	          printf '  make %-14s %s\n' "$$name" "$$what"; done

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
