/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows of one table at one moment: filtered, sorted, as a tree if wanted. */
#ifndef QUERY_H
#define QUERY_H

#include "field/expr.h"
#include "kv.h"
#include "model/model.h"
#include "sonde/sonde.h"

struct sonde_rows {
	unsigned refs; /* atomic */
	enum sonde_table table;
	struct snapshot *snap;
	struct kv *kv;
	size_t n, total, cap;
	const void **row;
	sonde_id *id;
	uint16_t *depth; /* NULL without tree */
	uint32_t *hash;  /* id -> position + 1, made at the first sonde_rows_find() */
	size_t hash_mask;
	bool pending;
	char incomplete[200];
	struct buf json;
};

/*
 * Fill *@ret for @q from @snap (and @kv for the tables of texts); both counts are taken over, also
 * on failure. Returns 0, -EINVAL with the sentence, or -ENOMEM.
 */
int query_rows(const struct sonde_query *q, struct snapshot *snap, struct kv *kv, bool pending,
	       struct sonde_rows **ret, struct sonde_err *err);

/* query_order.c: sort @rows by a field ("-" before it: descending), or NULL for the table's own
 * order. */
int query_sort(struct sonde_rows *rows, const char *sort, struct sonde_err *err);
/* query_order.c: parents before children, @rows->depth filled. 0 or -ENOMEM. */
int query_tree(struct sonde_rows *rows);

/* A context for getters on @rows' snapshot; one of a few of this thread, used in turn. */
struct field_ctx *query_ctx(const struct snapshot *snap);

/* CLOCK_BOOTTIME when the row's thing ended, 0: alive. */
uint64_t query_gone(enum sonde_table table, const void *row);

#endif
