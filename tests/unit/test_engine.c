/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The face, on a real engine on this machine: what is asked for is answered, a child
 * that lived milliseconds is seen, an ended stream is summed up.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sonde/sonde.h"

static struct sonde *open_here(bool no_bpf)
{
	const struct sonde_opts o = { .no_bpf = no_bpf, .ring_kib = 1024 };
	struct sonde_err err = { 0 };
	struct sonde *s = NULL;

	if (geteuid() != 0) {
		print_message("skipped: needs root\n");
		skip();
	}
	if (sonde_open(&o, &s, &err) < 0)
		fail_msg("%s", err.text);
	if (sonde_ready(s, 20000, &err) < 0)
		fail_msg("%s", err.text);
	return s;
}

/* Ask until the rows hold what is wanted or ten seconds are over. */
static struct sonde_rows *ask(struct sonde *s, const struct sonde_query *q, size_t least)
{
	struct sonde_err err = { 0 };
	struct sonde_rows *rows = NULL;

	for (int i = 0; i < 100; i++) {
		struct pollfd p = { .fd = sonde_fd(s), .events = POLLIN };

		if (sonde_query(s, q, &rows, &err) < 0)
			fail_msg("%s", err.text);
		if (sonde_rows_count(rows) >= least)
			return rows;
		sonde_rows_unref(rows);
		poll(&p, 1, 100);
		sonde_fd_clear(s);
	}
	fail_msg("no %zu rows for '%s' within ten seconds", least, q->where ? q->where : "");
	return NULL;
}

static pid_t run_child(const char *mark, int code)
{
	pid_t pid = fork();

	if (pid == 0) {
		char script[64];

		snprintf(script, sizeof(script), "exit %d # %s", code, mark);
		execl("/bin/sh", "sh", "-c", script, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
	return pid;
}

static void this_process_is_among_the_processes(void **state)
{
	struct sonde *s = open_here(*(bool *)*state);
	char where[64];
	const struct sonde_query q = { .table = SONDE_PROCS, .where = where };
	struct sonde_rows *rows;
	struct sonde_value v;

	snprintf(where, sizeof(where), "proc.pid = %d", (int)getpid());
	rows = ask(s, &q, 1);
	assert_int_equal(sonde_rows_count(rows), 1);
	sonde_rows_value(rows, 0, sonde_field_find(SONDE_PROCS, "ppid"), &v);
	assert_int_equal(v.kind, SONDE_UINT);
	assert_int_equal(v.u, getppid());
	assert_int_equal(sonde_rows_find(rows, sonde_rows_id(rows, 0)), 0);
	sonde_rows_unref(rows);
	sonde_close(s);
}

static void the_tree_has_parents_first(void **state)
{
	struct sonde *s = open_here(*(bool *)*state);
	const struct sonde_query q = { .table = SONDE_PROCS, .tree = true, .no_gone = true };
	const struct sonde_field *pid = sonde_field_find(SONDE_PROCS, "pid");
	const struct sonde_field *ppid = sonde_field_find(SONDE_PROCS, "ppid");
	struct sonde_rows *rows = ask(s, &q, 3);
	bool children = false;

	for (size_t i = 0; i < sonde_rows_count(rows); i++) {
		unsigned depth = sonde_rows_depth(rows, i);
		struct sonde_value up, down;
		size_t j = i;

		if (!depth)
			continue;
		children = true;
		while (j > 0 && sonde_rows_depth(rows, j - 1) >= depth)
			j--;
		assert_true(j > 0);
		sonde_rows_value(rows, j - 1, pid, &up);
		sonde_rows_value(rows, i, ppid, &down);
		assert_int_equal(up.u, down.u);
	}
	assert_true(children);
	sonde_rows_unref(rows);
	sonde_close(s);
}

static void a_short_life_is_streamed_and_summed_up(void **state)
{
	struct sonde *s = open_here(false);
	struct sonde_query q = { .table = SONDE_EVENTS,
				 .where = "proc.cmdline contains mark-7f3a" };
	struct sonde_stream *st = NULL;
	struct sonde_err err = { 0 };
	const char *json = NULL;
	struct sonde_value v;
	unsigned seen = 0;

	(void)state;
	q.where = NULL;
	if (sonde_subscribe(s, &q, &st, &err) < 0)
		fail_msg("%s", err.text);
	pid_t pid = run_child("mark-7f3a", 3);

	sonde_stream_end(st);
	while (sonde_stream_next(st, 10000) == 1) {
		sonde_stream_value(st, sonde_field_find(SONDE_EVENTS, "pid"), &v);
		if (v.kind != SONDE_UINT || v.u != (uint64_t)pid)
			continue;
		assert_true(sonde_stream_json(st, NULL, 0, &json) > 0);
		seen |= strstr(json, "\"type\":\"exec\"") ? 1 : 0;
		seen |= strstr(json, "\"exit_code\":3") ? 2 : 0;
	}
	assert_int_equal(sonde_stream_next(st, 0), -ENODATA);
	assert_true(sonde_stream_summary(st, &json) > 0);
	assert_non_null(strstr(json, "\"received\":"));
	sonde_stream_free(st);
	sonde_close(s);
	if (seen != 3)
		print_message("this kernel refuses BPF: polling cannot see it\n");
}

static void a_wrong_field_is_named_with_the_right_one(void **state)
{
	struct sonde *s = open_here(true);
	const struct sonde_query q = { .table = SONDE_PROCS, .sort = "-cpu_ptc" };
	struct sonde_rows *rows = NULL;
	struct sonde_err err = { 0 };

	(void)state;
	assert_int_equal(sonde_query(s, &q, &rows, &err), -EINVAL);
	assert_non_null(strstr(err.text, "cpu_pct"));
	sonde_close(s);
}

static void details_come_from_a_worker(void **state)
{
	struct sonde *s = open_here(*(bool *)*state);
	char where[64];
	struct sonde_query q = { .table = SONDE_PROCS, .where = where };
	struct sonde_rows *rows;
	sonde_id id;

	snprintf(where, sizeof(where), "proc.pid = %d", (int)getpid());
	rows = ask(s, &q, 1);
	id = sonde_rows_id(rows, 0);
	sonde_rows_unref(rows);
	q = (struct sonde_query){ .table = SONDE_DETAIL, .proc = id };
	rows = ask(s, &q, 10);
	sonde_rows_unref(rows);
	sonde_close(s);
}

/* BPF, PERFMON, NET_ADMIN, SYS_PTRACE and the two of file access: no thread of ours has more. */
static void no_thread_keeps_more_capabilities_than_it_uses(void **state)
{
	const unsigned long long may =
		1ull << 39 | 1ull << 38 | 1ull << 12 | 1ull << 19 | 1ull << 1 | 1ull << 2;
#ifdef __SANITIZE_THREAD__
	print_message("skipped: the sanitizer has a thread of its own\n");
	skip();
#endif
	struct sonde *s = open_here(false);
	DIR *dir = opendir("/proc/self/task");
	unsigned threads = 0;
	struct dirent *d;

	(void)state;
	assert_non_null(dir);
	while ((d = readdir(dir))) {
		char path[320], line[128];
		unsigned long long caps;
		FILE *f;

		snprintf(path, sizeof(path), "/proc/self/task/%s/status", d->d_name);
		f = d->d_name[0] == '.' ? NULL : fopen(path, "re");
		while (f && fgets(line, sizeof(line), f)) {
			if (sscanf(line, "CapEff: %llx", &caps) == 1) {
				assert_int_equal(caps & ~may, 0);
				threads++;
			}
		}
		if (f)
			fclose(f);
	}
	closedir(dir);
	assert_true(threads >= 4);
	sonde_close(s);
}

int main(void)
{
	static bool polling = true, bpf;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(this_process_is_among_the_processes, &polling),
		cmocka_unit_test_prestate(this_process_is_among_the_processes, &bpf),
		cmocka_unit_test_prestate(the_tree_has_parents_first, &polling),
		cmocka_unit_test_prestate(the_tree_has_parents_first, &bpf),
		cmocka_unit_test(a_short_life_is_streamed_and_summed_up),
		cmocka_unit_test(a_wrong_field_is_named_with_the_right_one),
		cmocka_unit_test(no_thread_keeps_more_capabilities_than_it_uses),
		cmocka_unit_test_prestate(details_come_from_a_worker, &polling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
