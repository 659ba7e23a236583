# SPDX-License-Identifier: BSD-2-Clause
# sonde: `make run` starts the console on this machine, `make test` runs all tests.
# Everything generated goes to $(O). Nothing is listed twice: files are found by pattern.

O       ?= build
CC      := $(if $(filter default,$(origin CC)),gcc,$(CC))
CLANG   ?= clang
# Ubuntu's bpftool in the path is a wrapper bound to the running kernel; the real one lies here.
BPFTOOL ?= $(or $(lastword $(wildcard /usr/lib/linux-tools*/*/bpftool)),/usr/sbin/bpftool)
JOBS    ?= 2
RELEASE := 0.1.0
VERSION := $(RELEASE)$(addprefix +g,$(shell test -e .git && git rev-parse --short HEAD 2>/dev/null))
MACHINE := $(shell uname -m)
ARCH    := $(MACHINE:x86_64=x86)
ARCH    := $(ARCH:aarch64=arm64)

PREFIX  ?= /usr/local
FUZZ_SECONDS  ?= 60
BENCH_SECONDS ?= 10
KERNELS ?= bullseye bookworm trixie

WARN   := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	  -Wpointer-arith -Wformat=2 -Wvla -Wundef -Wno-format-nonliteral
BASE   := -std=gnu11 -g -fno-strict-aliasing -fvisibility=hidden -D_GNU_SOURCE $(WARN)
CFLAGS ?= -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong
# All but glibc comes along in the binary: the one file runs on any node with glibc.
# (libelf of newer systems wants zstd.)
ZSTD   := $(if $(wildcard /usr/lib/*/libzstd.a),-lzstd)
LIBS   := -Wl,-Bstatic -lbpf -lelf -lz $(ZSTD) -ljansson -lyaml -lutf8proc -lpcre2-8 \
	  -Wl,-Bdynamic -lpthread
UILIBS := -Wl,-Bstatic -lncursesw -ltinfo -Wl,-Bdynamic

CORE  := $(wildcard core/*.c core/*/*.c)
TUI   := $(wildcard tui/*.c tui/*/*.c)
BPF   := $(wildcard bpf/*.bpf.c)
UNIT  := $(wildcard tests/unit/test_*.c)
FUZZ  := $(wildcard tests/fuzz/fuzz_*.c)
# Loads and helpers of the lab, the guests and the bench: a static program a file.
PROGS := $(filter-out tests/bench/bench_%,$(wildcard tests/lab/*.c tests/bench/*.c tests/kernels/*.c))
# Benches of one unit, linked with the library.
BENCH := $(wildcard tests/bench/bench_*.c)
SKEL  := $(BPF:bpf/%.bpf.c=$(O)/bpf/%.skel.h)
VERSIONED := $(shell grep -ls SONDE_VERSION $(CORE) $(TUI))
EMBED := $(shell grep -ls '\.incbin' $(CORE) $(TUI))

# The test programs that race threads run under ThreadSanitizer as well.
RACES := $(wildcard tests/unit/test_table.c tests/unit/test_worker.c tests/unit/test_engine*.c \
	   tests/unit/test_stream*.c tests/unit/test_sonde*.c)
A     := $(O)/asan
T     := $(O)/tsan
F     := $(O)/fuzz
ASAN  := -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
TSAN  := -O1 -fsanitize=thread -fno-omit-frame-pointer
FSAN  := -O1 -fsanitize=fuzzer-no-link,address -fno-omit-frame-pointer
UBIN  := $(UNIT:tests/unit/%.c=$(A)/%)
TBIN  := $(RACES:tests/unit/%.c=$(T)/%)
RBIN  := $(FUZZ:tests/fuzz/%.c=$(A)/%)
FBIN  := $(FUZZ:tests/fuzz/%.c=$(F)/%)
PBIN  := $(PROGS:%.c=$(O)/%)
BBIN  := $(BENCH:tests/bench/%.c=$(O)/%)

# One line a step; `make V=1` shows the commands.
Q    := $(if $(V),,@)
say   = $(if $(V),,@echo '  $(1)	$@')

.DEFAULT_GOAL := help
.PHONY: help deps all run demo unit tsan replay test e2e-long kernels bench lint fuzz bare install \
	progs test-programs clean FORCE
.SECONDARY:
.DELETE_ON_ERROR:

help: ## this list
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

deps: ## install what building, testing and measuring need
	@tests/deps.sh bench

all: $(O)/sonde ## build the console and its library

run: ## build what is missing and start the console on this machine
	@tests/deps.sh build
	@$(MAKE) --no-print-directory -s -j$(JOBS) all
	@if [ "$$(id -u)" = 0 ]; then exec $(O)/sonde; else exec sudo $(O)/sonde; fi

demo: ## the console on five small pods, no cluster needed
	@tests/deps.sh test
	@$(MAKE) --no-print-directory -s -j$(JOBS) all progs
	@O=$(O) tests/lab/demo.sh

$(O)/sonde: $(TUI:%.c=$(O)/%.o) $(O)/libsonde.a
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(UILIBS) $(LIBS)

# objects(folder, compiler, flags): the tree compiled once for one purpose.
# The include path is the wall between the screen and the core.
define objects
$(1)/core/%.o: INC := -Iinclude -Icore -Ibpf -I$(O)/bpf
$(1)/tui/%.o: INC := -Iinclude -Itui -I$(O)/gen
$(1)/tui/console/term.o: $(O)/gen/terminfo_built.h
$(1)/tests/%.o: INC := -Iinclude -Icore -Itui -Ibpf -I$(O)/bpf -Itests/unit
$(1)/%.o: %.c
	@mkdir -p $$(@D)
	$$(call say,CC)
	$$(Q)$(2) $$(BASE) $(3) $$(INC) $$(DEF) -MMD -MP -c -o $$@ $$<

$(1)/libsonde.a: $(CORE:%.c=$(1)/%.o)
	$$(call say,AR)
	$$(Q)rm -f $$@ && ar rcs $$@ $$^

$(patsubst %.c,$(1)/%.o,$(filter core/sensor/% core/contain/%,$(CORE))): | $(SKEL)
$(UNIT:%.c=$(1)/%.o): | $(SKEL)
$(VERSIONED:%.c=$(1)/%.o): DEF := -DSONDE_VERSION='"$(VERSION)"'
$(VERSIONED:%.c=$(1)/%.o): $(O)/version
$(EMBED:%.c=$(1)/%.o): $(wildcard themes/* docs/*.txt)
endef
$(eval $(call objects,$(O),$$(CC),$$(CFLAGS)))
$(eval $(call objects,$(A),$$(CC),$$(ASAN)))
$(eval $(call objects,$(T),$$(CC),$$(TSAN)))
$(eval $(call objects,$(F),$$(CLANG),$$(FSAN)))

# Terminal descriptions travel in the binary: a root with glibc and nothing else has none.
TERMS := xterm-256color xterm tmux-256color screen-256color screen linux vt100
$(O)/gen/terminfo_built.h: Makefile
	@mkdir -p $(@D)
	@for t in $(TERMS); do infocmp $$t >/dev/null 2>&1 || continue; \
		printf '{ "%s", "%s" },\n' $$t "$$(infocmp -x -0 -Q2 -q $$t)"; done >$@.tmp
	@mv $@.tmp $@

# Touched only when it changes, so that a commit rebuilds just what shows the version.
$(O)/version: FORCE
	@mkdir -p $(@D)
	@echo '$(VERSION)' | cmp -s - $@ || echo '$(VERSION)' >$@

# BPF objects are CO-RE and carry their own minimal types (bpf/kernel.h).
$(O)/bpf/%.bpf.o: bpf/%.bpf.c
	@mkdir -p $(@D)
	$(call say,BPF)
	$(Q)$(CLANG) -g -O2 -mcpu=v2 -target bpf -D__TARGET_ARCH_$(ARCH) -Wall -Werror -Ibpf \
		-idirafter /usr/include/$(MACHINE)-linux-gnu -MMD -MP -MT $@ -MF $(@:.o=.d) -c -o $@.tmp $<
	$(Q)$(BPFTOOL) gen object $@ $@.tmp
	@rm -f $@.tmp

$(O)/bpf/%.skel.h: $(O)/bpf/%.bpf.o
	$(call say,SKEL)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@.tmp
	@mv $@.tmp $@

# Test programs: tests of tui parts link all of tui but its main.
# Allocations go through failalloc.c, which can make the n-th one fail.
COMMA := ,
WRAP  := $(foreach f,malloc calloc realloc reallocarray strdup strndup,-Wl$(COMMA)--wrap=$(f))
define testprogram
$(1)/test_%: $(1)/tests/unit/test_%.o $(1)/tests/unit/failalloc.o \
		$(filter-out %/main.o,$(TUI:%.c=$(1)/%.o)) $(1)/libsonde.a
	$$(call say,LINK)
	$$(Q)$$(CC) $(2) $$(WRAP) -o $$@ $$^ $$(UILIBS) $$(LIBS) -lcmocka
endef
$(eval $(call testprogram,$(A),$$(ASAN)))
$(eval $(call testprogram,$(T),$$(TSAN)))

$(A)/fuzz_%: $(A)/tests/fuzz/fuzz_%.o $(A)/tests/fuzz/replay.o $(A)/libsonde.a
	$(call say,LINK)
	$(Q)$(CC) $(ASAN) -o $@ $^ $(LIBS)

$(F)/fuzz_%: $(F)/tests/fuzz/fuzz_%.o $(F)/libsonde.a
	$(call say,LINK)
	$(Q)$(CLANG) -fsanitize=fuzzer,address -o $@ $^ $(LIBS)

$(PBIN): $(O)/%: %.c
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) -std=gnu11 -O2 -g -D_GNU_SOURCE -Wall -Wextra -Werror -static -pthread -MMD -MP -o $@ $<

$(O)/bench_%: $(O)/tests/bench/bench_%.o $(O)/libsonde.a
	$(call say,LINK)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LIBS)

progs: $(PBIN)
test-programs: all progs $(UBIN) $(TBIN) $(RBIN)

unit: $(UBIN) ## unit tests alone, address and undefined-behaviour sanitizers on
	@tests/unit.sh unit $(UBIN)

tsan: $(TBIN)
	@tests/unit.sh tsan $(TBIN)

replay: $(RBIN)
	@tests/unit.sh fuzz-corpus $(RBIN)

test: ## unit and end-to-end tests, lint and a guest kernel: 8 minutes at most
	@tests/deps.sh test
	@$(MAKE) --no-print-directory -s -j$(JOBS) test-programs
	@O=$(O) JOBS=$(JOBS) UNIT='$(UBIN)' RACES='$(TBIN)' REPLAY='$(RBIN)' tests/run.sh

e2e-long: ## the long end-to-end tests: storms, loss, real CRI pods
	@tests/deps.sh test
	@$(MAKE) --no-print-directory -s -j$(JOBS) all progs
	@O=$(O) tests/e2e/run.sh --long

kernels: ## the probes and identity on emulated guests with other kernels
	@tests/deps.sh test
	@$(MAKE) --no-print-directory -s -j$(JOBS) all progs
	@O=$(O) tests/kernels/run.sh $(KERNELS)

bench: ## what tracing costs here, beside libbpf-tools
	@tests/deps.sh bench
	@$(MAKE) --no-print-directory -s -j$(JOBS) all progs $(BBIN)
	@O=$(O) SECONDS_EACH=$(BENCH_SECONDS) tests/bench/bench.sh

lint: ## style, arrows, lengths, banned calls, clang-format and clang-tidy
	@O=$(O) tests/lint.sh

fuzz: $(FBIN) ## fuzz each parser for FUZZ_SECONDS
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/fuzz.sh $(FBIN)

bare: ## prove both README commands in a bare Debian 12
	@O=$(O) tests/bare.sh

install: all ## copy the console and its manual below PREFIX
	install -D -m 755 $(O)/sonde $(DESTDIR)$(PREFIX)/sbin/sonde
	install -D -m 644 docs/manual/sonde.8 $(DESTDIR)$(PREFIX)/share/man/man8/sonde.8

clean: ## remove everything generated
	rm -rf $(O)

-include $(shell find $(O) -name '*.d' 2>/dev/null)
