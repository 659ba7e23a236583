/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A list on the screen: which row is selected, which is on top. It knows nothing of
 * what a row is. The selection is an id: the row may move, the list finds it again; when
 * it has gone, its nearest neighbour is selected.
 */
#ifndef TUI_LIST_H
#define TUI_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "sonde/field.h"

struct list {
	sonde_id selected; /* 0: none yet */
	ptrdiff_t index;   /* of it */
	ptrdiff_t top;     /* first row drawn */
	bool at_end;       /* stay with the newest row */
	bool moved;        /* somebody chose a row; until then it is the first one */
};

/*
 * The rows are new: @at is where the selected id stands now (-1: gone), @n how many there are,
 * @page how many fit. Afterwards index is valid (or -1 when there are none); the caller sets
 * selected from it.
 */
void list_settle(struct list *l, ptrdiff_t at, ptrdiff_t n, ptrdiff_t page);

/* Move by @by rows (or to an end with a large number). The caller sets selected from index. */
void list_move(struct list *l, ptrdiff_t by, ptrdiff_t n, ptrdiff_t page);

#endif
