/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * All kernel drift in one place: each entry names what changed and when, and gives
 * one accessor that loads on 5.10 and later.
 */
#ifndef COMPAT_BPF_H
#define COMPAT_BPF_H

#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

/* Keep @x in range where clang would drop a mask that it thinks is not needed. */
#define BOUND(x, mask) asm volatile("%0 &= %1" : "+r"(x) : "i"(mask))

/* kernfs_node.parent became __parent when it came under RCU (6.15, 633488947ef6). */
struct kernfs_node___rcu {
	struct kernfs_node *__parent;
} __attribute__((preserve_access_index));

static __always_inline struct kernfs_node *kernfs_parent(struct kernfs_node *kn)
{
	struct kernfs_node___rcu *k = (void *)kn;

	if (bpf_core_field_exists(k->__parent))
		return BPF_CORE_READ(k, __parent);
	return BPF_CORE_READ(kn, parent);
}

/*
 * sock_cgroup_data was one word with tag bits until net_cls and net_prio got fields of their own
 * (5.15, 8520e224f547). Bit 0: a class id stands there and the cgroup is lost.
 */
struct sock_cgroup_data___tagged {
	u64 val;
} __attribute__((preserve_access_index));

struct sock___tagged {
	struct sock_cgroup_data___tagged sk_cgrp_data;
} __attribute__((preserve_access_index));

static __always_inline struct cgroup *sock_cgroup_tagged(const struct sock *sk)
{
	u64 val = BPF_CORE_READ((const struct sock___tagged *)sk, sk_cgrp_data.val);

	return val & 1 ? NULL : (struct cgroup *)(val & ~3ULL);
}

/* Memory counters: an array in mm_rss_stat, then per-CPU counters in mm_struct itself (6.2,
 * f1a7941243c1). */
struct mm_rss_stat___array {
	struct {
		long long counter;
	} count[3];
} __attribute__((preserve_access_index));

struct mm_struct___array {
	struct mm_rss_stat___array rss_stat;
} __attribute__((preserve_access_index));

struct percpu_counter {
	long long count;
} __attribute__((preserve_access_index));

struct mm_struct___percpu {
	struct percpu_counter rss_stat[3];
} __attribute__((preserve_access_index));

/* Resident pages: file, anonymous and (entry 3) shared memory. May lag by a few pages per CPU. */
static __always_inline u64 rss_pages(struct mm_struct *mm)
{
	struct mm_struct___percpu *new = (void *)mm;
	struct mm_struct___array *old = (void *)mm;
	long long v, sum = 0;
	u32 at, step, i;

	if (!mm)
		return 0;
	if (bpf_core_field_exists(old->rss_stat.count)) {
		at = bpf_core_field_offset(old->rss_stat.count);
		step = sizeof(long long);
	} else {
		at = bpf_core_field_offset(new->rss_stat) +
		     bpf_core_field_offset(struct percpu_counter, count);
		step = bpf_core_type_size(struct percpu_counter);
	}
#pragma unroll
	for (i = 0; i < 4; i++) {
		if (i == 2) /* swapped out */
			continue;
		v = 0;
		bpf_probe_read_kernel(&v, sizeof(v), (void *)mm + at + i * step);
		if (v > 0)
			sum += v;
	}
	return sum;
}

/* The @level-th number of a pid; numbers[] was numbers[1] (6.6, b69f0aeb0689), its place did not
 * change. */
static __always_inline struct upid pid_number(struct pid *pid, u32 level)
{
	struct upid up = {};
	u32 at = bpf_core_field_offset(struct pid, numbers);
	void *p;

	if (level > 32)
		return up;
	p = (void *)pid + at + (u64)level * bpf_core_type_size(struct upid);
	up.nr = BPF_CORE_READ((struct upid *)p, nr);
	up.ns = BPF_CORE_READ((struct upid *)p, ns);
	return up;
}

#endif
