/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copy-on-write tables and the deferred frees behind them.
 *
 * A page is 32 rows. It remembers how many views had been taken of its table when it
 * was made; while that number is still the table's, nobody but the writer can see the
 * page and it is edited in place. Retired memory waits in a queue in the order of its
 * generation, so that a reap looks at the head alone.
 */
#include "base/table.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

#define PAGE_ROWS   32u
#define CHUNK_ITEMS 510
#define FIRST_PINS  16
#define SWEEP_LEAST 4096 /* waiting items before all of them are looked at */

struct retired {
	void *p;
	uint64_t gen, born;
};

struct chunk {
	struct chunk *next;
	uint32_t first, n; /* items first..n-1 wait */
	struct retired items[CHUNK_ITEMS];
};

struct pin {
	uint64_t gen;
	uint64_t holders;
};

struct epoch {
	uint64_t gen; /* of the writer; what is retired now is tagged with it */

	/* the writer's queue; @spare is there so that one retire more works without memory */
	struct chunk *head, *tail, *spare;
	size_t waiting;
	size_t sweep_at;
	size_t leaked;

	pthread_mutex_t lock; /* guards what follows */
	struct pin *pins;     /* ascending by gen, all with holders */
	size_t n_pins, cap_pins;
	bool blunt;  /* a pin stands for a newer one too: births tell nothing until it is gone */
	bool orphan; /* the owner is gone; the last unpin frees */
	struct pin first_pins[FIRST_PINS];
};

struct table_page {
	uint64_t views; /* of the table when this page was made */
	uint64_t born;  /* epoch_now() then */
	_Alignas(max_align_t) unsigned char rows[];
};

struct epoch *epoch_new(void)
{
	struct epoch *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->spare = malloc(sizeof(*e->spare));
	if (!e->spare || pthread_mutex_init(&e->lock, NULL)) {
		free(e->spare);
		free(e);
		return NULL;
	}
	e->gen = 1;
	e->sweep_at = SWEEP_LEAST;
	e->pins = e->first_pins;
	e->cap_pins = FIRST_PINS;
	return e;
}

/* Free what is tagged below @before. */
static void reap_before(struct epoch *e, uint64_t before)
{
	struct chunk *c;

	while ((c = e->head)) {
		while (c->first < c->n && c->items[c->first].gen < before) {
			free(c->items[c->first++].p);
			e->waiting--;
		}
		if (c->first < c->n)
			return;
		e->head = c->next;
		if (!e->head)
			e->tail = NULL;
		if (e->spare)
			free(c);
		else
			e->spare = c;
	}
}

static void destroy(struct epoch *e)
{
	reap_before(e, UINT64_MAX);
	free(e->spare);
	if (e->pins != e->first_pins)
		free(e->pins);
	pthread_mutex_destroy(&e->lock);
	free(e);
}

void epoch_free(struct epoch *e)
{
	bool last;

	if (!e)
		return;
	pthread_mutex_lock(&e->lock);
	e->orphan = true;
	last = !e->n_pins;
	pthread_mutex_unlock(&e->lock);
	if (last)
		destroy(e);
}

/* Called with the lock held. */
static bool grow_pins(struct epoch *e)
{
	size_t cap = e->cap_pins * 2;
	struct pin *p = malloc(cap * sizeof(*p));

	if (!p)
		return false;
	memcpy(p, e->pins, e->n_pins * sizeof(*p));
	if (e->pins != e->first_pins)
		free(e->pins);
	e->pins = p;
	e->cap_pins = cap;
	return true;
}

uint64_t epoch_pin(struct epoch *e)
{
	uint64_t gen;

	pthread_mutex_lock(&e->lock);
	e->gen++;
	if (e->n_pins < e->cap_pins || grow_pins(e))
		e->pins[e->n_pins++] = (struct pin){ .gen = e->gen, .holders = 1 };
	else { /* no memory: an older pin holds all that this one would */
		e->pins[e->n_pins - 1].holders++;
		e->blunt = true;
	}
	gen = e->pins[e->n_pins - 1].gen;
	pthread_mutex_unlock(&e->lock);
	return gen;
}

void epoch_unpin(struct epoch *e, uint64_t pin)
{
	bool last;
	size_t i;

	pthread_mutex_lock(&e->lock);
	for (i = 0; i < e->n_pins && e->pins[i].gen != pin; i++)
		;
	if (i < e->n_pins && !--e->pins[i].holders) {
		e->n_pins--;
		memmove(e->pins + i, e->pins + i + 1, (e->n_pins - i) * sizeof(*e->pins));
	}
	e->blunt = e->blunt && e->n_pins;
	last = e->orphan && !e->n_pins;
	pthread_mutex_unlock(&e->lock);
	if (last)
		destroy(e);
}

uint64_t epoch_now(const struct epoch *e)
{
	return e->gen;
}

/* Whether a pin p with born < p <= gen is held. With the lock. */
static bool is_seen(const struct epoch *e, uint64_t born, uint64_t gen)
{
	size_t lo = 0, hi = e->n_pins;

	if (e->blunt)
		born = 0;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (e->pins[mid].gen <= born)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < e->n_pins && e->pins[lo].gen <= gen;
}

/*
 * Look at all that waits: behind a snapshot that is held for long there is much that it never saw.
 * Done when as much again has gathered as was left the last time, so O(1) for each retired item.
 */
static void sweep(struct epoch *e)
{
	struct chunk **at = &e->head, *last = NULL;

	pthread_mutex_lock(&e->lock);
	while (*at) {
		struct chunk *c = *at;
		uint32_t kept = 0;

		for (uint32_t i = c->first; i < c->n; i++) {
			if (is_seen(e, c->items[i].born, c->items[i].gen)) {
				c->items[kept++] = c->items[i];
			} else {
				free(c->items[i].p);
				e->waiting--;
			}
		}
		c->first = 0;
		c->n = kept;
		if (kept) {
			last = c;
			at = &c->next;
		} else {
			*at = c->next;
			free(c);
		}
	}
	e->tail = last;
	pthread_mutex_unlock(&e->lock);
	e->sweep_at = MAX(e->waiting * 2, (size_t)SWEEP_LEAST);
}

static bool add_chunk(struct epoch *e)
{
	struct chunk *c = malloc(sizeof(*c));

	if (!c) {
		c = e->spare;
		e->spare = NULL;
	}
	if (!c)
		return false;
	c->next = NULL;
	c->first = c->n = 0;
	if (e->tail)
		e->tail->next = c;
	else
		e->head = c;
	e->tail = c;
	return true;
}

void epoch_retire(struct epoch *e, void *p)
{
	epoch_retire_born(e, p, 0);
}

void epoch_retire_born(struct epoch *e, void *p, uint64_t born)
{
	if (!p)
		return;
	if ((!e->tail || e->tail->n == CHUNK_ITEMS) && !add_chunk(e)) {
		/* It may be read somewhere and there is no room to note it: let it go, counted. */
		e->leaked++;
		return;
	}
	e->tail->items[e->tail->n++] = (struct retired){ .p = p, .gen = e->gen, .born = born };
	e->waiting++;
}

void epoch_reap(struct epoch *e)
{
	uint64_t before;

	if (!e->waiting)
		return;
	pthread_mutex_lock(&e->lock);
	before = e->n_pins ? e->pins[0].gen : UINT64_MAX;
	pthread_mutex_unlock(&e->lock);
	reap_before(e, before);
	if (e->waiting >= e->sweep_at)
		sweep(e);
}

size_t epoch_waiting(const struct epoch *e)
{
	return e->waiting + e->leaked;
}

char *epoch_text(const char *p, size_t n)
{
	char *s = malloc(n + 1);

	if (!s)
		return NULL;
	if (n)
		memcpy(s, p, n);
	s[n] = 0;
	return s;
}

void table_init(struct table *t, struct epoch *e, size_t row_size, uint32_t limit)
{
	memset(t, 0, sizeof(*t));
	t->epoch = e;
	t->row_size = row_size;
	t->limit = MIN(limit, TABLE_NONE - PAGE_ROWS);
	t->free = TABLE_NONE;
}

void table_done(struct table *t)
{
	/* A snapshot may outlive the table, so pages are retired and not freed. */
	for (uint32_t i = 0; i < t->n_pages; i++)
		epoch_retire(t->epoch, t->pages[i]);
	free(t->pages);
	t->pages = NULL;
	t->n_pages = t->cap_pages = t->used = t->high = 0;
	t->free = TABLE_NONE;
}

static struct table_row *row_in(const struct table_page *page, size_t row_size, uint32_t index)
{
	return (struct table_row *)(uintptr_t)(page->rows + row_size * (index % PAGE_ROWS));
}

static size_t page_size(const struct table *t)
{
	return sizeof(struct table_page) + t->row_size * PAGE_ROWS;
}

/* The row at @index (below t->high) in a page that only the writer sees; NULL on no memory. */
static struct table_row *own_row(struct table *t, uint32_t index)
{
	struct table_page **page = &t->pages[index / PAGE_ROWS], *copy;

	if ((*page)->views != t->views) {
		copy = malloc(page_size(t));
		if (!copy)
			return NULL;
		memcpy(copy, *page, page_size(t));
		copy->views = t->views;
		copy->born = t->epoch->gen;
		epoch_retire_born(t->epoch, *page, (*page)->born);
		*page = copy;
	}
	return row_in(*page, t->row_size, index);
}

static bool add_page(struct table *t)
{
	struct table_page *page;

	if (t->n_pages == t->cap_pages) {
		uint32_t cap = t->cap_pages ? t->cap_pages * 2 : 8;
		struct table_page **p = realloc(t->pages, cap * sizeof(*p));

		if (!p)
			return false;
		t->pages = p;
		t->cap_pages = cap;
	}
	page = calloc(1, page_size(t));
	if (!page)
		return false;
	page->views = t->views;
	page->born = t->epoch->gen;
	t->pages[t->n_pages++] = page;
	return true;
}

void *table_add(struct table *t, uint64_t id)
{
	uint32_t index = t->free;
	struct table_row *row;

	if (!id)
		return NULL;
	if (index == TABLE_NONE) {
		index = t->high;
		if (index >= t->limit)
			return NULL;
		if (index / PAGE_ROWS == t->n_pages && !add_page(t))
			return NULL;
	}
	row = own_row(t, index);
	if (!row)
		return NULL;
	if (index == t->high)
		t->high++;
	else
		t->free = row->next_free;
	memset(row, 0, t->row_size);
	row->id = id;
	row->index = index;
	row->next_free = TABLE_NONE;
	t->used++;
	return row;
}

const void *table_get(const struct table *t, uint32_t index)
{
	const struct table_row *row;

	if (index >= t->high)
		return NULL;
	row = row_in(t->pages[index / PAGE_ROWS], t->row_size, index);
	return row->id ? row : NULL;
}

void *table_edit(struct table *t, uint32_t index)
{
	return table_get(t, index) ? own_row(t, index) : NULL;
}

int table_del(struct table *t, uint32_t index)
{
	struct table_row *row;

	if (!table_get(t, index))
		return 0;
	row = own_row(t, index);
	if (!row)
		return -ENOMEM;
	row->id = 0;
	row->next_free = t->free;
	t->free = index;
	t->used--;
	return 0;
}

int table_view_take(struct table *t, struct table_view *ret)
{
	struct table_page **pages = NULL;

	if (t->n_pages) {
		pages = malloc(t->n_pages * sizeof(*pages));
		if (!pages)
			return -ENOMEM;
		memcpy(pages, t->pages, t->n_pages * sizeof(*pages));
	}
	t->views++; /* from now on no present page is the writer's alone */
	*ret = (struct table_view){
		.row_size = t->row_size,
		.high = t->high,
		.used = t->used,
		.pages = pages,
	};
	return 0;
}

void table_view_drop(struct table_view *v)
{
	if (!v)
		return;
	free((void *)(uintptr_t)v->pages);
	memset(v, 0, sizeof(*v));
}

const void *table_view_at(const struct table_view *v, uint32_t index)
{
	const struct table_row *row;

	if (index >= v->high)
		return NULL;
	row = row_in(v->pages[index / PAGE_ROWS], v->row_size, index);
	return row->id ? row : NULL;
}
