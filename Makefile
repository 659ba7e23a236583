# SPDX-License-Identifier: BSD-2-Clause
# sonde: `make run` starts the console on this machine, `make test` runs all tests.
# Everything generated goes to $(O). Nothing is listed twice: files are found by pattern.

O       ?= build
CC      ?= gcc
CLANG   ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/bin/bpftool) bpftool)
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo 0)
ARCH    := $(shell uname -m | sed 's/x86_64/x86/;s/aarch64/arm64/')

WARN   := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	  -Wpointer-arith -Wformat=2 -Wvla -Wundef -Wno-format-nonliteral
BASE   := -std=gnu11 -g -fno-strict-aliasing -fvisibility=hidden -D_GNU_SOURCE \
	  -DSONDE_VERSION='"$(VERSION)"' $(WARN)
CFLAGS ?= -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong
# All but glibc comes along in the binary: the one file runs on any node with glibc.
LIBS   := -Wl,-Bstatic -lbpf -lelf -lz -ljansson -lyaml -lutf8proc -lpcre2-8 -Wl,-Bdynamic -lpthread
UILIBS := -Wl,-Bstatic -lncursesw -ltinfo -Wl,-Bdynamic

CORE := $(wildcard core/*.c core/*/*.c)
TUI  := $(wildcard tui/*.c tui/*/*.c)
BPF  := $(wildcard bpf/*.bpf.c)
UNIT := $(wildcard tests/unit/test_*.c)
SKEL := $(BPF:bpf/%.bpf.c=$(O)/bpf/%.skel.h)

.DEFAULT_GOAL := help
.PHONY: help all unit clean
.SECONDARY:

help: ## this list
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

all: $(O)/sonde ## build the console and its library

$(O)/sonde: $(TUI:%.c=$(O)/%.o) $(O)/libsonde.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(UILIBS) $(LIBS)

$(O)/libsonde.a: $(CORE:%.c=$(O)/%.o)
	rm -f $@
	ar rcs $@ $^

# The include path is the wall between the screen and the core.
$(O)/tui/%.o: INC := -Iinclude -Itui
$(O)/core/%.o: INC := -Iinclude -Icore -Ibpf -I$(O)/bpf
$(patsubst %.c,$(O)/%.o,$(filter core/sensor/%,$(CORE))): | $(SKEL)

$(O)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(BASE) $(CFLAGS) $(INC) -MMD -MP -c -o $@ $<

# BPF objects are CO-RE and carry their own minimal types (bpf/kernel.h).
$(O)/bpf/%.bpf.o: bpf/%.bpf.c
	@mkdir -p $(@D)
	$(CLANG) -g -O2 -mcpu=v2 -target bpf -D__TARGET_ARCH_$(ARCH) -Wall -Werror -Ibpf \
		-idirafter /usr/include/$(shell uname -m)-linux-gnu -MMD -MP -MT $@ -c -o $@.tmp $<
	$(BPFTOOL) gen object $@ $@.tmp
	@rm -f $@.tmp

$(O)/bpf/%.skel.h: $(O)/bpf/%.bpf.o
	$(BPFTOOL) gen skeleton $< name $*_bpf > $@.tmp
	mv $@.tmp $@

# Unit tests: address and undefined-behaviour sanitizers on, a program a file.
A     := $(O)/asan
ASAN  := -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
ALIB  := $(A)/libsonde.a
UBIN  := $(UNIT:tests/unit/%.c=$(A)/%)

$(ALIB): $(CORE:%.c=$(A)/%.o)
	rm -f $@
	ar rcs $@ $^

$(patsubst %.c,$(A)/%.o,$(filter core/sensor/%,$(CORE))): | $(SKEL)
$(A)/core/%.o: INC := -Iinclude -Icore -Ibpf -I$(O)/bpf
$(A)/tui/%.o: INC := -Iinclude -Itui
$(A)/tests/%.o: INC := -Iinclude -Icore -Itui -Ibpf -I$(O)/bpf -Itests/unit
$(A)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(BASE) $(ASAN) $(INC) -MMD -MP -c -o $@ $<

# Tests may fail the n-th allocation (tests/unit/failalloc.h); those of tui parts link all of tui but its main.
WRAP  := $(foreach f,malloc calloc realloc reallocarray strdup strndup,-Wl,--wrap=$(f))
$(A)/test_%: $(A)/tests/unit/test_%.o $(A)/tests/unit/failalloc.o $(filter-out %/main.o,$(TUI:%.c=$(A)/%.o)) $(ALIB)
	$(CC) $(ASAN) $(WRAP) -o $@ $^ $(UILIBS) $(LIBS) -lcmocka

unit: $(UBIN) ## unit tests alone
	@for t in $(UBIN); do echo "== $$t"; $$t || exit 1; done

clean: ## remove everything generated
	rm -rf $(O)

-include $(shell find $(O) -name '*.d' 2>/dev/null)
