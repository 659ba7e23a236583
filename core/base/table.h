/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables that one thread writes and many read without locks.
 *
 * A table is an array of fixed-size rows in pages. A snapshot (table_view) is the
 * list of its pages at one moment. The writer edits pages in place until a snapshot
 * is taken; after that the first edit of a page copies it, and the old page lives
 * until the last snapshot that shows it is gone. Texts that rows point to are made
 * with epoch_text() and retired, never freed, so a row in an old snapshot can always
 * be read.
 *
 * Invariants:
 *  1. Only the writer thread (the engine) calls anything but epoch_unpin() and
 *     table_view_at().
 *  2. What was made in generation b and retired in generation g is freed once no pin p with
 *     b < p <= g is left.
 *  3. A row index stays the same for the row's life; a freed index may be used again.
 */
#ifndef BASE_TABLE_H
#define BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct epoch;

/* One domain of deferred frees, shared by all tables of a model. NULL on no memory. */
struct epoch *epoch_new(void);
/*
 * The owner is done with it (and with all tables on it). When pins are left, the last
 * epoch_unpin() frees everything, so snapshots may outlive the engine. NULL is fine.
 */
void epoch_free(struct epoch *e);

/* Begin a new generation and hold what is visible now. Returns the pin to give back. */
uint64_t epoch_pin(struct epoch *e);
/* Any thread. */
void epoch_unpin(struct epoch *e, uint64_t pin);

/* Free @p (from malloc) when nobody can see it any more. NULL is fine. Never fails. */
void epoch_retire(struct epoch *e, void *p);
/*
 * The same for what was made when epoch_now() was @born: pins older than that never saw it, so one
 * snapshot that is held for long does not hold everything that came and went since.
 */
void epoch_retire_born(struct epoch *e, void *p, uint64_t born);
uint64_t epoch_now(const struct epoch *e);
/* Free what has become free. Called by the engine once a turn; O(freed). */
void epoch_reap(struct epoch *e);
/* How much is retired and not free yet (what could not be noted for want of memory included). */
size_t epoch_waiting(const struct epoch *e);

/* A NUL-terminated copy of @n bytes, to be retired with epoch_retire(). NULL on no memory. */
char *epoch_text(const char *p, size_t n);

struct table_page;

struct table {
	struct epoch *epoch;
	size_t row_size;
	uint32_t limit; /* rows at most */
	uint32_t used;  /* rows alive */
	uint32_t high;  /* indexes below this have been used */
	uint32_t free;  /* head of the free list, UINT32_MAX when empty */
	struct table_page **pages;
	uint32_t n_pages, cap_pages;
	uint64_t views; /* taken so far */
};

#define TABLE_NONE UINT32_MAX

/* A row's first bytes: the table's own business, then yours. */
struct table_row {
	uint64_t id; /* 0: this index is free */
	uint32_t index;
	uint32_t next_free;
};

/* Rows of sizeof(a struct that begins with struct table_row) bytes, @limit of them at most. */
void table_init(struct table *t, struct epoch *e, size_t row_size, uint32_t limit);
/*
 * Views that are still held stay readable. Texts that rows point to are the caller's to retire
 * before.
 */
void table_done(struct table *t);

/* A zeroed row with @id (not 0) set, ready to write. NULL when full or on no memory. O(1). */
void *table_add(struct table *t, uint64_t id);
/* The row at @index to read, NULL when free or out of range. O(1). */
const void *table_get(const struct table *t, uint32_t index);
/* The same to write: copies the page when a snapshot shows it. NULL also on no memory. */
void *table_edit(struct table *t, uint32_t index);
/*
 * Free a row. Returns 0 (also when there is none), or -ENOMEM when its page had to be copied and
 * could not be: then the row is still there, and the caller tries again later.
 */
int table_del(struct table *t, uint32_t index);

/* The pages at one moment. Valid while the pin that was taken with it is held. */
struct table_view {
	size_t row_size; /* all zero is a view of nothing */
	uint32_t high;
	uint32_t used;
	struct table_page *const *pages;
};

/*
 * Take a view; call after epoch_pin(). The list of pages is freed by table_view_drop(). 0 or
 * -ENOMEM.
 */
int table_view_take(struct table *t, struct table_view *ret);
void table_view_drop(struct table_view *v); /* any thread, when the snapshot ends */

/* The row at @index or NULL. Any thread. O(1). */
const void *table_view_at(const struct table_view *v, uint32_t index);

#endif
