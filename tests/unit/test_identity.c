/* SPDX-License-Identifier: BSD-2-Clause */
/* Every event gets its pod's UID at once, its names when they come, and nobody else's. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/macros.h"
#include "failalloc.h"
#include "identity/identity.h"

#define A "4f0e6d1c2b3a49588776655443322110ffeeddccbbaa99887766554433221100"
#define B "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define S "5a5a5a5a445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define UID "3c1d7a52-0b6e-4c0f-9a5e-7d1f2a3b4c5d"
#define UID2 "99999999-0b6e-4c0f-9a5e-7d1f2a3b4c5d"
#define POD "/kubepods/burstable/pod" UID
#define POD2 "/kubepods/burstable/pod" UID2

enum { HOST_MNT = 100, HOST_PID = 200, HOST_NET = 300 };
#define SEC NS_PER_S

struct fix {
	struct epoch *e;
	struct identity *id;
};

static int setup(void **state)
{
	struct fix *f = calloc(1, sizeof(*f));

	f->e = epoch_new();
	f->id = identity_new(f->e);
	identity_host_ns(f->id, HOST_MNT, HOST_PID, HOST_NET);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fix *f = *state;

	identity_free(f->id);
	epoch_free(f->e);
	free(f);
	return 0;
}

static struct cgroup_key v2(uint64_t id)
{
	return (struct cgroup_key){ .id = id };
}

static struct cgroup_key v1(uint64_t id)
{
	return (struct cgroup_key){ .id = id, .hierarchy = 4 };
}

static uint32_t add(struct fix *f, struct cgroup_key key, const char *path, uint64_t at_ns)
{
	uint32_t i = TABLE_NONE;

	assert_int_equal(identity_cgroup_add(f->id, key, path, strlen(path), at_ns, &i), 0);
	return i;
}

static const struct ident_row *row(struct fix *f, uint32_t i)
{
	const struct ident_row *r = identity_row(f->id, i);

	assert_non_null(r);
	return r;
}

static struct container_facts facts(const char *id, const char *uid, const char *name)
{
	struct container_facts f = { .runtime = "containerd" };

	snprintf(f.container_id, sizeof(f.container_id), "%s", id);
	snprintf(f.pod_uid, sizeof(f.pod_uid), "%s", uid);
	f.ns = strdup("shop");
	f.pod_name = strdup("web-1");
	f.container = name ? strdup(name) : NULL;
	f.image = strdup("registry/web:1");
	return f;
}

static void tell(struct fix *f, struct container_facts facts)
{
	assert_int_equal(identity_facts(f->id, &facts), 0);
	container_facts_done(&facts);
}

static void tell_failure(struct fix *f, const char *id, uint8_t reason)
{
	struct container_facts bad = { .runtime = "", .reason = reason };

	snprintf(bad.container_id, sizeof(bad.container_id), "%s", id);
	tell(f, bad);
}

/* An event of a task; namespaces are the host's until the test says otherwise. */
static struct event event(unsigned type, struct cgroup_key key)
{
	return (struct event){
		.size = sizeof(struct event),
		.type = (uint16_t)type,
		.cg = key,
		.pid = 500,
		.mntns = HOST_MNT,
		.pidns = HOST_PID,
		.netns = HOST_NET,
	};
}

static struct event exec_in(struct cgroup_key key, uint32_t pid, uint32_t nspid, uint32_t mntns,
			    uint32_t pidns, uint32_t flags)
{
	struct event ev = event(EVENT_EXEC, key);

	ev.pid = pid;
	ev.nspid = nspid;
	ev.mntns = mntns;
	ev.pidns = pidns;
	ev.flags = flags | EV_CONTAINER_PID;
	return ev;
}

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
	assert_string_equal(((const struct ident_row *)table_view_at(&before, a))->container, "main");
	assert_string_equal(((const struct ident_row *)table_view_at(&after, a))->container,
			    "renamed");
	table_view_drop(&before);
	table_view_drop(&after);
	epoch_unpin(f->e, p1);
	epoch_unpin(f->e, p2);
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

static void a_path_that_is_not_known_makes_no_row(void **state)
{
	struct fix *f = *state;
	struct event ev = event(EVENT_EXEC, v2(11));

	assert_int_equal(identity_cgroup_add(f->id, v2(11), NULL, 0, 1, NULL), -EINVAL);
	identity_event(f->id, &ev);
	assert_int_equal(ev.pod_reason, REASON_UNKNOWN_CGROUP);
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
					     70 * SEC, &i), 0);
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

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_event_has_its_pod_uid_before_any_name_is_known),
		T(a_pod_is_there_when_only_its_container_was_seen),
		T(names_are_joined_to_what_was_already_seen),
		T(a_snapshot_keeps_the_names_of_its_time),
		T(one_container_is_one_row_in_all_hierarchies_and_below),
		T(a_sandbox_is_recognised_by_its_facts),
		T(services_are_their_unit_and_the_rest_is_the_host),
		T(a_cgroup_never_told_of_is_found_by_its_policy_slot),
		T(nsenter_is_the_containers_and_from_outside),
		T(a_runtimes_exec_is_from_outside_and_its_init_is_not),
		T(shared_pid_namespaces_confuse_nobody),
		T(a_found_container_learns_from_its_tasks),
		T(sockets_without_a_task_teach_nothing),
		T(a_container_may_not_borrow_anothers_name),
		T(state_that_names_another_pod_is_not_believed),
		T(state_gives_the_pod_that_a_path_does_not),
		T(missing_state_is_asked_for_again_and_then_given_up),
		T(an_answer_that_never_comes_is_asked_for_again),
		T(a_pid_that_is_written_later_is_read_too),
		T(without_facts_a_pause_process_hints_at_the_sandbox),
		T(a_capture_without_the_hosts_namespaces_harms_nobody),
		T(a_runtimes_hook_is_not_the_first_process),
		T(who_unshares_inside_has_not_come_from_outside),
		T(a_path_that_is_not_known_makes_no_row),
		T(a_bare_container_needs_no_state_to_have_no_pod),
		T(what_is_gone_stays_a_minute_and_then_leaves),
		T(a_gone_containers_namespaces_are_forgotten),
		T(a_task_that_speaks_brings_its_container_back),
		T(a_number_that_names_another_group_by_now_moves),
		T(one_container_cannot_use_up_the_room_of_others),
		T(a_full_table_lets_the_longest_gone_leave),
		T(facts_survive_a_capture),
		cmocka_unit_test(an_allocation_that_fails_costs_no_more_than_that),
		cmocka_unit_test(facts_are_packed_and_unpacked_whole_or_not_at_all),
		T(every_reason_is_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
