/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hash map from a 64-bit key to a row index: open addressing, linear probing, no
 * allocation but to grow. It is born small and doubles, so adding is O(1) amortised.
 */
#ifndef MODEL_MAP_H
#define MODEL_MAP_H

#include <stddef.h>
#include <stdint.h>

#define MAP_NONE UINT32_MAX

struct map_slot {
	uint64_t key;
	uint32_t value; /* MAP_NONE: the slot is empty */
};

struct map {
	struct map_slot *slots;
	size_t cap; /* a power of two, 0 before the first use */
	size_t n;
	uint64_t seed; /* keys may be chosen by a workload (ports, addresses) */
};

void map_init(struct map *m, uint64_t seed);
void map_done(struct map *m);

/* The value of @key or MAP_NONE. */
uint32_t map_find(const struct map *m, uint64_t key);
/* Set it; @value is not MAP_NONE. 0 or -ENOMEM (then nothing changed). */
int map_put(struct map *m, uint64_t key, uint32_t value);
/* Forget it; fine when it is not there. */
void map_del(struct map *m, uint64_t key);

/* Mix two 64-bit words into one key. */
static inline uint64_t map_mix(uint64_t a, uint64_t b)
{
	__uint128_t p = (__uint128_t)(a ^ 0x9e3779b97f4a7c15ULL) * (b ^ 0xd6e8feb86659fd93ULL);

	return (uint64_t)p ^ (uint64_t)(p >> 64);
}

#endif
