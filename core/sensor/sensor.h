/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sensor: where events come from. Ring, first picture, polling and replay are
 * sources alike; each feeds the one sink. Only the engine's thread calls in here,
 * except where a line says "worker".
 */
#ifndef SENSOR_SENSOR_H
#define SENSOR_SENSOR_H

#include "field/event.h"
#include "sonde/err.h"

/* Why records did not arrive. Order is that of the summary's "lost" object. */
enum loss_cause {
	LOSS_RING,
	LOSS_BUDGET,
	LOSS_QUEUE,
	LOSS_MISSED,
	LOSS_MAP,
	LOSS_SAMPLED,
	LOSS_CAUSES
};

/* A cgroup that was made, found or removed, before any event of a task in it. */
struct cgroup_fact {
	struct cgroup_key key;
	struct cgroup_key parent;
	const char *path; /* n bytes, relative to its hierarchy's root; n 0 when not known */
	size_t n;
	uint64_t at_ns;
	bool made; /* just now, not found */
	bool gone;
};

/* Live state of one thread group from an iterator or procfs: first picture, repair, CPU accounting.
 */
struct task_fact {
	uint32_t pid, ppid, nspid, threads, uid, gid, uid_host, tty;
	uint64_t start_ns, parent_start_ns;
	uint64_t cpu_ns;    /* user + system so far */
	uint64_t rss_bytes; /* 0: not known */
	struct cgroup_key cg;
	uint32_t mntns, pidns, netns;
	char comm[16];
	bool last; /* the pass is over; nothing else is set */
};

/* Live state of one socket from iter/task_file or procfs. */
struct socket_fact {
	uint64_t cookie, inode;
	uint32_t pid;      /* a holder, 0: none found */
	uint64_t start_ns; /* of that process */
	struct event_addr local, remote;
	uint64_t bytes_in, bytes_out;
	struct cgroup_key cg;
	uint32_t netns;
	uint8_t proto, state;
	bool last;
};

struct raw_record; /* core/sensor/capture.h */

/*
 * Where all sources deliver. Called on the engine's thread, in order; arguments are good for the
 * call. None of the functions may call the sensor.
 */
struct sensor_sink {
	void *ctx;
	void (*event)(void *ctx,
		      union event_buf *ev); /* may be extended in place (event_text_add) */
	void (*cgroup)(void *ctx, const struct cgroup_fact *f);
	void (*task)(void *ctx, const struct task_fact *f);
	void (*socket)(void *ctx, const struct socket_fact *f);
	/* replay only: identity facts that were recorded beside the records (identity's own
	 * encoding) */
	void (*ident)(void *ctx, const void *bytes, size_t n);
};

struct sensor_opts {
	unsigned ring_kib; /* 0: 8192 */
	unsigned budget;   /* records a second and pod, 0: 10000 */
	bool no_bpf, no_names;
	const char *history;   /* a capture: replay is the only source then */
	const char *host_root; /* for procfs: "/" or the host's root */
};

struct sensor;

/*
 * Open the sources that work here. A refused hook is not a failure: it is reported by
 * sensor_checks(). Returns 0, or for a capture -ENOENT, -EBADMSG (foreign), -EPROTONOSUPPORT
 * (newer); -ENOMEM.
 */
int sensor_open(const struct sensor_opts *o, struct sensor **ret, struct sonde_err *err);
void sensor_close(struct sensor *s); /* detaches; NULL is fine */

/* Attach or detach a probe set while running. @set "process" or "network". 0, -ENOENT, or why the
 * kernel refused. */
int sensor_set(struct sensor *s, const char *set, bool on, struct sonde_err *err);

/* Deliver what waits, for at most @budget_ns. Returns 1 when more waits, 0 when drained, -ENODATA
 * at a capture's end. */
int sensor_drain(struct sensor *s, uint64_t budget_ns, const struct sensor_sink *sink);

/* Readable when the ring wants draining before the timer does. -1 when there is none. */
int sensor_fd(const struct sensor *s);

/*
 * Deliver every task and socket that there is (iterators, else procfs), in slices of @budget_ns:
 * call until it returns 0; 1 means go on in the next turn. Used for the first picture, after loss,
 * and each two seconds for CPU times (@sockets false).
 */
int sensor_picture(struct sensor *s, bool sockets, uint64_t budget_ns,
		   const struct sensor_sink *sink);

/* Policy of a cgroup and all made below it later. @slot 1..SENSOR_SLOTS-1 names its counters. 0 or
 * -errno. */
#define SENSOR_SLOTS 4096
struct slot_policy {
	uint32_t slot;
	uint32_t sample; /* keep 1 of N records that are not exec, exit or listen; 0 and 1: all */
	uint32_t budget; /* records a second; 0: the default */
};
int sensor_policy(struct sensor *s, struct cgroup_key key, const struct slot_policy *p);
void sensor_policy_drop(struct sensor *s, struct cgroup_key key);

/* Counted since the start. received is what decoders delivered. */
struct sensor_loss {
	uint64_t received;
	uint64_t by_cause[LOSS_CAUSES];
};
/* Read the kernel's counters (once a second, and at the end). 0 or -errno. */
int sensor_loss(struct sensor *s, struct sensor_loss *ret);
/* Of one slot (0: what belongs to none): counts by type and cause, read by the last sensor_loss().
 */
uint64_t sensor_loss_of(const struct sensor *s, uint32_t slot, enum event_type type,
			enum loss_cause cause);
/* Zero a slot's counters before it is used again (after its counts were taken over). */
void sensor_slot_reset(struct sensor *s, uint32_t slot);

/* One line of doctor. */
enum check_state { CHECK_OK, CHECK_DEGRADED, CHECK_MISSING };
struct sensor_check {
	const char *check; /* "kernel", "btf", "bpf", "process: sched_process_exec", … */
	enum check_state state;
	char detail[160];
	char mend[160]; /* "" when ok */
};
/* The i-th check; false past the end. Live tracing works when "tracing" is OK. */
bool sensor_check(const struct sensor *s, size_t i, struct sensor_check *ret);

/* "ring", "polling" or "replay". */
enum event_origin sensor_origin(const struct sensor *s);

/* A capture's own node and clock; false when the source is live. now_ns moves with what was
 * drained. */
struct sensor_replay {
	char node[64], kernel[64];
	int64_t offset_ns; /* UTC - CLOCK_BOOTTIME when it was recorded */
	uint64_t now_ns;   /* CLOCK_BOOTTIME of the last chunk read */
	char trouble[160]; /* "" or why the rest could not be read, with the offset */
};
bool sensor_replay(const struct sensor *s, struct sensor_replay *ret);

/* BPF run time in ns and run count since the start (bpf_stats, when on), and whether a hook taxes
 * every syscall. */
void sensor_cost(const struct sensor *s, uint64_t *ret_run_ns, uint64_t *ret_runs,
		 const char **ret_tax);

/*
 * Let the kernel measure the run time of BPF programs, which adds some 20 ns to each run on the
 * whole node: off unless asked for. 0 or -errno.
 */
int sensor_stats(struct sensor *s, bool on);

/* Write raw records and facts to a capture from now on. Secrets are masked first. */
int sensor_record(struct sensor *s, const char *path, struct sonde_err *err);
int sensor_record_ident(struct sensor *s, const void *bytes,
			size_t n); /* identity facts beside the records */
/* A cgroup that was known before the recording began. Tasks and sockets come by the next picture
 * pass, which is recorded too. */
int sensor_record_cgroup(struct sensor *s, const struct cgroup_fact *f);
int sensor_record_end(struct sensor *s, struct sonde_err *err);

#endif
