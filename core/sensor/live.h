/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The BPF source, as its own files share it:
 *
 *   live.c    opens it, attaches sets, drains the ring into decode_record()
 *   iter.c    first picture and repair by the task and file iterators
 *   policy.c  who is counted where, and how much of it is let through
 *   loss.c    what did not come through
 *   check.c   what doctor says of all this
 */
#ifndef SENSOR_LIVE_H
#define SENSOR_LIVE_H

#include "process.h"
#include "sensor/capture.h"
#include "sensor/probe.h"
#include "sensor/ring.h"
#include "sensor/source.h"

#define LIVE_PROBES 4
#define GONE_MAX    1024

struct picture; /* iter.c */

/* Counters of the kernel, mapped, and what was there when a slot was given to somebody else. */
struct loss {
	const struct wire_loss *now; /* WIRE_SLOTS of them; NULL: no BPF */
	struct wire_loss *base[WIRE_SLOTS];
	uint32_t high; /* slots 0..high are in use */
	uint64_t missed;
};

struct live {
	struct sensor_opts opts;
	struct probe_maps maps;
	struct wire_config cfg;
	struct ring ring;
	struct probe_live probes[LIVE_PROBES];
	int cgroup_fd;
	const char *cgroup_how; /* how the v2 root was found, NULL: not */
	struct picture *picture;
	struct loss loss;
	uint64_t bad; /* records that were none: a defect of ours */
	/* cgroups that went away: their policy goes two seconds later, sockets may still close */
	struct cgroup_key gone[2][GONE_MAX];
	unsigned n_gone[2];
	struct capture_writer **tap; /* where raw records go while recording */
	const struct sensor_sink *sink;
	union event_buf ev;
};

/* Maps, iterators, both sets. 0, or -errno of what BPF refused (then poll). */
int live_open(const struct sensor_opts *o, struct capture_writer **tap, struct live **ret,
	      struct sonde_err *err);
int live_set(struct live *l, const char *set, bool on, struct sonde_err *err);
extern const struct source_ops live_ops;

/* iter.c: NULL when the kernel refuses the iterators, errno says why. */
struct picture *picture_open(struct live *l);
void picture_close(struct picture *p);
int picture_step(struct picture *p, bool sockets, uint64_t budget_ns,
		 const struct sensor_sink *sink);
/* Run time of the iterator programs, as probe_stats(). */
void picture_stats(const struct picture *p, uint64_t *missed, uint64_t *run_ns, uint64_t *runs);

/* policy.c */
int policy_set(struct live *l, struct cgroup_key key, const struct slot_policy *p);
void policy_drop(struct live *l, struct cgroup_key key);
/* This cgroup is gone: forget its policy at the second policy_age() from now. */
void policy_gone(struct live *l, struct cgroup_key key);
void policy_age(struct live *l);

/* loss.c */
int loss_open(struct loss *s, int map_fd);
void loss_close(struct loss *s);
void loss_read(struct live *l, struct sensor_loss *ret); /* adds to by_cause */
uint64_t loss_of(const struct loss *s, uint32_t slot, enum event_type type, enum loss_cause cause);
void loss_reset(struct loss *s, uint32_t slot);

/* check.c: the i-th line for @l, which is NULL while polling because of @why. */
bool check_line(const struct live *l, int why, const struct sensor_opts *o, size_t i,
		struct sensor_check *ret);

/* Root of cgroup v2 as a descriptor: mounted somewhere, else by a mount of our own that nobody
 * sees. -errno. */
int cgroup_root_open(const char *host_root, const char **ret_how);

#endif
