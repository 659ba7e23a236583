/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists of row indexes, linked through an array beside the table so that linking
 * never copies a page. All zero is an empty list and an unlinked element: indexes
 * are stored one higher than they are.
 */
#ifndef MODEL_LIST_H
#define MODEL_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/table.h"

struct link {
	uint32_t prev, next; /* index + 1, 0: none */
	uint32_t in;         /* on a list */
};

struct list {
	uint32_t head, tail; /* index + 1, 0: none */
	uint32_t n;
};

static inline void list_add(struct list *l, struct link *links, uint32_t i)
{
	links[i] = (struct link){ .prev = l->tail, .next = 0, .in = 1 };
	if (l->tail)
		links[l->tail - 1].next = i + 1;
	else
		l->head = i + 1;
	l->tail = i + 1;
	l->n++;
}

static inline void list_del(struct list *l, struct link *links, uint32_t i)
{
	struct link *k = &links[i];

	if (!k->in)
		return;
	if (k->prev)
		links[k->prev - 1].next = k->next;
	else
		l->head = k->next;
	if (k->next)
		links[k->next - 1].prev = k->prev;
	else
		l->tail = k->prev;
	*k = (struct link){ 0 };
	l->n--;
}

/* The first element or TABLE_NONE, and the one after @i. */
static inline uint32_t list_first(const struct list *l)
{
	return l->head ? l->head - 1 : TABLE_NONE;
}

static inline uint32_t list_next(const struct link *links, uint32_t i)
{
	return links[i].next ? links[i].next - 1 : TABLE_NONE;
}

#endif
