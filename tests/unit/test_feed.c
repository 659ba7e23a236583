/* SPDX-License-Identifier: BSD-2-Clause */
/* The feed: held for names, in order, each reader with its own queue, nothing lost uncounted. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "feed.h"

#define POD "/kubepods/burstable/pod3c1d7a52-0b6e-4c0f-9a5e-7d1f2a3b4c5d"
#define CID "4f0e6d1c2b3a49588776655443322110ffeeddccbbaa99887766554433221100"

struct parts {
	struct epoch *epoch;
	struct identity *identity;
	struct model *model;
	struct feed *feed;
	struct stream *stream;
};

static int make(void **state)
{
	struct parts *p = calloc(1, sizeof(*p));

	p->epoch = epoch_new();
	p->identity = identity_new(p->epoch);
	p->model = model_new(p->epoch, p->identity);
	p->feed = feed_new();
	p->stream = stream_new();
	feed_add(p->feed, p->stream);
	*state = p;
	return p->model && p->feed && p->stream ? 0 : -1;
}

static int unmake(void **state)
{
	struct parts *p = *state;

	feed_remove(p->feed, p->stream);
	stream_free(p->stream);
	feed_free(p->feed);
	model_free(p->model);
	identity_free(p->identity);
	epoch_free(p->epoch);
	free(p);
	return 0;
}

/* An exec of process @pid in cgroup @cg at @ktime, through identity as the engine does it. */
static void push(struct parts *p, uint32_t pid, uint64_t cg, uint64_t ktime)
{
	static union event_buf b;
	struct event *ev = event_begin(&b, EVENT_EXEC);

	ev->pid = ev->tid = pid;
	ev->cg.id = cg;
	ev->ktime_ns = ktime;
	identity_event(p->identity, ev);
	feed_push(p->feed, ev);
}

static void add_container(struct parts *p)
{
	const char path[] = POD "/" CID;

	assert_int_equal(identity_cgroup_add(p->identity, (struct cgroup_key){ .id = 77 }, path,
					     sizeof(path) - 1, 1000, NULL),
			 0);
}

static void the_order_of_the_feed_is_kept(void **state)
{
	struct parts *p = *state;

	for (uint32_t i = 1; i <= 5000; i++)
		push(p, i, 1, i);
	assert_false(feed_release(p->feed, p->model, p->identity, 5000, false));
	for (uint32_t i = 1; i <= 5000; i++) {
		assert_int_equal(stream_next(p->stream, 0), 1);
		assert_int_equal(p->stream->ev->pid, i);
	}
	assert_int_equal(stream_next(p->stream, 0), 0);
	assert_int_equal(p->stream->received, 5000);
}

static void an_event_waits_for_its_name_and_those_behind_it_too(void **state)
{
	struct parts *p = *state;
	struct container_facts f = { .pod_uid = "3c1d7a52-0b6e-4c0f-9a5e-7d1f2a3b4c5d" };

	add_container(p);
	push(p, 1, 77, 1000000);
	push(p, 2, 1, 1000001);
	assert_true(feed_release(p->feed, p->model, p->identity, 2000000, false));
	assert_int_equal(stream_next(p->stream, 0), 0);

	memcpy(f.container_id, CID, sizeof(CID));
	f.ns = strdup("shop");
	f.pod_name = strdup("web-1");
	f.container = strdup("main");
	f.runtime = "containerd";
	assert_int_equal(identity_facts(p->identity, &f), 0);
	container_facts_done(&f);
	assert_false(feed_release(p->feed, p->model, p->identity, 3000000, false));
	assert_int_equal(stream_next(p->stream, 0), 1);
	assert_int_equal(p->stream->ev->pid, 1);
	assert_int_equal(p->stream->ev->pod_reason, REASON_NONE);
	assert_non_null(stream_snapshot(p->stream));
	assert_int_equal(stream_next(p->stream, 0), 1);
	assert_int_equal(p->stream->ev->pid, 2);
}

static void no_name_holds_an_event_longer_than_its_time(void **state)
{
	struct parts *p = *state;

	add_container(p);
	push(p, 1, 77, 1000000);
	assert_true(
		feed_release(p->feed, p->model, p->identity, 1000000 + FEED_HOLD_NS - 1, false));
	assert_int_equal(stream_next(p->stream, 0), 0);
	assert_false(feed_release(p->feed, p->model, p->identity, 1000000 + FEED_HOLD_NS, false));
	assert_int_equal(stream_next(p->stream, 0), 1);
	assert_int_equal(p->stream->ev->pod_reason, REASON_PENDING);
}

static void a_reader_that_does_not_read_loses_counted_events(void **state)
{
	struct parts *p = *state;
	uint64_t made = 0, read = 0;

	/* One and a half times what a stream may keep waiting. */
	while (made < STREAM_MAX * 3ull / 2 / sizeof(struct event)) {
		for (int i = 0; i < 100; i++) {
			made++;
			push(p, (uint32_t)made, 1, made);
		}
		feed_release(p->feed, p->model, p->identity, made, false);
	}
	assert_true(feed_backlog(p->feed) <= STREAM_MAX);
	while (stream_next(p->stream, 0) == 1)
		read++;
	assert_true(p->stream->lost_queue > 0);
	assert_int_equal(read, p->stream->received);
	assert_int_equal(read + p->stream->lost_queue, made);
	assert_int_equal(p->stream->queue_lost[EVENT_EXEC], p->stream->lost_queue);
}

static void an_ended_stream_says_so_after_its_last_event(void **state)
{
	struct parts *p = *state;
	struct loss_report report = { .received = 1 };

	push(p, 1, 1, 1);
	feed_release(p->feed, p->model, p->identity, 1, true);
	stream_finish(p->stream, &report);
	assert_int_equal(stream_next(p->stream, -1), 1);
	assert_int_equal(stream_next(p->stream, -1), -ENODATA);
	assert_int_equal(p->stream->report.received, 1);
}

static void without_readers_nothing_is_kept(void **state)
{
	struct parts *p = *state;

	feed_remove(p->feed, p->stream);
	push(p, 1, 1, 1);
	assert_false(feed_release(p->feed, p->model, p->identity, 1, false));
	feed_add(p->feed, p->stream);
	assert_false(feed_release(p->feed, p->model, p->identity, 1, false));
	assert_int_equal(stream_next(p->stream, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_order_of_the_feed_is_kept, make, unmake),
		cmocka_unit_test_setup_teardown(an_event_waits_for_its_name_and_those_behind_it_too,
						make, unmake),
		cmocka_unit_test_setup_teardown(no_name_holds_an_event_longer_than_its_time, make,
						unmake),
		cmocka_unit_test_setup_teardown(a_reader_that_does_not_read_loses_counted_events,
						make, unmake),
		cmocka_unit_test_setup_teardown(an_ended_stream_says_so_after_its_last_event, make,
						unmake),
		cmocka_unit_test_setup_teardown(without_readers_nothing_is_kept, make, unmake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
