/* SPDX-License-Identifier: BSD-2-Clause */
/* Every event gets its row: pod, container, unit or host; rows live and leave in order. */
#include "identity_fixture.h"

#include "failalloc.h"

static void an_event_has_its_pod_uid_before_any_name_is_known(void **state)
{
	struct fix *f = *state;
	struct event ev = event(EVENT_EXEC, v2(11));
	const struct ident_row *r;

	add(f, v2(10), POD, 1 * SEC);
	add(f, v2(11), POD "/" A, 1 * SEC);
	identity_event(f->id, &ev);
	r = row(f, ev.ident);
	assert_int_equal(r->kind, IDENT_CONTAINER);
	assert_string_equal(r->pod_uid, UID);
	assert_string_equal(r->container_id, A);
	assert_int_equal(ev.ident_id, r->row.id);
	assert_int_equal(ev.pod_reason, REASON_PENDING);
	assert_false(ev.flags & EV_OUTSIDE);
	assert_int_equal(row(f, r->pod)->kind, IDENT_POD);
	assert_int_equal(row(f, r->pod)->key.id, 10);
	assert_string_equal(row(f, r->pod)->path, POD);
}

static void a_pod_is_there_when_only_its_container_was_seen(void **state)
{
	struct fix *f = *state;
	uint32_t c = add(f, v2(11), POD "/" A, 1), pod = row(f, c)->pod;

	assert_int_equal(row(f, pod)->kind, IDENT_POD);
	assert_string_equal(row(f, pod)->pod_uid, UID);
	assert_string_equal(row(f, pod)->path, POD);
	assert_int_equal(row(f, pod)->key.id, 0);
	assert_int_equal(add(f, v2(10), POD, 2), pod);
	assert_int_equal(row(f, pod)->key.id, 10);
}

static void one_container_is_one_row_in_all_hierarchies_and_below(void **state)
{
	struct fix *f = *state;
	uint32_t a = add(f, v1(7), POD "/" A, 1);

	assert_int_equal(row(f, a)->key.hierarchy, 4);
	assert_int_equal(add(f, v2(7), POD "/" A, 1), a); /* the same number elsewhere */
	assert_int_equal(row(f, a)->key.hierarchy, 0);
	assert_int_equal(add(f, v2(8), POD "/" A "/init.scope", 1), a);
	assert_int_equal(row(f, a)->key.id, 7);
	assert_string_equal(row(f, a)->path, POD "/" A);
	assert_int_equal(identity_find(f->id, v2(8)), a);
	assert_int_equal(identity_find(f->id, v1(8)), TABLE_NONE);
}

static void services_are_their_unit_and_the_rest_is_the_host(void **state)
{
	struct fix *f = *state;
	uint32_t u = add(f, v2(20), "/system.slice/ssh.service", 1);
	struct event ev = event(EVENT_EXEC, v2(20)), root = event(EVENT_EXEC, v2(1)),
		     none = event(EVENT_EXEC, v2(999));

	assert_int_equal(add(f, v2(21), "/system.slice/ssh.service/sub", 1), u);
	assert_string_equal(row(f, u)->unit, "ssh.service");
	assert_string_equal(row(f, u)->path, "/system.slice/ssh.service");
	identity_event(f->id, &ev);
	assert_int_equal(ev.ident, u);
	assert_int_equal(ev.pod_reason, REASON_NOT_CONTAINER);
	identity_event(f->id, &root);
	assert_int_equal(root.ident, 0);
	assert_int_equal(root.pod_reason, REASON_NOT_CONTAINER);
	identity_event(f->id, &none);
	assert_int_equal(none.ident, 0);
	assert_int_equal(none.pod_reason, REASON_UNKNOWN_CGROUP);
}

static void a_cgroup_never_told_of_is_found_by_its_policy_slot(void **state)
{
	struct fix *f = *state;
	uint32_t pod = add(f, v2(10), POD, 1);
	struct event ev = event(EVENT_EXEC, v2(999));

	identity_slot(f->id, pod, 17);
	ev.slot = 17;
	identity_event(f->id, &ev);
	assert_int_equal(ev.ident, pod);
	ev.slot = 18;
	identity_event(f->id, &ev);
	assert_int_equal(ev.ident, 0);
	assert_int_equal(ev.pod_reason, REASON_UNKNOWN_CGROUP);
}

static void a_path_that_is_not_known_makes_no_row(void **state)
{
	struct fix *f = *state;
	struct event ev = event(EVENT_EXEC, v2(11));

	assert_int_equal(identity_cgroup_add(f->id, v2(11), NULL, 0, 1, NULL), -EINVAL);
	identity_event(f->id, &ev);
	assert_int_equal(ev.pod_reason, REASON_UNKNOWN_CGROUP);
}

static void what_is_gone_stays_a_minute_and_then_leaves(void **state)
{
	struct fix *f = *state;
	uint32_t a = add(f, v2(11), POD "/" A, 1), pod = row(f, a)->pod, used;
	struct event late = event(EVENT_EXIT, v2(11));

	add(f, v2(10), POD, 1);
	add(f, v2(12), POD "/" A "/sub", 1);
	used = identity_table(f->id)->used;
	identity_cgroup_gone(f->id, v2(12), 5 * SEC);
	assert_int_equal(row(f, a)->gone_ns, 0);
	identity_cgroup_gone(f->id, v2(11), 5 * SEC);
	assert_int_equal(row(f, a)->gone_ns, 5 * SEC);
	assert_int_equal(row(f, pod)->gone_ns, 0);
	identity_cgroup_gone(f->id, v2(10), 6 * SEC);
	assert_int_equal(row(f, pod)->gone_ns, 6 * SEC);
	late.ktime_ns = 5 * SEC;
	identity_event(f->id, &late); /* a record that was still on its way */
	assert_int_equal(late.ident, a);
	identity_age(f->id, 64 * SEC);
	assert_int_equal(identity_table(f->id)->used, used);
	identity_age(f->id, 67 * SEC);
	identity_age(f->id, 68 * SEC);
	assert_int_equal(identity_table(f->id)->used, used - 2);
	assert_int_equal(identity_find(f->id, v2(11)), TABLE_NONE);
	identity_event(f->id, &late);
	assert_int_equal(late.pod_reason, REASON_UNKNOWN_CGROUP);
}

static void a_task_that_speaks_brings_its_container_back(void **state)
{
	struct fix *f = *state;
	uint32_t a = add(f, v2(11), POD "/" A, 1);
	struct event ev = event(EVENT_EXEC, v1(11));

	add(f, v1(11), POD "/" A, 1);
	identity_cgroup_gone(f->id, v2(11), 5 * SEC); /* it lives on in v1 alone */
	assert_int_equal(row(f, a)->gone_ns, 5 * SEC);
	ev.ktime_ns = 8 * SEC;
	identity_event(f->id, &ev);
	assert_int_equal(row(f, a)->gone_ns, 0);
	assert_int_equal(row(f, row(f, a)->pod)->gone_ns, 0);
}

static void a_container_whose_end_was_lost_is_given_up(void **state)
{
	struct fix *f = *state;
	uint32_t a = add(f, v2(11), POD "/" A, 1), b = add(f, v2(12), POD "/" B, 1), late;
	struct event ev = event(EVENT_EXEC, v2(12));

	add(f, v2(10), POD, 1);
	for (uint64_t t = 10; t < 100; t++) { /* passes see a's task always, b's for a while */
		identity_age(f->id, t * SEC);
		identity_task(f->id, v2(11), 60, 1, 101, 201, 301, NULL);
		if (t < 20)
			identity_task(f->id, v2(12), 61, 1, 102, 202, 301, NULL);
		assert_int_equal(!row(f, b)->gone_ns, t <= 50);
	}
	assert_int_equal(row(f, a)->gone_ns, 0);
	ev.ktime_ns = 100 * SEC;
	identity_event(f->id, &ev); /* given up too early: it is back */
	assert_int_equal(row(f, b)->gone_ns, 0);
	identity_age(f->id, 101 * SEC);
	identity_age(f->id, 102 * SEC);
	assert_int_equal(row(f, b)->gone_ns, 0); /* and stays, now that it has spoken */
	/* without passes nobody is given up */
	for (uint64_t t = 103; t < 1000; t++)
		identity_age(f->id, t * SEC);
	assert_int_equal(row(f, a)->gone_ns, 0);
	/* a pod whose own end was lost goes ten minutes after its last container */
	identity_cgroup_gone(f->id, v2(11), 1000 * SEC);
	identity_cgroup_gone(f->id, v2(12), 1000 * SEC);
	identity_age(f->id, 1059 * SEC);
	assert_int_equal(row(f, row(f, a)->pod)->gone_ns, 0);
	late = row(f, a)->pod;
	identity_age(f->id, 1601 * SEC);
	assert_int_not_equal(row(f, late)->gone_ns, 0);
	a = add(f, v2(13), POD "/" S, 1602 * SEC);
	assert_int_equal(row(f, a)->pod, late);
	assert_int_equal(row(f, late)->gone_ns, 0);
}

static void a_number_that_names_another_group_by_now_moves(void **state)
{
	struct fix *f = *state;
	uint32_t a = add(f, v2(11), POD "/" A, 1), b = add(f, v2(11), POD2 "/" B, 9 * SEC);

	assert_int_not_equal(a, b);
	assert_int_equal(identity_find(f->id, v2(11)), b);
	identity_age(f->id, 10 * SEC);
	assert_int_not_equal(row(f, a)->gone_ns, 0);
	assert_int_equal(row(f, b)->gone_ns, 0);
}

static void one_container_cannot_use_up_the_room_of_others(void **state)
{
	struct fix *f = *state;
	char path[256];
	unsigned refused = 0;
	uint32_t i;

	add(f, v2(11), POD "/" A, 1);
	for (unsigned k = 0; k < 10000; k++) {
		int n = snprintf(path, sizeof(path), POD "/" A "/%u", k);

		refused += identity_cgroup_add(f->id, v2(100000 + k), path, (size_t)n, 1, &i) < 0;
		assert_int_equal(row(f, i)->pod_uid[0], UID[0]);
	}
	assert_in_range(refused, 5000, 9999);
	assert_int_equal(identity_refused(f->id), refused);
	add(f, v2(12), POD2 "/" B, 1);
	/* what churns inside is forgotten in time and makes room again */
	for (unsigned k = 0; k < 10000; k++)
		identity_cgroup_gone(f->id, v2(100000 + k), 2 * SEC);
	identity_age(f->id, 70 * SEC);
	assert_int_equal(identity_cgroup_add(f->id, v2(5), POD "/" A "/x", strlen(POD "/" A "/x"),
					     70 * SEC, &i),
			 0);
}

static void a_full_table_lets_the_longest_gone_leave(void **state)
{
	struct fix *f = *state;
	char path[256];
	uint32_t limit = identity_table(f->id)->limit;
	int r = 0, n;

	for (uint32_t k = 1; k < limit; k++) {
		n = snprintf(path, sizeof(path), "/system.slice/u%u.service", k);
		r |= identity_cgroup_add(f->id, v2(100 + k), path, (size_t)n, 1, NULL);
	}
	assert_int_equal(r, 0);
	assert_int_equal(identity_cgroup_add(f->id, v2(9), "/a.service", 10, 1, NULL), -ENOSPC);
	identity_cgroup_gone(f->id, v2(105), 3 * SEC);
	identity_cgroup_gone(f->id, v2(104), 2 * SEC);
	assert_int_equal(identity_cgroup_add(f->id, v2(9), "/a.service", 10, 4 * SEC, NULL), 0);
	assert_int_equal(identity_find(f->id, v2(104)), TABLE_NONE);
	assert_int_not_equal(identity_find(f->id, v2(105)), TABLE_NONE);
}

/* A container's whole life, whatever of it has memory. */
static void live_a_life(struct epoch *e, struct identity *id)
{
	struct container_facts f = { .runtime = "containerd", .container_id = A, .pod_uid = UID };
	static const char *const paths[] = { POD, POD "/" A, POD "/" A "/sub", POD2 "/" B,
					     "/system.slice/ssh.service" };
	struct event ev = exec_in(v2(11), 50, 1, 101, 201, EV_NS_CHANGED);
	struct identity_need need;

	f.ns = (char *)(uintptr_t) "shop";
	f.pod_name = (char *)(uintptr_t) "web-1";
	f.container = (char *)(uintptr_t) "main";
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct table_view v = { 0 };
		uint64_t pin = epoch_pin(e);
		bool seen = table_view_take(identity_table(id), &v) == 0;
		int r = identity_cgroup_add(id, v2(10 + i), paths[i], strlen(paths[i]), 1, NULL);

		assert_true(r == 0 || r == -ENOMEM);
		identity_event(id, &ev);
		assert_non_null(identity_row(id, ev.ident));
		while (identity_next_need(id, 2, &need))
			;
		r = identity_facts(id, &f);
		assert_true(r == 0 || r == -ENOMEM);
		if (seen)
			table_view_drop(&v);
		epoch_unpin(e, pin);
		epoch_reap(e);
	}
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		identity_cgroup_gone(id, v2(10 + i), 5 * SEC);
	identity_age(id, 6 * SEC);
	identity_age(id, 100 * SEC);
	identity_age(id, 101 * SEC);
}

static void an_allocation_that_fails_costs_no_more_than_that(void **state)
{
	bool failed = true;

	(void)state;
	for (unsigned long n = 1; failed; n++) {
		struct epoch *e = epoch_new();
		struct identity *id;

		assert_true(n < 1000);
		failalloc_at(n);
		id = identity_new(e);
		if (id) {
			live_a_life(e, id);
			failed = failalloc_end();
			/* with memory again, all is as it should be */
			live_a_life(e, id);
			assert_int_equal(identity_table(id)->used, 1);
		} else {
			failed = failalloc_end();
			assert_true(failed);
		}
		identity_free(id);
		epoch_free(e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_event_has_its_pod_uid_before_any_name_is_known),
		T(a_pod_is_there_when_only_its_container_was_seen),
		T(one_container_is_one_row_in_all_hierarchies_and_below),
		T(services_are_their_unit_and_the_rest_is_the_host),
		T(a_cgroup_never_told_of_is_found_by_its_policy_slot),
		T(a_path_that_is_not_known_makes_no_row),
		T(what_is_gone_stays_a_minute_and_then_leaves),
		T(a_task_that_speaks_brings_its_container_back),
		T(a_container_whose_end_was_lost_is_given_up),
		T(a_number_that_names_another_group_by_now_moves),
		T(one_container_cannot_use_up_the_room_of_others),
		T(a_full_table_lets_the_longest_gone_leave),
		cmocka_unit_test(an_allocation_that_fails_costs_no_more_than_that),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
