/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Policy slots: each pod (and each container without a pod) has one, and the kernel
 * counts by slot what it had to drop. Slot 0 is what belongs to no pod. A slot is
 * used again only when all are taken, longest gone first, so that late records still
 * count for the pod that made them.
 */
#include "engine_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/macros.h"

static void slot_name(struct engine *e, struct slot *s)
{
	const struct ident_row *r = identity_row(e->identity, s->ident);

	if (!r || r->row.id != s->ident_id)
		return;
	s->gone_ns = r->gone_ns;
	memcpy(s->pod_uid, r->pod_uid, sizeof(s->pod_uid));
	if (r->ns && r->pod_name)
		snprintf(s->pod, sizeof(s->pod), "%.63s/%.253s", r->ns, r->pod_name);
}

static uint32_t slot_take(struct engine *e)
{
	uint32_t oldest = 0;

	if (e->slot_high < SENSOR_SLOTS)
		return e->slot_high++;
	for (uint32_t i = 1; i < SENSOR_SLOTS; i++)
		if (e->slots[i].gone_ns &&
		    (!oldest || e->slots[i].gone_ns < e->slots[oldest].gone_ns))
			oldest = i;
	if (oldest)
		sensor_slot_reset(e->sensor, oldest);
	return oldest;
}

/* The row that owns the slot of @r: its pod, or itself. TABLE_NONE for what has no slot. */
static uint32_t owner_of(const struct engine *e, uint32_t index, const struct ident_row *r)
{
	if (r->kind == IDENT_POD)
		return index;
	if (r->kind != IDENT_CONTAINER && r->kind != IDENT_SANDBOX)
		return TABLE_NONE;
	return r->pod && identity_row(e->identity, r->pod) ? r->pod : index;
}

void slots_cgroup(struct engine *e, uint32_t index, struct cgroup_key key)
{
	const struct ident_row *r = identity_row(e->identity, index);
	struct slot_policy policy = { .sample = 1 };
	uint32_t owner;

	if (!r || e->replaying)
		return;
	owner = owner_of(e, index, r);
	if (owner == TABLE_NONE)
		return;
	policy.slot = identity_row(e->identity, owner)->slot;
	if (!policy.slot) {
		struct ident_row *edit = identity_edit(e->identity, owner);

		policy.slot = edit ? slot_take(e) : 0;
		if (!policy.slot)
			return; /* all in use: its records count for slot 0 */
		edit->slot = policy.slot;
		e->slots[policy.slot] = (struct slot){ .ident_id = edit->row.id, .ident = owner };
		slot_name(e, &e->slots[policy.slot]);
	}
	(void)sensor_policy(e->sensor, key, &policy); /* a full map is counted by the kernel side */
}

void slots_second(struct engine *e)
{
	struct node_row *n = model_node(e->model);
	struct sensor_loss loss;

	if (sensor_loss(e->sensor, &loss) < 0)
		return;
	n->lost = 0;
	for (unsigned c = 0; c < LOSS_CAUSES; c++) {
		n->lost_by[c] = loss.by_cause[c];
		if (c != LOSS_SAMPLED)
			n->lost += loss.by_cause[c];
	}
	n->sampled = loss.by_cause[LOSS_SAMPLED];
	for (uint32_t i = 1; i < e->slot_high; i++) {
		uint64_t lost = 0;

		slot_name(e, &e->slots[i]);
		for (unsigned t = 0; t < EVENT_TYPES; t++)
			for (unsigned c = 0; c < LOSS_SAMPLED; c++)
				lost += sensor_loss_of(e->sensor, i, t, c);
		model_pod_lost(e->model, e->slots[i].ident, e->slots[i].ident_id, lost);
	}
}

static size_t at(uint32_t slot, unsigned type, unsigned cause)
{
	return ((size_t)slot * EVENT_TYPES + type) * LOSS_CAUSES + cause;
}

void slots_begin(struct engine *e, struct stream *s)
{
	struct sensor_loss loss = { 0 };

	s->from_ns = engine_now(e) + (uint64_t)e->offset_ns;
	if (sensor_loss(e->sensor, &loss) < 0)
		return;
	memcpy(s->base_cause, loss.by_cause, sizeof(s->base_cause));
	s->base = calloc(at(e->slot_high, 0, 0), sizeof(*s->base));
	if (!s->base)
		return; /* counts from the engine's start then: too much, never too little */
	s->base_slots = e->slot_high;
	for (uint32_t i = 0; i < e->slot_high; i++)
		for (unsigned t = 0; t < EVENT_TYPES; t++)
			for (unsigned c = 0; c < LOSS_CAUSES; c++)
				s->base[at(i, t, c)] = sensor_loss_of(e->sensor, i, t, c);
}

static int add_entry(struct loss_report *r, const struct slot *slot, unsigned type, unsigned cause,
		     uint64_t n)
{
	struct loss_entry *entry;

	if ((r->n & (r->n - 1)) == 0) {
		size_t cap = r->n ? r->n * 2 : 1;
		struct loss_entry *more = realloc(r->entries, cap * sizeof(*more));

		if (!more)
			return -ENOMEM;
		r->entries = more;
	}
	entry = &r->entries[r->n++];
	*entry = (struct loss_entry){ .type = (uint16_t)type, .cause = (uint8_t)cause, .n = n };
	memcpy(entry->pod, slot->pod, sizeof(entry->pod));
	memcpy(entry->pod_uid, slot->pod_uid, sizeof(entry->pod_uid));
	return 0;
}

/* What one slot lost of one type by one cause while @s was reading. */
static uint64_t lost_since(struct engine *e, const struct stream *s, uint32_t slot, unsigned type,
			   unsigned cause)
{
	uint64_t n = sensor_loss_of(e->sensor, slot, type, cause);

	if (cause == LOSS_QUEUE && s->queue_lost)
		n += s->queue_lost[slot * EVENT_TYPES + type];
	if (s->base && slot < s->base_slots)
		n -= MIN(n, s->base[at(slot, type, cause)]);
	return n;
}

int slots_report(struct engine *e, struct stream *s, struct loss_report *ret)
{
	struct sensor_loss loss = { 0 };
	int r = sensor_loss(e->sensor, &loss);

	ret->received = s->received;
	ret->from_ns = s->from_ns;
	ret->to_ns = engine_now(e) + (uint64_t)e->offset_ns;
	for (unsigned c = 0; c < LOSS_CAUSES; c++)
		ret->by_cause[c] = loss.by_cause[c] - MIN(loss.by_cause[c], s->base_cause[c]);
	ret->by_cause[LOSS_QUEUE] += s->lost_queue;
	for (uint32_t i = 0; i < e->slot_high; i++) {
		slot_name(e, &e->slots[i]);
		for (unsigned t = 0; t < EVENT_TYPES; t++) {
			for (unsigned c = 0; c < LOSS_CAUSES; c++) {
				uint64_t n = lost_since(e, s, i, t, c);

				if (n && add_entry(ret, &e->slots[i], t, c, n) < 0)
					return -ENOMEM;
			}
		}
	}
	return r;
}
