/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A question and its rows. Runs in the asker's thread on a counted snapshot: the
 * engine is never asked and never waits.
 */
#include "query.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "model/recent.h"

#define CTX_RING   8
#define EVENTS_MAX 20000 /* the newest; more is history */
#define JSON_MAX   (1u << 20)
#define WORDS_MAX  16
#define FIELDS_MAX 128

struct field_ctx *query_ctx(const struct snapshot *snap)
{
	static _Thread_local struct field_ctx ring[CTX_RING];
	static _Thread_local unsigned turn;
	struct field_ctx *ctx = &ring[turn++ % CTX_RING];

	ctx->snap = snap;
	ctx->now_ns = snap ? snap->time_ns : 0;
	ctx->node = snap ? snap->node.node : "";
	ctx->boot = snap ? snap->node.run : 0;
	return ctx;
}

uint64_t query_gone(enum sonde_table table, const void *row)
{
	switch (table) {
	case SONDE_PODS:
		return ((const struct pod_row *)row)->gone_ns;
	case SONDE_PROCS:
		return ((const struct proc_row *)row)->gone_ns;
	case SONDE_CONNS:
		return ((const struct conn_row *)row)->gone_ns;
	default:
		return 0;
	}
}

/* ── plain words as typed after "/" ────────── */

struct words {
	bool inverse;
	unsigned n;
	struct {
		const char *p;
		size_t n;
	} word[WORDS_MAX];
	unsigned char lower[256];  /* tolower() of the locale costs a call a byte */
	uint8_t field[FIELDS_MAX]; /* those that are searched */
	unsigned fields;
};

static void split_words(const char *s, struct words *w)
{
	*w = (struct words){ .inverse = *s == '!' };
	for (int i = 0; i < 256; i++)
		w->lower[i] = (unsigned char)tolower(i);
	s += w->inverse;
	while (*s && w->n < WORDS_MAX) {
		size_t n = strcspn(s, " ");

		if (n) {
			w->word[w->n].p = s;
			w->word[w->n++].n = n;
		}
		s += n;
		s += strspn(s, " ");
	}
}

static bool contains(const unsigned char *lower, const char *text, size_t n, const char *word,
		     size_t m)
{
	const unsigned char *p = (const unsigned char *)text, *w = (const unsigned char *)word;
	unsigned char first = lower[w[0]];

	for (size_t i = 0; i + m <= n; i++) {
		size_t k = 1;

		if (lower[p[i]] != first)
			continue;
		while (k < m && lower[p[i + k]] == lower[w[k]])
			k++;
		if (k == m)
			return true;
	}
	return false;
}

static bool value_contains(const struct words *w, const struct sonde_value *v, const char *word,
			   size_t m)
{
	char num[24];
	int n;

	switch (v->kind) {
	case SONDE_TEXT:
	case SONDE_LIST:
		return contains(w->lower, v->text.p, v->text.n, word, m);
	case SONDE_UINT:
		n = snprintf(num, sizeof(num), "%llu", (unsigned long long)v->u);
		return contains(w->lower, num, (size_t)n, word, m);
	case SONDE_INT:
		n = snprintf(num, sizeof(num), "%lld", (long long)v->i);
		return contains(w->lower, num, (size_t)n, word, m);
	default:
		return false;
	}
}

/*
 * Rates and times are not searched: nobody types them. Nor, of the large tables, the fields that
 * have Falco's name alone: they are parts of others (fd.rip of remote) and would be half the work.
 */
static bool searched(const struct sonde_field *f, enum sonde_table table)
{
	if (f->kind != SONDE_TEXT && f->kind != SONDE_LIST)
		return f->unit == SONDE_PLAIN && (f->flags & SONDE_FIELD_DEFAULT);
	return table == SONDE_EVENTS || strcmp(f->name, f->key) != 0;
}

static void choose_fields(enum sonde_table table, struct words *w)
{
	const struct field_table *t = field_tables[table];

	for (size_t f = 0; f < MIN(t->n, (size_t)FIELDS_MAX); f++)
		if (searched(&t->fields[f].pub, table))
			w->field[w->fields++] = (uint8_t)f;
}

/* Every word stands in some shown field. */
static bool words_match(const struct words *w, enum sonde_table table, struct field_ctx *ctx,
			const void *row)
{
	const struct field_table *t = field_tables[table];
	unsigned found = 0, all = (1u << w->n) - 1;

	for (unsigned f = 0; f < w->fields && found != all; f++) {
		const struct field_def *d = &t->fields[w->field[f]];
		struct sonde_value v;

		d->get(ctx, row, &v);
		for (unsigned i = 0; i < w->n; i++)
			if (!(found & (1u << i)) &&
			    value_contains(w, &v, w->word[i].p, w->word[i].n))
				found |= 1u << i;
	}
	return (found == all) != w->inverse;
}

/* ── gathering ────────── */

struct gather {
	struct sonde_rows *rows;
	const struct sonde_query *q;
	struct expr *where;
	struct words words;
	uint32_t pod; /* index of the pod row asked for, TABLE_NONE: any */
};

static int rows_add(struct sonde_rows *rows, const void *row, sonde_id id)
{
	if (rows->n == rows->cap) {
		size_t cap = rows->cap ? rows->cap * 2 : 256;
		const void **row_more = realloc(rows->row, cap * sizeof(*rows->row));
		sonde_id *id_more;

		if (!row_more)
			return -ENOMEM;
		rows->row = row_more;
		id_more = realloc(rows->id, cap * sizeof(*rows->id));
		if (!id_more)
			return -ENOMEM;
		rows->id = id_more;
		rows->cap = cap;
	}
	rows->row[rows->n] = row;
	rows->id[rows->n++] = id;
	return 0;
}

static bool in_scope(const struct gather *g, const void *row)
{
	const struct sonde_query *q = g->q;

	if (q->no_gone && query_gone(q->table, row))
		return false;
	switch (q->table) {
	case SONDE_PODS:
		return !q->pod || ((const struct table_row *)row)->id == q->pod;
	case SONDE_PROCS:
		return (!q->pod || ((const struct proc_row *)row)->pod == g->pod) &&
		       (!q->proc || ((const struct table_row *)row)->id == q->proc);
	case SONDE_CONNS:
		return (!q->pod || ((const struct conn_row *)row)->pod == g->pod) &&
		       (!q->proc || ((const struct conn_row *)row)->proc_id == q->proc);
	case SONDE_EVENTS:
		return !q->proc || ((const struct event *)row)->proc_id == q->proc;
	default:
		return true;
	}
}

static int take(struct gather *g, const void *row, sonde_id id)
{
	struct field_ctx *ctx;

	if (!in_scope(g, row))
		return 0;
	g->rows->total++;
	ctx = query_ctx(g->rows->snap);
	if (g->where && !expr_match(g->where, ctx, row))
		return 0;
	if (g->words.n && !words_match(&g->words, g->q->table, ctx, row))
		return 0;
	return rows_add(g->rows, row, id);
}

static int take_table(struct gather *g, const struct table_view *v)
{
	int r = 0;

	for (uint32_t i = 0; i < v->high && r == 0; i++) {
		const struct table_row *row = table_view_at(v, i);

		if (row && row->id)
			r = take(g, row, row->id);
	}
	return r;
}

static int take_events(struct gather *g)
{
	struct event_cursor at;
	const struct event *ev;
	size_t seen = 0;
	int r = event_cursor_init(&at, g->rows->snap->events, g->q->pod, true);

	while (r == 0 && seen++ < EVENTS_MAX && (ev = event_cursor_next(&at)))
		r = take(g, ev, ev->seq);
	event_cursor_done(&at);
	/* Newest last, as it happened. */
	for (size_t a = 0, b = g->rows->n; a + 1 < b; a++) {
		const void *row;
		sonde_id id;

		b--;
		row = g->rows->row[a];
		id = g->rows->id[a];
		g->rows->row[a] = g->rows->row[b];
		g->rows->id[a] = g->rows->id[b];
		g->rows->row[b] = row;
		g->rows->id[b] = id;
	}
	return r;
}

static int take_kv(struct gather *g)
{
	int r = 0;

	for (size_t i = 0; g->rows->kv && i < g->rows->kv->n && r == 0; i++)
		r = take(g, &g->rows->kv->rows[i], i + 1);
	return r;
}

static int gather(struct gather *g)
{
	const struct snapshot *s = g->rows->snap;

	switch (g->q->table) {
	case SONDE_PODS:
		return take_table(g, &s->pods);
	case SONDE_PROCS:
		return take_table(g, &s->procs);
	case SONDE_CONNS:
		return take_table(g, &s->conns);
	case SONDE_NODE:
		return take(g, &s->node, 1);
	case SONDE_EVENTS:
		return take_events(g);
	default:
		return take_kv(g);
	}
}

/* The index of a pod row by its id: TABLE_NONE - 1 matches nothing when it is gone. */
static uint32_t pod_index(const struct snapshot *s, sonde_id id)
{
	for (uint32_t i = 0; id && i < s->pods.high; i++) {
		const struct pod_row *p = table_view_at(&s->pods, i);

		if (p && p->row.id == id)
			return i;
	}
	return TABLE_NONE - 1;
}

static void why_incomplete(struct sonde_rows *rows)
{
	const struct snapshot *s = rows->snap;

	if (s->node.trouble[0]) {
		memcpy(rows->incomplete, s->node.trouble, sizeof(s->node.trouble));
		return;
	}
	if (rows->table == SONDE_DOCTOR || rows->table == SONDE_LOG || rows->table == SONDE_NODE)
		return;
	if (s->incomplete[0])
		snprintf(rows->incomplete, sizeof(rows->incomplete), "%s", s->incomplete);
	else if (s->node.origin == ORIGIN_POLLING)
		snprintf(rows->incomplete, sizeof(rows->incomplete),
			 "polling: short-lived processes and connections are missed");
	else if (s->node.origin == ORIGIN_RING && !s->node.picture_done)
		snprintf(rows->incomplete, sizeof(rows->incomplete),
			 "first picture under way: %u processes so far", s->procs.used);
}

int query_rows(const struct sonde_query *q, struct snapshot *snap, struct kv *kv, bool pending,
	       struct sonde_rows **ret, struct sonde_err *err)
{
	struct sonde_rows *rows = calloc(1, sizeof(*rows));
	struct gather g = { .rows = rows, .q = q };
	int r = 0;

	if (!rows) {
		snapshot_unref(snap);
		kv_unref(kv);
		return sonde_err_set(err, -ENOMEM, "not enough memory for the answer");
	}
	rows->refs = 1;
	rows->table = q->table;
	rows->snap = snap;
	rows->kv = kv;
	rows->pending = pending;
	rows->json.max = JSON_MAX;
	if (q->where && *q->where)
		r = expr_compile(q->where, q->table, &g.where, err);
	if (r == 0) {
		split_words(q->match ? q->match : "", &g.words);
		if (g.words.n)
			choose_fields(q->table, &g.words);
		g.pod = q->pod ? pod_index(snap, q->pod) : TABLE_NONE;
		r = gather(&g);
	}
	if (r == 0 && (q->table != SONDE_EVENTS || (q->sort && *q->sort)))
		r = query_sort(rows, q->sort && *q->sort ? q->sort : NULL, err);
	if (r == 0 && q->tree && q->table == SONDE_PROCS)
		r = query_tree(rows);
	expr_free(g.where);
	if (r == -ENOMEM)
		sonde_err_set(err, r, "not enough memory for the answer");
	if (r < 0) {
		sonde_rows_unref(rows);
		return r;
	}
	why_incomplete(rows);
	*ret = rows;
	return 0;
}

/* ── reading rows (the face) ────────── */

#define PUBLIC __attribute__((visibility("default")))

PUBLIC struct sonde_rows *sonde_rows_ref(struct sonde_rows *rows)
{
	if (rows)
		__atomic_fetch_add(&rows->refs, 1, __ATOMIC_RELAXED);
	return rows;
}

PUBLIC void sonde_rows_unref(struct sonde_rows *rows)
{
	if (!rows || __atomic_fetch_sub(&rows->refs, 1, __ATOMIC_ACQ_REL) != 1)
		return;
	snapshot_unref(rows->snap);
	kv_unref(rows->kv);
	free(rows->row);
	free(rows->id);
	free(rows->depth);
	free(rows->hash);
	buf_done(&rows->json);
	free(rows);
}

PUBLIC size_t sonde_rows_count(const struct sonde_rows *rows)
{
	return rows->n;
}

PUBLIC size_t sonde_rows_total(const struct sonde_rows *rows)
{
	return rows->total;
}

PUBLIC bool sonde_rows_pending(const struct sonde_rows *rows)
{
	return rows->pending;
}

PUBLIC uint64_t sonde_rows_time(const struct sonde_rows *rows)
{
	return rows->snap->time_ns;
}

PUBLIC sonde_id sonde_rows_id(const struct sonde_rows *rows, size_t i)
{
	return i < rows->n ? rows->id[i] : 0;
}

PUBLIC bool sonde_rows_gone(const struct sonde_rows *rows, size_t i)
{
	return i < rows->n && query_gone(rows->table, rows->row[i]) != 0;
}

PUBLIC unsigned sonde_rows_depth(const struct sonde_rows *rows, size_t i)
{
	return rows->depth && i < rows->n ? rows->depth[i] : 0;
}

PUBLIC const char *sonde_rows_incomplete(const struct sonde_rows *rows)
{
	return rows->incomplete[0] ? rows->incomplete : NULL;
}

static size_t hash_id(sonde_id id)
{
	return (size_t)((id * 0x9e3779b97f4a7c15ULL) >> 20);
}

static void make_hash(struct sonde_rows *rows)
{
	size_t size = 64;

	while (size < rows->n * 2)
		size *= 2;
	rows->hash = calloc(size, sizeof(*rows->hash));
	if (!rows->hash)
		return;
	rows->hash_mask = size - 1;
	for (size_t i = 0; i < rows->n; i++) {
		size_t h = hash_id(rows->id[i]) & rows->hash_mask;

		while (rows->hash[h])
			h = (h + 1) & rows->hash_mask;
		rows->hash[h] = (uint32_t)i + 1;
	}
}

PUBLIC ptrdiff_t sonde_rows_find(const struct sonde_rows *rows, sonde_id id)
{
	if (!rows->hash)
		make_hash(
			(struct sonde_rows *)rows); /* a cache: the rows themselves do not change */
	if (!rows->hash) {
		for (size_t i = 0; i < rows->n; i++)
			if (rows->id[i] == id)
				return (ptrdiff_t)i;
		return -1;
	}
	for (size_t h = hash_id(id) & rows->hash_mask; rows->hash[h]; h = (h + 1) & rows->hash_mask)
		if (rows->id[rows->hash[h] - 1] == id)
			return (ptrdiff_t)rows->hash[h] - 1;
	return -1;
}

PUBLIC void sonde_rows_value(const struct sonde_rows *rows, size_t i,
			     const struct sonde_field *field, struct sonde_value *ret)
{
	if (i >= rows->n) {
		ret->kind = SONDE_ABSENT;
		return;
	}
	field_def_of(field)->get(query_ctx(rows->snap), rows->row[i], ret);
}

PUBLIC ptrdiff_t sonde_rows_json(struct sonde_rows *rows, size_t i,
				 const struct sonde_field *const *fields, size_t n,
				 const char **ret)
{
	int r;

	if (i >= rows->n)
		return -EINVAL;
	buf_clear(&rows->json);
	r = field_json(query_ctx(rows->snap), rows->row[i], rows->table, fields, n, &rows->json);
	if (r < 0)
		return r;
	*ret = rows->json.p;
	return (ptrdiff_t)rows->json.n;
}
