/* SPDX-License-Identifier: BSD-2-Clause */
/* Events and a snapshot with one pod, for tests of what is read from them. */
#ifndef TESTS_EVENT_FIXTURE_H
#define TESTS_EVENT_FIXTURE_H

#include <arpa/inet.h>
#include <string.h>

#include "field/field.h"
#include "identity/identity.h"
#include "model/model.h"

#define FIXTURE_UID "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
#define FIXTURE_ID  "4f0e64c1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d"

/* Rows: 0 host, 1 pod shop/web-1, 2 its container web, 3 a container without names, 4 a unit, 5 a
 * bare container. */
struct event_fixture {
	struct epoch *epoch;
	struct table idents;
	uint64_t pin;
	struct snapshot snap;
	struct field_ctx ctx;
	union event_buf buf;
};

static inline struct ident_row *fixture_row(struct event_fixture *f, uint64_t id, unsigned kind)
{
	struct ident_row *row = table_add(&f->idents, id);

	row->kind = (uint8_t)kind;
	return row;
}

static inline void fixture_rows(struct event_fixture *f)
{
	struct ident_row *row;

	fixture_row(f, 100, IDENT_HOST);
	row = fixture_row(f, 101, IDENT_POD);
	strcpy(row->pod_uid, FIXTURE_UID);
	row->ns = "shop";
	row->pod_name = "web-1";
	row = fixture_row(f, 102, IDENT_CONTAINER);
	row->pod = 1;
	strcpy(row->pod_uid, FIXTURE_UID);
	strcpy(row->container_id, FIXTURE_ID);
	row->ns = "shop";
	row->pod_name = "web-1";
	row->container = "web";
	row->image = "registry.local:5000/shop/web:1.2@sha256:abc";
	row->workload = "Deployment/web";
	row = fixture_row(f, 103, IDENT_CONTAINER);
	strcpy(row->pod_uid, FIXTURE_UID);
	strcpy(row->container_id, FIXTURE_ID);
	row->reason = REASON_NO_STATE;
	row = fixture_row(f, 104, IDENT_UNIT);
	row->reason = REASON_NOT_CONTAINER;
	row->unit = "ssh.service";
	row = fixture_row(f, 105, IDENT_CONTAINER);
	strcpy(row->container_id, FIXTURE_ID);
	row->reason = REASON_NO_POD;
	row->image = "busybox";
}

static inline void fixture_init(struct event_fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->epoch = epoch_new();
	table_init(&f->idents, f->epoch, sizeof(struct ident_row), 64);
	fixture_rows(f);
	f->pin = epoch_pin(f->epoch);
	table_view_take(&f->idents, &f->snap.idents);
	f->ctx.snap = &f->snap;
	f->ctx.node = "node-a";
	f->ctx.boot = 0xabc;
}

static inline void fixture_done(struct event_fixture *f)
{
	table_view_drop(&f->snap.idents);
	epoch_unpin(f->epoch, f->pin);
	table_done(&f->idents);
	epoch_free(f->epoch);
}

static inline void fixture_addr(struct event_addr *a, const char *text, uint16_t port)
{
	a->port = port;
	a->family = strchr(text, ':') ? AF_INET6 : AF_INET;
	inet_pton(a->family, text, a->family == AF_INET ? (void *)&a->v4 : (void *)&a->v6);
}

/* An event of process 4242 ("nginx", child of 4000) in ident row @ident. */
static inline struct event *fixture_event(struct event_fixture *f, enum event_type type,
					  uint32_t ident)
{
	struct event *ev = event_begin(&f->buf, type);

	ev->seq = 7;
	ev->time_ns = 1700000000000000001ULL;
	ev->ident = ident;
	ev->ident_id = 100 + ident;
	ev->pid = ev->tid = 4242;
	ev->ppid = 4000;
	ev->nspid = 17;
	ev->exec_ns = 99;
	ev->uid = 0;
	ev->gid = 33;
	ev->uid_host = 100000;
	ev->flags = EV_UID;
	strcpy(ev->comm, "nginx");
	strcpy(ev->pcomm, "sh");
	ev->exe = event_text_add(ev, "/usr/sbin/nginx", 15);
	return ev;
}

#endif
