# TaiFish. "make help" lists what can be made.

NGX_SRC   ?= /usr/share/nginx/src
BUILD     ?= build
CC        ?= cc
CFLAGS    ?= -O2 -g

include $(BUILD)/sources.mk

warnings   = -std=gnu11 -W -Wall -Wextra -Werror -Wshadow -Wvla \
             -Wpointer-arith -Wmissing-prototypes -Wstrict-prototypes \
             -Wwrite-strings -Wformat=2 -Wno-format-nonliteral
hardening  = -D_FORTIFY_SOURCE=2 -fstack-protector-strong \
             -fstack-clash-protection -fcf-protection -fPIE \
             -ftrivial-auto-var-init=zero
links      = -pie -Wl,-z,relro,-z,now,-z,noexecstack
pq_inc    := $(shell pg_config --includedir 2>/dev/null)
includes   = $(addprefix -I,$(tf_includes)) -I$(BUILD) -I$(pq_inc)
core_libs  = -lpq -lyajl -lpcre2-8 -lsodium -lcrypt
worker_libs= $(core_libs) -lhiredis -lmariadb

core_obj   = $(patsubst %.c,$(BUILD)/o/%.o,$(tf_core)) $(BUILD)/o/tf_sql_list.o
worker_obj = $(patsubst %.c,$(BUILD)/o/%.o,$(tf_worker)) $(BUILD)/o/tfw_migrations.o
units      = $(patsubst t/unit/%.c,$(BUILD)/unit/%,$(wildcard t/unit/*.c))

.PHONY: all module worker unit
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

unit: $(units)

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

# The module is built by nginx's own make in a copy of its source tree.

module: $(BUILD)/ngx_taifish_module.so

$(BUILD)/nginx/objs/Makefile: config src/sources.sh $(BUILD)/sources.mk
	@rm -rf $(BUILD)/nginx; mkdir -p $(BUILD)/nginx
	cp -rL $(NGX_SRC)/. $(BUILD)/nginx/
	cd $(BUILD)/nginx && bash -c '[ ! -f conf_flags ] || . ./conf_flags; \
	    ./configure "$${NGX_CONF_FLAGS[@]:---with-compat}" --with-threads \
	    --with-cc-opt="$(CFLAGS) -std=gnu11 $(NGX_CC_OPT)" \
	    --with-ld-opt="-Wl,-z,relro,-z,now $(NGX_LD_OPT)" \
	    --add-dynamic-module=$(CURDIR)' > configure.log \
	    || { tail -n 20 configure.log; exit 1; }

$(BUILD)/ngx_taifish_module.so: $(BUILD)/nginx/objs/Makefile $(tf_core) $(tf_ngx) \
                                $(tf_headers) $(tf_sql) \
                                ngx_taifish_module.c $(BUILD)/tf_sql_list.h
	$(MAKE) -s -C $(BUILD)/nginx -f objs/Makefile modules
	cp $(BUILD)/nginx/objs/ngx_taifish_module.so $@

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
