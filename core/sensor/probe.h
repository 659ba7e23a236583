/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A probe: one BPF object of a set, its programs, and what each of them delivers.
 * Objects are small, so that one refused program does not take others with it; where
 * the kernel refuses an object, its programs are tried one by one.
 */
#ifndef SENSOR_PROBE_H
#define SENSOR_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire.h"

#define PROBE_HOOKS 12

struct bpf_object;
struct bpf_link;

/* One program and where it hangs. */
struct probe_hook {
	const char *program;
	const char *check;      /* doctor's line: "set: hook" */
	const char *delivers;   /* for doctor, when it works */
	const char *blind;      /* what is missing when it does not */
	const char *tracepoint; /* tp_btf that must be in the kernel's BTF; NULL: none */
	/* NULL, or says no for this kernel: another program of the same hook stands in. */
	bool (*wanted)(const struct probe_hook *h);
};

struct probe {
	const char *set;    /* "process", "network" */
	const char *object; /* file name in bpf/ */
	const void *(*elf)(size_t *n);
	const struct probe_hook *hooks;
	size_t n;
	bool cgroup; /* attaches to the root of cgroup v2 */
	bool names;  /* left out with --no-names */
};

extern const struct probe probe_process, probe_network, probe_udp, probe_names;

enum hook_state { HOOK_OFF, HOOK_ON, HOOK_REFUSED, HOOK_ABSENT, HOOK_UNWANTED };

struct hook_live {
	enum hook_state state;
	int error;              /* -errno of load or attach */
	struct bpf_object *obj; /* its own, when the whole was refused */
	struct bpf_link *link;
	int prog_fd;
};

struct probe_live {
	const struct probe *probe;
	struct bpf_object *obj; /* all programs, NULL when they were loaded one by one */
	bool loaded;
	struct hook_live hooks[PROBE_HOOKS];
};

/* The maps that objects share, by name. */
struct probe_maps {
	struct bpf_object *obj;
	int ring, policy, loss, pace;
};

/* Make the shared maps. 0 or -errno. */
int probe_maps_open(struct probe_maps *m, uint64_t ring_size);
void probe_maps_close(struct probe_maps *m);

/* Open an object with the shared maps and @cfg in place, not yet loaded. NULL on failure, errno
 * says why. */
struct bpf_object *probe_object(const struct probe_maps *m, const struct wire_config *cfg,
				const void *elf, size_t n, const char *name);

/* Load (once) and attach all hooks; @cgroup_fd for cgroup programs, -1: none. Returns how many
 * hang. */
size_t probe_attach(struct probe_live *p, const struct probe_maps *m, const struct wire_config *cfg,
		    int cgroup_fd);
/* Detach; the programs stay loaded. */
void probe_detach(struct probe_live *p);
void probe_unload(struct probe_live *p);

/* How often the kernel skipped programs because one was running on that CPU. Adds to the cost when
 * it is counted. */
void probe_stats(const struct probe_live *p, uint64_t *missed, uint64_t *run_ns, uint64_t *runs);

/* Does the kernel have this BTF tracepoint? And is its first argument a pointer? */
bool probe_has_tracepoint(const char *name, bool *ret_pointer);

#endif
