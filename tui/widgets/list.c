/* SPDX-License-Identifier: BSD-2-Clause */
/* Selection and scrolling. */
#include "widgets/list.h"

static void scroll(struct list *l, ptrdiff_t n, ptrdiff_t page)
{
	if (page < 1)
		page = 1;
	if (l->index < l->top)
		l->top = l->index;
	if (l->index >= l->top + page)
		l->top = l->index - page + 1;
	if (l->top > n - page)
		l->top = n - page;
	if (l->top < 0)
		l->top = 0;
}

void list_settle(struct list *l, ptrdiff_t at, ptrdiff_t n, ptrdiff_t page)
{
	if (!n) {
		l->index = -1;
		l->top = 0;
		return;
	}
	if (l->at_end) {
		l->index = n - 1;
	} else if (!l->moved) {
		l->index = 0; /* the first picture comes in parts: rows are put before the first
				 ones */
	} else if (at >= 0) {
		/* It moved: keep it at the same height of the screen, as far as that goes. */
		if (l->index >= 0)
			l->top += at - l->index;
		l->index = at;
	} else if (l->index >= n) {
		l->index = n - 1;
	} else if (l->index < 0) {
		l->index = 0;
	}
	scroll(l, n, page);
}

void list_move(struct list *l, ptrdiff_t by, ptrdiff_t n, ptrdiff_t page)
{
	ptrdiff_t to;

	if (!n)
		return;
	l->moved = true;
	to = by > n ? n - 1 : by < -n ? 0 : l->index + by;
	l->index = to < 0 ? 0 : to >= n ? n - 1 : to;
	l->at_end = l->at_end && l->index == n - 1;
	scroll(l, n, page);
}
