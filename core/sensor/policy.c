/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Policy in the kernel: cgroup -> slot, sampling, budget. The kernel copies an entry to
 * every group made below it; we take entries back when their group is gone.
 */
#include "sensor/live.h"

#include <errno.h>

#include <bpf/bpf.h>

#include "base/macros.h"

int policy_set(struct live *l, struct cgroup_key key, const struct slot_policy *p)
{
	struct wire_key k = { .id = key.id, .hierarchy = key.hierarchy };
	struct wire_policy v = { .slot = p->slot, .sample = p->sample, .budget = p->budget };

	if (p->slot >= WIRE_SLOTS)
		return -EINVAL;
	l->loss.high = MAX(l->loss.high, p->slot);
	return bpf_map_update_elem(l->maps.policy, &k, &v, BPF_ANY) ? -errno : 0;
}

void policy_drop(struct live *l, struct cgroup_key key)
{
	struct wire_key k = { .id = key.id, .hierarchy = key.hierarchy };

	bpf_map_delete_elem(l->maps.policy, &k);
}

void policy_gone(struct live *l, struct cgroup_key key)
{
	if (l->n_gone[0] == GONE_MAX)
		policy_drop(l, key);
	else
		l->gone[0][l->n_gone[0]++] = key;
}

void policy_age(struct live *l)
{
	for (unsigned i = 0; i < l->n_gone[1]; i++)
		policy_drop(l, l->gone[1][i]);
	for (unsigned i = 0; i < l->n_gone[0]; i++)
		l->gone[1][i] = l->gone[0][i];
	l->n_gone[1] = l->n_gone[0];
	l->n_gone[0] = 0;
}
