/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How many events a second the model takes, and what it holds: 250 pods, 10,000
 * processes, 50,000 connections, and a mix of events that a busy node has (10 % exec
 * with real command lines, as many forks and exits, the rest sockets). A snapshot is
 * taken every 250 ms of the run and given back with the next, as the engine does.
 *
 *   bench_model [seconds [events a second, 0: as many as it takes]]
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <netinet/in.h>

#include "base/clock.h"
#include "base/macros.h"
#include "model/model.h"

#define PODS  250u
#define PROCS 10000u
#define CONNS 50000u

static const char *const lines[][4] = {
	{ "/usr/sbin/nginx", "nginx: worker process", NULL },
	{ "/bin/sh", "sh", "-c", "curl -fsS http://127.0.0.1:8080/healthz || exit 1" },
	{ "/usr/bin/curl", "curl", "-fsS", "http://127.0.0.1:8080/healthz" },
	{ "/usr/bin/python3.11", "python3", "/srv/app/manage.py", "runworker" },
	{ "/usr/lib/jvm/bin/java", "java", "-Xmx512m", "-jar" },
	{ "/bin/grep", "grep", "-q", "ready" },
	{ "/usr/bin/pg_isready", "pg_isready", "-U", "postgres" },
	{ "/usr/local/bin/node", "node", "/srv/app/server.js", NULL },
};

struct bench {
	struct epoch *epoch;
	struct identity *identity;
	struct model *m;
	uint64_t now, seq, rnd;
	uint32_t ident[PODS];
	uint64_t ident_id[PODS];
	uint64_t start[PROCS]; /* of the process with pid 1000 + i */
	uint32_t next_pid, next_conn, next_proc;
	union event_buf b;
};

static uint32_t pick(struct bench *x, uint32_t n)
{
	x->rnd ^= x->rnd << 13;
	x->rnd ^= x->rnd >> 7;
	x->rnd ^= x->rnd << 17;
	return (uint32_t)(x->rnd % n);
}

static void make_pods(struct bench *x)
{
	for (uint32_t i = 0; i < PODS; i++) {
		struct cgroup_key key = { .id = 1000 + i * 2 };
		struct container_facts f = { .runtime = "containerd" };
		char path[256];
		int n;

		n = snprintf(path, sizeof(path),
			     "/kubepods/burstable/pod%08x-1111-4222-8333-444455556666", i);
		identity_cgroup_add(x->identity, key, path, (size_t)n, 1, NULL);
		key.id++;
		snprintf(f.pod_uid, sizeof(f.pod_uid), "%08x-1111-4222-8333-444455556666", i);
		snprintf(f.container_id, sizeof(f.container_id), "%064x", i + 1);
		n = snprintf(path + n, sizeof(path) - (size_t)n, "/%s", f.container_id) + n;
		identity_cgroup_add(x->identity, key, path, (size_t)n, 1, &x->ident[i]);
		f.ns = strdup("production");
		f.pod_name = malloc(32);
		snprintf(f.pod_name, 32, "web-%u", i);
		f.container = strdup("app");
		f.image = strdup("registry.example/production/app:1.2.3");
		identity_facts(x->identity, &f);
		container_facts_done(&f);
		x->ident_id[i] = identity_row(x->identity, x->ident[i])->row.id;
	}
}

static struct event *begin(struct bench *x, enum event_type type, uint32_t pid, uint64_t start,
			   uint32_t pod)
{
	struct event *ev = event_begin(&x->b, type);

	x->now += 2000;
	ev->seq = ++x->seq;
	ev->ktime_ns = ev->time_ns = x->now;
	ev->pid = ev->tid = pid;
	ev->start_ns = start;
	ev->cg.id = 1001 + pod * 2;
	ev->ident = x->ident[pod];
	ev->ident_id = x->ident_id[pod];
	ev->netns = 5000 + pod;
	return ev;
}

static void add_exec(struct bench *x, struct event *ev)
{
	const char *const *l = lines[pick(x, ARRAY_SIZE(lines))];
	char argv[512], *at = argv;

	for (int i = 1; i < 4 && l[i]; i++)
		at = stpcpy(at, l[i]) + 1;
	/* every third command line is one that was never seen */
	if (!pick(x, 3))
		at += sprintf(at, "--request-id=%08x%08x", pick(x, UINT32_MAX),
			      pick(x, UINT32_MAX)) +
		      1;
	ev->exec_ns = x->now;
	ev->exe = event_text_add(ev, l[0], strlen(l[0]));
	ev->cwd = event_text_add(ev, "/srv/app", 8);
	ev->exec.argv = event_text_add(ev, argv, (size_t)(at - argv));
	ev->flags |= EV_UID;
	ev->uid = ev->uid_host = 1000;
	snprintf(ev->comm, sizeof(ev->comm), "%.15s", strrchr(l[0], '/') + 1);
}

static void feed(struct bench *x)
{
	model_event(x->m, &x->b);
}

static struct event_addr addr(uint32_t ip, uint16_t port)
{
	return (struct event_addr){ .family = AF_INET, .port = port, .v4.s_addr = htonl(ip) };
}

/* Connection @n of the model's: its process, ends and cookie follow from the number. */
static struct event *sock(struct bench *x, enum event_type type, uint32_t n)
{
	uint32_t p = n % PROCS, pod = p % PODS;
	struct event *ev = begin(x, type, 1000 + p, x->start[p], pod);

	ev->sock.cookie = 0x100000 + n;
	ev->sock.proto = IPPROTO_TCP;
	ev->sock.state = type == EVENT_CLOSE ? 7 : 1;
	ev->sock.local = addr(0x0a000000 + pod, (uint16_t)(1024 + n % 60000));
	ev->sock.remote = addr(0x0a800000 + n % 5000, 443);
	if (type == EVENT_CLOSE) {
		ev->sock.bytes_in = 1000;
		ev->sock.bytes_out = 300;
		ev->flags |= EV_BYTES;
	}
	return ev;
}

static void fill(struct bench *x)
{
	for (uint32_t i = 0; i < PROCS; i++) {
		x->start[i] = x->now;
		begin(x, EVENT_FORK, 1000 + i, x->now, i % PODS)->ppid = 1000 + i / 20;
		feed(x);
		add_exec(x, begin(x, EVENT_EXEC, 1000 + i, x->start[i], i % PODS));
		feed(x);
	}
	for (uint32_t i = 0; i < CONNS; i++) {
		sock(x, EVENT_CONNECT, i);
		feed(x);
	}
	x->next_conn = CONNS;
}

/* A life of a millisecond: three events in ten. */
static void short_life(struct bench *x, uint32_t step)
{
	static uint64_t start;
	static uint32_t pid, parent;

	if (step == 0) {
		parent = pick(x, PROCS);
		pid = 20000 + x->next_pid++ % 40000;
		start = x->now;
		begin(x, EVENT_FORK, pid, start, parent % PODS);
		x->b.ev.ppid = 1000 + parent;
		x->b.ev.parent_start_ns = x->start[parent];
	} else if (step == 1) {
		add_exec(x, begin(x, EVENT_EXEC, pid, start, parent % PODS));
		x->b.ev.ppid = 1000 + parent;
	} else {
		begin(x, EVENT_EXIT, pid, start, parent % PODS);
	}
}

static void one(struct bench *x, uint32_t i)
{
	uint32_t k = i % 10;

	if (k < 3)
		short_life(x, k);
	else if (k < 6)
		sock(x, EVENT_CLOSE, x->next_conn - CONNS + (k - 3));
	else if (k < 9)
		sock(x, EVENT_CONNECT, x->next_conn++);
	else {
		struct event *ev = sock(x, EVENT_UDP, pick(x, CONNS));

		ev->sock.cookie = 0x900000 + ev->pid;
		ev->sock.proto = IPPROTO_UDP;
		ev->sock.remote = addr(0x0a00000a, 53);
	}
	feed(x);
}

static size_t rss(void)
{
	unsigned long pages = 0, all;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f && fscanf(f, "%lu %lu", &all, &pages) != 2)
		pages = 0;
	if (f)
		fclose(f);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static double mib(size_t n)
{
	return (double)n / (1 << 20);
}

static void say(const char *what, struct bench *x, size_t base)
{
	struct mallinfo2 mi = mallinfo2();

	printf("%-34s rss %.1f MiB, malloc in use %.1f MiB, %u procs, %u conns\n", what,
	       mib(rss() - base), mib(mi.uordblks + mi.hblkhd), model_node(x->m)->procs,
	       model_node(x->m)->conns);
}

int main(int argc, char **argv)
{
	double secs = argc > 1 ? strtod(argv[1], NULL) : 3, took;
	double pace = argc > 2 ? strtod(argv[2], NULL) : 0;
	struct bench *x = calloc(1, sizeof(*x));
	struct snapshot *last = NULL;
	uint64_t begun, next, n = 0, worst = 0;
	size_t base = rss();

	x->now = 1000 * NS_PER_S;
	x->rnd = 88172645463325252ULL;
	x->epoch = epoch_new();
	x->identity = identity_new(x->epoch);
	x->m = model_new(x->epoch, x->identity);
	make_pods(x);
	fill(x);
	model_second(x->m, x->now);
	say("quiet, no snapshot yet", x, base);
	last = model_snapshot(x->m);
	begun = clock_ns(CLOCK_MONOTONIC);
	next = begun + 250 * NS_PER_MS;
	while (clock_ns(CLOCK_MONOTONIC) < begun + (uint64_t)(secs * 1e9)) {
		for (uint32_t i = 0; i < 1000; i++)
			one(x, (uint32_t)n++);
		epoch_reap(x->epoch);
		while (pace > 0 &&
		       (double)n / pace > (double)(clock_ns(CLOCK_MONOTONIC) - begun) / 1e9)
			usleep(1000);
		if (clock_ns(CLOCK_MONOTONIC) > next) {
			uint64_t t = clock_ns(CLOCK_MONOTONIC);
			struct snapshot *s = model_snapshot(x->m);

			snapshot_unref(last);
			last = s;
			if (n % 4 == 0)
				model_second(x->m, x->now);
			next = clock_ns(CLOCK_MONOTONIC);
			worst = MAX(worst, next - t);
			next += 250 * NS_PER_MS;
		}
	}
	took = (double)(clock_ns(CLOCK_MONOTONIC) - begun) / 1e9;
	say("busy, one snapshot held", x, base);
	printf("model: %.0f events/s (%llu in %.1f s), longest snapshot and second %.2f ms\n",
	       (double)n / took, (unsigned long long)n, took, (double)worst / 1e6);
	snapshot_unref(last);
	model_free(x->m);
	identity_free(x->identity);
	epoch_free(x->epoch);
	free(x);
	return 0;
}
