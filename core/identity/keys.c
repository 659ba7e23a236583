/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The map from {hierarchy, cgroup id} to rows. A cgroup that went away is remembered
 * for a minute, because events of its last tasks still come; the gone ones stand in a
 * list by age, so that they leave in order, early when the room is wanted.
 */
#include "identity/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

int ident_keys_init(struct identity *id)
{
	id->key_heads = malloc(KEY_BUCKETS * sizeof(*id->key_heads));
	if (!id->key_heads)
		return -ENOMEM;
	memset(id->key_heads, 0xff, KEY_BUCKETS * sizeof(*id->key_heads));
	id->free_key = id->oldest_gone = id->youngest_gone = TABLE_NONE;
	return 0;
}

void ident_keys_done(struct identity *id)
{
	free(id->keys);
	free(id->key_heads);
}

static uint32_t *bucket(const struct identity *id, struct cgroup_key key)
{
	/*
	 * cheaper than ident_hash(): each event comes through here, and nobody chooses inode
	 * numbers
	 */
	uint64_t h = (key.id ^ id->seed ^ (uint64_t)key.hierarchy << 40) * 0x9e3779b97f4a7c15ULL;

	return &id->key_heads[h >> 40 & (KEY_BUCKETS - 1)];
}

struct key_entry *ident_key_find(const struct identity *id, struct cgroup_key key)
{
	uint32_t i = *bucket(id, key);

	while (i != TABLE_NONE) {
		struct key_entry *k = &id->keys[i];

		if (k->key.id == key.id && k->key.hierarchy == key.hierarchy)
			return k;
		i = k->next;
	}
	return NULL;
}

static void gone_cut(struct identity *id, struct key_entry *k)
{
	if (k->older != TABLE_NONE)
		id->keys[k->older].younger = k->younger;
	else
		id->oldest_gone = k->younger;
	if (k->younger != TABLE_NONE)
		id->keys[k->younger].older = k->older;
	else
		id->youngest_gone = k->older;
}

static void row_link(struct identity *id, uint32_t index)
{
	struct key_entry *k = &id->keys[index];
	struct side *s = &id->sides[k->row];

	k->row_prev = TABLE_NONE;
	k->row_next = s->first_key;
	if (k->row_next != TABLE_NONE)
		id->keys[k->row_next].row_prev = index;
	s->first_key = index;
	s->keys++;
}

static void row_unlink(struct identity *id, struct key_entry *k)
{
	struct side *s = &id->sides[k->row];

	if (k->row_prev != TABLE_NONE)
		id->keys[k->row_prev].row_next = k->row_next;
	else
		s->first_key = k->row_next;
	if (k->row_next != TABLE_NONE)
		id->keys[k->row_next].row_prev = k->row_prev;
	s->keys--;
}

static void count_live(struct identity *id, const struct key_entry *k, int by)
{
	struct side *s = &id->sides[k->row];

	s->live += (uint32_t)by;
	if (k->own) {
		s->live_own[!!k->key.hierarchy] += (uint32_t)by;
		s->had_own[!!k->key.hierarchy] = true;
	}
}

void ident_key_drop(struct identity *id, struct key_entry *k)
{
	uint32_t index = (uint32_t)(k - id->keys), *at = bucket(id, k->key);

	while (*at != index)
		at = &id->keys[*at].next;
	*at = k->next;
	if (k->gone_ns)
		gone_cut(id, k);
	else
		count_live(id, k, -1);
	row_unlink(id, k);
	k->row = TABLE_NONE;
	k->next = id->free_key;
	id->free_key = index;
	id->used_keys--;
}

static bool grow(struct identity *id)
{
	uint32_t cap = id->cap_keys ? id->cap_keys * 2 : 256;
	struct key_entry *p;

	if (cap > IDENT_KEYS)
		return false;
	p = realloc(id->keys, cap * sizeof(*p));
	if (!p)
		return false;
	id->keys = p;
	id->cap_keys = cap;
	return true;
}

/* An entry to fill. What lies below containers may take three quarters of the room, no more. */
static uint32_t take(struct identity *id, bool own)
{
	uint32_t i;

	if (!own && id->used_keys >= IDENT_KEYS / 4 * 3)
		return TABLE_NONE;
	if (id->free_key == TABLE_NONE && id->n_keys == id->cap_keys && !grow(id) &&
	    id->oldest_gone != TABLE_NONE)
		ident_key_drop(id, &id->keys[id->oldest_gone]);
	if (id->free_key != TABLE_NONE) {
		i = id->free_key;
		id->free_key = id->keys[i].next;
	} else if (id->n_keys < id->cap_keys) {
		i = id->n_keys++;
	} else {
		return TABLE_NONE;
	}
	id->used_keys++;
	return i;
}

int ident_key_add(struct identity *id, struct cgroup_key key, uint32_t row, bool own)
{
	uint32_t i, *head;

	if (!own && id->sides[row].keys >= IDENT_NESTED)
		return -ENOSPC;
	i = take(id, own);
	if (i == TABLE_NONE)
		return id->cap_keys < IDENT_KEYS ? -ENOMEM : -ENOSPC;
	head = bucket(id, key);
	id->keys[i] = (struct key_entry){
		.key = { .id = key.id, .hierarchy = key.hierarchy },
		.next = *head,
		.row = row,
		.older = TABLE_NONE,
		.younger = TABLE_NONE,
		.own = own,
	};
	*head = i;
	row_link(id, i);
	count_live(id, &id->keys[i], 1);
	return 0;
}

void ident_key_gone(struct identity *id, struct key_entry *k, uint64_t at_ns)
{
	uint32_t index = (uint32_t)(k - id->keys);

	if (k->gone_ns)
		return;
	k->gone_ns = MAX(at_ns, (uint64_t)1);
	k->older = id->youngest_gone;
	k->younger = TABLE_NONE;
	if (k->older != TABLE_NONE)
		id->keys[k->older].younger = index;
	else
		id->oldest_gone = index;
	id->youngest_gone = index;
	count_live(id, k, -1);
}

void ident_keys_age(struct identity *id, uint64_t before_ns)
{
	while (id->oldest_gone != TABLE_NONE && id->keys[id->oldest_gone].gone_ns < before_ns)
		ident_key_drop(id, &id->keys[id->oldest_gone]);
}

void ident_keys_drop_row(struct identity *id, uint32_t row)
{
	while (id->sides[row].first_key != TABLE_NONE)
		ident_key_drop(id, &id->keys[id->sides[row].first_key]);
}
