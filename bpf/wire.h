/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * The contract between kernel and user space: the head of every ring record, its
 * kinds, the maps' keys and values. Fixed width, no pointers, no hidden padding.
 * A capture holds these records as they are, so a kind's layout never changes: a
 * new layout is a new kind.
 */
#ifndef WIRE_H
#define WIRE_H

#include <linux/types.h>

/* Kinds below WIRE_TYPES are the event types of core/field/event.h, with the same numbers. */
enum wire_kind {
	WIRE_NONE,
	WIRE_FORK,
	WIRE_EXEC,
	WIRE_EXIT,
	WIRE_CONNECT,
	WIRE_ACCEPT,
	WIRE_LISTEN,
	WIRE_CLOSE,
	WIRE_UDP,
	WIRE_DNS,
	WIRE_TLS,
	WIRE_OOM = 13,
	WIRE_TYPES = 16,
	/* facts, no events: never budgeted; a lost one is counted as WIRE_NONE */
	WIRE_CGROUP = 32,
	WIRE_HOLDER, /* this process reads from that socket */
	/* written by the iterators, never in the ring */
	WIRE_PIC_TASK,
	WIRE_PIC_SOCK,
	WIRE_KINDS
};

/* First bytes of every record. */
struct wire_head {
	__u16 kind; /* enum wire_kind */
	__u16 size; /* whole record, head included */
	__u32 cpu;
	__u64 ktime_ns;  /* CLOCK_BOOTTIME */
	__u64 cgroup_id; /* of the task or the socket that the record is about */
	__u32 hierarchy; /* 0: cgroup v2; ids repeat between hierarchies */
	__u32 pidns, mntns, netns;
	__u32 slot; /* policy slot that counted it, 0: none */
	__u32 tgid, tid;
	__u32 ppid;
	__u64 start_ns; /* start_boottime of the thread group's leader */
	char comm[16];
};
_Static_assert(sizeof(struct wire_head) == 80, "wire_head changed size");

/* A cgroup in one hierarchy: the key of the policy map. */
struct wire_key {
	__u64 id;
	__u32 hierarchy;
	__u32 pad;
};
_Static_assert(sizeof(struct wire_key) == 16, "wire_key changed size");

struct wire_policy {
	__u32 slot;
	__u32 sample; /* keep 1 of N; 0 and 1: all */
	__u32 budget; /* records a second; 0: the default */
	__u32 pad;
};
_Static_assert(sizeof(struct wire_policy) == 16, "wire_policy changed size");

/* Two rate limiters of a slot: the time at which the next record would be on schedule. */
struct wire_pace {
	__u64 next_ns[2]; /* [1]: the reserve of exec, exit and listen */
};

#define WIRE_SLOTS 4096

/* Why a record was not made. The kernel's part of enum loss_cause, in an order of its own. */
enum wire_cause { WIRE_LOST_RING, WIRE_LOST_BUDGET, WIRE_LOST_SAMPLED, WIRE_LOST_MAP, WIRE_CAUSES };

struct wire_loss {
	__u64 n[WIRE_TYPES][WIRE_CAUSES];
};
_Static_assert(sizeof(struct wire_loss) == 512, "wire_loss changed size");

/* What user space tells the programs before they are loaded. */
struct wire_config {
	__u64 secret;    /* mixed into socket cookies */
	__u64 ring_half; /* bytes in the ring that call for a wake-up */
	__u32 budget;    /* default records a second and slot */
	__u32 host_mntns;
	__u32 v1_hierarchy; /* whose mkdir and rmdir are told beside v2's; 0: none */
	__u32 pad;
};

#endif
