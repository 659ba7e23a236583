/* SPDX-License-Identifier: BSD-2-Clause */
/* Records become events, and what is no record becomes nothing. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sensor/decode.h"
#include "sensor/name.h"

struct got {
	unsigned events, cgroups, sockets;
	union event_buf ev;
	struct {
		struct cgroup_fact f;
		char path[256];
	} cg[8];
	struct socket_fact so;
};

static void on_event(void *ctx, union event_buf *ev)
{
	struct got *g = ctx;

	g->events++;
	memcpy(&g->ev, ev, ev->ev.size);
}

static void on_cgroup(void *ctx, const struct cgroup_fact *f)
{
	struct got *g = ctx;

	if (g->cgroups < 8) {
		g->cg[g->cgroups].f = *f;
		memcpy(g->cg[g->cgroups].path, f->path, f->n < 255 ? f->n : 255);
	}
	g->cgroups++;
}

static void on_task(void *ctx, const struct task_fact *f)
{
	(void)ctx, (void)f;
	fail();
}

static void on_socket(void *ctx, const struct socket_fact *f)
{
	struct got *g = ctx;

	g->sockets++;
	g->so = *f;
}

static int decode(struct got *g, const void *rec, size_t n)
{
	const struct sensor_sink sink = { .ctx = g,
					  .event = on_event,
					  .cgroup = on_cgroup,
					  .task = on_task,
					  .socket = on_socket };
	static union event_buf scratch;
	/* an exact copy on the heap, so that a read past its end is caught */
	void *copy = malloc(n ? n : 1);
	int r;

	assert_non_null(copy);
	memcpy(copy, rec, n);
	r = decode_record(copy, n, ORIGIN_RING, &scratch, &sink);
	free(copy);
	return r;
}

#define TEXT               \
	"node\0app\0usr\0" \
	"src\0"            \
	"node\0--token\0hunter22secret\0"

/* An exec record of /usr/app/node in /src. Returns its size. */
static size_t exec_record(char *dst, uint16_t argv_len)
{
	struct proc_exec e = {
		.h = { .kind = WIRE_EXEC,
		       .ktime_ns = 77,
		       .cgroup_id = 9,
		       .hierarchy = 4,
		       .slot = 3,
		       .tgid = 100,
		       .tid = 100,
		       .ppid = 1,
		       .start_ns = 5,
		       .comm = "node" },
		.ids = { .nspid = 7, .uid = 0, .uid_host = 100000, .gid = 4 },
		.layer = PROC_WRITABLE,
		.fd_kind = { PROC_FD_INET, PROC_FD_PIPE, 200 },
		.flags = PROC_CRED_CHANGED,
		.exe_len = 13,
		.cwd_len = 4,
		.argv_len = argv_len,
	};

	e.h.size = sizeof(e) + sizeof(TEXT) - 1;
	memcpy(dst, &e, sizeof(e));
	memcpy(dst + sizeof(e), TEXT, sizeof(TEXT) - 1);
	return e.h.size;
}

static void an_exec_has_its_paths_and_arguments(void **state)
{
	struct got g = { 0 };
	char rec[1024];
	size_t n = exec_record(rec, 28);
	const struct event *ev = &g.ev.ev;

	(void)state;
	assert_int_equal(decode(&g, rec, n), 0);
	assert_int_equal(g.events, 1);
	assert_int_equal(ev->type, EVENT_EXEC);
	assert_int_equal(ev->exe.len, 13);
	assert_memory_equal(event_text(ev, ev->exe), "/usr/app/node", 13);
	assert_int_equal(ev->cwd.len, 4);
	assert_memory_equal(event_text(ev, ev->cwd), "/src", 4);
	assert_int_equal(ev->exec.argv.len, 28);
	assert_memory_equal(event_text(ev, ev->exec.argv), "node\0--token\0hunter22secret\0", 28);
	assert_int_equal(ev->uid, 0);
	assert_int_equal(ev->uid_host, 100000);
	assert_int_equal(ev->cg.hierarchy, 4);
	assert_int_equal(ev->layer, LAYER_WRITABLE);
	assert_int_equal(ev->fd_kind[0], FD_SOCKET_INET);
	assert_int_equal(ev->fd_kind[2], FD_UNKNOWN); /* 200 is no kind */
	assert_true(ev->flags & EV_CRED_CHANGED);
	assert_true(ev->flags & EV_CONTAINER_PID);
}

static void a_record_cut_anywhere_is_refused(void **state)
{
	char rec[1024];
	size_t n = exec_record(rec, 28);

	(void)state;
	for (size_t cut = 0; cut < n; cut++) {
		struct got g = { 0 };
		struct wire_head h;
		char part[1024];

		memcpy(part, rec, cut);
		assert_int_equal(decode(&g, part, cut), -EBADMSG);
		if (cut < sizeof(h))
			continue;
		memcpy(&h, rec, sizeof(h));
		h.size = (uint16_t)cut; /* and one that claims to be whole */
		memcpy(part, &h, sizeof(h));
		assert_int_equal(decode(&g, part, cut), -EBADMSG);
		assert_int_equal(g.events, 0);
	}
}

static void an_unknown_kind_is_told_apart_from_damage(void **state)
{
	struct wire_head h = { .kind = 999, .size = sizeof(h) };
	struct got g = { 0 };

	(void)state;
	assert_int_equal(decode(&g, &h, sizeof(h)), -ENOENT);
	h.kind = WIRE_PIC_TASK; /* an iterator's record has no business in a ring */
	assert_int_equal(decode(&g, &h, sizeof(h)), -ENOENT);
	assert_int_equal(g.events, 0);
}

static void an_exit_is_a_code_or_a_signal(void **state)
{
	struct proc_exit e = { .h = { .kind = WIRE_EXIT, .size = sizeof(e) }, .life_ns = 12 };
	struct got g = { 0 };

	(void)state;
	e.code = 7 << 8;
	assert_int_equal(decode(&g, &e, sizeof(e)), 0);
	assert_int_equal(g.ev.ev.exit.code, 7);
	assert_false(g.ev.ev.flags & EV_EXIT_SIGNAL);
	e.code = 11 | 0x80; /* with a core dump */
	assert_int_equal(decode(&g, &e, sizeof(e)), 0);
	assert_int_equal(g.ev.ev.exit.code, 11);
	assert_true(g.ev.ev.flags & EV_EXIT_SIGNAL);
	assert_int_equal(g.ev.ev.duration_ns, 12);
}

static void a_mapped_address_is_ipv4(void **state)
{
	struct net_conn c = {
		.h = { .kind = WIRE_CONNECT, .size = sizeof(c) },
		.family = AF_INET6,
		.rport = 443,
		.remote = { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = 9 },
		.ret = -111,
		.has = NET_HAS_RET,
		.proto = IPPROTO_TCP,
	};
	const struct event *ev;
	struct got g = { 0 };

	(void)state;
	assert_int_equal(decode(&g, &c, sizeof(c)), 0);
	ev = &g.ev.ev;
	assert_int_equal(ev->sock.remote.family, AF_INET);
	assert_int_equal(ntohl(ev->sock.remote.v4.s_addr), 0x0a000009);
	assert_int_equal(ev->sock.local.family, AF_INET6);
	assert_int_equal(ev->sock.ret, -111);
	assert_true(ev->flags & EV_RET);
	assert_false(ev->flags & EV_BYTES);
}

static void a_found_cgroup_brings_its_ancestors(void **state)
{
	static const char parts[] = "leaf\0pod1\0kubepods";
	struct wire_cgroup c = {
		.h = { .kind = WIRE_CGROUP, .cgroup_id = 40, .hierarchy = 4 },
		.ids = { 30, 20, 1 },
		.levels = 3,
		.op = CGROUP_FOUND,
		.path_len = sizeof(parts),
	};
	struct got g = { 0 };
	char rec[512];

	(void)state;
	c.h.size = sizeof(c) + sizeof(parts);
	memcpy(rec, &c, sizeof(c));
	memcpy(rec + sizeof(c), parts, sizeof(parts));
	assert_int_equal(decode(&g, rec, c.h.size), 0);
	assert_int_equal(g.cgroups, 3);
	assert_string_equal(g.cg[0].path, "/kubepods");
	assert_int_equal(g.cg[0].f.key.id, 20);
	assert_int_equal(g.cg[0].f.parent.id, 1);
	assert_string_equal(g.cg[1].path, "/kubepods/pod1");
	assert_int_equal(g.cg[1].f.key.id, 30);
	assert_string_equal(g.cg[2].path, "/kubepods/pod1/leaf");
	assert_int_equal(g.cg[2].f.key.id, 40);
	assert_int_equal(g.cg[2].f.parent.id, 30);
	assert_int_equal(g.cg[2].f.key.hierarchy, 4);
}

static void masking_touches_the_arguments_alone(void **state)
{
	char rec[1024], before[1024];
	size_t n = exec_record(rec, 28);

	(void)state;
	memcpy(before, rec, n);
	decode_mask(rec, n);
	assert_memory_equal(rec, before, n - 15);
	assert_memory_equal(rec + n - 15, "**************", 15);
	exec_record(rec, 0xffff); /* lengths that lie */
	decode_mask(rec, n);
	decode_mask(rec, 3);
}

static const uint8_t dns[] = "\x00\x4d\x81\x80\0\1\0\2\0\0\0\0"
			     "\2db\4shop\3svc\0"
			     "\0\1\0\1"
			     "\xc0\x0c"
			     "\0\5\0\1\0\0\0\x3c\0\6\3www\xc0\x0c"
			     "\xc0\x0c"
			     "\0\1\0\1\0\0\0\x3c\0\4\x0a\1\2\3";

static int read_dns(union event_buf *b, const uint8_t *p, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);
	int r;

	event_begin(b, EVENT_DNS);
	assert_non_null(copy);
	memcpy(copy, p, n);
	r = name_dns(&b->ev, copy, n);
	free(copy);
	return r;
}

static void a_dns_answer_gives_query_and_addresses(void **state)
{
	union event_buf b;

	(void)state;
	assert_int_equal(read_dns(&b, dns, sizeof(dns) - 1), 0);
	assert_int_equal(b.ev.name.qtype, 1);
	assert_int_equal(b.ev.name.rcode, 0);
	assert_int_equal(b.ev.name.query.len, 11);
	assert_memory_equal(event_text(&b.ev, b.ev.name.query), "db.shop.svc", 11);
	assert_int_equal(b.ev.name.answers.len, 25);
	assert_memory_equal(event_text(&b.ev, b.ev.name.answers),
			    "www.db.shop.svc\0"
			    "10.1.2.3\0",
			    25);
}

static void a_cut_dns_answer_keeps_what_was_whole(void **state)
{
	union event_buf b;

	(void)state;
	for (size_t n = 0; n < sizeof(dns) - 1; n++) {
		int r = read_dns(&b, dns, n);

		assert_int_equal(r, n < 29 ? -EBADMSG : 0);
		if (r == 0 && n >= 47)
			assert_int_equal(b.ev.name.answers.len, 16);
	}
}

static void a_dns_name_that_points_at_itself_ends(void **state)
{
	static const uint8_t loop[] = "\0\1\x81\x80\0\1\0\0\0\0\0\0"
				      "\xc0\x0c"
				      "\0\1\0\1";
	static const uint8_t two[] = "\0\1\x81\x80\0\1\0\0\0\0\0\0"
				     "\1a\xc0\x0c"
				     "\0\1\0\1";
	static const uint8_t question[] = "\0\1\1\0\0\1\0\0\0\0\0\0"
					  "\1a\0"
					  "\0\1\0\1";
	union event_buf b;

	(void)state;
	assert_int_equal(read_dns(&b, loop, sizeof(loop) - 1), -EBADMSG);
	assert_int_equal(read_dns(&b, two, sizeof(two) - 1), -EBADMSG);
	assert_int_equal(read_dns(&b, question, sizeof(question) - 1), -EBADMSG);
}

/* A ClientHello with one cipher and @ext as its extensions. */
static size_t hello(uint8_t *p, const void *ext, uint16_t n)
{
	static const uint8_t head[] = { 22, 3, 1, 0, 0, 1, 0, 0, 0, 3, 3 };
	size_t at = sizeof(head) + 32;

	memset(p, 0, 64);
	memcpy(p, head, sizeof(head));
	p[at++] = 0; /* session */
	p[at++] = 0, p[at++] = 2, p[at++] = 0x13, p[at++] = 1;
	p[at++] = 1, p[at++] = 0;
	p[at++] = (uint8_t)(n >> 8), p[at++] = (uint8_t)n;
	memcpy(p + at, ext, n);
	return at + n;
}

static void a_hello_gives_its_server_name(void **state)
{
	static const uint8_t ext[] = "\0\x2b\0\3\2\3\4"
				     "\0\0\0\x0f\0\x0d\0\0\x0a"
				     "pay.svc.io";
	static const uint8_t none[] = "\0\x2b\0\3\2\3\4";
	uint8_t p[256], *copy;
	size_t n = hello(p, ext, sizeof(ext) - 1);
	union event_buf b;

	(void)state;
	event_begin(&b, EVENT_TLS);
	assert_int_equal(name_hello(&b.ev, p, n), 0);
	assert_int_equal(b.ev.name.query.len, 10);
	assert_memory_equal(event_text(&b.ev, b.ev.name.query), "pay.svc.io", 10);
	for (size_t cut = 0; cut < n; cut++) {
		copy = malloc(cut ? cut : 1);
		assert_non_null(copy);
		memcpy(copy, p, cut);
		event_begin(&b, EVENT_TLS);
		assert_true(name_hello(&b.ev, copy, cut) < 0);
		free(copy);
	}
	n = hello(p, none, sizeof(none) - 1);
	assert_int_equal(name_hello(&b.ev, p, n), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_exec_has_its_paths_and_arguments),
		cmocka_unit_test(a_record_cut_anywhere_is_refused),
		cmocka_unit_test(an_unknown_kind_is_told_apart_from_damage),
		cmocka_unit_test(an_exit_is_a_code_or_a_signal),
		cmocka_unit_test(a_mapped_address_is_ipv4),
		cmocka_unit_test(a_found_cgroup_brings_its_ancestors),
		cmocka_unit_test(masking_touches_the_arguments_alone),
		cmocka_unit_test(a_dns_answer_gives_query_and_addresses),
		cmocka_unit_test(a_cut_dns_answer_keeps_what_was_whole),
		cmocka_unit_test(a_dns_name_that_points_at_itself_ends),
		cmocka_unit_test(a_hello_gives_its_server_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
