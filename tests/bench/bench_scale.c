/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A full node: 250 pods, 10,000 processes, 50,000 connections, out of a capture through
 * a real engine. How long an answer takes with what a screen paints of it, how much
 * memory stands behind it, how soon the first and the complete answer are there.
 *
 *   bench_scale            measures
 *   bench_scale FILE       writes the capture and ends, to look at it in the console
 */
#include <sys/wait.h>

#include "sonde/sonde.h"
#include "synth.h"

#define REPEAT 60
#define SCREEN 50

static double ms(void)
{
	return (double)clock_ns(CLOCK_MONOTONIC) / 1e6;
}

static long anon_kib(void)
{
	char line[128];
	long kib = -1;
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "RssAnon: %ld", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib;
}

/* Paint what a screen shows: all default columns of the rows around @from. */
static size_t paint(const struct sonde_rows *rows, enum sonde_table table, size_t from)
{
	size_t cells = 0, n = sonde_rows_count(rows), fields = sonde_field_count(table);

	for (size_t i = from; i < MIN(from + SCREEN, n); i++) {
		for (size_t k = 0; k < fields; k++) {
			const struct sonde_field *f = sonde_field_at(table, k);
			struct sonde_value v;

			if (!(f->flags & SONDE_FIELD_DEFAULT))
				continue;
			sonde_rows_value(rows, i, f, &v);
			cells += v.kind != SONDE_ABSENT;
		}
	}
	return cells;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void ask(struct sonde *s, const char *what, const struct sonde_query *q)
{
	double took[REPEAT];
	size_t rows_n = 0, total = 0, cells = 0;

	for (int i = 0; i < REPEAT; i++) {
		double begun = ms();
		struct sonde_err err = { 0 };
		struct sonde_rows *rows;
		int r = sonde_query(s, q, &rows, &err);

		if (r < 0)
			synth_die(err.text, r);
		rows_n = sonde_rows_count(rows);
		total = sonde_rows_total(rows);
		cells = paint(rows, q->table, rows_n / 2);
		sonde_rows_unref(rows);
		took[i] = ms() - begun;
	}
	qsort(took, REPEAT, sizeof(took[0]), by_size);
	printf("%-44s %6zu of %6zu rows %5zu cells  median %6.2f  p99 %6.2f ms\n", what, rows_n,
	       total, cells, took[REPEAT / 2], took[REPEAT - 1]);
}

static void ask_all(struct sonde *s, sonde_id pod)
{
	const struct {
		const char *what;
		struct sonde_query q;
	} all[] = {
		{ "pods", { .table = SONDE_PODS } },
		{ "pods, by memory", { .table = SONDE_PODS, .sort = "-rss_bytes" } },
		{ "pods, typed filter", { .table = SONDE_PODS, .match = "web-7d4" } },
		{ "processes, tree", { .table = SONDE_PROCS, .tree = true } },
		{ "processes, tree of one pod",
		  { .table = SONDE_PROCS, .tree = true, .pod = pod } },
		{ "processes, by memory", { .table = SONDE_PROCS, .sort = "-rss_bytes" } },
		{ "processes, by name", { .table = SONDE_PROCS, .sort = "name" } },
		{ "processes, tree, typed filter",
		  { .table = SONDE_PROCS, .tree = true, .match = "worker-7" } },
		{ "processes, typed filter that none match",
		  { .table = SONDE_PROCS, .match = "no-such-thing" } },
		{ "processes, where proc.pid > 5000",
		  { .table = SONDE_PROCS, .where = "proc.pid > 5000" } },
		{ "connections", { .table = SONDE_CONNS } },
		{ "connections of one pod", { .table = SONDE_CONNS, .pod = pod } },
		{ "connections, by bytes", { .table = SONDE_CONNS, .sort = "-bytes_in" } },
		{ "connections, by remote", { .table = SONDE_CONNS, .sort = "remote" } },
		{ "connections, by pod", { .table = SONDE_CONNS, .sort = "pod" } },
		{ "connections, typed filter", { .table = SONDE_CONNS, .match = "10.128.0.7" } },
		{ "connections, typed filter that none match",
		  { .table = SONDE_CONNS, .match = "no-such-thing" } },
		{ "connections, where fd.rport = 443",
		  { .table = SONDE_CONNS, .where = "fd.rport = 443" } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		ask(s, all[i].what, &all[i].q);
}

/* Rows of @table now; *@ret_first the id of the first. */
static size_t count(struct sonde *s, enum sonde_table table, sonde_id *ret_first)
{
	struct sonde_query q = { .table = table };
	struct sonde_rows *rows;
	size_t n;

	if (sonde_query(s, &q, &rows, NULL) < 0)
		return 0;
	n = sonde_rows_count(rows);
	if (n && ret_first)
		*ret_first = sonde_rows_id(rows, n / 2);
	sonde_rows_unref(rows);
	return n;
}

static void write_capture(const char *path)
{
	struct synth x;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		synth_write(&x, path, 0);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		exit(1);
}

int main(int argc, char **argv)
{
	struct sonde_opts o = { 0 };
	struct sonde_err err = { 0 };
	struct sonde *s;
	char path[64];
	double begun, first = 0, whole;
	long base = anon_kib();
	sonde_id pod = 0;
	size_t pods, procs, conns;
	int r;

	if (argc > 1) {
		write_capture(argv[1]);
		return 0;
	}
	snprintf(path, sizeof(path), "/tmp/sonde-bench-scale.%d", (int)getpid());
	write_capture(path);
	o.history = path;
	begun = ms();
	r = sonde_open(&o, &s, &err);
	if (r < 0)
		synth_die(err.text, r);
	while (first == 0 && ms() < begun + 10000) {
		if (count(s, SONDE_PODS, NULL) > 1)
			first = ms() - begun;
	}
	if (sonde_ready(s, 30000, &err) < 0)
		synth_die(err.text, ETIMEDOUT);
	whole = ms() - begun;
	unlink(path);
	pods = count(s, SONDE_PODS, &pod);
	procs = count(s, SONDE_PROCS, NULL);
	conns = count(s, SONDE_CONNS, NULL);
	printf("%zu pods, %zu processes, %zu connections; first answer %.0f ms, complete %.0f ms\n",
	       pods, procs, conns, first, whole);
	printf("anonymous memory: %.1f MiB with one snapshot held by the engine\n",
	       (double)(anon_kib() - base) / 1024);
	ask_all(s, pod);
	printf("anonymous memory after it: %.1f MiB\n", (double)(anon_kib() - base) / 1024);
	sonde_close(s);
	return 0;
}
