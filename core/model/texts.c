/* SPDX-License-Identifier: BSD-2-Clause */
/* Chained hash of counted texts. Readers of snapshots look at the bytes alone, never at the head.
 */
#include "model/texts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "model/map.h"

#define TEXTS_FIRST 1024

struct text {
	struct text *next;
	uint64_t hash;
	uint64_t born; /* epoch_now() when it was made */
	uint32_t refs, n;
	char bytes[];
};

int texts_init(struct texts *t, struct epoch *e, uint64_t seed)
{
	*t = (struct texts){ .epoch = e, .seed = seed };
	t->slots = calloc(TEXTS_FIRST, sizeof(*t->slots));
	if (!t->slots)
		return -ENOMEM;
	t->cap = TEXTS_FIRST;
	return 0;
}

void texts_done(struct texts *t)
{
	for (size_t i = 0; i < t->cap; i++) {
		struct text *next;

		for (struct text *x = t->slots[i]; x; x = next) {
			next = x->next;
			epoch_retire(t->epoch, x);
		}
	}
	free(t->slots);
	*t = (struct texts){ 0 };
}

uint64_t texts_hash(uint64_t seed, const char *p, size_t n)
{
	uint64_t h = seed ^ n, w;

	for (; n >= 8; p += 8, n -= 8) {
		memcpy(&w, p, 8);
		h = map_mix(h ^ w, seed);
	}
	w = 0;
	memcpy(&w, p, n);
	return map_mix(h ^ w, seed + 1);
}

/* Without memory the chains get longer, nothing else. */
static void grow(struct texts *t)
{
	size_t cap = t->cap * 2;
	struct text **slots = calloc(cap, sizeof(*slots));

	if (!slots)
		return;
	for (size_t i = 0; i < t->cap; i++) {
		struct text *next;

		for (struct text *x = t->slots[i]; x; x = next) {
			next = x->next;
			x->next = slots[x->hash & (cap - 1)];
			slots[x->hash & (cap - 1)] = x;
		}
	}
	free(t->slots);
	t->slots = slots;
	t->cap = cap;
}

static struct text *text_of(const char *s)
{
	return (struct text *)(uintptr_t)(s - offsetof(struct text, bytes));
}

const char *texts_take(struct texts *t, const char *p, size_t n)
{
	uint64_t hash = texts_hash(t->seed, p, n);
	struct text *x;

	if (n > UINT32_MAX / 2)
		return NULL;
	for (x = t->slots[hash & (t->cap - 1)]; x; x = x->next) {
		if (x->hash == hash && x->n == n && !memcmp(x->bytes, p, n)) {
			x->refs++;
			return x->bytes;
		}
	}
	if (t->n >= t->cap)
		grow(t);
	x = malloc(sizeof(*x) + n + 1);
	if (!x)
		return NULL;
	x->hash = hash;
	x->born = epoch_now(t->epoch);
	x->refs = 1;
	x->n = (uint32_t)n;
	memcpy(x->bytes, p, n);
	x->bytes[n] = 0;
	x->next = t->slots[hash & (t->cap - 1)];
	t->slots[hash & (t->cap - 1)] = x;
	t->n++;
	t->bytes += sizeof(*x) + n + 1;
	return x->bytes;
}

const char *texts_ref(const char *s)
{
	if (s)
		text_of(s)->refs++;
	return s;
}

void texts_drop(struct texts *t, const char *s)
{
	struct text *x, **at;

	if (!s)
		return;
	x = text_of(s);
	if (--x->refs)
		return;
	for (at = &t->slots[x->hash & (t->cap - 1)]; *at != x; at = &(*at)->next)
		;
	*at = x->next;
	t->n--;
	t->bytes -= sizeof(*x) + x->n + 1;
	epoch_retire_born(t->epoch, x, x->born);
}

size_t texts_len(const char *s)
{
	return s ? text_of(s)->n : 0;
}
