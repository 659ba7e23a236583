/* SPDX-License-Identifier: BSD-2-Clause */
/* The order of rows: by a field, by the table's own habit, or as a tree. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "query.h"

#define PREFIX 56 /* most of "namespace/pod-of-a-deployment-7d4b9c6f5d-x2x4z" */

/* What is compared: taken once a row, since getters may build their text in scratch memory. */
struct key {
	uint8_t kind; /* 0: unknown, sorts last; 1: number; 2: text */
	bool whole;   /* the text ends within the prefix */
	double num;
	unsigned char prefix[PREFIX];
	uint32_t i;
};

struct sorter {
	const struct sonde_rows *rows;
	const struct field_def *field;
	int sign;
};

static void key_of(const struct sorter *s, uint32_t i, struct key *k)
{
	struct sonde_value v;

	*k = (struct key){ .i = i };
	s->field->get(query_ctx(s->rows->snap), s->rows->row[i], &v);
	switch (v.kind) {
	case SONDE_BOOL:
		k->num = v.b;
		break;
	case SONDE_INT:
		k->num = (double)v.i;
		break;
	case SONDE_UINT:
	case SONDE_TIME:
		k->num = (double)v.u;
		break;
	case SONDE_REAL:
		k->num = v.d;
		break;
	case SONDE_TEXT:
	case SONDE_LIST:
		k->kind = 2;
		memcpy(k->prefix, v.text.p, MIN(v.text.n, sizeof(k->prefix)));
		k->whole = v.text.n <= sizeof(k->prefix);
		return;
	default:
		return;
	}
	k->kind = 1;
}

static int compare_keys(const void *pa, const void *pb, void *arg)
{
	const struct key *a = pa, *b = pb;
	const struct sorter *s = arg;
	int r = 0;

	if (!a->kind || !b->kind) { /* unknown last, whatever the direction */
		if (a->kind != b->kind)
			return a->kind ? -1 : 1;
	} else if (a->kind == 1) {
		r = a->num < b->num ? -1 : a->num > b->num;
	} else {
		r = memcmp(a->prefix, b->prefix, PREFIX);
		if (!r && !(a->whole && b->whole)) {
			struct sonde_value va, vb;

			s->field->get(query_ctx(s->rows->snap), s->rows->row[a->i], &va);
			s->field->get(query_ctx(s->rows->snap), s->rows->row[b->i], &vb);
			r = field_compare(&va, &vb);
		}
	}
	if (r)
		return r * s->sign;
	/* Equal: by id, so that rows do not dance. */
	return s->rows->id[a->i] < s->rows->id[b->i] ? -1 : 1;
}

static int permute(struct sonde_rows *rows, const uint32_t *order)
{
	const void **row = malloc(rows->n * sizeof(*row));
	sonde_id *id = malloc(rows->n * sizeof(*id));

	if (!row || !id) {
		free(row);
		free(id);
		return -ENOMEM;
	}
	for (size_t i = 0; i < rows->n; i++) {
		row[i] = rows->row[order[i]];
		id[i] = rows->id[order[i]];
	}
	free(rows->row);
	free(rows->id);
	rows->row = row;
	rows->id = id;
	rows->cap = rows->n;
	return 0;
}

static int sort_by(struct sonde_rows *rows, const struct field_def *field, int sign)
{
	struct sorter s = { .rows = rows, .field = field, .sign = sign };
	struct key *keys = malloc(rows->n * sizeof(*keys));
	uint32_t *order = malloc(rows->n * sizeof(*order));
	int r = -ENOMEM;

	if (keys && order) {
		for (uint32_t i = 0; i < rows->n; i++)
			key_of(&s, i, &keys[i]);
		qsort_r(keys, rows->n, sizeof(*keys), compare_keys, &s);
		for (size_t i = 0; i < rows->n; i++)
			order[i] = keys[i].i;
		r = permute(rows, order);
	}
	free(keys);
	free(order);
	return r;
}

/* Pods before bare containers, units and the host; else as old as they are. */
static unsigned rank_of(const struct sonde_rows *rows, uint32_t i)
{
	const struct pod_row *p = rows->row[i];
	const struct ident_row *r = table_view_at(&rows->snap->idents, p->ident);

	if (!r || p->ident == 0)
		return 3;
	return r->kind == IDENT_UNIT ? 2 : r->kind == IDENT_POD ? 0 : 1;
}

static int group_pods(struct sonde_rows *rows)
{
	uint32_t *order = malloc(rows->n * sizeof(*order)), n = 0;
	int r;

	if (!order)
		return -ENOMEM;
	for (unsigned rank = 0; rank < 4; rank++)
		for (uint32_t i = 0; i < rows->n; i++)
			if (rank_of(rows, i) == rank)
				order[n++] = i;
	r = permute(rows, order);
	free(order);
	return r;
}

static int compare_ids(const void *a, const void *b, void *arg)
{
	const sonde_id *id = arg;
	sonde_id x = id[*(const uint32_t *)a], y = id[*(const uint32_t *)b];

	return x < y ? -1 : x > y;
}

static int sort_ids(struct sonde_rows *rows)
{
	uint32_t *order = malloc(rows->n * sizeof(*order));
	int r;

	if (!order)
		return -ENOMEM;
	for (uint32_t i = 0; i < rows->n; i++)
		order[i] = i;
	qsort_r(order, rows->n, sizeof(*order), compare_ids, rows->id);
	r = permute(rows, order);
	free(order);
	return r;
}

int query_sort(struct sonde_rows *rows, const char *sort, struct sonde_err *err)
{
	const struct sonde_field *f;
	int sign = 1;

	if (!sort && rows->table == SONDE_PODS) {
		int r = rows->n ? sort_by(rows, field_def_of(sonde_field_find(SONDE_PODS, "pod")),
					  1)
				: 0;

		return r == 0 && rows->n ? group_pods(rows) : r;
	}
	if (!sort)
		return rows->n && (rows->table == SONDE_PROCS || rows->table == SONDE_CONNS)
			       ? sort_ids(rows)
			       : 0;
	if (*sort == '-') {
		sign = -1;
		sort++;
	}
	f = sonde_field_find(rows->table, sort);
	if (!f)
		return sonde_err_set(err, -EINVAL, "no field '%s' in %s; did you mean '%s'?", sort,
				     sonde_table_name(rows->table),
				     sonde_field_nearest(rows->table, sort));
	return rows->n ? sort_by(rows, field_def_of(f), sign) : 0;
}

/* ── the process tree ────────── */

struct tree {
	uint32_t *first, *next; /* by position in rows, TABLE_NONE: none */
	uint32_t *at;           /* model index -> position, TABLE_NONE: not among the rows */
	uint32_t roots;
};

/* The nearest ancestor that is among the rows. */
static uint32_t shown_parent(const struct sonde_rows *rows, const struct tree *t, uint32_t i)
{
	const struct table_view *procs = &rows->snap->procs;
	const struct proc_row *p = rows->row[i];

	for (unsigned steps = 0; steps < 4096 && p->parent_id; steps++) {
		uint32_t index = p->parent_index;
		const struct proc_row *up = table_view_at(procs, index);

		if (!up || up->row.id != p->parent_id || up == rows->row[i])
			return TABLE_NONE;
		if (t->at[index] != TABLE_NONE)
			return t->at[index];
		p = up;
	}
	return TABLE_NONE;
}

/* Children in the order that the rows have now: link backwards. */
static void link_up(const struct sonde_rows *rows, struct tree *t)
{
	for (uint32_t i = (uint32_t)rows->n; i-- > 0;) {
		uint32_t up = shown_parent(rows, t, i);
		uint32_t *head = up == TABLE_NONE ? &t->roots : &t->first[up];

		t->next[i] = *head;
		*head = i;
	}
}

/* Depth first without recursion: a fork bomb's tree is as deep as it likes. */
static uint32_t walk(struct sonde_rows *rows, struct tree *t, uint32_t *order, uint16_t *depth,
		     uint32_t *stack)
{
	uint32_t n = 0, level = 0, i = t->roots;

	while (i != TABLE_NONE || level) {
		if (i == TABLE_NONE) {
			i = t->next[stack[--level]];
			continue;
		}
		if (n == rows->n)
			break;
		order[n] = i;
		depth[n++] = (uint16_t)MIN(level, 0xffffu);
		stack[level++] = i;
		i = t->first[i];
	}
	return n;
}

/* A cycle (a parent link that was used again) hangs from no root: such rows follow at the end. */
static void add_cycles(uint32_t *order, uint32_t placed, uint32_t n, uint32_t *seen)
{
	if (placed == n)
		return;
	memset(seen, 0, n * sizeof(*seen));
	for (uint32_t i = 0; i < placed; i++)
		seen[order[i]] = 1;
	for (uint32_t i = 0; i < n; i++)
		if (!seen[i])
			order[placed++] = i;
}

int query_tree(struct sonde_rows *rows)
{
	uint32_t high = rows->snap->procs.high, n = (uint32_t)rows->n;
	uint32_t *mem = malloc(((size_t)n * 4 + high + 1) * sizeof(*mem));
	uint16_t *depth = calloc(n + 1, sizeof(*depth));
	struct tree t = { .roots = TABLE_NONE };
	uint32_t *order, *stack;
	int r = -ENOMEM;

	if (!mem || !depth)
		goto out;
	memset(mem, 0xff, ((size_t)n * 4 + high + 1) * sizeof(*mem));
	t.first = mem;
	t.next = mem + n;
	order = mem + (size_t)2 * n;
	stack = mem + (size_t)3 * n;
	t.at = mem + (size_t)4 * n;
	for (uint32_t i = 0; i < n; i++)
		t.at[((const struct table_row *)rows->row[i])->index] = i;
	link_up(rows, &t);
	add_cycles(order, walk(rows, &t, order, depth, stack), n, stack);
	r = n ? permute(rows, order) : 0;
	if (r == 0) {
		rows->depth = depth;
		depth = NULL;
	}
out:
	free(mem);
	free(depth);
	return r;
}
