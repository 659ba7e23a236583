/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small tables of plain texts (doctor, one process in full, a log): rows of a fixed
 * number of texts in one counted, immutable block.
 */
#ifndef KV_H
#define KV_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define KV_COLUMNS 4

struct kv_row {
	const char *col[KV_COLUMNS]; /* NUL-terminated, into the block; hostile bytes possible */
};

struct kv {
	uint32_t refs;  /* atomic */
	uint64_t at_ns; /* CLOCK_BOOTTIME when it was read */
	size_t n;
	struct kv_row *rows;
	char *texts;
};

/*
 * Make a block of what @b holds: texts each ended by NUL, @columns of them a row (missing columns
 * are "").
 * @b is left empty. NULL on no memory. An unfinished last row is dropped.
 */
struct kv *kv_new(struct buf *b, unsigned columns, uint64_t at_ns);
struct kv *kv_ref(struct kv *kv);
void kv_unref(struct kv *kv); /* any thread; NULL is fine */

#endif
