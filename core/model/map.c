/* SPDX-License-Identifier: BSD-2-Clause */
/* Open addressing with linear probing; a delete moves later entries back, so there are no
 * tombstones. */
#include "model/map.h"

#include <errno.h>
#include <stdlib.h>

#define MAP_FIRST 256

void map_init(struct map *m, uint64_t seed)
{
	*m = (struct map){ .seed = seed };
}

void map_done(struct map *m)
{
	free(m->slots);
	m->slots = NULL;
	m->cap = m->n = 0;
}

static size_t home(const struct map *m, uint64_t key)
{
	return map_mix(key, m->seed) & (m->cap - 1);
}

uint32_t map_find(const struct map *m, uint64_t key)
{
	if (!m->cap)
		return MAP_NONE;
	for (size_t i = home(m, key);; i = (i + 1) & (m->cap - 1)) {
		if (m->slots[i].value == MAP_NONE)
			return MAP_NONE;
		if (m->slots[i].key == key)
			return m->slots[i].value;
	}
}

/* There is an empty slot. */
static void put(struct map *m, uint64_t key, uint32_t value)
{
	size_t i = home(m, key);

	while (m->slots[i].value != MAP_NONE && m->slots[i].key != key)
		i = (i + 1) & (m->cap - 1);
	if (m->slots[i].value == MAP_NONE)
		m->n++;
	m->slots[i] = (struct map_slot){ .key = key, .value = value };
}

static int grow(struct map *m)
{
	struct map old = *m;

	m->cap = old.cap ? old.cap * 2 : MAP_FIRST;
	m->slots = malloc(m->cap * sizeof(*m->slots));
	if (!m->slots) {
		*m = old;
		return -ENOMEM;
	}
	for (size_t i = 0; i < m->cap; i++)
		m->slots[i].value = MAP_NONE;
	m->n = 0;
	for (size_t i = 0; i < old.cap; i++) {
		if (old.slots[i].value != MAP_NONE)
			put(m, old.slots[i].key, old.slots[i].value);
	}
	free(old.slots);
	return 0;
}

int map_put(struct map *m, uint64_t key, uint32_t value)
{
	if (map_find(m, key) != MAP_NONE) {
		put(m, key, value);
		return 0;
	}
	/* Without memory it goes on, slower, until it is nearly full. */
	if ((m->n + 1) * 4 > m->cap * 3 && grow(m) < 0 && (m->n + 1) * 16 > m->cap * 15)
		return -ENOMEM;
	put(m, key, value);
	return 0;
}

void map_del(struct map *m, uint64_t key)
{
	size_t mask = m->cap - 1, hole, i;

	if (!m->cap)
		return;
	hole = home(m, key);
	while (m->slots[hole].value != MAP_NONE && m->slots[hole].key != key)
		hole = (hole + 1) & mask;
	if (m->slots[hole].value == MAP_NONE)
		return;
	m->n--;
	for (i = (hole + 1) & mask; m->slots[i].value != MAP_NONE; i = (i + 1) & mask) {
		size_t want = home(m, m->slots[i].key);

		/* An entry may move into the hole when its home is not between the two. */
		if (((i - want) & mask) >= ((i - hole) & mask)) {
			m->slots[hole] = m->slots[i];
			hole = i;
		}
	}
	m->slots[hole].value = MAP_NONE;
}
