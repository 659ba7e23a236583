/* SPDX-License-Identifier: BSD-2-Clause */
/* The recent events of each pod. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "failalloc.h"
#include "model/recent.h"

struct ring {
	struct epoch *epoch;
	struct recent *r;
	uint64_t seq;
	union event_buf b;
};

static int setup(void **state)
{
	struct ring *x = calloc(1, sizeof(*x));

	*state = x;
	if (!x)
		return -1;
	x->epoch = epoch_new();
	x->r = x->epoch ? recent_new(x->epoch, 64, 1 << 20) : NULL;
	return x->r ? 0 : -1;
}

static int teardown(void **state)
{
	struct ring *x = *state;

	recent_free(x->r);
	epoch_free(x->epoch);
	free(x);
	return 0;
}

/* Pod rows have the ids 1000 + index here. */
static int add(struct ring *x, uint32_t pod, enum event_type type, size_t text)
{
	static const char fill[8192];
	struct event *ev = event_begin(&x->b, type);

	ev->seq = ++x->seq;
	ev->pid = pod;
	ev->exe = event_text_add(ev, fill, text);
	return recent_add(x->r, pod, 1000 + pod, ev);
}

struct seen {
	size_t n, execs;
	uint64_t first, last;
};

static struct seen walk(const struct event_view *v, sonde_id pod, bool newest_first)
{
	struct seen s = { 0 };
	const struct event *ev;
	struct event_cursor c;

	assert_int_equal(event_cursor_init(&c, v, pod, newest_first), 0);
	while ((ev = event_cursor_next(&c))) {
		if (s.n)
			assert_true(newest_first ? ev->seq < s.last : ev->seq > s.last);
		else
			s.first = ev->seq;
		if (pod)
			assert_int_equal(ev->pid, pod - 1000);
		s.execs += ev->type == EVENT_EXEC;
		s.last = ev->seq;
		s.n++;
	}
	event_cursor_done(&c);
	return s;
}

static void events_of_all_lanes_come_in_one_order(void **state)
{
	static const enum event_type types[] = { EVENT_EXEC, EVENT_CONNECT, EVENT_LOST,
						 EVENT_FORK, EVENT_CLOSE,   EVENT_EXIT };
	struct ring *x = *state;
	struct event_view *v;
	struct seen s;
	uint64_t pin;

	for (uint32_t i = 0; i < 600; i++)
		assert_int_equal(add(x, i % 5, types[i % ARRAY_SIZE(types)], i % 100), 0);
	pin = epoch_pin(x->epoch);
	v = recent_view(x->r);
	s = walk(v, 0, true);
	assert_int_equal(s.n, 600);
	assert_int_equal(s.first, 600);
	assert_int_equal(s.last, 1);
	s = walk(v, 0, false);
	assert_int_equal(s.n, 600);
	assert_int_equal(s.first, 1);
	s = walk(v, 1003, true);
	assert_int_equal(s.n, 100); /* 120 less the forks, which are the node's */
	event_view_free(v);
	epoch_unpin(x->epoch, pin);
}

static void a_flood_of_connections_pushes_out_no_exec(void **state)
{
	struct ring *x = *state;
	struct event_view *v;
	struct seen s;
	uint64_t pin;

	for (int i = 0; i < 20; i++)
		add(x, 7, EVENT_EXEC, 50);
	for (int i = 0; i < 20000; i++)
		add(x, 7, i % 2 ? EVENT_CONNECT : EVENT_CLOSE, 0);
	for (int i = 0; i < 20000; i++)
		add(x, 7, EVENT_FORK, 0);
	pin = epoch_pin(x->epoch);
	v = recent_view(x->r);
	s = walk(v, 1007, true);
	assert_int_equal(s.execs, 20);
	assert_in_range(s.n, 100, 19999);
	event_view_free(v);
	epoch_unpin(x->epoch, pin);
}

static void a_noisy_pod_does_not_push_out_a_quiet_one(void **state)
{
	struct ring *x = *state;
	struct event_view *v;
	uint64_t pin;

	for (uint32_t pod = 0; pod < 64; pod++)
		for (int i = 0; i < 4; i++)
			add(x, pod, EVENT_EXEC, 20);
	for (int i = 0; i < 20000; i++)
		add(x, 63, EVENT_EXEC, 200);
	pin = epoch_pin(x->epoch);
	v = recent_view(x->r);
	for (uint32_t pod = 0; pod < 63; pod++)
		assert_int_equal(walk(v, 1000 + pod, true).n, 4);
	event_view_free(v);
	epoch_unpin(x->epoch, pin);
}

static void memory_is_bounded_whatever_comes(void **state)
{
	struct ring *x = *state;
	size_t most = 0;

	for (uint32_t i = 0; i < 50000; i++) {
		add(x, i * 7 % 64, i % 3 ? EVENT_EXEC : EVENT_CONNECT, i * 37 % 6000);
		most = MAX(most, recent_bytes(x->r));
	}
	assert_in_range(most, 1 << 19, (1 << 20) + (16 << 10));
}

static void a_view_stays_as_it_was_while_the_ring_moves_on(void **state)
{
	struct ring *x = *state;
	struct event_view *v;
	struct seen before, after;
	uint64_t pin;

	for (uint32_t i = 0; i < 3000; i++)
		add(x, i % 3, i % 2 ? EVENT_EXEC : EVENT_CLOSE, i % 300);
	pin = epoch_pin(x->epoch);
	v = recent_view(x->r);
	before = walk(v, 0, true);
	for (uint32_t i = 0; i < 20000; i++) {
		add(x, i % 5, i % 2 ? EVENT_EXEC : EVENT_CLOSE, i % 300);
		if (i % 1000 == 0)
			epoch_reap(x->epoch);
	}
	recent_drop(x->r, 1);
	epoch_reap(x->epoch);
	after = walk(v, 0, true);
	assert_memory_equal(&before, &after, sizeof(before));
	after = walk(v, 0, false);
	assert_int_equal(after.n, before.n);
	event_view_free(v);
	epoch_unpin(x->epoch, pin);
	epoch_reap(x->epoch);
	assert_int_equal(epoch_waiting(x->epoch), 0);
}

static void what_no_view_has_seen_is_used_again_at_once(void **state)
{
	struct ring *x = *state;

	for (uint32_t i = 0; i < 20000; i++)
		add(x, 1, EVENT_EXEC, 100);
	assert_int_equal(epoch_waiting(x->epoch), 0);
}

static void another_pod_at_the_same_index_begins_empty(void **state)
{
	struct ring *x = *state;
	struct event_view *v;
	uint64_t pin;

	add(x, 5, EVENT_EXEC, 10);
	event_begin(&x->b, EVENT_EXEC)->seq = ++x->seq;
	assert_int_equal(recent_add(x->r, 5, 77, &x->b.ev), 0);
	pin = epoch_pin(x->epoch);
	v = recent_view(x->r);
	assert_int_equal(walk(v, 1005, true).n, 0);
	assert_int_equal(walk(v, 0, true).n, 1);
	event_view_free(v);
	epoch_unpin(x->epoch, pin);
}

static void an_empty_view_has_no_events(void **state)
{
	struct ring *x = *state;
	struct event_view *v = recent_view(x->r);

	assert_int_equal(walk(v, 0, true).n, 0);
	assert_int_equal(walk(NULL, 0, true).n, 0);
	event_view_free(v);
}

static void without_memory_events_are_refused_and_nothing_breaks(void **state)
{
	struct ring *x = *state;

	failalloc_each({
		struct event_view *v;
		struct event_cursor c;

		for (uint32_t i = 0; i < 200; i++)
			add(x, i % 8, i % 2 ? EVENT_EXEC : EVENT_CONNECT, 1000);
		v = recent_view(x->r);
		if (event_cursor_init(&c, v, 0, true) == 0)
			while (event_cursor_next(&c))
				;
		event_cursor_done(&c);
		event_view_free(v);
		for (uint32_t i = 0; i < 8; i++)
			recent_drop(x->r, i);
		epoch_reap(x->epoch);
	});
	failalloc_each({
		struct recent *r = recent_new(x->epoch, 4, 0);

		recent_free(r);
	});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(events_of_all_lanes_come_in_one_order, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_flood_of_connections_pushes_out_no_exec, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_noisy_pod_does_not_push_out_a_quiet_one, setup,
						teardown),
		cmocka_unit_test_setup_teardown(memory_is_bounded_whatever_comes, setup, teardown),
		cmocka_unit_test_setup_teardown(a_view_stays_as_it_was_while_the_ring_moves_on,
						setup, teardown),
		cmocka_unit_test_setup_teardown(what_no_view_has_seen_is_used_again_at_once, setup,
						teardown),
		cmocka_unit_test_setup_teardown(another_pod_at_the_same_index_begins_empty, setup,
						teardown),
		cmocka_unit_test_setup_teardown(an_empty_view_has_no_events, setup, teardown),
		cmocka_unit_test_setup_teardown(
			without_memory_events_are_refused_and_nothing_breaks, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
