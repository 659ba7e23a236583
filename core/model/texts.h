/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Texts that many rows share: each distinct text is kept once and counted. When its
 * last row lets it go it is retired through the epoch, so old snapshots still read it.
 * A prefork server's hundred workers, or a thousand short-lived runs of one command,
 * cost one command line.
 */
#ifndef MODEL_TEXTS_H
#define MODEL_TEXTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/table.h"

struct text;

struct texts {
	struct epoch *epoch;
	struct text **slots;
	size_t cap, n;
	size_t bytes; /* held by all of them */
	uint64_t seed;
};

/* 0 or -ENOMEM. */
int texts_init(struct texts *t, struct epoch *e, uint64_t seed);
/* Everything is retired, whoever still counts it. */
void texts_done(struct texts *t);

/* The shared copy of @n bytes (a NUL byte follows them), counted for the caller. NULL on no memory.
 */
const char *texts_take(struct texts *t, const char *p, size_t n);
/* Count a text that texts_take() gave once more. NULL is fine. */
const char *texts_ref(const char *s);
/* Let go of one count. NULL is fine. */
void texts_drop(struct texts *t, const char *s);
/* A keyed hash of bytes that a workload chose. */
uint64_t texts_hash(uint64_t seed, const char *p, size_t n);
/* Its length. */
size_t texts_len(const char *s);

#endif
