/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many events a second one engine takes through sensor, identity and model: raw
 * ring records of a busy mix (10 % exec, 250 pods, 10,000 processes, 50,000 connections)
 * out of a capture, through sonde_open().
 *
 *   bench_replay [records]
 */
#include <sys/wait.h>

#include "sonde/sonde.h"
#include "synth.h"

struct took {
	double wall, cpu;
	uint64_t events;
};

static double seconds(clockid_t clock)
{
	return (double)clock_ns(clock) / 1e9;
}

/* In a child, so that its memory is its own and written files do not cost this process. */
static void write_capture(const char *path, uint32_t records)
{
	struct synth x;
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		synth_write(&x, path, records);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		exit(1);
}

/* Somebody looks, as a console does: a query of the pods, four times a second. */
static void look(struct sonde *s)
{
	struct sonde_query q = { .table = SONDE_PODS };
	struct sonde_rows *rows;

	if (sonde_query(s, &q, &rows, NULL) == 0)
		sonde_rows_unref(rows);
}

static uint64_t node_events(struct sonde *s)
{
	const struct sonde_field *f = sonde_field_find(SONDE_NODE, "events");
	struct sonde_query q = { .table = SONDE_NODE };
	struct sonde_value v = { 0 };
	struct sonde_rows *rows;

	if (!f || sonde_query(s, &q, &rows, NULL) < 0)
		return 0;
	sonde_rows_value(rows, 0, f, &v);
	sonde_rows_unref(rows);
	return v.u;
}

static struct took replay(const char *path, bool looking)
{
	struct sonde_opts o = { .history = path };
	struct sonde_err err = { 0 };
	struct took t;
	struct sonde *s;
	double wall, cpu;
	int r = sonde_open(&o, &s, &err);

	if (r < 0)
		synth_die(err.text, r);
	wall = seconds(CLOCK_MONOTONIC);
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	do {
		r = sonde_ready(s, looking ? 250 : 60000, &err);
		if (looking)
			look(s);
	} while (looking && r == -ETIMEDOUT);
	t.wall = seconds(CLOCK_MONOTONIC) - wall;
	t.cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	t.events = node_events(s);
	sonde_close(s);
	return t;
}

int main(int argc, char **argv)
{
	uint32_t records = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000000;
	char path[64], base[80];
	struct took empty;

	snprintf(path, sizeof(path), "/tmp/sonde-bench-replay.%d", (int)getpid());
	snprintf(base, sizeof(base), "%s.base", path);
	write_capture(path, records);
	write_capture(base, 0);
	printf("%-26s %10s %12s %14s %10s\n", "replay", "events", "events/s", "a CPU second",
	       "ns/event");
	for (int i = 0; i < 6; i++) {
		struct took t;
		double n = records, cpu;

		empty = replay(base, false); /* the picture alone */
		t = replay(path, i & 1);
		cpu = t.cpu - empty.cpu;
		printf("%-26s %10llu %12.0f %14.0f %10.0f\n",
		       i & 1 ? "with four looks a second" : "engine alone",
		       (unsigned long long)t.events, n / (t.wall - empty.wall), n / cpu,
		       cpu / n * 1e9);
	}
	unlink(path);
	unlink(base);
	return 0;
}
