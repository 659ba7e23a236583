/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registry's inner side: how a field's value is read from a row. Each unit keeps
 * the field list of its own rows (event: field/, pods, ps, conns: model/, doctor:
 * sensor/); core/tables.c names them all in one array.
 */
#ifndef FIELD_FIELD_H
#define FIELD_FIELD_H

#include "base/buf.h"
#include "sonde/err.h"
#include "sonde/field.h"

/* What a getter may look at beside its row. One per query or stream, on its owner's stack. */
struct field_ctx {
	const void *snap; /* struct snapshot of the row, NULL when there is none */
	uint64_t now_ns;  /* UTC of the snapshot */
	const char *node;
	uint64_t boot;  /* names this engine run, 0: not known */
	unsigned index; /* indexed fields: N + 1 for name[N], 0 for the whole list; others ignore it
			 */
	char scratch[4096]; /* a getter may build its text here; valid until the next getter call */
};

struct field_def {
	struct sonde_field pub;
	/* Fill @ret for @row. Never fails: what is not known is SONDE_NULL, what does not apply
	 * SONDE_ABSENT. */
	void (*get)(struct field_ctx *ctx, const void *row, struct sonde_value *ret);
};

struct field_table {
	const char *name; /* "ps" */
	const struct field_def *fields;
	size_t n;
};

/* All tables in the order of enum sonde_table; defined in core/tables.c. */
extern const struct field_table *const field_tables[SONDE_TABLES];

/* The inner side of a public field (they are the same memory). */
static inline const struct field_def *field_def_of(const struct sonde_field *f)
{
	return (const struct field_def *)f;
}

/*
 * Falco-style indexed fields: for "proc.aname[2]" the field proc.aname and *@ret_index 2; without
 * brackets the field of that name or key and -1. NULL when there is none, or when the field takes
 * no index.
 */
const struct sonde_field *field_find_indexed(enum sonde_table table, const char *word,
					     int *ret_index);

/*
 * Write one row as a JSON object: the fields given, or all with SONDE_FIELD_JSON. ABSENT keys are
 * left out, bytes that are not UTF-8 become \xNN text and the key is listed in "escaped", control
 * and bidi characters become \u escapes. 0 or what buf_add() returned.
 */
int field_json(struct field_ctx *ctx, const void *row, enum sonde_table table,
	       const struct sonde_field *const *fields, size_t n, struct buf *out);

/* Compare two values of the same kind; NULL and ABSENT are smallest. For sorting. */
int field_compare(const struct sonde_value *a, const struct sonde_value *b);

#endif
