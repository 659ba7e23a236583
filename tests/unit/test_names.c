/* SPDX-License-Identifier: BSD-2-Clause */
/* Names come when they come, to what was already seen, and never from somebody else's state. */
#include "identity_fixture.h"

#include "failalloc.h"

static void names_are_joined_to_what_was_already_seen(void **state)
{
	struct fix *f = *state;
	uint32_t a = add(f, v2(11), POD "/" A, 1), b = add(f, v2(12), POD "/" B, 1), late;
	struct event ev = event(EVENT_CONNECT, v2(11));

	tell(f, facts(A, UID, "main"));
	identity_event(f->id, &ev);
	assert_int_equal(ev.pod_reason, REASON_NONE);
	assert_string_equal(row(f, a)->pod_name, "web-1");
	assert_string_equal(row(f, a)->container, "main");
	assert_string_equal(row(f, row(f, a)->pod)->pod_name, "web-1");
	/* the pod's name is known for its other containers too, the container's own is not */
	assert_string_equal(row(f, b)->pod_name, "web-1");
	assert_null(row(f, b)->container);
	assert_int_equal(row(f, b)->reason, REASON_PENDING);
	late = add(f, v2(13), POD "/" S, 2);
	assert_string_equal(row(f, late)->pod_name, "web-1");
}

static void a_snapshot_keeps_the_names_of_its_time(void **state)
{
	struct fix *f = *state;
	uint32_t a = add(f, v2(11), POD "/" A, 1);
	struct table_view before, after;
	uint64_t p1, p2;
	struct container_facts one = facts(A, UID, "main"), two = facts(A, UID, "renamed");

	tell(f, one);
	p1 = epoch_pin(f->e);
	assert_int_equal(table_view_take(identity_table(f->id), &before), 0);
	tell(f, two);
	p2 = epoch_pin(f->e);
	assert_int_equal(table_view_take(identity_table(f->id), &after), 0);
	epoch_reap(f->e);
	assert_string_equal(((const struct ident_row *)table_view_at(&before, a))->container,
			    "main");
	assert_string_equal(((const struct ident_row *)table_view_at(&after, a))->container,
			    "renamed");
	table_view_drop(&before);
	table_view_drop(&after);
	epoch_unpin(f->e, p1);
	epoch_unpin(f->e, p2);
}

static void a_sandbox_is_recognised_by_its_facts(void **state)
{
	struct fix *f = *state;
	uint32_t s = add(f, v2(11), POD "/" S, 1);
	struct container_facts sb = facts(S, UID, NULL);

	sb.sandbox = 1;
	tell(f, sb);
	assert_int_equal(row(f, s)->kind, IDENT_SANDBOX);
	assert_int_equal(row(f, s)->reason, REASON_NONE);
}

static void a_container_may_not_borrow_anothers_name(void **state)
{
	struct fix *f = *state;
	/* in pod 2, somebody makes groups that look like pod 1's container */
	uint32_t real = add(f, v2(11), POD "/" A, 1), thief = add(f, v2(21), POD2 "/" B, 1),
		 fake = add(f, v2(22), POD2 "/" B "/kubepods/pod" UID "/" A, 1),
		 bare = add(f, v2(30), "/docker/" S, 1),
		 nest = add(f, v2(31), "/docker/" S "/docker/" A, 1);

	tell(f, facts(A, UID, "main"));
	assert_string_equal(row(f, real)->container, "main");
	assert_int_not_equal(fake, real);
	assert_int_not_equal(nest, real);
	assert_string_equal(row(f, fake)->pod_uid, UID2);
	assert_int_equal(row(f, fake)->pod, row(f, thief)->pod);
	assert_null(row(f, fake)->container);
	assert_null(row(f, fake)->pod_name);
	assert_null(row(f, nest)->pod_name);
	assert_int_equal(row(f, nest)->pod, 0);
	assert_int_equal(row(f, bare)->kind, IDENT_CONTAINER);
}

static void state_that_names_another_pod_is_not_believed(void **state)
{
	struct fix *f = *state;
	uint32_t a = add(f, v2(11), POD "/" A, 1);

	tell(f, facts(A, UID2, "main"));
	assert_null(row(f, a)->pod_name);
	assert_string_equal(row(f, a)->pod_uid, UID);
	assert_int_equal(row(f, a)->reason, REASON_MALFORMED);
}

static void state_gives_the_pod_that_a_path_does_not(void **state)
{
	struct fix *f = *state;
	uint32_t a = add(f, v2(11), "/system.slice/cri-containerd-" A ".scope", 1);

	assert_int_equal(row(f, a)->pod, 0);
	tell(f, facts(A, UID, "main"));
	assert_string_equal(row(f, a)->pod_uid, UID);
	assert_string_equal(row(f, row(f, a)->pod)->pod_name, "web-1");
	assert_int_equal(add(f, v1(12), "/system.slice/cri-containerd-" A ".scope", 1), a);
}

static unsigned asked(struct fix *f, uint64_t now, const char *id)
{
	struct identity_need need;
	unsigned n = 0;

	while (identity_next_need(f->id, now, &need)) {
		assert_string_equal(need.container_id, id);
		n++;
	}
	return n;
}

static void missing_state_is_asked_for_again_and_then_given_up(void **state)
{
	struct fix *f = *state;
	uint64_t t0 = 100 * SEC, t, last = 0;
	uint32_t a = add(f, v2(11), POD "/" A, t0);
	unsigned early = 0, late = 0;

	assert_int_equal(asked(f, t0, A), 1);
	assert_int_equal(asked(f, t0, A), 0); /* in flight */
	tell_failure(f, A, REASON_NO_STATE);
	assert_int_equal(row(f, a)->reason, REASON_PENDING);
	for (t = t0; t < t0 + 300 * SEC; t += NS_PER_MS) {
		unsigned n = asked(f, t, A);

		if (!n)
			continue;
		*(t < t0 + 2 * SEC ? &early : &late) += n;
		if (!early || (early == 1 && !late))
			assert_true(t <= t0 + 20 * NS_PER_MS);
		tell_failure(f, A, REASON_NO_STATE);
		if (t >= t0 + 160 * NS_PER_MS) /* in time for events, which wait 200 ms */
			assert_int_equal(row(f, a)->reason, REASON_NO_STATE);
		last = t;
	}
	assert_in_range(early, 4, 12);
	assert_in_range(late, 1, 5);
	assert_true(last < t0 + 120 * SEC);
	assert_int_equal(row(f, a)->reason, REASON_NO_STATE);
	assert_int_equal(row(f, row(f, a)->pod)->reason, REASON_NO_STATE);
}

static void an_answer_that_never_comes_is_asked_for_again(void **state)
{
	struct fix *f = *state;

	add(f, v2(11), POD "/" A, 10 * SEC);
	assert_int_equal(asked(f, 10 * SEC, A), 1);
	assert_int_equal(asked(f, 10 * SEC + 500 * NS_PER_MS, A), 0);
	assert_int_equal(asked(f, 11 * SEC, A), 1);
	struct container_facts whole = facts(A, UID, "main");
	whole.init_pid = 50;
	tell(f, whole);
	assert_int_equal(asked(f, 100 * SEC, A), 0);
}

static void a_pid_that_is_written_later_is_read_too(void **state)
{
	struct fix *f = *state;
	uint32_t a = add(f, v2(11), POD "/" A, 10 * SEC);
	struct container_facts late = facts(A, UID, "main");

	assert_int_equal(asked(f, 10 * SEC, A), 1);
	tell(f, facts(A, UID, "main"));
	assert_int_equal(row(f, a)->reason, REASON_NONE);
	assert_int_equal(asked(f, 10 * SEC + 30 * NS_PER_MS, A), 1);
	late.init_pid = 50;
	tell(f, late);
	assert_int_equal(row(f, a)->init_pid, 50);
	assert_int_equal(asked(f, 100 * SEC, A), 0);
}

static void without_facts_a_pause_process_hints_at_the_sandbox(void **state)
{
	struct fix *f = *state;
	uint64_t t = 10 * SEC;
	uint32_t a = add(f, v2(11), POD "/" A, t), b = add(f, v2(12), POD "/" B, t);
	struct event pause = exec_in(v2(11), 50, 1, 101, 201, 0),
		     other = exec_in(v2(12), 51, 1, 102, 202, 0);
	struct identity_need need;

	memcpy(pause.comm, "pause", 6);
	identity_event(f->id, &pause);
	identity_event(f->id, &other);
	for (; t < 20 * SEC; t += 100 * NS_PER_MS)
		while (identity_next_need(f->id, t, &need))
			tell_failure(f, need.container_id, REASON_NO_STATE);
	assert_int_equal(row(f, a)->kind, IDENT_SANDBOX);
	assert_int_equal(row(f, b)->kind, IDENT_CONTAINER);
	tell(f, facts(A, UID, "pause-named-but-told-otherwise"));
	assert_int_equal(row(f, a)->kind, IDENT_CONTAINER);
}

static void a_bare_container_needs_no_state_to_have_no_pod(void **state)
{
	struct fix *f = *state;
	uint32_t d = add(f, v2(11), "/docker/" A, 1), l = add(f, v2(12), "/lxc/web", 1);

	tell_failure(f, A, REASON_NO_STATE);
	assert_int_equal(row(f, d)->reason, REASON_NO_POD);
	assert_int_equal(row(f, l)->reason, REASON_NO_POD);
	assert_string_equal(row(f, l)->runtime, "lxc");
}

static void facts_survive_a_capture(void **state)
{
	struct container_facts in = facts(A, UID, "main"), out;
	struct buf b = { .max = 65536 };

	(void)state;
	in.sandbox = 1;
	in.init_pid = 123456;
	in.restarts = 3;
	in.reason = REASON_NO_ANNOTATIONS;
	snprintf(in.sandbox_id, sizeof(in.sandbox_id), "%s", S);
	in.log_dir = strdup("/var/log/pods/shop_web-1_" UID);
	assert_int_equal(identity_pack(&in, &b), 0);
	assert_int_equal(identity_unpack(b.p, b.n, &out), 0);
	assert_string_equal(out.container_id, A);
	assert_string_equal(out.pod_uid, UID);
	assert_string_equal(out.sandbox_id, S);
	assert_string_equal(out.container, "main");
	assert_string_equal(out.image, "registry/web:1");
	assert_string_equal(out.log_dir, in.log_dir);
	assert_string_equal(out.runtime, "containerd");
	assert_null(out.workload);
	assert_int_equal(out.init_pid, 123456);
	assert_int_equal(out.restarts, 3);
	assert_int_equal(out.reason, REASON_NO_ANNOTATIONS);
	assert_int_equal(out.sandbox, 1);
	container_facts_done(&out);
	/* cut anywhere, it is refused or is a shorter whole; never harm */
	for (size_t n = 0; n < b.n; n++) {
		char *copy = malloc(n ? n : 1);

		memcpy(copy, b.p, n);
		if (identity_unpack(copy, n, &out) == 0)
			container_facts_done(&out);
		free(copy);
	}
	b.p[0] = 9;
	assert_int_equal(identity_unpack(b.p, b.n, &out), -EBADMSG);
	container_facts_done(&in);
	buf_done(&b);
}

static void facts_are_packed_and_unpacked_whole_or_not_at_all(void **state)
{
	struct container_facts in = facts(A, UID, "main"), out;
	struct buf b = { .max = 65536 }, small = { .max = 100 };
	bool failed = true;

	(void)state;
	assert_int_equal(identity_pack(&in, &small), -E2BIG);
	assert_int_equal(small.n, 0);
	failalloc_at(1);
	assert_int_equal(identity_pack(&in, &b), -ENOMEM);
	assert_true(failalloc_end());
	b.failed = false;
	assert_int_equal(identity_pack(&in, &b), 0);
	for (unsigned long n = 1; failed; n++) {
		int r;

		failalloc_at(n);
		r = identity_unpack(b.p, b.n, &out);
		failed = failalloc_end();
		assert_int_equal(r, failed ? -ENOMEM : 0);
	}
	container_facts_done(&out);
	container_facts_done(&in);
	buf_done(&b);
	buf_done(&small);
}

static void every_reason_is_a_sentence(void **state)
{
	(void)state;
	for (unsigned i = 0; i <= REASONS; i++) {
		const char *s = ident_reason_text(i);

		assert_non_null(s);
		assert_true(strlen(s) > 10);
		assert_int_equal(s[strlen(s) - 1], '.');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(names_are_joined_to_what_was_already_seen),
		T(a_snapshot_keeps_the_names_of_its_time),
		T(a_sandbox_is_recognised_by_its_facts),
		T(a_container_may_not_borrow_anothers_name),
		T(state_that_names_another_pod_is_not_believed),
		T(state_gives_the_pod_that_a_path_does_not),
		T(missing_state_is_asked_for_again_and_then_given_up),
		T(an_answer_that_never_comes_is_asked_for_again),
		T(a_pid_that_is_written_later_is_read_too),
		T(without_facts_a_pause_process_hints_at_the_sandbox),
		T(a_bare_container_needs_no_state_to_have_no_pod),
		T(facts_survive_a_capture),
		cmocka_unit_test(facts_are_packed_and_unpacked_whole_or_not_at_all),
		T(every_reason_is_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
