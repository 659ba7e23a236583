/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What did not come through. The kernel counts in an array that is mapped here, so
 * reading costs no call; a slot is never zeroed under the kernel's hands: what it
 * stood at is remembered and taken off.
 */
#include "sensor/live.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/macros.h"

static const uint8_t cause_of[WIRE_CAUSES] = {
	[WIRE_LOST_RING] = LOSS_RING,
	[WIRE_LOST_BUDGET] = LOSS_BUDGET,
	[WIRE_LOST_SAMPLED] = LOSS_SAMPLED,
	[WIRE_LOST_MAP] = LOSS_MAP,
};

int loss_open(struct loss *s, int map_fd)
{
	void *p =
		mmap(NULL, sizeof(struct wire_loss) * WIRE_SLOTS, PROT_READ, MAP_SHARED, map_fd, 0);

	if (p == MAP_FAILED)
		return -errno;
	s->now = p;
	return 0;
}

void loss_close(struct loss *s)
{
	if (s->now)
		munmap((void *)(uintptr_t)s->now, sizeof(struct wire_loss) * WIRE_SLOTS);
	for (size_t i = 0; i < WIRE_SLOTS; i++)
		free(s->base[i]);
	*s = (struct loss){ 0 };
}

static uint64_t count(const struct loss *s, uint32_t slot, unsigned type, unsigned cause)
{
	return __atomic_load_n(&s->now[slot].n[type][cause], __ATOMIC_RELAXED);
}

void loss_read(struct live *l, struct sensor_loss *ret)
{
	struct loss *s = &l->loss;
	uint64_t run_ns = 0, runs = 0;

	for (uint32_t slot = 0; s->now && slot <= s->high; slot++)
		for (unsigned t = 0; t < WIRE_TYPES; t++)
			for (unsigned c = 0; c < WIRE_CAUSES; c++)
				ret->by_cause[cause_of[c]] += count(s, slot, t, c);
	s->missed = 0;
	for (size_t i = 0; i < LIVE_PROBES; i++)
		probe_stats(&l->probes[i], &s->missed, &run_ns, &runs);
	ret->by_cause[LOSS_MISSED] += s->missed;
	policy_age(l);
}

uint64_t loss_of(const struct loss *s, uint32_t slot, enum event_type type, enum loss_cause cause)
{
	if (cause == LOSS_MISSED) /* the kernel does not say whose */
		return slot == 0 && type == EVENT_NONE ? s->missed : 0;
	for (unsigned c = 0; s->now && c < WIRE_CAUSES; c++)
		if (cause_of[c] == cause && slot < WIRE_SLOTS && (unsigned)type < WIRE_TYPES)
			return count(s, slot, type, c) -
			       (s->base[slot] ? s->base[slot]->n[type][c] : 0);
	return 0;
}

void loss_reset(struct loss *s, uint32_t slot)
{
	if (!s->now || slot >= WIRE_SLOTS)
		return;
	if (!s->base[slot])
		s->base[slot] = malloc(sizeof(*s->base[slot]));
	if (!s->base[slot]) /* no memory: the next owner shows the last one's counts, which is too
			       much, not too little */
		return;
	for (unsigned t = 0; t < WIRE_TYPES; t++)
		for (unsigned c = 0; c < WIRE_CAUSES; c++)
			s->base[slot]->n[t][c] = count(s, slot, t, c);
}
