/* SPDX-License-Identifier: BSD-2-Clause */
/* Pods as rows, snapshots of it all, the fields they are read by, and memory that runs out. */
#include <pthread.h>
#include <stdio.h>

#include <netinet/in.h>

#include "base/base64.h"
#include "failalloc.h"
#include "field/field.h"
#include "model_fixture.h"

/* The JSON of a row as a NUL-terminated text that the caller frees. */
static char *json_of(const struct snapshot *s, enum sonde_table table, const void *row)
{
	struct field_ctx *ctx = calloc(1, sizeof(*ctx));
	struct buf out = { .max = 1 << 16 };

	ctx->snap = s;
	ctx->now_ns = s->time_ns;
	ctx->node = "n1";
	assert_int_equal(field_json(ctx, row, table, NULL, 0, &out), 0);
	free(ctx);
	return out.p;
}

static void assert_json_has(const struct snapshot *s, enum sonde_table table, const void *row,
			    const char *want)
{
	char *json = json_of(s, table, row);

	if (!strstr(json, want))
		fail_msg("%s lacks %s", json, want);
	free(json);
}

static const struct pod_row *row_of_kind(const struct snapshot *s, unsigned kind)
{
	for (uint32_t i = 0; i < s->pods.high; i++) {
		const struct pod_row *p = table_view_at(&s->pods, i);
		const struct ident_row *id = p ? table_view_at(&s->idents, p->ident) : NULL;

		if (id && id->kind == kind)
			return p;
	}
	return NULL;
}

static void a_pod_is_a_row_before_anything_runs_in_it(void **state)
{
	struct fixture *f = *state;
	struct snapshot *s;

	model_second(f->m, f->now += S);
	s = model_snapshot(f->m);
	assert_non_null(shown_pod(s, POD_A));
	assert_int_equal(shown_pod(s, POD_A)->containers, 1);
	assert_int_equal(s->node.pods, 2);
	assert_int_equal(s->node.containers, 2);
	assert_json_has(s, SONDE_PODS, shown_pod(s, POD_A), "\"pod\":\"shop/web\"");
	assert_json_has(s, SONDE_PODS, shown_pod(s, POD_A), "\"pod_uid\":\"" POD_A "\"");
	assert_json_has(s, SONDE_PODS, shown_pod(s, POD_A), "\"phase\":\"Running\"");
	assert_json_has(s, SONDE_PODS, shown_pod(s, POD_A), "\"cpu_pct\":null");
	assert_json_has(s, SONDE_PODS, shown_pod(s, POD_A), "\"gone_at\":null");
	snapshot_unref(s);
}

static void services_and_the_host_are_rows_of_their_own(void **state)
{
	struct fixture *f = *state;
	const struct pod_row *p;
	struct snapshot *s;

	exec_of(f, CG_UNIT, 10, 500 * S, "/usr/sbin/sshd", ARGV("sshd"));
	exec_of(f, CG_HOST, 11, 500 * S, "/sbin/init", ARGV("init"));
	s = model_snapshot(f->m);
	p = row_of_kind(s, IDENT_UNIT);
	assert_int_equal(p->procs, 1);
	assert_json_has(s, SONDE_PODS, p, "\"unit\":\"ssh.service\"");
	assert_json_has(s, SONDE_PODS, p, "\"pod\":null");
	assert_json_has(s, SONDE_PODS, p, "\"kind\":\"unit\"");
	p = row_of_kind(s, IDENT_HOST);
	assert_int_equal(p->procs, 1);
	assert_int_equal(p->row.index, 0);
	assert_json_has(s, SONDE_PROCS, shown_proc(s, 11), "\"pod\":null");
	snapshot_unref(s);
}

static void a_pod_without_a_name_says_why(void **state)
{
	struct fixture *f = *state;
	const char *uid = "33333333-cccc-4ccc-8ccc-333333333333";
	struct snapshot *s;

	cg_add(f, 400,
	       "/kubepods/besteffort/pod33333333-cccc-4ccc-8ccc-333333333333/"
	       "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc");
	exec_of(f, 400, 10, 500 * S, "/bin/a", ARGV("a"));
	s = model_snapshot(f->m);
	assert_json_has(s, SONDE_PROCS, shown_proc(s, 10), "\"pod\":null");
	assert_json_has(s, SONDE_PROCS, shown_proc(s, 10), uid);
	assert_json_has(s, SONDE_PROCS, shown_proc(s, 10), "\"pod_reason\":\"");
	assert_non_null(shown_pod(s, uid));
	assert_json_has(s, SONDE_PODS, shown_pod(s, uid), "\"pod_reason\":\"");
	snapshot_unref(s);
	name_container(f, "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc", uid,
		       "late", "main");
	s = model_snapshot(f->m);
	assert_json_has(s, SONDE_PROCS, shown_proc(s, 10), "\"pod\":\"shop/late\"");
	assert_json_has(s, SONDE_PROCS, shown_proc(s, 10), "\"container\":\"main\"");
	snapshot_unref(s);
}

static void a_gone_pod_is_kept_a_minute_with_its_rows(void **state)
{
	struct fixture *f = *state;
	struct snapshot *s;

	exec_of(f, CG_A, 10, 500 * S, "/bin/a", ARGV("a"));
	exit_of(f, CG_A, 10, 500 * S, 0);
	cg_gone(f, CG_A);
	cg_gone(f, CG_POD_A);
	model_second(f->m, f->now += S);
	s = model_snapshot(f->m);
	assert_int_not_equal(shown_pod(s, POD_A)->gone_ns, 0);
	assert_json_has(s, SONDE_PODS, shown_pod(s, POD_A), "\"phase\":\"Gone\"");
	assert_int_equal(s->node.pods, 1);
	snapshot_unref(s);
	f->now += 61 * S;
	identity_age(f->identity, f->now);
	model_second(f->m, f->now);
	model_second(f->m, f->now += S);
	s = model_snapshot(f->m);
	assert_null(shown_pod(s, POD_A));
	assert_int_equal(s->pods.used, 2); /* the host and the other pod */
	snapshot_unref(s);
}

static void one_pod_in_two_hierarchies_is_one_row(void **state)
{
	struct fixture *f = *state;
	struct cgroup_key v1 = { .id = 77, .hierarchy = 4 };
	const char *path = "/kubepods/burstable/pod" POD_A "/" CT_A;
	struct event *ev;
	struct snapshot *s;

	identity_cgroup_add(f->identity, v1, path, strlen(path), f->now, NULL);
	exec_of(f, CG_A, 10, 500 * S, "/bin/a", ARGV("a"));
	ev = about(f, EVENT_EXEC, 0, 11, 500 * S);
	ev->cg = v1;
	tell(f);
	s = model_snapshot(f->m);
	assert_int_equal(shown_pod(s, POD_A)->procs, 2);
	snapshot_unref(s);
}

static void a_container_that_turns_out_to_be_a_pods_takes_its_rows_along(void **state)
{
	struct fixture *f = *state;
	const char *id = "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd";
	const struct pod_row *bare;
	struct snapshot *s;

	cg_add(f, 500,
	       "/other/cri-containerd-"
	       "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd.scope");
	exec_of(f, 500, 10, 500 * S, "/bin/a", ARGV("a"));
	about_sock(f, EVENT_CONNECT, 500, 10, 500 * S, 7, "10.1.0.9", 4000, "10.9.9.9", 80);
	tell(f);
	s = model_snapshot(f->m);
	bare = row_of_kind(s, IDENT_CONTAINER);
	assert_int_equal(bare->procs, 1);
	snapshot_unref(s);
	name_container(f, id, POD_B, "db", "sidecar");
	model_second(f->m, f->now += S);
	s = model_snapshot(f->m);
	assert_int_equal(shown_pod(s, POD_B)->procs, 1);
	assert_int_equal(shown_pod(s, POD_B)->conns, 1);
	assert_int_equal(shown_proc(s, 10)->pod, shown_pod(s, POD_B)->row.index);
	snapshot_unref(s);
}

static void rates_and_sparklines_follow_each_second(void **state)
{
	struct fixture *f = *state;
	const struct pod_row *p;
	struct snapshot *s;
	uint64_t begun;

	model_second(f->m, f->now);
	begun = f->now;
	for (int i = 0; i < 50; i++)
		exec_of(f, CG_A, 10, 500 * S, "/bin/a", ARGV("a"));
	model_second(f->m, f->now = begun + S);
	s = model_snapshot(f->m);
	p = shown_pod(s, POD_A);
	assert_true(p->events_per_s > 49 && p->events_per_s < 51);
	assert_true(s->node.events_per_s > 49 && s->node.events_per_s < 51);
	assert_int_equal(p->events, 50);
	assert_int_equal(p->spark_events[p->spark_n - 1], 255);
	snapshot_unref(s);
	for (int i = 0; i < 40; i++)
		model_second(f->m, f->now += S);
	s = model_snapshot(f->m);
	p = shown_pod(s, POD_A);
	assert_true(p->events_per_s == 0);
	assert_int_equal(p->spark_events[31], 0);
	assert_int_equal(p->spark_n, 32);
	snapshot_unref(s);
}

static struct cgroup_sample sample(uint64_t at, uint64_t cpu, uint64_t periods, uint64_t throttled)
{
	return (struct cgroup_sample){
		.at_ns = at,
		.cpu_ns = cpu,
		.periods = periods,
		.throttled_periods = throttled,
		.cpu_quota_us = 50000,
		.cpu_period_us = 100000,
		.memory_bytes = 64 << 20,
		.memory_limit = 128 << 20,
		.oom_kills = 2,
		.psi_cpu = -1,
		.psi_memory = 1.5,
		.psi_io = -1,
	};
}

static void figures_of_a_pod_come_from_its_cgroup(void **state)
{
	struct fixture *f = *state;
	struct cgroup_sample c;
	uint32_t index, sampled = 0;
	const struct pod_row *p;
	const char *path;
	struct snapshot *s;
	uint64_t id;

	model_second(f->m, f->now += S);
	while (model_next_pod(f->m, f->now, &index, &id, &path)) {
		assert_non_null(strstr(path, "/kubepods/burstable/pod"));
		c = sample(f->now, 10 * S, 100, 10);
		model_pod_sample(f->m, index, id, &c);
		sampled++;
	}
	assert_int_equal(sampled, 2);
	f->now += S;
	while (model_next_pod(f->m, f->now, &index, &id, &path)) {
		c = sample(f->now, 10 * S + 250 * MS, 110, 15);
		model_pod_sample(f->m, index, id, &c);
	}
	s = model_snapshot(f->m);
	p = shown_pod(s, POD_A);
	assert_true(p->cpu_pct > 24.9 && p->cpu_pct < 25.1);
	assert_true(p->throttled_pct > 49.9 && p->throttled_pct < 50.1);
	assert_true(p->cpu_limit_cores == 0.5);
	assert_int_equal(p->oom, 2);
	assert_json_has(s, SONDE_PODS, p, "\"memory_limit\":134217728");
	assert_json_has(s, SONDE_PODS, p, "\"psi_cpu\":null");
	snapshot_unref(s);
	/* a row that is another pod's by now takes nothing */
	c = sample(f->now, 0, 0, 0);
	c.oom_kills = 99;
	model_pod_sample(f->m, index, id + 1, &c);
	model_pod_sample(f->m, 4000, id, &c);
	s = model_snapshot(f->m);
	assert_int_equal(shown_pod(s, POD_B)->oom, 2);
	snapshot_unref(s);
}

static void what_no_cgroup_tells_is_summed_over_the_processes(void **state)
{
	struct fixture *f = *state;
	struct task_fact t = { .start_ns = 500 * S, .threads = 1, .cg.id = CG_UNIT };
	struct snapshot *s;

	for (int pass = 0; pass < 2; pass++) {
		model_pass_begin(f->m, pass == 0, false, f->now += 2 * S);
		for (t.pid = 10; t.pid < 14; t.pid++) {
			t.rss_bytes = 1 << 20;
			model_task(f->m, &t);
		}
		model_task(f->m, &(struct task_fact){ .last = true });
		t.cpu_ns += 500 * MS;
	}
	s = model_snapshot(f->m);
	assert_true(row_of_kind(s, IDENT_UNIT)->cpu_pct > 99.9);
	assert_true(row_of_kind(s, IDENT_UNIT)->cpu_pct < 100.1);
	assert_int_equal(row_of_kind(s, IDENT_UNIT)->rss_bytes, 4 << 20);
	snapshot_unref(s);
}

static void a_snapshot_shows_its_moment_after_the_model_moved_on(void **state)
{
	struct fixture *f = *state;
	char *before, *after;
	struct snapshot *s;

	exec_of(f, CG_A, 10, 500 * S, "/bin/before", ARGV("before\0arg"));
	about_sock(f, EVENT_CONNECT, CG_A, 10, 500 * S, 7, "10.1.0.2", 4000, "10.9.9.9", 80);
	tell(f);
	s = model_snapshot(f->m);
	before = json_of(s, SONDE_PROCS, shown_proc(s, 10));
	for (uint32_t i = 0; i < 20000; i++) {
		exec_of(f, CG_A, 10 + i % 50, 500 * S, "/bin/after", ARGV("after"));
		exit_of(f, CG_A, 10 + i % 50, 500 * S, 0);
		if (i % 100 == 0) {
			model_second(f->m, f->now += 70 * S);
			epoch_reap(f->epoch);
		}
	}
	after = json_of(s, SONDE_PROCS, shown_proc(s, 10));
	assert_string_equal(before, after);
	assert_int_equal(shown_conn(s, 7)->gone_ns, 0);
	free(before);
	free(after);
	snapshot_unref(s);
}

static void *let_go(void *s)
{
	const struct proc_row *p = shown_proc(s, 10);

	assert_string_equal(p->exe, "/bin/a");
	snapshot_unref(s);
	return NULL;
}

static void a_snapshot_is_let_go_by_any_thread_even_after_the_model(void **state)
{
	struct fixture *f = *state, own;
	struct snapshot *s;
	pthread_t t;

	(void)f;
	assert_int_equal(fixture_open(&own), 0);
	exec_of(&own, CG_A, 10, 500 * S, "/bin/a", ARGV("a"));
	s = model_snapshot(own.m);
	snapshot_ref(s);
	assert_int_equal(pthread_create(&t, NULL, let_go, s), 0);
	pthread_join(t, NULL);
	fixture_close(&own);
	assert_string_equal(shown_proc(s, 10)->exe, "/bin/a");
	snapshot_unref(s);
}

/* Reads all of a snapshot, as a query does. */
static void *read_all(void *arg)
{
	struct snapshot *s = arg;
	const struct event *ev;
	struct event_cursor c;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < s->procs.high; i++) {
		const struct proc_row *p = table_view_at(&s->procs, i);

		if (p)
			free(json_of(s, SONDE_PROCS, p));
	}
	assert_int_equal(event_cursor_init(&c, s->events, 0, true), 0);
	while ((ev = event_cursor_next(&c)))
		sum += ev->seq + ev->size;
	event_cursor_done(&c);
	assert_int_not_equal(sum, 0);
	snapshot_unref(s);
	return NULL;
}

static void readers_and_the_engine_do_not_disturb_each_other(void **state)
{
	struct fixture *f = *state;

	for (uint32_t round = 0; round < 20; round++) {
		pthread_t t;

		exec_of(f, CG_A, 10, 500 * S, "/bin/a", ARGV("a"));
		assert_int_equal(pthread_create(&t, NULL, read_all, model_snapshot(f->m)), 0);
		for (uint32_t i = 0; i < 500; i++) {
			uint32_t pid = 10 + i % 50;

			fork_of(f, CG_A, 10, 500 * S, pid, 500 * S + i);
			exec_of(f, CG_B, pid, 500 * S + i, i % 2 ? "/bin/x" : "/bin/y", ARGV("x"));
			exit_of(f, CG_B, pid, 500 * S + i, 0);
		}
		model_second(f->m, f->now += 30 * S);
		epoch_reap(f->epoch);
		pthread_join(t, NULL);
	}
}

static void loss_is_said_for_a_minute(void **state)
{
	struct fixture *f = *state;
	struct snapshot *s;

	model_node(f->m)->picture_done = true;
	model_node(f->m)->lost_by[LOSS_RING] = 7;
	model_node(f->m)->lost_by[LOSS_SAMPLED] = 1000; /* left out on purpose is not lost */
	model_second(f->m, f->now += S);
	s = model_snapshot(f->m);
	assert_non_null(strstr(s->incomplete, "(7 since the start)"));
	snapshot_unref(s);
	model_second(f->m, f->now += 61 * S);
	s = model_snapshot(f->m);
	assert_string_equal(s->incomplete, "");
	snapshot_unref(s);
}

static void an_idents_snapshot_names_events_alone(void **state)
{
	struct fixture *f = *state;
	struct snapshot *s = model_snapshot_idents(f->m);

	assert_int_not_equal(s->idents.used, 0);
	assert_int_equal(s->procs.used, 0);
	assert_null(s->events);
	snapshot_unref(s);
}

static void fields_of_a_process_tell_it_whole(void **state)
{
	struct fixture *f = *state;
	const struct proc_row *p;
	char id[64], *want;
	struct snapshot *s;
	size_t n;

	exec_of(f, CG_A, 9, 400 * S, "/bin/sh", ARGV("sh"));
	fork_of(f, CG_A, 9, 400 * S, 10, 500 * S);
	exec_of(f, CG_A, 10, 500 * S, "/bin/ls", ARGV("ls\0-l\0a b"));
	s = model_snapshot(f->m);
	p = shown_proc(s, 10);
	n = (size_t)snprintf(id, sizeof(id), "n1:%llu:10", (unsigned long long)p->exec_ns);
	want = malloc(BASE64_SIZE(n) + 16);
	strcpy(want, "\"exec_id\":\"");
	base64_encode(want + strlen(want), id, n);
	assert_json_has(s, SONDE_PROCS, p, want);
	free(want);
	assert_json_has(s, SONDE_PROCS, p, "\"pid\":10,\"ppid\":9,\"pod\":\"shop/web\"");
	assert_json_has(s, SONDE_PROCS, p, "\"argv\":[\"ls\",\"-l\",\"a b\"]");
	assert_json_has(s, SONDE_PROCS, p, "\"exe\":\"/bin/ls\"");
	assert_json_has(s, SONDE_PROCS, p, "\"cpu_pct\":null,\"rss_bytes\":null");
	snapshot_unref(s);
}

static void the_contract_keys_come_first_and_in_order(void **state)
{
	static const char *const keys[][20] = {
		[SONDE_PODS] = { "pod", "pod_uid", "phase", "containers", "processes", "conns",
				 "events_per_s", "cpu_pct", "cpu_throttled_pct", "rss_bytes",
				 "memory_limit", "restarts", "oom", "risk", "lost", "first_seen",
				 "gone_at" },
		[SONDE_PROCS] = { "exec_id", "pid", "ppid", "pod", "container", "name", "exe",
				  "argv", "uid", "cpu_pct", "rss_bytes", "threads", "fds", "start",
				  "gone_at" },
		[SONDE_CONNS] = { "id", "pod", "pid", "name", "proto", "state", "local", "remote",
				  "remote_name", "bytes_in", "bytes_out", "in_per_s", "out_per_s",
				  "start", "gone_at" },
	};

	(void)state;
	for (enum sonde_table t = SONDE_PODS; t <= SONDE_CONNS; t++) {
		size_t k = 0;

		for (size_t i = 0; i < sonde_field_count(t) && keys[t][k]; i++) {
			const struct sonde_field *field = sonde_field_at(t, i);

			if (field->flags & SONDE_FIELD_JSON)
				assert_string_equal(field->key, keys[t][k++]);
		}
		assert_null(keys[t][k]);
	}
}

static void no_two_fields_of_a_table_share_a_name(void **state)
{
	(void)state;
	for (enum sonde_table t = SONDE_PODS; t <= SONDE_NODE; t++) {
		for (size_t i = 0; i < sonde_field_count(t); i++) {
			const struct sonde_field *a = sonde_field_at(t, i);

			assert_ptr_equal(sonde_field_find(t, a->name), a);
			assert_ptr_equal(sonde_field_find(t, a->key), a);
			assert_in_range(strlen(a->title), 1, 12);
			assert_in_range(a->rank, 1, 9);
			assert_true(a->help[strlen(a->help) - 1] != '.');
		}
	}
}

/* Default columns that may not be dropped before rank @rank must fit @cells. */
static void default_columns_fit_the_screen(void **state)
{
	(void)state;
	for (enum sonde_table t = SONDE_PODS; t <= SONDE_CONNS; t++) {
		unsigned wide = 0, narrow = 0;

		for (size_t i = 0; i < sonde_field_count(t); i++) {
			const struct sonde_field *a = sonde_field_at(t, i);

			if (!(a->flags & SONDE_FIELD_DEFAULT))
				continue;
			wide += (a->width ? a->width : 20) + 1u;
			narrow += a->rank <= 3 ? (a->width ? a->width : 20) + 1u : 0;
		}
		assert_in_range(wide, 80, 165);
		assert_in_range(narrow, 40, 80);
	}
}

static void every_getter_bears_an_empty_row(void **state)
{
	struct fixture *f = *state;
	const union {
		struct pod_row pod;
		struct proc_row proc;
		struct conn_row conn;
		struct node_row node;
	} none = { .proc.ident = 9999, .conn.proc = TABLE_NONE };
	struct snapshot *s = model_snapshot(f->m);

	for (enum sonde_table t = SONDE_PODS; t <= SONDE_NODE; t++)
		free(json_of(s, t, &none));
	snapshot_unref(s);
}

static void some_of_everything(struct fixture *f)
{
	struct snapshot *s;

	for (uint32_t i = 0; i < 40; i++) {
		fork_of(f, CG_A, 10, 500 * S, 11 + i, 501 * S);
		exec_of(f, i % 2 ? CG_A : CG_B, 11 + i, 501 * S, "/bin/a", ARGV("a\0b"));
		about_sock(f, EVENT_CONNECT, CG_A, 11 + i, 501 * S, 7 + i, "10.1.0.2",
			   (uint16_t)(4000 + i), "10.9.9.9", 80);
		tell(f);
		about_sock(f, EVENT_UDP, CG_B, 11 + i, 501 * S, 700, "10.1.0.2", 4000, "10.9.9.9",
			   (uint16_t)(80 + i))
			->sock.proto = IPPROTO_UDP;
		tell(f);
		if (i % 3)
			exit_of(f, CG_A, 11 + i, 501 * S, 0);
	}
	s = model_snapshot(f->m);
	model_second(f->m, f->now += S);
	snapshot_unref(s);
	model_pass_begin(f->m, false, true, f->now += S);
	model_task(f->m, &(struct task_fact){ .pid = 11, .start_ns = 501 * S, .threads = 1 });
	model_task(f->m, &(struct task_fact){ .last = true });
	model_socket(f->m, &(struct socket_fact){ .last = true });
	model_second(f->m, f->now += 70 * S);
	model_second(f->m, f->now += 70 * S);
	epoch_reap(f->epoch);
}

static void without_memory_something_is_left_out_and_nothing_breaks(void **state)
{
	(void)state;
	failalloc_each({
		struct fixture f;

		if (fixture_open(&f) == 0)
			some_of_everything(&f);
		fixture_close(&f);
	});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MODEL_TEST(a_pod_is_a_row_before_anything_runs_in_it),
		MODEL_TEST(services_and_the_host_are_rows_of_their_own),
		MODEL_TEST(a_pod_without_a_name_says_why),
		MODEL_TEST(a_gone_pod_is_kept_a_minute_with_its_rows),
		MODEL_TEST(one_pod_in_two_hierarchies_is_one_row),
		MODEL_TEST(a_container_that_turns_out_to_be_a_pods_takes_its_rows_along),
		MODEL_TEST(rates_and_sparklines_follow_each_second),
		MODEL_TEST(figures_of_a_pod_come_from_its_cgroup),
		MODEL_TEST(what_no_cgroup_tells_is_summed_over_the_processes),
		MODEL_TEST(a_snapshot_shows_its_moment_after_the_model_moved_on),
		MODEL_TEST(a_snapshot_is_let_go_by_any_thread_even_after_the_model),
		MODEL_TEST(readers_and_the_engine_do_not_disturb_each_other),
		MODEL_TEST(loss_is_said_for_a_minute),
		MODEL_TEST(an_idents_snapshot_names_events_alone),
		MODEL_TEST(fields_of_a_process_tell_it_whole),
		MODEL_TEST(the_contract_keys_come_first_and_in_order),
		MODEL_TEST(no_two_fields_of_a_table_share_a_name),
		MODEL_TEST(default_columns_fit_the_screen),
		MODEL_TEST(every_getter_bears_an_empty_row),
		cmocka_unit_test(without_memory_something_is_left_out_and_nothing_breaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
