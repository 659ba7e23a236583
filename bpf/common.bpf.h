/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * What every probe does: say who it is about, ask whether the record may be made,
 * send it, count it when it is not sent.
 *
 *   wire_admit()  policy, sampling, budget; a refusal is counted
 *   wire_output() into the ring; a full ring is counted
 *
 * So for each slot and type: made = received + counted here, to the last one.
 */
#ifndef COMMON_BPF_H
#define COMMON_BPF_H

#include "compat.bpf.h"
#include "maps.bpf.h"

const volatile struct wire_config cfg;

static __always_inline void wire_count(u32 slot, u32 kind, u32 cause)
{
	u64 at = slot & (WIRE_SLOTS - 1);
	u32 key = at;
	struct wire_loss *l = bpf_map_lookup_elem(&loss, &key);

	kind = kind < WIRE_TYPES ? kind : WIRE_NONE;
	if (l)
		__sync_fetch_and_add(&l->n[kind & (WIRE_TYPES - 1)][cause & (WIRE_CAUSES - 1)], 1);
}

/*
 * A rate limiter that loads from 5.10 on: no lock, no compare-and-swap, the result of the add
 * unused. Two CPUs may both find the schedule in the past, so a refill can let one more pass
 * for each CPU. A quarter of a second's worth may come at once.
 */
static __always_inline bool in_budget(u32 slot, bool reserve, u32 budget)
{
	struct wire_pace *p = bpf_map_lookup_elem(&pace, &slot);
	u64 now, next, step;

	if (!p || !budget)
		return true;
	step = 1000000000ULL / budget;
	now = bpf_ktime_get_ns();
	next = reserve ? p->next_ns[1] : p->next_ns[0];
	if ((s64)(next - now) > 250000000LL)
		return false;
	if ((s64)(next - now) < 0) {
		if (reserve)
			p->next_ns[1] = now + step;
		else
			p->next_ns[0] = now + step;
	} else if (reserve) {
		__sync_fetch_and_add(&p->next_ns[1], step);
	} else {
		__sync_fetch_and_add(&p->next_ns[0], step);
	}
	return true;
}

/* May a record of @kind about @key be made? Sets *@slot. What must not go under has its own
 * reserve. */
static __always_inline bool wire_admit(struct wire_key *key, u32 kind, u32 *slot)
{
	bool reserve =
		kind == WIRE_EXEC || kind == WIRE_EXIT || kind == WIRE_LISTEN || kind == WIRE_OOM;
	struct wire_policy *p = bpf_map_lookup_elem(&policy, key);
	u32 budget = cfg.budget, sample = 0, at = 0;

	if (p) {
		at = p->slot & (WIRE_SLOTS - 1);
		sample = p->sample;
		if (p->budget)
			budget = p->budget;
	}
	*slot = at;
	if (sample > 1 && !reserve && bpf_get_prandom_u32() % sample) {
		wire_count(at, kind, WIRE_LOST_SAMPLED);
		return false;
	}
	if (!in_budget(at, reserve, budget)) {
		wire_count(at, kind, WIRE_LOST_BUDGET);
		return false;
	}
	return true;
}

/*
 * Nobody is woken for a record: a wake-up costs more than the probe. The one that makes the ring
 * half full does it, since the timer may be late then.
 */
static __always_inline u64 wire_wake(u64 n)
{
	u64 before = bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA);

	if (before < cfg.ring_half && before + n + 8 >= cfg.ring_half)
		return BPF_RB_FORCE_WAKEUP;
	return BPF_RB_NO_WAKEUP;
}

/* Send @n bytes that begin with a wire_head. */
static __always_inline void wire_output(struct wire_head *h, u64 n)
{
	if (bpf_ringbuf_output(&ring, h, n, wire_wake(n)))
		wire_count(h->slot, h->kind, WIRE_LOST_RING);
}

/* The number that a pointer is: the verifier does not let us reckon with pointers that it knows. */
static __always_inline u64 plain(const void *p)
{
	u64 v = 0;

	bpf_probe_read_kernel(&v, sizeof(v), &p);
	return v;
}

/* @id of the initial user namespace as the map at @map (struct uid_gid_map) has it; 65534: no
 * number there. */
static __always_inline u32 map_id(u64 map, u32 id)
{
	u32 i, n = BPF_CORE_READ((struct uid_gid_map *)map, nr_extents);
	u32 size = bpf_core_type_size(struct uid_gid_extent);
	u32 base = bpf_core_field_offset(struct uid_gid_map, extent);

	if (n >
	    5) /* kept elsewhere then; such maps are rare, and the host's number stands beside it */
		return 65534;
#pragma unroll
	for (i = 0; i < 5; i++) {
		struct uid_gid_extent e = {};

		if (i >= n)
			break;
		bpf_probe_read_kernel(&e, sizeof(e), (void *)map + base + i * size);
		if (id >= e.lower_first && id - e.lower_first < e.count)
			return e.first + (id - e.lower_first);
	}
	return 65534;
}

#define AF_INET    2
#define AF_INET6   10
#define PIDNS_INIT 0xeffffffcU /* PROC_PID_INIT_INO */

#define FN(name)    name
#define GET(p, f)   BPF_CORE_READ(p, f)
#define LOAD(v, at) bpf_probe_read_kernel(&(v), sizeof(v), at)
#define NUMBER(p)   ((u64)(p))
#include "reads.bpf.h"
#undef FN
#undef GET
#undef LOAD
#undef NUMBER

#define FN(name)    name##_t
#define GET(p, f)   ((p)->f)
#define LOAD(v, at) ((v) = *(at))
#define NUMBER(p)   plain(p)
#include "reads.bpf.h"
#undef FN
#undef GET
#undef LOAD
#undef NUMBER

static __always_inline void head_key(struct wire_head *h, const struct wire_key *key)
{
	h->cgroup_id = key->id;
	h->hierarchy = key->hierarchy;
}

static __always_inline void head_stamp(struct wire_head *h, u32 kind, u32 size, u32 slot)
{
	h->kind = kind;
	h->size = size;
	h->slot = slot;
	h->cpu = bpf_get_smp_processor_id();
	h->ktime_ns = bpf_ktime_get_boot_ns();
}

/*
 * The keys of the ancestors of @cg, nearest first, and with @names its path as parts from the last
 * to the first. Returns the length of the path.
 */
static __always_inline u32 cgroup_chain(struct wire_cgroup *c, struct cgroup *cg, char *text,
					bool names)
{
	struct kernfs_node *kn = BPF_CORE_READ(cg, kn);
	u64 at = 0;
	u32 i;

	c->levels = 0;
	for (i = 0; i < CGROUP_LEVELS; i++) {
		struct kernfs_node *up;
		long n;

		up = kernfs_parent(kn);
		if (!up)
			break;
		if (names) {
			n = bpf_probe_read_kernel_str(text + at, 256, BPF_CORE_READ(kn, name));
			if (n < 0)
				break;
			at += n;
			BOUND(at,
			      2047); /* the same range in each round: the verifier is done sooner */
		}
		c->ids[i] = BPF_CORE_READ(up, id);
		c->levels = i + 1;
		kn = up;
	}
	return at;
}

/* splitmix64: a socket's address must not leave the kernel as it is. */
static __always_inline u64 cookie_of(u64 sk)
{
	u64 z = sk ^ cfg.secret;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

#endif
