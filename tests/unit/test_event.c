/* SPDX-License-Identifier: BSD-2-Clause */
/* The event JSON, key by key, against the contract. */
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/macros.h"
#include "event_fixture.h"
#include "failalloc.h"

static int set_up(void **state)
{
	static struct event_fixture f;

	fixture_init(&f);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	fixture_done(*state);
	return 0;
}

/* The event as text; the caller frees @b. */
static const char *text_of(struct event_fixture *f, struct buf *b)
{
	*b = (struct buf){ .max = 64 << 10 };
	assert_int_equal(field_json(&f->ctx, &f->buf.ev, SONDE_EVENTS, NULL, 0, b), 0);
	return b->p;
}

static json_t *json_of(struct event_fixture *f)
{
	json_error_t err;
	struct buf b;
	json_t *j = json_loads(text_of(f, &b), JSON_REJECT_DUPLICATES, &err);

	buf_done(&b);
	assert_non_null(j);
	return j;
}

static const char *str(json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	assert_non_null(s);
	return s;
}

static void an_exec_in_a_pod_is_the_contract_to_the_letter(void **state)
{
	struct event_fixture *f = *state;
	struct event *ev = fixture_event(f, EVENT_EXEC, 2);
	struct buf b;

	ev->parent_exec_ns = 55;
	ev->tty = 136 << 20 | 3;
	ev->layer = LAYER_WRITABLE;
	ev->cwd = event_text_add(ev, "/", 1);
	ev->exec.argv = event_text_add(ev, "nginx\0-g\0\0", 10);
	assert_string_equal(
		text_of(f, &b),
		"{\"v\":1,\"time\":\"2023-11-14T22:13:20.000000001Z\",\"seq\":7,"
		"\"boot\":\"0000000000000abc\",\"type\":\"exec\",\"node\":\"node-a\",\"origin\":"
		"\"ring\","
		"\"pod\":\"shop/web-1\",\"pod_uid\":\"" FIXTURE_UID "\",\"namespace\":\"shop\","
		"\"workload\":\"Deployment/"
		"web\",\"container\":\"web\",\"container_id\":\"" FIXTURE_ID "\","
		"\"image\":\"registry.local:5000/shop/"
		"web:1.2@sha256:abc\",\"pid\":4242,\"ppid\":4000,"
		"\"tid\":4242,\"exec_id\":\"bm9kZS1hOjk5OjQyNDI=\",\"parent_exec_id\":"
		"\"bm9kZS1hOjU1OjQwMDA=\","
		"\"uid\":0,\"gid\":33,\"name\":\"nginx\",\"exe\":\"/usr/sbin/nginx\",\"cwd\":\"/\","
		"\"tty\":\"pts/"
		"3\",\"outside\":false,\"layer\":\"writable\",\"argv\":[\"nginx\",\"-g\",\"\"],"
		"\"argv_cut\":false}");
	buf_done(&b);
}

static void what_is_not_known_is_null_with_a_reason(void **state)
{
	struct event_fixture *f = *state;
	struct event *ev = fixture_event(f, EVENT_EXEC, 3);
	json_t *j;

	ev->exec_ns = 0;
	ev->flags = 0;
	j = json_of(f);
	assert_true(json_is_null(json_object_get(j, "pod")));
	assert_string_equal(str(j, "pod_uid"), FIXTURE_UID);
	assert_true(strlen(str(j, "pod_reason")) > 0);
	assert_true(json_is_null(json_object_get(j, "namespace")));
	assert_true(json_is_null(json_object_get(j, "container")));
	assert_true(json_is_null(json_object_get(j, "exec_id")));
	assert_true(json_is_null(json_object_get(j, "uid")));
	assert_true(json_is_null(json_object_get(j, "cwd")));
	assert_true(json_is_null(json_object_get(j, "argv")));
	assert_true(json_is_null(json_object_get(j, "layer")));
	assert_null(json_object_get(j, "unit"));
	assert_null(json_object_get(j, "tty"));
	json_decref(j);
}

static void units_bare_containers_and_lost_rows_are_told_apart(void **state)
{
	struct event_fixture *f = *state;
	struct event *ev = fixture_event(f, EVENT_EXEC, 4);
	json_t *j = json_of(f);

	assert_string_equal(str(j, "unit"), "ssh.service");
	assert_true(json_is_null(json_object_get(j, "pod")));
	assert_string_equal(str(j, "pod_reason"), ident_reason_text(REASON_NOT_CONTAINER));
	assert_null(json_object_get(j, "pod_uid"));
	assert_null(json_object_get(j, "namespace"));
	assert_null(json_object_get(j, "container"));
	assert_null(json_object_get(j, "outside"));
	json_decref(j);

	fixture_event(f, EVENT_EXEC, 5);
	j = json_of(f);
	assert_string_equal(str(j, "pod_reason"), ident_reason_text(REASON_NO_POD));
	assert_string_equal(str(j, "container_id"), FIXTURE_ID);
	assert_string_equal(str(j, "image"), "busybox");
	assert_null(json_object_get(j, "namespace"));
	json_decref(j);

	ev = fixture_event(f, EVENT_EXEC, 2);
	ev->ident_id = 9999; /* the index is another row's by now */
	j = json_of(f);
	assert_true(json_is_null(json_object_get(j, "pod")));
	assert_string_equal(str(j, "pod_reason"), ident_reason_text(REASON_UNKNOWN_CGROUP));
	assert_null(json_object_get(j, "container_id"));
	json_decref(j);
}

static void an_exit_has_a_code_or_a_signal(void **state)
{
	struct event_fixture *f = *state;
	struct event *ev = fixture_event(f, EVENT_EXIT, 2);
	json_t *j;

	ev->exit.code = 3;
	ev->flags |= EV_DURATION;
	ev->duration_ns = 1500000;
	j = json_of(f);
	assert_int_equal(json_integer_value(json_object_get(j, "exit_code")), 3);
	assert_null(json_object_get(j, "signal"));
	assert_int_equal(json_integer_value(json_object_get(j, "duration_ns")), 1500000);
	assert_null(json_object_get(j, "argv"));
	json_decref(j);
	ev->flags |= EV_EXIT_SIGNAL;
	ev->exit.code = 9;
	j = json_of(f);
	assert_int_equal(json_integer_value(json_object_get(j, "signal")), 9);
	assert_null(json_object_get(j, "exit_code"));
	json_decref(j);
}

static void a_connection_has_two_ends_and_what_went_over_it(void **state)
{
	struct event_fixture *f = *state;
	struct event *ev = fixture_event(f, EVENT_CLOSE, 2);
	json_t *j;

	ev->sock.proto = IPPROTO_TCP;
	fixture_addr(&ev->sock.local, "10.0.0.1", 40000);
	fixture_addr(&ev->sock.remote, "2001:db8::1", 443);
	ev->sock.name = event_text_add(ev, "db.shop", 7);
	ev->sock.name_source = NAME_DNS;
	ev->sock.bytes_in = 10;
	ev->sock.bytes_out = 20;
	ev->sock.ret = -ECONNRESET;
	ev->flags |= EV_BYTES | EV_RET | EV_DURATION;
	j = json_of(f);
	assert_string_equal(str(j, "proto"), "tcp");
	assert_string_equal(str(j, "local"), "10.0.0.1:40000");
	assert_string_equal(str(j, "remote"), "[2001:db8::1]:443");
	assert_string_equal(str(j, "remote_name"), "db.shop");
	assert_string_equal(str(j, "name_source"), "dns");
	assert_int_equal(json_integer_value(json_object_get(j, "bytes_in")), 10);
	assert_int_equal(json_integer_value(json_object_get(j, "bytes_out")), 20);
	assert_int_equal(json_integer_value(json_object_get(j, "ret")), -ECONNRESET);
	json_decref(j);

	ev = fixture_event(f, EVENT_LISTEN, 2);
	ev->sock.proto = IPPROTO_TCP;
	fixture_addr(&ev->sock.local, "::ffff:10.0.0.1", 80);
	j = json_of(f);
	assert_string_equal(str(j, "local"), "10.0.0.1:80");
	assert_null(json_object_get(j, "remote"));
	assert_null(json_object_get(j, "bytes_in"));
	json_decref(j);
}

static void names_that_were_asked_for_are_shown(void **state)
{
	struct event_fixture *f = *state;
	struct event *ev = fixture_event(f, EVENT_DNS, 2);
	json_t *j;

	ev->name.query = event_text_add(ev, "db.shop", 7);
	ev->name.answers = event_text_add(ev,
					  "10.0.0.9\0"
					  "10.0.0.10",
					  19);
	ev->name.qtype = 28;
	ev->name.rcode = 0;
	j = json_of(f);
	assert_string_equal(str(j, "query"), "db.shop");
	assert_string_equal(str(j, "qtype"), "AAAA");
	assert_string_equal(str(j, "rcode"), "NOERROR");
	assert_int_equal(json_array_size(json_object_get(j, "answers")), 2);
	assert_null(json_object_get(j, "sni"));
	json_decref(j);
	ev->name.qtype = 4711;
	ev->name.rcode = 99;
	ev->name.answers = (struct etext){ 0 };
	j = json_of(f);
	assert_string_equal(str(j, "qtype"), "TYPE4711");
	assert_string_equal(str(j, "rcode"), "RCODE99");
	assert_int_equal(json_array_size(json_object_get(j, "answers")), 0);
	json_decref(j);
	ev = fixture_event(f, EVENT_TLS, 2);
	ev->name.query = event_text_add(ev, "api.shop", 8);
	j = json_of(f);
	assert_string_equal(str(j, "sni"), "api.shop");
	assert_null(json_object_get(j, "query"));
	json_decref(j);
}

static void bytes_that_are_no_utf8_are_listed_by_key(void **state)
{
	struct event_fixture *f = *state;
	struct event *ev = fixture_event(f, EVENT_EXEC, 2);
	struct buf b;

	strcpy(ev->comm, "a\xff\x1b");
	ev->exec.argv = event_text_add(ev, "ok\0\xc0\xaf\0", 6);
	text_of(f, &b);
	assert_non_null(strstr(b.p, "\"name\":\"a\\\\xff\\u001b\""));
	assert_non_null(strstr(b.p, "\"argv\":[\"ok\",\"\\\\xc0\\\\xaf\"]"));
	assert_non_null(strstr(b.p, "\"escaped\":[\"name\",\"argv\"]}"));
	buf_done(&b);
}

static void a_text_that_does_not_fit_is_cut_at_the_block(void **state)
{
	struct event_fixture *f = *state;
	struct event *ev = fixture_event(f, EVENT_EXEC, 2);
	static char big[EVENT_MAX];
	struct etext t;

	memset(big, 'x', sizeof(big));
	t = event_text_add(ev, big, sizeof(big));
	assert_int_equal(ev->size, EVENT_MAX);
	assert_int_equal(t.off + t.len, EVENT_MAX);
	t = event_text_add(ev, "more", 4);
	assert_int_equal(t.len, 0);
	assert_int_equal(ev->size, EVENT_MAX);
	t = event_text_add(ev, NULL, 4);
	assert_null(event_text(ev, t));
}

static void every_type_has_a_name_that_leads_back(void **state)
{
	(void)state;
	for (unsigned i = 1; i < EVENT_TYPES; i++) {
		const char *name = event_type_name(i);

		assert_non_null(name);
		assert_int_equal(event_type_find(name, strlen(name)), i);
	}
	assert_null(event_type_name(EVENT_TYPES));
	assert_int_equal(event_type_find("exe", 3), EVENT_NONE);
}

static void falco_names_read_the_same_event(void **state)
{
	static const char *const texts[][2] = {
		{ "evt.type", "connect" },
		{ "container.id", "4f0e64c1a2b3" },
		{ "container.image.repository", "registry.local:5000/shop/web" },
		{ "container.image.tag", "1.2" },
		{ "container.image.digest", "sha256:abc" },
		{ "k8s.pod.name", "web-1" },
		{ "fd.name", "10.0.0.1:40000->10.0.0.2:443" },
		{ "fd.sip", "10.0.0.2" },
		{ "fd.cip", "10.0.0.1" },
		{ "proc.pname", "sh" },
		{ "proc.aname[1]", "sh" },
		{ "proc.apid[1]", "4000" },
		{ "evt.res", "ECONNREFUSED" },
	};
	struct event_fixture *f = *state;
	struct event *ev = fixture_event(f, EVENT_CONNECT, 2);

	fixture_addr(&ev->sock.local, "10.0.0.1", 40000);
	fixture_addr(&ev->sock.remote, "10.0.0.2", 443);
	ev->sock.ret = -ECONNREFUSED;
	ev->flags |= EV_RET;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		int index;
		const struct sonde_field *field =
			field_find_indexed(SONDE_EVENTS, texts[i][0], &index);
		struct sonde_value v = { .kind = SONDE_ABSENT };

		assert_non_null(field);
		f->ctx.index = (unsigned)(index + 1);
		field_def_of(field)->get(&f->ctx, ev, &v);
		assert_int_equal(v.kind, SONDE_TEXT);
		assert_int_equal(v.text.n, strlen(texts[i][1]));
		assert_memory_equal(v.text.p, texts[i][1], v.text.n);
	}
	f->ctx.index = 0;
}

static void json_survives_the_loss_of_any_allocation(void **state)
{
	struct event_fixture *f = *state;
	struct event *ev = fixture_event(f, EVENT_EXEC, 2);

	ev->exec.argv = event_text_add(ev, "nginx\0-g\0", 9);
	failalloc_each({
		struct buf b = { .max = 64 << 10 };
		int r = field_json(&f->ctx, ev, SONDE_EVENTS, NULL, 0, &b);

		assert_true(r == 0 || r == -ENOMEM);
		buf_done(&b);
	});
}

static void the_words_for_people_fit_each_type(void **state)
{
	struct event_fixture *f = *state;
	struct sonde_value v;

	for (unsigned i = 1; i < EVENT_TYPES; i++) {
		const struct sonde_field *field = sonde_field_find(SONDE_EVENTS, "detail");
		struct event *ev = fixture_event(f, (enum event_type)i, 2);

		field_def_of(field)->get(&f->ctx, ev, &v);
		assert_int_equal(v.kind, SONDE_TEXT);
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(an_exec_in_a_pod_is_the_contract_to_the_letter),
		T(what_is_not_known_is_null_with_a_reason),
		T(units_bare_containers_and_lost_rows_are_told_apart),
		T(an_exit_has_a_code_or_a_signal),
		T(a_connection_has_two_ends_and_what_went_over_it),
		T(names_that_were_asked_for_are_shown),
		T(bytes_that_are_no_utf8_are_listed_by_key),
		T(a_text_that_does_not_fit_is_cut_at_the_block),
		T(every_type_has_a_name_that_leads_back),
		T(falco_names_read_the_same_event),
		T(json_survives_the_loss_of_any_allocation),
		T(the_words_for_people_fit_each_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
