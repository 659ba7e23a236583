/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A made-up node as a capture: 250 pods, 10,000 processes, 50,000 connections as the
 * facts of a first picture, then raw ring records of a busy mix (10 % exec with real
 * command lines). For the benches that replay it through a real engine.
 */
#ifndef TESTS_BENCH_SYNTH_H
#define TESTS_BENCH_SYNTH_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <netinet/in.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/macros.h"
#include "identity/identity.h"
#include "network.h"
#include "process.h"
#include "sensor/capture.h"

#define PODS  250u
#define PROCS 10000u
#define CONNS 50000u
#define PATHS "/kubepods.slice/kubepods-burstable.slice"

struct synth {
	struct capture_writer *w;
	uint64_t now, rnd, records, bytes;
	uint32_t procs, conns;
	uint32_t next_pid, next_conn;
	/* the short life under way */
	uint32_t pid, parent;
	uint64_t start;
};

static const char *const synth_lines[][4] = {
	{ "/usr/sbin/nginx", "nginx: worker process", NULL, NULL },
	{ "/bin/sh", "sh", "-c", "curl -fsS http://127.0.0.1:8080/healthz || exit 1" },
	{ "/usr/bin/curl", "curl", "-fsS", "http://127.0.0.1:8080/healthz" },
	{ "/usr/bin/python3.11", "python3", "/srv/app/manage.py", "runworker" },
	{ "/usr/lib/jvm/java-17-openjdk-amd64/bin/java", "java", "-Xmx512m", "-jar" },
	{ "/bin/grep", "grep", "-q", "ready" },
	{ "/usr/bin/pg_isready", "pg_isready", "-U", "postgres" },
	{ "/usr/local/bin/node", "node", "/srv/app/server.js", "--max-old-space-size=400" },
};

static inline void synth_die(const char *what, int r)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(-r));
	exit(1);
}

static inline uint32_t synth_pick(struct synth *x, uint32_t n)
{
	x->rnd ^= x->rnd << 13;
	x->rnd ^= x->rnd >> 7;
	x->rnd ^= x->rnd << 17;
	return (uint32_t)(x->rnd % n);
}

static inline uint64_t synth_start(uint32_t proc)
{
	return NS_PER_S + proc * 1000ull;
}

/* The writer never waits for the disk; here nobody is in a hurry. */
#define SYNTH_WRITE(x, call)                      \
	do {                                      \
		int r_;                           \
		while ((r_ = (call)) == -ENOBUFS) \
			usleep(1000);             \
		if (r_ < 0)                       \
			synth_die("capture", r_); \
	} while (0)

static inline void synth_cgroup(struct synth *x, uint64_t id, uint64_t parent, const char *path)
{
	struct cgroup_fact f = { .key = { .id = id },
				 .parent = { .id = parent },
				 .path = path,
				 .n = strlen(path),
				 .at_ns = x->now };

	SYNTH_WRITE(x, capture_cgroup(x->w, &f));
}

static inline void synth_pods(struct synth *x)
{
	for (uint32_t i = 0; i < PODS; i++) {
		struct container_facts f = { .runtime = "containerd" };
		struct buf out = { .max = 65536 };
		char path[512], name[32];
		int n;

		n = snprintf(path, sizeof(path),
			     PATHS "/kubepods-burstable-pod%08x_1111_4222_8333_444455556666.slice",
			     i);
		synth_cgroup(x, 1000 + i * 2, 10, path);
		snprintf(f.pod_uid, sizeof(f.pod_uid), "%08x-1111-4222-8333-444455556666", i);
		snprintf(f.container_id, sizeof(f.container_id), "%064x", i + 1);
		snprintf(path + n, sizeof(path) - (size_t)n, "/cri-containerd-%s.scope",
			 f.container_id);
		synth_cgroup(x, 1001 + i * 2, 1000 + i * 2, path);
		snprintf(name, sizeof(name), "web-7d4b9c6f5d-%05x", i);
		f.ns = (char *)(i % 3 ? "production" : "staging");
		f.pod_name = name;
		f.container = (char *)"app";
		f.image = (char *)"registry.example/production/app:1.2.3";
		f.workload = (char *)"Deployment/web";
		if (identity_pack(&f, &out) < 0)
			synth_die("facts", -ENOMEM);
		SYNTH_WRITE(x, capture_add(x->w, CAPTURE_IDENT, x->now, out.p, out.n));
		buf_done(&out);
	}
}

static inline struct event_addr synth_addr(uint32_t ip, uint16_t port)
{
	return (struct event_addr){ .family = AF_INET, .port = port, .v4.s_addr = htonl(ip) };
}

/* The facts of a pass: what a capture holds of a node when its recording begins. */
static inline void synth_picture(struct synth *x)
{
	for (uint32_t i = 0; i < x->procs; i++) {
		struct task_fact f = { .pid = 1000 + i,
				       .ppid = i < 20 ? 1 : 1000 + i / 20,
				       .nspid = 1 + i / PODS,
				       .threads = 1 + i % 7,
				       .uid = 1000,
				       .uid_host = 1000,
				       .start_ns = synth_start(i),
				       .parent_start_ns = i < 20 ? 0 : synth_start(i / 20),
				       .cpu_ns = i * 1000000ull,
				       .rss_bytes = 4096ull * (100 + i % 5000),
				       .cg = { .id = 1001 + (i % PODS) * 2 },
				       .mntns = 6000 + i % PODS,
				       .pidns = 7000 + i % PODS,
				       .netns = 5000 + i % PODS };

		snprintf(f.comm, sizeof(f.comm), "worker-%u", i % 100);
		SYNTH_WRITE(x, capture_task(x->w, x->now, &f));
	}
	SYNTH_WRITE(x, capture_task(x->w, x->now, &(struct task_fact){ .last = true }));
	for (uint32_t i = 0; i < x->conns; i++) {
		uint32_t p = i % x->procs, pod = p % PODS;
		struct socket_fact f = { .cookie = 0x100000 + i,
					 .inode = 0x10000 + i,
					 .pid = 1000 + p,
					 .start_ns = synth_start(p),
					 .local = synth_addr(0x0a000000 + pod,
							     (uint16_t)(1024 + i % 60000)),
					 .remote = synth_addr(0x0a800000 + i % 5000, 443),
					 .bytes_in = i * 10ull,
					 .bytes_out = i * 3ull,
					 .cg = { .id = 1001 + pod * 2 },
					 .netns = 5000 + pod,
					 .proto = IPPROTO_TCP,
					 .state = 1 };

		SYNTH_WRITE(x, capture_socket(x->w, x->now, &f));
	}
	SYNTH_WRITE(x, capture_socket(x->w, x->now, &(struct socket_fact){ .last = true }));
	x->next_conn = CONNS;
}

static inline void synth_head(struct synth *x, struct wire_head *h, uint32_t kind, size_t size,
			      uint32_t pid, uint64_t start, uint32_t pod)
{
	x->now += 2000; /* half a million a second */
	*h = (struct wire_head){ .kind = (uint16_t)kind,
				 .size = (uint16_t)size,
				 .ktime_ns = x->now,
				 .cgroup_id = 1001 + pod * 2,
				 .pidns = 7000 + pod,
				 .mntns = 6000 + pod,
				 .netns = 5000 + pod,
				 .slot = 1 + pod,
				 .tgid = pid,
				 .tid = pid,
				 .start_ns = start,
				 .comm = "worker" };
}

static inline void synth_put(struct synth *x, const struct wire_head *h)
{
	SYNTH_WRITE(x, capture_record(x->w, h->ktime_ns, h, h->size));
	x->records++;
	x->bytes += h->size;
}

static inline void synth_ids(struct synth *x, struct wire_head *h, struct proc_ids *ids)
{
	h->ppid = 1000 + x->parent;
	*ids = (struct proc_ids){ .parent_start_ns = synth_start(x->parent),
				  .nspid = x->pid % 1000 + 2,
				  .uid = 1000,
				  .uid_host = 1000,
				  .threads = 1 };
}

/* The parts of an absolute path from the last to the first, each ended by NUL. */
static inline size_t synth_path(char *dst, const char *path)
{
	size_t end = strlen(path), n = 0;

	while (end) {
		size_t at = end;

		while (at && path[at - 1] != '/')
			at--;
		memcpy(dst + n, path + at, end - at);
		n += end - at;
		dst[n++] = 0;
		end = at ? at - 1 : 0;
	}
	return n;
}

static inline void synth_exec(struct synth *x)
{
	static union {
		struct proc_exec e;
		char bytes[PROC_EXEC_MAX];
	} u;
	const char *const *l = synth_lines[synth_pick(x, ARRAY_SIZE(synth_lines))];
	char *text = u.bytes + sizeof(u.e), *at;
	size_t exe = synth_path(text, l[0]), cwd = synth_path(text + exe, "/srv/app");

	at = text + exe + cwd;
	for (int i = 1; i < 4 && l[i]; i++)
		at = stpcpy(at, l[i]) + 1;
	if (!synth_pick(x, 3)) /* every third command line was never seen */
		at += snprintf(at, 64, "--request-id=%08x%08x", synth_pick(x, UINT32_MAX),
			       synth_pick(x, UINT32_MAX)) +
		      1;
	synth_head(x, &u.e.h, WIRE_EXEC, (size_t)(at - u.bytes), x->pid, x->start,
		   x->parent % PODS);
	synth_ids(x, &u.e.h, &u.e.ids);
	snprintf(u.e.h.comm, sizeof(u.e.h.comm), "%.15s", strrchr(l[0], '/') + 1);
	u.e.inode = 77;
	u.e.layer = PROC_IMAGE;
	u.e.exe_len = (uint16_t)exe;
	u.e.cwd_len = (uint16_t)cwd;
	u.e.argv_len = (uint16_t)((size_t)(at - text) - exe - cwd);
	synth_put(x, &u.e.h);
}

/* fork, exec, exit of a process that lives 6 us of the recording's clock */
static inline void synth_life(struct synth *x, uint32_t step)
{
	struct proc_fork f = { 0 };
	struct proc_exit e = { 0 };

	if (step == 0) {
		x->parent = synth_pick(x, x->procs);
		x->pid = 20000 + x->next_pid++ % 40000;
		x->start = x->now + 2000;
		synth_head(x, &f.h, WIRE_FORK, sizeof(f), x->pid, x->start, x->parent % PODS);
		synth_ids(x, &f.h, &f.ids);
		synth_put(x, &f.h);
	} else if (step == 1) {
		synth_exec(x);
	} else {
		synth_head(x, &e.h, WIRE_EXIT, sizeof(e), x->pid, x->start, x->parent % PODS);
		synth_ids(x, &e.h, &e.ids);
		e.life_ns = x->now - x->start;
		synth_put(x, &e.h);
	}
}

/* Connection @n: its process, ends and cookie follow from the number. */
static inline void synth_conn(struct synth *x, uint32_t kind, uint32_t n)
{
	uint32_t p = n % x->procs, pod = p % PODS, ip;
	struct net_conn c = { 0 };

	synth_head(x, &c.h, kind, sizeof(c), 1000 + p, synth_start(p), pod);
	c.cookie = 0x100000 + n;
	c.inode = 0x10000 + n;
	c.family = AF_INET;
	c.proto = IPPROTO_TCP;
	c.state = kind == WIRE_CLOSE ? 7 : 1;
	ip = htonl(0x0a000000 + pod);
	memcpy(c.local, &ip, 4);
	c.lport = (uint16_t)(1024 + n % 60000);
	ip = htonl(0x0a800000 + n % 5000);
	memcpy(c.remote, &ip, 4);
	c.rport = 443;
	if (kind == WIRE_CLOSE) {
		c.bytes_in = 1000;
		c.bytes_out = 300;
		c.duration_ns = 100 * NS_PER_MS;
		c.has = NET_HAS_BYTES | NET_HAS_DURATION;
	} else if (kind == WIRE_UDP) {
		c.cookie = 0x900000000 + p;
		c.proto = IPPROTO_UDP;
		c.rport = 53;
	}
	synth_put(x, &c.h);
}

/* 10 % each of fork, exec and exit, 30 % connect, 30 % close, 10 % UDP peer */
static inline void synth_mix(struct synth *x, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t k = i % 10;

		if (k < 3)
			synth_life(x, k);
		else if (k < 6)
			synth_conn(x, WIRE_CLOSE, x->next_conn - CONNS + (k - 3));
		else if (k < 9)
			synth_conn(x, WIRE_CONNECT, x->next_conn++);
		else
			synth_conn(x, WIRE_UDP, synth_pick(x, CONNS));
	}
}

/* Write a capture of the node and @records after it to @path. */
static inline void synth_write(struct synth *x, const char *path, uint32_t records)
{
	struct capture_head head;
	struct sonde_err err = { 0 };
	int r;

	*x = (struct synth){ .procs = PROCS, .conns = CONNS, .rnd = 88172645463325252ULL };
	x->now = 1000 * NS_PER_S;
	capture_head_here("/", &head);
	head.origin = ORIGIN_RING;
	head.start_ns = x->now;
	unlink(path);
	r = capture_create(path, &head, &x->w, &err);
	if (r < 0)
		synth_die(path, r);
	synth_pods(x);
	synth_picture(x);
	synth_mix(x, records);
	r = capture_close(x->w, &err);
	if (r < 0)
		synth_die(err.text, r);
}

#endif
