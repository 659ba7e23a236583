/* SPDX-License-Identifier: BSD-2-Clause */
/* A model with two pods and a unit, and short ways to tell it what happened. */
#ifndef MODEL_FIXTURE_H
#define MODEL_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "base/macros.h"
#include "field/field.h"
#include "model/model.h"
#include "model/recent.h"

#define S     NS_PER_S
#define MS    NS_PER_MS
#define POD_A "11111111-aaaa-4aaa-8aaa-111111111111"
#define POD_B "22222222-bbbb-4bbb-8bbb-222222222222"
#define CT_A  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define CT_B  "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

enum { CG_HOST = 1, CG_POD_A = 100, CG_A, CG_POD_B = 200, CG_B, CG_UNIT = 300 };

struct fixture {
	struct epoch *epoch;
	struct identity *identity;
	struct model *m;
	union event_buf b;
	uint64_t seq, now;
};

static struct cgroup_key cg_key(uint64_t id)
{
	return (struct cgroup_key){ .id = id };
}

static inline int cg_add(struct fixture *f, uint64_t id, const char *path)
{
	return identity_cgroup_add(f->identity, cg_key(id), path, strlen(path), f->now, NULL);
}

static inline void cg_gone(struct fixture *f, uint64_t id)
{
	identity_cgroup_gone(f->identity, cg_key(id), f->now);
}

static inline void name_container(struct fixture *f, const char *id, const char *uid,
				  const char *pod, const char *container)
{
	struct container_facts c = { .runtime = "containerd" };

	snprintf(c.container_id, sizeof(c.container_id), "%s", id);
	snprintf(c.pod_uid, sizeof(c.pod_uid), "%s", uid);
	c.ns = strdup("shop");
	c.pod_name = strdup(pod);
	c.container = strdup(container);
	c.image = strdup("registry/shop/web:1.2");
	identity_facts(f->identity, &c);
	container_facts_done(&c);
}

static inline int fixture_open(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->now = 1000 * S;
	f->epoch = epoch_new();
	f->identity = f->epoch ? identity_new(f->epoch) : NULL;
	if (!f->identity)
		return -1;
	identity_host_ns(f->identity, 1, 2, 3);
	f->m = model_new(f->epoch, f->identity);
	if (!f->m)
		return -1;
	cg_add(f, CG_POD_A, "/kubepods/burstable/pod" POD_A);
	cg_add(f, CG_A, "/kubepods/burstable/pod" POD_A "/" CT_A);
	cg_add(f, CG_POD_B, "/kubepods/burstable/pod" POD_B);
	cg_add(f, CG_B, "/kubepods/burstable/pod" POD_B "/" CT_B);
	cg_add(f, CG_UNIT, "/system.slice/ssh.service");
	name_container(f, CT_A, POD_A, "web", "nginx");
	name_container(f, CT_B, POD_B, "db", "postgres");
	return 0;
}

static inline void fixture_close(struct fixture *f)
{
	model_free(f->m);
	identity_free(f->identity);
	epoch_free(f->epoch);
}

/* Begin an event of a process; what follows fills it in, then tell(). */
static inline struct event *about(struct fixture *f, enum event_type type, uint64_t cg,
				  uint32_t pid, uint64_t start)
{
	struct event *ev = event_begin(&f->b, type);

	f->now += MS;
	ev->origin = ORIGIN_RING;
	ev->seq = ++f->seq;
	ev->ktime_ns = f->now;
	ev->time_ns = f->now + 1600000000 * S;
	ev->cg = cg_key(cg);
	ev->pid = ev->tid = pid;
	ev->start_ns = start;
	return ev;
}

static inline int tell(struct fixture *f)
{
	identity_event(f->identity, &f->b.ev);
	return model_event(f->m, &f->b);
}

static inline int fork_of(struct fixture *f, uint64_t cg, uint32_t ppid, uint64_t pstart,
			  uint32_t pid, uint64_t start)
{
	struct event *ev = about(f, EVENT_FORK, cg, pid, start);

	ev->ppid = ppid;
	ev->parent_start_ns = pstart;
	return tell(f);
}

static inline int exec_of(struct fixture *f, uint64_t cg, uint32_t pid, uint64_t start,
			  const char *exe, const char *argv, size_t argv_n)
{
	struct event *ev = about(f, EVENT_EXEC, cg, pid, start);
	const char *base = strrchr(exe, '/');

	ev->exec_ns = f->now;
	ev->exe = event_text_add(ev, exe, strlen(exe));
	ev->cwd = event_text_add(ev, "/srv", 4);
	ev->exec.argv = event_text_add(ev, argv, argv_n);
	ev->flags |= EV_UID;
	ev->uid = ev->uid_host = 1000;
	snprintf(ev->comm, sizeof(ev->comm), "%s", base ? base + 1 : exe);
	return tell(f);
}

static inline int exit_of(struct fixture *f, uint64_t cg, uint32_t pid, uint64_t start,
			  uint32_t code)
{
	struct event *ev = about(f, EVENT_EXIT, cg, pid, start);

	ev->exit.code = code;
	return tell(f);
}

static inline struct event_addr addr4(const char *ip, uint16_t port)
{
	struct event_addr a = { .family = AF_INET, .port = port };

	assert_int_equal(inet_pton(AF_INET, ip, &a.v4), 1);
	return a;
}

static inline struct event *about_sock(struct fixture *f, enum event_type type, uint64_t cg,
				       uint32_t pid, uint64_t start, uint64_t cookie,
				       const char *lip, uint16_t lport, const char *rip,
				       uint16_t rport)
{
	struct event *ev = about(f, type, cg, pid, start);

	ev->sock.cookie = cookie;
	ev->sock.proto = IPPROTO_TCP;
	ev->sock.state = 1;
	ev->netns = cg >= CG_POD_A ? (uint32_t)(cg / 100) * 1000 : 3;
	if (lip)
		ev->sock.local = addr4(lip, lport);
	if (rip)
		ev->sock.remote = addr4(rip, rport);
	return ev;
}

/* The process row with this pid that is shown, gone or not; the newest. NULL. */
static inline const struct proc_row *shown_proc(const struct snapshot *s, uint32_t pid)
{
	const struct proc_row *best = NULL;

	for (uint32_t i = 0; i < s->procs.high; i++) {
		const struct proc_row *p = table_view_at(&s->procs, i);

		if (p && p->pid == pid && (!best || p->row.id > best->row.id))
			best = p;
	}
	return best;
}

static inline const struct conn_row *shown_conn(const struct snapshot *s, uint64_t cookie)
{
	const struct conn_row *best = NULL;

	for (uint32_t i = 0; i < s->conns.high; i++) {
		const struct conn_row *c = table_view_at(&s->conns, i);

		if (c && c->cookie == cookie && (!best || c->row.id > best->row.id))
			best = c;
	}
	return best;
}

/* The pod row of the pod with this UID. NULL. */
static inline const struct pod_row *shown_pod(const struct snapshot *s, const char *uid)
{
	for (uint32_t i = 0; i < s->pods.high; i++) {
		const struct pod_row *p = table_view_at(&s->pods, i);
		const struct ident_row *id = p ? table_view_at(&s->idents, p->ident) : NULL;

		if (id && id->row.id == p->ident_id && !strcmp(id->pod_uid, uid))
			return p;
	}
	return NULL;
}

static inline int fixture_setup(void **state)
{
	struct fixture *f = malloc(sizeof(*f));

	*state = f;
	return f ? fixture_open(f) : -1;
}

static inline int fixture_teardown(void **state)
{
	fixture_close(*state);
	free(*state);
	return 0;
}

#define MODEL_TEST(t) cmocka_unit_test_setup_teardown(t, fixture_setup, fixture_teardown)
#define ARGV(s)       s, sizeof(s) /* the last argument's NUL is the literal's own */

#endif
