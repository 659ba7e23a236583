/* SPDX-License-Identifier: BSD-2-Clause */
/* Who came into a container from outside is told, and nobody else is. */
#include "identity_fixture.h"

static void nsenter_is_the_containers_and_from_outside(void **state)
{
	struct fix *f = *state;
	uint32_t a = add(f, v2(11), POD "/" A, 1);
	struct event init = exec_in(v2(11), 50, 1, 101, 201, EV_NS_CHANGED);
	struct event in = event(EVENT_EXEC, v2(1)), by_pid = in, plain = in;

	identity_event(f->id, &init);
	assert_false(init.flags & EV_OUTSIDE);
	assert_int_equal(row(f, a)->mntns, 101);
	assert_int_equal(row(f, a)->init_pid, 50);
	in.mntns = 101;
	identity_event(f->id, &in);
	assert_int_equal(in.ident, a);
	assert_true(in.flags & EV_OUTSIDE);
	by_pid.pidns = 201;
	identity_event(f->id, &by_pid);
	assert_int_equal(by_pid.ident, a);
	assert_true(by_pid.flags & EV_OUTSIDE);
	identity_event(f->id, &plain);
	assert_int_equal(plain.ident, 0);
	assert_false(plain.flags & EV_OUTSIDE);
}

static void a_runtimes_exec_is_from_outside_and_its_init_is_not(void **state)
{
	struct fix *f = *state;
	/* runc init in the container's group before it changes namespaces, then the command */
	struct event pre = exec_in(v2(11), 60, 60, HOST_MNT, HOST_PID, 0);
	struct event init = exec_in(v2(11), 50, 1, 101, 201, EV_NS_CHANGED);
	struct event again = exec_in(v2(11), 50, 1, 101, 201, EV_NS_CHANGED);
	struct event child = exec_in(v2(11), 51, 2, 101, 201, 0);
	struct event fresh = exec_in(v2(11), 52, 3, 105, 201, EV_NS_CHANGED);
	struct event entered = exec_in(v2(11), 70, 9, 101, 201, EV_NS_CHANGED);
	uint32_t a = add(f, v2(11), POD "/" A, 1);

	identity_event(f->id, &pre);
	assert_int_equal(pre.ident, a);
	assert_int_equal(row(f, a)->init_pid, 0);
	assert_int_equal(row(f, a)->mntns, 0);
	identity_event(f->id, &init);
	identity_event(f->id, &again); /* an entrypoint that executes the program proper */
	identity_event(f->id, &child);
	identity_event(f->id, &fresh); /* a browser's own sandbox */
	identity_event(f->id, &entered);
	assert_false((init.flags | again.flags | child.flags | fresh.flags) & EV_OUTSIDE);
	assert_true(entered.flags & EV_OUTSIDE);
	assert_int_equal(entered.ident, a);
	assert_int_equal(row(f, a)->mntns, 101);
	pre.flags = EV_CONTAINER_PID;
	identity_event(f->id, &pre); /* now that the first process is known */
	assert_true(pre.flags & EV_OUTSIDE);
}

static void shared_pid_namespaces_confuse_nobody(void **state)
{
	struct fix *f = *state;
	uint32_t s = add(f, v2(11), POD "/" S, 1), a = add(f, v2(12), POD "/" A, 1),
		 hostpid = add(f, v2(13), POD2 "/" B, 1);
	struct event sb = exec_in(v2(11), 50, 1, 101, 201, EV_NS_CHANGED);
	struct event app = exec_in(v2(12), 51, 7, 102, 201, EV_NS_CHANGED);
	struct event host = exec_in(v2(13), 52, 52, 103, HOST_PID, EV_NS_CHANGED);
	struct event in = event(EVENT_EXEC, v2(1)), bystander = in;

	identity_event(f->id, &sb);
	identity_event(f->id, &app);
	identity_event(f->id, &host);
	assert_false((sb.flags | app.flags | host.flags) & EV_OUTSIDE);
	assert_int_equal(row(f, hostpid)->pidns, 0); /* the host's is nobody's own */
	in.pidns = 201; /* into the pod's common pid namespace: the pod, no container */
	identity_event(f->id, &in);
	assert_int_equal(in.ident, row(f, a)->pod);
	assert_true(in.flags & EV_OUTSIDE);
	in = event(EVENT_EXEC, v2(1));
	in.mntns = 102;
	in.pidns = 201;
	identity_event(f->id, &in);
	assert_int_equal(in.ident, a);
	identity_event(f->id, &bystander);
	assert_int_equal(bystander.ident, 0);
	assert_int_equal(row(f, s)->mntns, 101);
}

static void a_found_container_learns_from_its_tasks(void **state)
{
	struct fix *f = *state;
	uint32_t a = add(f, v2(11), POD "/" A, 0);
	struct container_facts fa = facts(A, UID, "main");
	bool outside = true;

	/* found in any order: a child first, then the first process by its number inside */
	assert_int_equal(identity_task(f->id, v2(11), 61, 5, 105, 201, 301, &outside), a);
	assert_false(outside);
	assert_int_equal(identity_task(f->id, v2(11), 60, 1, 101, 201, 301, &outside), a);
	assert_int_equal(row(f, a)->mntns, 101);
	assert_int_equal(identity_task(f->id, v2(11), 62, 6, 106, 201, 301, &outside), a);
	assert_int_equal(row(f, a)->mntns, 101);
	fa.init_pid = 60;
	tell(f, fa);
	assert_int_equal(identity_task(f->id, v2(1), 70, 0, 101, HOST_PID, HOST_NET, &outside), a);
	assert_true(outside);
}

static void sockets_without_a_task_teach_nothing(void **state)
{
	struct fix *f = *state;
	uint32_t a = add(f, v2(11), POD "/" A, 1);
	struct event ev = event(EVENT_CLOSE, v2(11));

	ev.mntns = ev.pidns = 0;
	identity_event(f->id, &ev);
	assert_int_equal(ev.ident, a);
	assert_int_equal(row(f, a)->mntns, 0);
}

static void a_capture_without_the_hosts_namespaces_harms_nobody(void **state)
{
	struct fix *f = *state;
	struct identity *id = identity_new(f->e); /* no identity_host_ns() */
	struct event pre = exec_in(v2(11), 60, 60, HOST_MNT, HOST_PID, 0);
	struct event host = event(EVENT_EXEC, v2(1));
	uint32_t a;

	assert_int_equal(identity_cgroup_add(id, v2(11), POD "/" A, strlen(POD "/" A), 1, &a), 0);
	identity_event(id, &pre);
	identity_event(id, &host);
	assert_int_equal(host.ident, 0);
	/* the picture's process 1 tells */
	assert_int_equal(identity_task(id, v2(1), 1, 1, HOST_MNT, HOST_PID, HOST_NET, NULL), 0);
	struct event init = exec_in(v2(11), 50, 1, 101, 201, EV_NS_CHANGED);
	identity_event(id, &init);
	assert_int_equal(identity_row(id, a)->mntns, 101);
	host.mntns = 101;
	identity_event(id, &host);
	assert_int_equal(host.ident, a);
	identity_free(id);
}

static void a_runtimes_hook_is_not_the_first_process(void **state)
{
	struct fix *f = *state;
	struct event hook = exec_in(v2(11), 60, 3, 101, 201, 0);
	struct event init = exec_in(v2(11), 50, 1, 101, 201, EV_NS_CHANGED);
	uint32_t a = add(f, v2(11), POD "/" A, 1);

	identity_event(f->id, &hook);
	assert_int_equal(row(f, a)->init_pid, 0);
	identity_event(f->id, &init);
	assert_int_equal(row(f, a)->init_pid, 50);
	assert_false((hook.flags | init.flags) & EV_OUTSIDE);
}

static void who_unshares_inside_has_not_come_from_outside(void **state)
{
	struct fix *f = *state;
	struct event init = exec_in(v2(11), 50, 1, 101, 201, EV_NS_CHANGED);
	struct event net = exec_in(v2(11), 51, 2, 101, 201, EV_NS_CHANGED);
	uint32_t a = add(f, v2(11), POD "/" A, 1);

	init.netns = 301;
	net.netns = 305; /* unshare -n */
	identity_event(f->id, &init);
	identity_event(f->id, &net);
	assert_int_equal(net.ident, a);
	assert_false(net.flags & EV_OUTSIDE);
	net.netns = 301; /* runtime's exec: all of the container's own */
	identity_event(f->id, &net);
	assert_true(net.flags & EV_OUTSIDE);
}

static void a_gone_containers_namespaces_are_forgotten(void **state)
{
	struct fix *f = *state;
	uint32_t a = add(f, v2(11), POD "/" A, 1), b;
	struct event init = exec_in(v2(11), 50, 1, 101, 201, EV_NS_CHANGED);
	struct event in = event(EVENT_EXEC, v2(1));

	identity_event(f->id, &init);
	identity_cgroup_gone(f->id, v2(11), 5 * SEC);
	in.mntns = 101; /* the number may be anybody's by now */
	identity_event(f->id, &in);
	assert_int_equal(in.ident, 0);
	b = add(f, v2(12), POD2 "/" B, 6 * SEC);
	init = exec_in(v2(12), 51, 1, 101, 201, EV_NS_CHANGED);
	identity_event(f->id, &init);
	identity_event(f->id, &in);
	assert_int_equal(in.ident, b);
	assert_int_not_equal(a, b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(nsenter_is_the_containers_and_from_outside),
		T(a_runtimes_exec_is_from_outside_and_its_init_is_not),
		T(shared_pid_namespaces_confuse_nobody),
		T(a_found_container_learns_from_its_tasks),
		T(sockets_without_a_task_teach_nothing),
		T(a_capture_without_the_hosts_namespaces_harms_nobody),
		T(a_runtimes_hook_is_not_the_first_process),
		T(who_unshares_inside_has_not_come_from_outside),
		T(a_gone_containers_namespaces_are_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
