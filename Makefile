# SPDX-License-Identifier: PostgreSQL
#
# events: PostgreSQL as an event hub.  This file is the table of contents:
# version, install script, objects, tests, then PGXS, then the targets that
# PGXS does not know.  `make` builds the extension, `make help` lists the rest.
#
# The version stands in one place, events.control (PGXS keeps the name VERSION
# for the server's).  META.json repeats it because PGXN wants it there, and
# tools/lint compares the two.

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" events.control)

# ---- the install script: sql/parts in the order of their numbers, one idea each

EXTENSION = events
SQL_PARTS := $(sort $(wildcard sql/parts/[0-9][0-9]_*.sql))
INSTALL_SQL = sql/events--$(EXTVERSION).sql
DATA = $(sort $(wildcard sql/events--*--*.sql))
DATA_built = $(INSTALL_SQL)

# ---- the library: events.c and the layers below it (src/README.md is the map)

MODULE_big = events
METASCHEMAS := $(sort $(wildcard share/metaschema/*/*.json share/metaschema/*/*/*.json))
METASCHEMA_DATA = src/schema/metaschema_data.c
OBJS := $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/*/*.c) $(METASCHEMA_DATA)))
PG_CPPFLAGS = -I$(srcdir)/src -DEV_VERSION='"$(EXTVERSION)"'
SHLIB_LINK = -lpcre2-8 -lidn2
PG_CFLAGS = -Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers $(COPT)

# Bitcode lets the JIT inline short functions into expressions; ours are not of
# that kind, and making it needs the very clang that the server was built with.
ifneq ($(BITCODE),yes)
override with_llvm = no
endif

# ---- tests: ordered lists, never wildcards, which can be silently empty

include test/sql/schedule.mk
REGRESS_OPTS = --inputdir=test
include test/isolation/schedule.mk
ISOLATION_OPTS = --inputdir=test/isolation

EXTRA_CLEAN = $(METASCHEMA_DATA) src/*.bc src/*/*.bc events-$(EXTVERSION).zip

include $(PGXS)

# PGXS does not track headers, and a change of the version changes the library.
$(OBJS) $(OBJS:.o=.bc): $(wildcard src/*.h src/*/*.h) events.control Makefile

$(METASCHEMA_DATA): tools/metaschema-data $(METASCHEMAS)
	tools/metaschema-data $(METASCHEMAS) > $@.tmp && mv $@.tmp $@

# The folder is a prerequisite too, so that a part which goes away is noticed.
$(INSTALL_SQL): $(SQL_PARTS) sql/parts events.control
	@test -n "$(EXTVERSION)" || { echo "no default_version in events.control" >&2; exit 1; }
	@test -n "$(SQL_PARTS)" || { echo "sql/parts is empty" >&2; exit 1; }
	cat $(SQL_PARTS) > $@.tmp && mv $@.tmp $@

# ---- beyond PGXS

.PHONY: help sidecar install-sidecar demo test test-versions bench lint format docs ack dist
.DEFAULT_GOAL := all

SIDECAR = $(MAKE) -C sidecar VERSION=$(EXTVERSION)

##@ Build
# make                  build the extension (all)
# make install          copy it into the server that PG_CONFIG names
# make clean            remove what a build leaves, here and in sidecar/

sidecar:  ## build sidecar/eventsd (SANITIZE=1: sidecar/eventsd-asan)
	+$(SIDECAR) $(if $(SANITIZE),SANITIZE=$(SANITIZE))

install-sidecar:  ## install eventsd, its man page and its systemd unit (PREFIX, DESTDIR)
	+$(SIDECAR) install $(if $(PREFIX),PREFIX='$(PREFIX)') DESTDIR='$(DESTDIR)'

clean: clean-sidecar
.PHONY: clean-sidecar
clean-sidecar:
	+test ! -f sidecar/Makefile || $(SIDECAR) clean

##@ Try
demo:  ## an own server, eventsd, clients and a page to look at (ONCE=1: ends by itself)
	tools/demo

##@ Check
test:  ## every test, on private servers in a temporary folder (STAGES="regress tap": some)
	tools/run-tests $(STAGES)

test-versions:  ## pg_regress, isolation and the crash test on 15, 17 and 18 (VERSIONS="17")
	tools/test-versions $(VERSIONS)

lint:  ## format, includes, names, metadata, docs in step
	tools/lint

bench:  ## the measurements of bench/, as ratios from interleaved runs
	bench/run

##@ Maintain
format:  ## clang-format all C files in place
	tools/lint --format

docs:  ## regenerate docs/sql.md and docs/settings.md from the built programs
	tools/docs

ack:  ## accept what pg_regress and isolation got in the last `make test` (NAMES="...")
	tools/ack $(NAMES)

dist: $(INSTALL_SQL)  ## the archive for PGXN
	git archive --format=zip -o events-$(EXTVERSION).zip \
		--prefix=events-$(EXTVERSION)/sql/ --add-file=$(INSTALL_SQL) \
		--prefix=events-$(EXTVERSION)/ HEAD

help:  ## this list
	@awk '/^##@/ { print ""; print substr($$0, 5) } \
	      /^# make / { sub(/^# /, ""); print "  " $$0 } \
	      /^[a-z-]+:.*  ## / { name = $$1; sub(/:.*/, "", name); sub(/.*  ## /, ""); \
	                           printf "  make %-16s %s\n", name, $$0 }' \
	     $(firstword $(MAKEFILE_LIST))
