/* SPDX-License-Identifier: BSD-2-Clause */
/* Counted blocks of texts. */
#include "kv.h"

#include <stdlib.h>
#include <string.h>

struct kv *kv_new(struct buf *b, unsigned columns, uint64_t at_ns)
{
	struct kv *kv;
	size_t texts = 0, at = 0;

	for (size_t i = 0; i < b->n; i++)
		texts += !b->p[i];
	kv = calloc(1, sizeof(*kv));
	if (!kv)
		return NULL;
	kv->refs = 1;
	kv->at_ns = at_ns;
	kv->n = texts / columns;
	kv->rows = calloc(kv->n ? kv->n : 1, sizeof(*kv->rows));
	if (!kv->rows) {
		free(kv);
		return NULL;
	}
	kv->texts = b->p;
	*b = (struct buf){ .max = b->max };
	for (size_t i = 0; i < kv->n; i++) {
		for (unsigned c = 0; c < KV_COLUMNS; c++) {
			if (c >= columns) {
				kv->rows[i].col[c] = "";
				continue;
			}
			kv->rows[i].col[c] = kv->texts + at;
			at += strlen(kv->texts + at) + 1;
		}
	}
	return kv;
}

struct kv *kv_ref(struct kv *kv)
{
	if (kv)
		__atomic_fetch_add(&kv->refs, 1, __ATOMIC_RELAXED);
	return kv;
}

void kv_unref(struct kv *kv)
{
	if (!kv || __atomic_fetch_sub(&kv->refs, 1, __ATOMIC_ACQ_REL) != 1)
		return;
	free(kv->rows);
	free(kv->texts);
	free(kv);
}
