/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of connections, and how their other ends get names. */
#include <errno.h>
#include <stdio.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "model_fixture.h"

#define IP_A "10.1.0.2"
#define IP_B "10.1.0.3"

static void a_value(const struct snapshot *s, enum sonde_table table, const char *key,
		    const void *row, struct sonde_value *v, struct field_ctx *ctx)
{
	const struct sonde_field *f = sonde_field_find(table, key);

	assert_non_null(f);
	*ctx = (struct field_ctx){ .snap = s, .now_ns = s->time_ns, .node = "n1" };
	field_def_of(f)->get(ctx, row, v);
}

static void assert_text_of(const struct snapshot *s, enum sonde_table table, const char *key,
			   const void *row, const char *want)
{
	struct field_ctx ctx;
	struct sonde_value v;

	a_value(s, table, key, row, &v, &ctx);
	if (!want) {
		assert_true(v.kind == SONDE_NULL || v.kind == SONDE_ABSENT);
		return;
	}
	assert_int_equal(v.kind, SONDE_TEXT);
	assert_int_equal(v.text.n, strlen(want));
	assert_memory_equal(v.text.p, want, v.text.n);
}

static void a_connection_lives_from_connect_to_close(void **state)
{
	struct fixture *f = *state;
	const struct conn_row *c;
	struct event *ev;
	struct snapshot *s;

	exec_of(f, CG_A, 10, 500 * S, "/usr/bin/curl", ARGV("curl"));
	about_sock(f, EVENT_CONNECT, CG_A, 10, 500 * S, 7, IP_A, 4000, "93.184.216.34", 443);
	assert_int_equal(tell(f), 0);
	s = model_snapshot(f->m);
	c = shown_conn(s, 7);
	assert_int_equal(c->pid, 10);
	assert_string_equal(c->comm, "curl");
	assert_int_equal(shown_pod(s, POD_A)->conns, 1);
	assert_int_equal(shown_proc(s, 10)->conns, 1);
	assert_text_of(s, SONDE_CONNS, "state", c, "ESTABLISHED");
	assert_text_of(s, SONDE_CONNS, "pod", c, "shop/web");
	assert_text_of(s, SONDE_CONNS, "local", c, IP_A ":4000");
	assert_text_of(s, SONDE_CONNS, "fd.name", c, IP_A ":4000->93.184.216.34:443");
	snapshot_unref(s);

	f->now += 2 * S;
	ev = about_sock(f, EVENT_CLOSE, CG_A, 0, 0, 7, IP_A, 4000, "93.184.216.34", 443);
	ev->flags |= EV_BYTES;
	ev->sock.bytes_in = 100;
	ev->sock.bytes_out = 50;
	tell(f);
	/* a close happens in anybody's context: the row knows whose it was */
	assert_int_equal(f->b.ev.pid, 10);
	assert_string_equal(f->b.ev.comm, "curl");
	assert_in_range(f->b.ev.duration_ns, 2 * S, 2 * S + 2 * MS);
	s = model_snapshot(f->m);
	c = shown_conn(s, 7);
	assert_int_equal(c->gone_ns, f->now);
	assert_int_equal(c->bytes_in, 100);
	assert_int_equal(shown_pod(s, POD_A)->conns, 0);
	assert_int_equal(shown_proc(s, 10)->conns, 0);
	assert_text_of(s, SONDE_CONNS, "state", c, "CLOSED");
	snapshot_unref(s);
	model_second(f->m, f->now += 61 * S);
	s = model_snapshot(f->m);
	assert_null(shown_conn(s, 7));
	snapshot_unref(s);
}

static void a_failed_connect_is_a_gone_row_with_its_error(void **state)
{
	struct fixture *f = *state;
	struct event *ev;
	struct snapshot *s;

	ev = about_sock(f, EVENT_CONNECT, CG_A, 10, 500 * S, 7, IP_A, 4000, "10.9.9.9", 81);
	ev->flags |= EV_RET;
	ev->sock.ret = -ECONNREFUSED;
	tell(f);
	s = model_snapshot(f->m);
	assert_int_equal(shown_conn(s, 7)->gone_ns, f->now);
	assert_int_equal(shown_conn(s, 7)->ret, -ECONNREFUSED);
	assert_text_of(s, SONDE_CONNS, "state", shown_conn(s, 7), "FAILED");
	assert_int_equal(shown_pod(s, POD_A)->conns, 0);
	snapshot_unref(s);
}

static void a_close_without_its_connect_is_not_missed(void **state)
{
	struct fixture *f = *state;
	struct event *ev;
	struct snapshot *s;

	ev = about_sock(f, EVENT_CLOSE, CG_A, 10, 500 * S, 7, IP_A, 4000, "10.9.9.9", 81);
	ev->flags |= EV_DURATION;
	ev->duration_ns = 5 * S;
	tell(f);
	s = model_snapshot(f->m);
	assert_int_equal(shown_conn(s, 7)->gone_ns, f->now);
	assert_int_equal(shown_conn(s, 7)->start_ns, f->now - 5 * S);
	snapshot_unref(s);
}

static void a_cookie_used_again_is_another_connection(void **state)
{
	struct fixture *f = *state;
	uint64_t first;

	about_sock(f, EVENT_CONNECT, CG_A, 10, 500 * S, 7, IP_A, 4000, "10.9.9.9", 81);
	tell(f);
	first = f->b.ev.conn_id;
	/* its close was lost, and the kernel gave the same memory to another */
	about_sock(f, EVENT_CONNECT, CG_B, 11, 500 * S, 7, IP_B, 4001, "10.9.9.8", 80);
	tell(f);
	assert_int_not_equal(f->b.ev.conn_id, first);
	about_sock(f, EVENT_CLOSE, CG_B, 11, 500 * S, 7, IP_B, 4001, "10.9.9.8", 80);
	tell(f);
	first = f->b.ev.conn_id;
	about_sock(f, EVENT_CONNECT, CG_B, 11, 500 * S, 7, IP_B, 4001, "10.9.9.8", 80);
	tell(f);
	assert_int_not_equal(f->b.ev.conn_id, first);
}

static void both_ends_on_the_node_name_each_other(void **state)
{
	struct fixture *f = *state;
	struct snapshot *s;

	about_sock(f, EVENT_CONNECT, CG_A, 10, 500 * S, 7, IP_A, 4000, IP_B, 5432);
	tell(f);
	about_sock(f, EVENT_ACCEPT, CG_B, 20, 500 * S, 8, IP_B, 5432, IP_A, 4000);
	tell(f);
	assert_int_equal(f->b.ev.sock.name_source, NAME_POD);
	assert_memory_equal(event_text(&f->b.ev, f->b.ev.sock.name), "shop/web", 8);
	s = model_snapshot(f->m);
	assert_text_of(s, SONDE_CONNS, "remote_name", shown_conn(s, 7), "shop/db");
	assert_text_of(s, SONDE_CONNS, "name_source", shown_conn(s, 7), "pod");
	assert_text_of(s, SONDE_CONNS, "remote_name", shown_conn(s, 8), "shop/web");
	assert_text_of(s, SONDE_CONNS, "direction", shown_conn(s, 8), "in");
	assert_text_of(s, SONDE_CONNS, "fd.sip", shown_conn(s, 8), IP_B);
	assert_text_of(s, SONDE_CONNS, "fd.cip", shown_conn(s, 8), IP_A);
	snapshot_unref(s);
}

static void a_client_of_a_service_address_learns_its_pod_from_the_accepted_end(void **state)
{
	struct fixture *f = *state;
	struct snapshot *s;

	about_sock(f, EVENT_CONNECT, CG_A, 10, 500 * S, 7, IP_A, 4000, "10.96.0.10", 80);
	tell(f);
	about_sock(f, EVENT_ACCEPT, CG_B, 20, 500 * S, 8, IP_B, 8080, IP_A, 4000);
	tell(f);
	s = model_snapshot(f->m);
	assert_text_of(s, SONDE_CONNS, "remote_name", shown_conn(s, 7), "shop/db");
	snapshot_unref(s);
}

static void loopback_means_another_thing_in_each_pod(void **state)
{
	struct fixture *f = *state;
	struct snapshot *s;

	about_sock(f, EVENT_LISTEN, CG_B, 20, 500 * S, 8, "127.0.0.1", 80, NULL, 0);
	tell(f);
	about_sock(f, EVENT_CONNECT, CG_A, 10, 500 * S, 7, "127.0.0.1", 4000, "127.0.0.1", 80);
	tell(f);
	s = model_snapshot(f->m);
	assert_text_of(s, SONDE_CONNS, "remote_name", shown_conn(s, 7), NULL);
	snapshot_unref(s);
}

static void dns_says(struct fixture *f, uint64_t cg, const char *name, const char *answers,
		     size_t n)
{
	struct event *ev =
		about_sock(f, EVENT_DNS, cg, 10, 500 * S, 90, IP_A, 5000, "10.96.0.53", 53);

	ev->sock.proto = IPPROTO_UDP;
	ev->name.query = event_text_add(ev, name, strlen(name));
	ev->name.answers = event_text_add(ev, answers, n);
	ev->name.qtype = 1;
	tell(f);
}

static void an_answer_names_later_connections_of_the_pod_that_asked(void **state)
{
	struct fixture *f = *state;
	struct snapshot *s;

	dns_says(f, CG_A, "api.example.com",
		 ARGV("cdn.example.net\0"
		      "93.184.216.34"));
	about_sock(f, EVENT_CONNECT, CG_A, 10, 500 * S, 7, IP_A, 4000, "93.184.216.34", 443);
	tell(f);
	assert_int_equal(f->b.ev.sock.name_source, NAME_DNS);
	assert_memory_equal(event_text(&f->b.ev, f->b.ev.sock.name), "api.example.com", 15);
	about_sock(f, EVENT_CONNECT, CG_B, 20, 500 * S, 8, IP_B, 4000, "93.184.216.34", 443);
	tell(f);
	assert_int_equal(f->b.ev.sock.name_source, NAME_NONE);
	s = model_snapshot(f->m);
	assert_text_of(s, SONDE_CONNS, "remote_name", shown_conn(s, 7), "api.example.com");
	assert_text_of(s, SONDE_CONNS, "remote_name", shown_conn(s, 8), NULL);
	snapshot_unref(s);
}

static void the_server_name_of_the_handshake_beats_dns(void **state)
{
	struct fixture *f = *state;
	struct event *ev;
	struct snapshot *s;

	dns_says(f, CG_A, "cdn.example.com", ARGV("93.184.216.34"));
	about_sock(f, EVENT_CONNECT, CG_A, 10, 500 * S, 7, IP_A, 4000, "93.184.216.34", 443);
	tell(f);
	ev = about_sock(f, EVENT_TLS, CG_A, 10, 500 * S, 7, IP_A, 4000, "93.184.216.34", 443);
	ev->name.query = event_text_add(ev, "pay.example.com", 15);
	tell(f);
	s = model_snapshot(f->m);
	assert_text_of(s, SONDE_CONNS, "remote_name", shown_conn(s, 7), "pay.example.com");
	assert_text_of(s, SONDE_CONNS, "name_source", shown_conn(s, 7), "sni");
	assert_text_of(s, SONDE_CONNS, "fd.sip.name", shown_conn(s, 7), "pay.example.com");
	snapshot_unref(s);
}

static void a_pod_that_asks_without_end_forgets_its_oldest_answers_alone(void **state)
{
	struct fixture *f = *state;
	char name[32], ip[32];

	dns_says(f, CG_B, "kept.example", ARGV("1.2.3.4"));
	for (int i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		snprintf(ip, sizeof(ip), "8.%d.%d.1", i / 250, i % 250 + 1);
		dns_says(f, CG_A, name, ip, strlen(ip) + 1);
	}
	about_sock(f, EVENT_CONNECT, CG_A, 10, 500 * S, 7, IP_A, 4000, "8.0.1.1", 443);
	tell(f);
	assert_int_equal(f->b.ev.sock.name_source, NAME_NONE);
	about_sock(f, EVENT_CONNECT, CG_A, 10, 500 * S, 8, IP_A, 4001, ip, 443);
	tell(f);
	assert_int_equal(f->b.ev.sock.name_source, NAME_DNS);
	about_sock(f, EVENT_CONNECT, CG_B, 20, 500 * S, 9, IP_B, 4000, "1.2.3.4", 443);
	tell(f);
	assert_int_equal(f->b.ev.sock.name_source, NAME_DNS);
}

static void udp(struct fixture *f, enum event_type type, uint64_t cookie, const char *rip)
{
	struct event *ev = about_sock(f, type, CG_A, 10, 500 * S, cookie, IP_A, 5000, rip, 53);

	ev->sock.proto = IPPROTO_UDP;
	tell(f);
}

static size_t alive(const struct snapshot *s)
{
	size_t n = 0;

	for (uint32_t i = 0; i < s->conns.high; i++) {
		const struct conn_row *c = table_view_at(&s->conns, i);

		n += c && !c->gone_ns;
	}
	return n;
}

static void peers_of_a_udp_socket_end_with_it_or_with_a_silent_minute(void **state)
{
	struct fixture *f = *state;
	struct snapshot *s;

	udp(f, EVENT_UDP, 5, "10.0.0.1");
	udp(f, EVENT_UDP, 5, "10.0.0.2");
	udp(f, EVENT_UDP, 5, "10.0.0.1");
	udp(f, EVENT_UDP, 6, "10.0.0.1");
	s = model_snapshot(f->m);
	assert_int_equal(alive(s), 3);
	snapshot_unref(s);
	udp(f, EVENT_CLOSE, 5, "10.0.0.9");
	s = model_snapshot(f->m);
	assert_int_equal(alive(s), 1);
	assert_int_equal(s->conns.used, 3); /* closing made no row */
	assert_int_equal(shown_pod(s, POD_A)->conns, 1);
	snapshot_unref(s);
	model_second(f->m, f->now += 61 * S);
	s = model_snapshot(f->m);
	assert_int_equal(alive(s), 0);
	snapshot_unref(s);
}

static void a_pass_mends_sockets_and_tells_rates(void **state)
{
	struct fixture *f = *state;
	struct socket_fact k = { .cookie = 7,
				 .proto = IPPROTO_TCP,
				 .state = TCP_ESTABLISHED,
				 .pid = 10,
				 .start_ns = 500 * S,
				 .cg.id = CG_A,
				 .netns = 1000 };
	const struct conn_row *c;
	struct snapshot *s;

	exec_of(f, CG_A, 10, 500 * S, "/bin/a", ARGV("a"));
	about_sock(f, EVENT_CONNECT, CG_A, 10, 500 * S, 8, IP_A, 4001, "10.9.9.9", 80);
	tell(f);
	k.local = addr4(IP_A, 4000);
	k.remote = addr4("10.9.9.9", 80);
	for (int pass = 0; pass < 3; pass++) {
		model_pass_begin(f->m, false, true, f->now += 2 * S);
		model_socket(f->m, &k);
		model_socket(f->m, &(struct socket_fact){ .last = true });
		k.bytes_in += 2000;
		s = model_snapshot(f->m);
		/* one pass may miss what waits in an accept queue */
		assert_int_equal(!!shown_conn(s, 8)->gone_ns, pass >= 1);
		snapshot_unref(s);
	}
	s = model_snapshot(f->m);
	c = shown_conn(s, 7);
	assert_true(c->flags & EV_REPAIRED);
	assert_int_equal(c->pid, 10);
	assert_true(c->in_per_s > 999 && c->in_per_s < 1001);
	assert_true(c->out_per_s == 0);
	snapshot_unref(s);
}

static void a_socket_that_waits_for_datagrams_is_not_silent(void **state)
{
	struct fixture *f = *state;
	struct socket_fact k = { .cookie = 7, .proto = IPPROTO_UDP, .cg.id = CG_A, .netns = 1000 };
	struct snapshot *s;

	k.local = addr4(IP_A, 53);
	for (int i = 0; i < 4; i++) {
		model_pass_begin(f->m, i == 0, true, f->now += 61 * S);
		model_socket(f->m, &k);
		model_socket(f->m, &(struct socket_fact){ .last = true });
		model_second(f->m, f->now);
		s = model_snapshot(f->m);
		assert_int_equal(alive(s), 1);
		assert_text_of(s, SONDE_CONNS, "direction", shown_conn(s, 7), "open");
		snapshot_unref(s);
	}
	udp(f, EVENT_CLOSE, 7, "10.0.0.2");
	s = model_snapshot(f->m);
	assert_int_equal(alive(s), 0);
	snapshot_unref(s);
}

static void a_found_socket_on_a_listening_port_was_accepted(void **state)
{
	struct fixture *f = *state;
	struct socket_fact k = { .cookie = 7,
				 .proto = IPPROTO_TCP,
				 .state = TCP_ESTABLISHED,
				 .cg.id = CG_A,
				 .netns = 1000 };
	struct snapshot *s;

	model_pass_begin(f->m, true, true, f->now += S);
	k.local = addr4(IP_A, 80);
	k.remote = addr4("10.9.9.9", 4000);
	model_socket(f->m, &k);
	k = (struct socket_fact){
		.cookie = 8, .proto = IPPROTO_TCP, .state = TCP_LISTEN, .cg.id = CG_A, .netns = 1000
	};
	k.local = (struct event_addr){ .family = AF_INET6, .port = 80 };
	model_socket(f->m, &k);
	model_socket(f->m, &(struct socket_fact){ .last = true });
	s = model_snapshot(f->m);
	assert_text_of(s, SONDE_CONNS, "direction", shown_conn(s, 7), "in");
	assert_text_of(s, SONDE_CONNS, "local", shown_conn(s, 8), "*:80");
	assert_text_of(s, SONDE_CONNS, "state", shown_conn(s, 8), "LISTEN");
	assert_text_of(s, SONDE_CONNS, "remote", shown_conn(s, 8), NULL);
	snapshot_unref(s);
}

static void a_full_table_counts_newcomers_without_room(void **state)
{
	struct fixture *f = *state;
	int r = 0;

	for (uint32_t i = 0; i < (128 << 10) + 1; i++) {
		about_sock(f, EVENT_CONNECT, CG_A, 10, 500 * S, 1000 + i, IP_A,
			   (uint16_t)(i % 60000), "10.9.9.9", 80);
		r = tell(f);
		assert_int_equal(r, i < 128 << 10 ? 0 : -ENOSPC);
	}
	about_sock(f, EVENT_CLOSE, CG_A, 10, 500 * S, 1000, IP_A, 0, "10.9.9.9", 80);
	tell(f);
	about_sock(f, EVENT_CONNECT, CG_A, 10, 500 * S, 1, IP_A, 1, "10.9.9.9", 80);
	assert_int_equal(tell(f), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MODEL_TEST(a_connection_lives_from_connect_to_close),
		MODEL_TEST(a_failed_connect_is_a_gone_row_with_its_error),
		MODEL_TEST(a_close_without_its_connect_is_not_missed),
		MODEL_TEST(a_cookie_used_again_is_another_connection),
		MODEL_TEST(both_ends_on_the_node_name_each_other),
		MODEL_TEST(a_client_of_a_service_address_learns_its_pod_from_the_accepted_end),
		MODEL_TEST(loopback_means_another_thing_in_each_pod),
		MODEL_TEST(an_answer_names_later_connections_of_the_pod_that_asked),
		MODEL_TEST(the_server_name_of_the_handshake_beats_dns),
		MODEL_TEST(a_pod_that_asks_without_end_forgets_its_oldest_answers_alone),
		MODEL_TEST(peers_of_a_udp_socket_end_with_it_or_with_a_silent_minute),
		MODEL_TEST(a_pass_mends_sockets_and_tells_rates),
		MODEL_TEST(a_socket_that_waits_for_datagrams_is_not_silent),
		MODEL_TEST(a_found_socket_on_a_listening_port_was_accepted),
		MODEL_TEST(a_full_table_counts_newcomers_without_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
