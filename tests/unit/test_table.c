/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables keep old snapshots whole while the writer goes on, and free what nobody sees. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/table.h"
#include "failalloc.h"

struct item {
	struct table_row row;
	uint64_t value;
	uint64_t twice;
	const char *text;
};

static void a_snapshot_does_not_see_later_edits(void **state)
{
	struct epoch *e = epoch_new();
	struct table t;
	struct table_view v;
	struct item *it;
	uint64_t pin;

	(void)state;
	table_init(&t, e, sizeof(struct item), 1000);
	it = table_add(&t, 7);
	it->value = 1;
	pin = epoch_pin(e);
	assert_int_equal(table_view_take(&t, &v), 0);

	it = table_edit(&t, 0);
	it->value = 2;
	assert_non_null(table_add(&t, 8));
	assert_int_equal(table_del(&t, 0), 0);

	assert_int_equal(((const struct item *)table_view_at(&v, 0))->value, 1);
	assert_null(table_view_at(&v, 1));
	assert_int_equal(v.used, 1);
	assert_null(table_get(&t, 0));
	assert_non_null(table_get(&t, 1));

	table_view_drop(&v);
	epoch_unpin(e, pin);
	table_done(&t);
	epoch_free(e);
}

static void a_page_is_copied_once_per_snapshot_and_edited_in_place_else(void **state)
{
	struct epoch *e = epoch_new();
	struct table t;
	struct table_view v;
	struct item *a, *b;
	uint64_t pin;

	(void)state;
	table_init(&t, e, sizeof(struct item), 1000);
	a = table_add(&t, 1);
	assert_ptr_equal(table_edit(&t, 0), a);
	pin = epoch_pin(e);
	assert_int_equal(table_view_take(&t, &v), 0);
	b = table_edit(&t, 0);
	assert_ptr_not_equal(a, b);
	assert_ptr_equal(table_edit(&t, 0), b);
	assert_int_equal(epoch_waiting(e), 1);
	epoch_reap(e);
	assert_int_equal(epoch_waiting(e), 1); /* the snapshot still shows it */
	table_view_drop(&v);
	epoch_unpin(e, pin);
	epoch_reap(e);
	assert_int_equal(epoch_waiting(e), 0);
	table_done(&t);
	epoch_free(e);
}

static void an_index_is_used_again_and_a_full_table_says_no(void **state)
{
	struct epoch *e = epoch_new();
	struct table t;

	(void)state;
	table_init(&t, e, sizeof(struct item), 40);
	assert_null(table_add(&t, 0));
	for (uint64_t i = 1; i <= 40; i++)
		assert_non_null(table_add(&t, i));
	assert_null(table_add(&t, 41));
	assert_int_equal(table_del(&t, 35), 0);
	assert_int_equal(table_del(&t, 3), 0);
	assert_int_equal(table_del(&t, 3), 0);
	assert_int_equal(table_del(&t, 4000), 0);
	assert_int_equal(t.used, 38);
	assert_int_equal(((struct item *)table_add(&t, 50))->row.index, 3);
	assert_int_equal(((struct item *)table_add(&t, 51))->row.index, 35);
	assert_null(table_add(&t, 52));
	assert_int_equal(((const struct item *)table_get(&t, 3))->row.id, 50);
	assert_null(table_get(&t, 40));
	table_done(&t);
	epoch_free(e);
}

static void what_is_retired_before_a_pin_is_not_held_by_it(void **state)
{
	struct epoch *e = epoch_new();
	uint64_t old, young;

	(void)state;
	epoch_retire(e, epoch_text("a", 1));
	old = epoch_pin(e);
	epoch_reap(e);
	assert_int_equal(epoch_waiting(e), 0);

	epoch_retire(e, epoch_text("b", 1));
	young = epoch_pin(e);
	epoch_retire(e, epoch_text("c", 1));
	epoch_unpin(e, old); /* b goes, c stays */
	epoch_reap(e);
	assert_int_equal(epoch_waiting(e), 1);
	epoch_unpin(e, young);
	epoch_reap(e);
	assert_int_equal(epoch_waiting(e), 0);
	epoch_retire(e, NULL);
	assert_int_equal(epoch_waiting(e), 0);
	epoch_free(e);
}

static void many_pins_and_many_retired_are_freed_in_any_order(void **state)
{
	struct epoch *e = epoch_new();
	uint64_t pins[100];

	(void)state;
	for (int i = 0; i < 100; i++) {
		pins[i] = epoch_pin(e);
		for (int j = 0; j < 50; j++)
			epoch_retire(e, epoch_text("x", 1));
	}
	for (int i = 99; i > 0; i--)
		epoch_unpin(e, pins[i]);
	epoch_reap(e);
	assert_int_equal(epoch_waiting(e), 5000); /* the oldest pin holds all */
	epoch_unpin(e, pins[0]);
	epoch_reap(e);
	assert_int_equal(epoch_waiting(e), 0);
	epoch_free(e);
}

static void a_snapshot_outlives_table_and_epoch_owner(void **state)
{
	struct epoch *e = epoch_new();
	struct table t;
	struct table_view v;
	struct item *it;
	uint64_t pin;

	(void)state;
	table_init(&t, e, sizeof(struct item), 10);
	it = table_add(&t, 9);
	it->text = epoch_text("still here", 10);
	pin = epoch_pin(e);
	assert_int_equal(table_view_take(&t, &v), 0);
	epoch_retire(e, (char *)(uintptr_t)it->text);
	table_done(&t);
	epoch_free(e);
	assert_string_equal(((const struct item *)table_view_at(&v, 0))->text, "still here");
	table_view_drop(&v);
	epoch_unpin(e, pin); /* frees it all: the leak checker tells if not */
}

static void without_memory_the_table_stays_as_it_was(void **state)
{
	struct epoch *e = epoch_new();
	struct table_view v;
	struct table t;
	struct item *it;
	uint64_t pin;

	(void)state;
	table_init(&t, e, sizeof(struct item), 1000);
	failalloc_at(1);
	assert_null(table_add(&t, 1)); /* the list of pages */
	assert_true(failalloc_end());
	failalloc_at(2);
	assert_null(table_add(&t, 1)); /* the page */
	assert_true(failalloc_end());
	assert_int_equal(t.used, 0);
	it = table_add(&t, 1);
	it->value = 5;
	pin = epoch_pin(e);
	failalloc_at(1);
	assert_int_equal(table_view_take(&t, &v), -ENOMEM);
	assert_true(failalloc_end());
	assert_int_equal(table_view_take(&t, &v), 0);
	/* the page is shared now, and none of these can have a copy of it */
	failalloc_at(1);
	assert_null(table_edit(&t, 0));
	assert_true(failalloc_end());
	failalloc_at(1);
	assert_null(table_add(&t, 2));
	assert_true(failalloc_end());
	failalloc_at(1);
	assert_int_equal(table_del(&t, 0), -ENOMEM);
	assert_true(failalloc_end());
	assert_int_equal(t.used, 1);
	assert_int_equal(((const struct item *)table_get(&t, 0))->value, 5);
	assert_int_equal(table_del(&t, 0), 0);
	table_view_drop(&v);
	epoch_unpin(e, pin);
	table_done(&t);
	epoch_free(e);
}

static void without_memory_pins_still_hold_and_retiring_still_works(void **state)
{
	struct epoch *e;
	uint64_t pins[40];
	char *text;

	(void)state;
	for (unsigned long n = 1; n <= 2; n++) {
		failalloc_at(n);
		assert_null(epoch_new());
		assert_true(failalloc_end());
	}
	e = epoch_new();
	for (int i = 0; i < 40; i++) {
		failalloc_at(1); /* room for more pins is refused from the 17th on */
		pins[i] = epoch_pin(e);
		failalloc_end();
		text = epoch_text("held", 4);
		failalloc_at(1); /* the first chunk comes from the spare one */
		epoch_retire(e, text);
		failalloc_end();
	}
	for (int i = 0; i < 39; i++)
		epoch_unpin(e, pins[i]);
	epoch_reap(e);
	assert_true(epoch_waiting(e) >= 1); /* what the last pin sees */
	epoch_unpin(e, pins[39]);
	epoch_reap(e);
	assert_int_equal(epoch_waiting(e), 0);
	epoch_free(e);
}

/* What the writer hands to the reader in the test below. */
struct shot {
	struct table_view v;
	uint64_t pin;
	uint64_t round;
};

#define SHOTS  64
#define ROUNDS 3000
#define ROWS   100

struct hand {
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct epoch *e;
	struct shot *queue[SHOTS];
	unsigned n;
	bool end;
	atomic_ulong checked, wrong;
};

static void check_shot(struct hand *h, const struct shot *s)
{
	for (uint32_t i = 0; i < s->v.high; i++) {
		const struct item *it = table_view_at(&s->v, i);
		char want[32];

		if (!it)
			continue;
		snprintf(want, sizeof(want), "%llu", (unsigned long long)it->value);
		if (it->twice != 2 * it->value || it->value > s->round || strcmp(it->text, want))
			h->wrong++;
		h->checked++;
	}
}

static void *reader(void *arg)
{
	struct hand *h = arg;

	for (;;) {
		struct shot *s;

		pthread_mutex_lock(&h->lock);
		while (!h->n && !h->end)
			pthread_cond_wait(&h->more, &h->lock);
		s = h->n ? h->queue[--h->n] : NULL;
		pthread_mutex_unlock(&h->lock);
		if (!s)
			return NULL;
		check_shot(h, s);
		table_view_drop(&s->v);
		epoch_unpin(h->e, s->pin);
		free(s);
	}
}

static void publish(struct hand *h, struct table *t, uint64_t round)
{
	struct shot *s = calloc(1, sizeof(*s));

	s->round = round;
	s->pin = epoch_pin(h->e);
	assert_int_equal(table_view_take(t, &s->v), 0);
	pthread_mutex_lock(&h->lock);
	if (h->n < SHOTS) {
		h->queue[h->n++] = s;
		s = NULL;
		pthread_cond_signal(&h->more);
	}
	pthread_mutex_unlock(&h->lock);
	if (s) { /* the readers are behind */
		table_view_drop(&s->v);
		epoch_unpin(h->e, s->pin);
		free(s);
	}
}

static void edit_rows(struct epoch *e, struct table *t, uint64_t round)
{
	for (int k = 0; k < 5; k++) {
		uint32_t i = (uint32_t)(round * 7 + (uint64_t)k * 31) % ROWS;
		const struct item *old = table_get(t, i);
		struct item *it;
		char text[32];
		int n;

		if (old && round % 11 == 0) {
			epoch_retire(e, (char *)(uintptr_t)old->text);
			assert_int_equal(table_del(t, i), 0);
			continue;
		}
		it = old ? table_edit(t, i) : table_add(t, round);
		if (!it)
			continue;
		n = snprintf(text, sizeof(text), "%llu", (unsigned long long)round);
		epoch_retire(e, (char *)(uintptr_t)it->text);
		it->text = epoch_text(text, (size_t)n);
		it->value = round;
		it->twice = 2 * round;
	}
}

static void readers_see_whole_rows_while_the_writer_edits(void **state)
{
	struct hand h = { .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER };
	pthread_t threads[2];
	struct table t;

	(void)state;
	h.e = epoch_new();
	table_init(&t, h.e, sizeof(struct item), ROWS);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, reader, &h), 0);
	for (uint64_t round = 1; round <= ROUNDS; round++) {
		edit_rows(h.e, &t, round);
		if (round % 3 == 0)
			publish(&h, &t, round);
		epoch_reap(h.e);
	}
	pthread_mutex_lock(&h.lock);
	h.end = true;
	pthread_cond_broadcast(&h.more);
	pthread_mutex_unlock(&h.lock);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(h.wrong, 0);
	assert_true(h.checked > 0);
	epoch_reap(h.e);
	assert_int_equal(epoch_waiting(h.e), 0);
	for (uint32_t i = 0; i < t.high; i++) {
		const struct item *it = table_get(&t, i);

		if (it)
			epoch_retire(h.e, (char *)(uintptr_t)it->text);
	}
	table_done(&t);
	epoch_free(h.e);
}

/* A console that is paused, or a client that sleeps, must not make the engine keep all that came
 * since. */
static void a_snapshot_held_for_long_holds_only_what_it_saw(void **state)
{
	struct epoch *e = epoch_new();
	struct table t;
	struct table_view old, now;
	uint64_t long_pin, pin;
	struct item *it;

	(void)state;
	table_init(&t, e, sizeof(struct item), ROWS);
	it = table_add(&t, 1);
	it->text = epoch_text("first", 5);
	long_pin = epoch_pin(e);
	assert_int_equal(table_view_take(&t, &old), 0);
	for (int i = 0; i < 100000; i++) {
		uint64_t born = epoch_now(e);

		pin = epoch_pin(e);
		assert_int_equal(table_view_take(&t, &now), 0);
		it = table_edit(&t, 0);
		assert_non_null(it);
		epoch_retire_born(e, epoch_text("passing", 7), born);
		table_view_drop(&now);
		epoch_unpin(e, pin);
		epoch_reap(e);
	}
	assert_true(epoch_waiting(e) < 10000);
	assert_string_equal(((const struct item *)table_view_at(&old, 0))->text, "first");
	table_view_drop(&old);
	epoch_unpin(e, long_pin);
	epoch_reap(e);
	assert_int_equal(epoch_waiting(e), 0);
	epoch_retire(e, (char *)(uintptr_t)((const struct item *)table_get(&t, 0))->text);
	table_done(&t);
	epoch_free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_snapshot_does_not_see_later_edits),
		cmocka_unit_test(a_page_is_copied_once_per_snapshot_and_edited_in_place_else),
		cmocka_unit_test(an_index_is_used_again_and_a_full_table_says_no),
		cmocka_unit_test(what_is_retired_before_a_pin_is_not_held_by_it),
		cmocka_unit_test(many_pins_and_many_retired_are_freed_in_any_order),
		cmocka_unit_test(a_snapshot_outlives_table_and_epoch_owner),
		cmocka_unit_test(without_memory_the_table_stays_as_it_was),
		cmocka_unit_test(without_memory_pins_still_hold_and_retiring_still_works),
		cmocka_unit_test(readers_see_whole_rows_while_the_writer_edits),
		cmocka_unit_test(a_snapshot_held_for_long_holds_only_what_it_saw),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
