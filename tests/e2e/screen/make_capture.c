/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes the capture that the recorded screen tests are played from. Everything in it is
 * made up and the same at each run: a small shop of pods, a pod whose texts are made to
 * harm whoever shows them, a job that came and went, failed connects and an OOM kill.
 *
 *   make_capture FILE
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "identity/identity.h"
#include "network.h"
#include "process.h"
#include "sensor/capture.h"

#define S       1000000000ull
#define MS      1000000ull
#define BEGIN   (1000 * S)    /* on the node's boot clock */
#define UTC     1767323045ull /* 2026-01-02T03:04:05Z at BEGIN */
#define HOST_NS 4026531840u

static struct capture_writer *w;
static uint64_t now = BEGIN;
static uint64_t cookie = 7000;

/* One container and its namespaces; the host is one without names. */
struct place {
	const char *ns, *pod, *uid, *id, *container, *image, *qos;
	uint64_t cgroup;
	uint32_t netns, pidns, mntns;
	const char *ip;
	uint32_t restarts;
};

#define HEX(c) c c c c c c c c c c c c c c c c
#define PLACE(n, qos_, ns_, pod_, hex, main_, image_, ip_)                                     \
	{                                                                                      \
		.qos = qos_, .ns = ns_, .pod = pod_, .uid = hex "-0000-4000-8000-00000000" #n, \
		.id = HEX(#n), .container = main_, .image = image_, .cgroup = 5 + n,           \
		.netns = 4026540000u + n, .pidns = 4026550000u + n, .mntns = 4026560000u + n,  \
		.ip = ip_,                                                                     \
	}

static const struct place host = {
	.cgroup = 1,
	.netns = HOST_NS + 153,
	.pidns = HOST_NS - 4,
	.mntns = HOST_NS,
	.ip = "192.0.2.10",
};
static const struct place sshd = {
	.cgroup = 2,
	.netns = HOST_NS + 153,
	.pidns = HOST_NS - 4,
	.mntns = HOST_NS,
	.ip = "192.0.2.10",
};
static const struct place web =
	PLACE(1001, "burstable/", "shop", "web-6c9f7d8b5c-x7x5z", "a1a1a1a1", "main",
	      "registry.shop.example/web:1.9", "10.0.0.11");
static const struct place api = PLACE(1002, "burstable/", "shop", "api-5b7d9c6f4-k2m8q", "b2b2b2b2",
				      "main", "registry.shop.example/api:2.4.1", "10.0.0.12");
static const struct place store = PLACE(1003, "", "shop", "store-0", "c3c3c3c3", "postgres",
					"registry.shop.example/postgres:15", "10.0.0.13");
static const struct place job =
	PLACE(1004, "besteffort/", "batch", "report-28411-h9v2c", "d4d4d4d4", "main",
	      "registry.shop.example/report:3", "10.0.0.14");
static const struct place evil = PLACE(1005, "besteffort/", "attack", "hostile", "e5e5e5e5", "main",
				       "lab/hostile:1", "10.0.0.15");

struct proc {
	const struct place *at;
	uint32_t pid, ppid, nspid, uid, threads;
	uint64_t start, parent_start;
	const char *comm;
};

/* Ends the making: a capture that is not whole is no fixture. */
static void must(int r, const char *what)
{
	if (r < 0) {
		fprintf(stderr, "make_capture: %s: %s\n", what, strerror(-r));
		exit(1);
	}
}

static struct wire_head head(unsigned kind, const struct proc *p)
{
	struct wire_head h = {
		.kind = (uint16_t)kind,
		.ktime_ns = now,
		.cgroup_id = p->at->cgroup,
		.netns = p->at->netns,
		.pidns = p->at->pidns,
		.mntns = p->at->mntns,
		.tgid = p->pid,
		.tid = p->pid,
		.ppid = p->ppid,
		.start_ns = p->start,
	};

	snprintf(h.comm, sizeof(h.comm), "%.15s", p->comm);
	return h;
}

static struct proc_ids ids(const struct proc *p)
{
	return (struct proc_ids){ .parent_start_ns = p->parent_start,
				  .nspid = p->nspid,
				  .uid = p->uid,
				  .gid = p->uid,
				  .uid_host = p->uid,
				  .threads = p->threads ? p->threads : 1 };
}

static void record(void *rec, size_t n)
{
	((struct wire_head *)rec)->size = (uint16_t)n;
	must(capture_record(w, now, rec, n), "record");
	now += MS;
}

/* ── cgroups and names ───────────────────────────────────────────────────── */

static size_t cgroup_path(char *dst, size_t size, const struct place *p, bool pod)
{
	return (size_t)snprintf(dst, size, "/kubepods/%spod%s%s%s", p->qos, p->uid, pod ? "" : "/",
				pod ? "" : p->id);
}

/* Newborn groups are told by the kernel's record, those that were there by a fact. */
static void group(const struct place *p, bool pod, int op)
{
	struct {
		struct wire_cgroup c;
		char path[256];
	} rec = { 0 };
	uint64_t id = pod ? p->cgroup + 1000000 : p->cgroup;
	struct cgroup_fact f = { .key.id = id,
				 .parent.id = pod ? 1 : p->cgroup + 1000000,
				 .path = rec.path,
				 .at_ns = now };

	f.n = cgroup_path(rec.path, sizeof(rec.path), p, pod);
	if (op == CGROUP_FOUND) {
		must(capture_cgroup(w, &f), "cgroup");
		return;
	}
	rec.c.h = (struct wire_head){ .kind = WIRE_CGROUP, .ktime_ns = now, .cgroup_id = id };
	rec.c.ids[0] = f.parent.id;
	rec.c.levels = 1;
	rec.c.op = (uint32_t)op;
	rec.c.path_len = (uint16_t)f.n;
	record(&rec, sizeof(rec.c) + f.n);
}

static void names(const struct place *p)
{
	struct container_facts f = { .restarts = p->restarts,
				     .runtime = "containerd",
				     .ns = (char *)(uintptr_t)p->ns,
				     .pod_name = (char *)(uintptr_t)p->pod,
				     .container = (char *)(uintptr_t)p->container,
				     .image = (char *)(uintptr_t)p->image };
	struct buf b = { .max = 4096 };

	snprintf(f.container_id, sizeof(f.container_id), "%s", p->id);
	snprintf(f.pod_uid, sizeof(f.pod_uid), "%s", p->uid);
	must(identity_pack(&f, &b), "identity");
	must(capture_add(w, CAPTURE_IDENT, now, b.p, b.n), "identity");
	buf_done(&b);
}

static void place(const struct place *p, int op)
{
	group(p, true, op);
	group(p, false, op);
	names(p);
}

static void unit(uint64_t id, const char *path)
{
	struct cgroup_fact f = {
		.key.id = id, .parent.id = 1, .path = path, .n = strlen(path), .at_ns = now
	};

	must(capture_cgroup(w, &f), "cgroup");
}

/* ── processes ───────────────────────────────────────────────────────────── */

static void task(const struct proc *p, uint64_t cpu_ms, uint64_t rss_mib)
{
	struct task_fact f = {
		.pid = p->pid,
		.ppid = p->ppid,
		.nspid = p->nspid,
		.threads = p->threads ? p->threads : 1,
		.uid = p->uid,
		.gid = p->uid,
		.uid_host = p->uid,
		.start_ns = p->start,
		.parent_start_ns = p->parent_start,
		.cpu_ns = cpu_ms * MS,
		.rss_bytes = rss_mib << 20,
		.cg.id = p->at->cgroup,
		.mntns = p->at->mntns,
		.pidns = p->at->pidns,
		.netns = p->at->netns,
	};

	snprintf(f.comm, sizeof(f.comm), "%.15s", p->comm);
	must(capture_task(w, now, &f), "task");
}

static void forked(const struct proc *p)
{
	struct proc_fork f = { .h = head(WIRE_FORK, p), .ids = ids(p) };

	record(&f, sizeof(f));
}

/* @exe is the path as parts from the last to the first, a blank between: "talk bin". */
static void exec_bytes(const struct proc *p, const char *exe, size_t exe_n, int layer,
		       const char *argv, size_t n)
{
	struct {
		struct proc_exec e;
		char text[8192];
	} rec = { .e = { .h = head(WIRE_EXEC, p),
			 .ids = ids(p),
			 .inode = 4242,
			 .dev = 66,
			 .layer = (uint8_t)layer,
			 .fd_kind = { PROC_FD_NULL, PROC_FD_PIPE, PROC_FD_PIPE } } };

	memcpy(rec.text, exe, exe_n);
	memcpy(rec.text + exe_n, argv, n);
	rec.e.exe_len = (uint16_t)exe_n;
	rec.e.argv_len = (uint16_t)n;
	record(&rec, sizeof(rec.e) + exe_n + n);
}

static void exec(const struct proc *p, const char *exe, int layer, const char *line)
{
	char path[256], argv[512];
	size_t m = (size_t)snprintf(path, sizeof(path), "%s", exe) + 1;
	size_t n = (size_t)snprintf(argv, sizeof(argv), "%s", line) + 1;

	for (size_t i = 0; i < m; i++)
		path[i] = path[i] == ' ' ? 0 : path[i];
	for (size_t i = 0; i < n; i++)
		argv[i] = argv[i] == ' ' ? 0 : argv[i];
	exec_bytes(p, path, m, layer, argv, n);
}

static void ended(const struct proc *p, uint32_t code)
{
	struct proc_exit e = {
		.h = head(WIRE_EXIT, p), .ids = ids(p), .life_ns = now - p->start, .code = code
	};

	record(&e, sizeof(e));
}

static void oom(const struct proc *p)
{
	struct proc_oom o = { .h = head(WIRE_OOM, p) };

	record(&o, sizeof(o));
}

/* ── sockets ─────────────────────────────────────────────────────────────── */

enum { ESTABLISHED = 1, CLOSED = 7, LISTENING = 10 };

static struct net_conn conn(unsigned kind, const struct proc *p, const char *remote, uint16_t lport,
			    uint16_t rport)
{
	struct net_conn c = { .h = head(kind, p),
			      .cookie = ++cookie,
			      .inode = cookie + 50000,
			      .lport = lport,
			      .rport = rport,
			      .family = AF_INET,
			      .proto = IPPROTO_TCP,
			      .state = ESTABLISHED };

	inet_pton(AF_INET, kind == WIRE_LISTEN ? "0.0.0.0" : p->at->ip, c.local);
	inet_pton(AF_INET, remote, c.remote);
	return c;
}

static uint64_t connected(const struct proc *p, const char *remote, uint16_t lport, uint16_t rport,
			  int ret)
{
	struct net_conn c = conn(WIRE_CONNECT, p, remote, lport, rport);

	c.ret = ret;
	c.state = ret ? CLOSED : ESTABLISHED;
	c.has = NET_HAS_RET | NET_HAS_DURATION;
	c.duration_ns = 1200000;
	record(&c, sizeof(c));
	return c.cookie;
}

static void closed(const struct proc *p, uint64_t which, const char *remote, uint16_t lport,
		   uint16_t rport, uint64_t in, uint64_t out)
{
	struct net_conn c = conn(WIRE_CLOSE, p, remote, lport, rport);

	c.cookie = which;
	c.state = CLOSED;
	c.bytes_in = in;
	c.bytes_out = out;
	c.duration_ns = 340 * MS;
	c.has = NET_HAS_BYTES | NET_HAS_DURATION;
	record(&c, sizeof(c));
}

static void accepted(const struct proc *p, const char *remote, uint16_t lport, uint16_t rport)
{
	struct net_conn c = conn(WIRE_ACCEPT, p, remote, lport, rport);

	c.server = 1;
	record(&c, sizeof(c));
}

static void listening(const struct proc *p, uint16_t port)
{
	struct net_conn c = conn(WIRE_LISTEN, p, "0.0.0.0", port, 0);

	c.server = 1;
	c.state = LISTENING;
	record(&c, sizeof(c));
}

/* The answer to "what is the address of this name": one A record. */
static void answered(const struct proc *p, const char *name, const char *address)
{
	struct {
		struct net_name n;
		uint8_t m[256];
	} rec = { .n.c = conn(WIRE_DNS, p, "10.0.0.2", 40053, 53) };
	static const uint8_t top[] = { 0x12, 0x34, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0 };
	static const uint8_t a_in[] = { 0, 1, 0, 1 };
	static const uint8_t tail[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4 };
	uint8_t *m = rec.m;

	memcpy(m, top, sizeof(top));
	m += sizeof(top);
	while (*name) {
		size_t n = strcspn(name, ".");

		*m++ = (uint8_t)n;
		memcpy(m, name, n);
		m += n;
		name += n + (name[n] == '.');
	}
	*m++ = 0;
	memcpy(m, a_in, sizeof(a_in));
	m += sizeof(a_in);
	memcpy(m, tail, sizeof(tail));
	m += sizeof(tail);
	inet_pton(AF_INET, address, m);
	m += 4;
	rec.n.c.proto = IPPROTO_UDP;
	rec.n.len = (uint32_t)(m - rec.m);
	record(&rec, sizeof(rec.n) + rec.n.len);
}

/* ── the story ───────────────────────────────────────────────────────────── */

#define BORN(s) ((s)*S)

static const struct proc init = { &host, 1, 0, 1, 0, 1, BORN(1), 0, "systemd" };
static const struct proc ssh = { &sshd, 700, 1, 700, 0, 1, BORN(20), BORN(1), "sshd" };
static const struct proc shim = { &host, 900, 1, 900, 0, 12, BORN(30), BORN(1), "containerd-shim" };
static const struct proc web1 = { &web, 2001, 900, 1, 33, 4, BORN(100), BORN(30), "httpd" };
static const struct proc web2 = { &web, 2002, 2001, 7, 33, 1, BORN(101), BORN(100), "httpd" };
static const struct proc web3 = { &web, 2003, 2001, 8, 33, 1, BORN(101) + 5, BORN(100), "httpd" };
static const struct proc api1 = { &api, 2101, 900, 1, 1000, 9, BORN(110), BORN(30), "api-server" };
static const struct proc db1 = { &store, 2201, 900, 1, 999, 1, BORN(120), BORN(30), "postgres" };
static const struct proc db2 = { &store, 2202, 2201, 20, 999, 1, BORN(121), BORN(120), "postgres" };
static const struct proc curl = { &web, 2010, 2002, 12, 33, 1, BORN(1001), BORN(101), "curl" };
static const struct proc sh = { &web, 2011, 2001, 13, 0, 1, BORN(1002), BORN(100), "sh" };
static const struct proc xmrig = { &web,       2012,   2011, 14, 0, 2, BORN(1002) + 50 * MS,
				   BORN(1002), "xmrig" };
static const struct proc job1 = { &job, 2301, 900, 1, 0, 1, BORN(1003), BORN(30), "report" };
static const struct proc hog = {
	&api, 2110, 2101, 30, 1000, 1, BORN(1004), BORN(110), "thumbnail"
};

/* What tests/lab/hostile.c starts, as bytes: a name, an argument and a path of each. */
static const char *const hostile[] = {
	"\033[2J\033[H\033[31mred",
	"\033]0;title\007",
	"\033]52;c;c29uZGU=\007",
	"\xc2\x9b"
	"31m",
	"\x9b"
	"31mC1",
	"abc\xff\xfe\x80",
	"\xe2\x80\xae"
	"gpj.exe",
	"\xe2\x81\xa6"
	"iso\xe2\x81\xa9",
	"a\r\nb\tc\b\b\bd",
	"e\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85\xcc\x86",
	"\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xb8\x96\xe7\x95\x8c",
	"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x9a\x80",
	"\xed\xa0\x80 surrogate",
	"\xc0\xaf overlong",
	"\xe2\x80\xa8"
	"line\xe2\x80\xa9"
	"para",
	"",
	"%s%n%x",
	"\"quote\\back\"",
	"${IFS}$(id)`id`",
};

static void hostile_pod(void)
{
	static const struct proc first = { &evil, 2400,       900,      1,        0,
					   1,     BORN(1005), BORN(30), "hostile" };

	now = first.start;
	forked(&first);
	exec(&first, "hostile bin", PROC_IMAGE, "hostile 60000");
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		struct proc p = { &evil, 2401 + (uint32_t)i, 2400,      2 + (uint32_t)i, 0, 1,
				  now,   first.start,        hostile[i] };
		char exe[128], argv[256];
		int m, n;

		/* the path's own separator would cut the part, the rest may be anything */
		m = snprintf(exe, sizeof(exe), "x%s%ctmp", hostile[i], 0) + 1;
		n = snprintf(argv, sizeof(argv), "%s%chostile-%zu%c%s", hostile[i], 0, i, 0,
			     hostile[i]) +
		    1;
		forked(&p);
		exec_bytes(&p, exe, (size_t)m, PROC_WRITABLE, argv, (size_t)n);
	}
}

static const struct proc *const found[] = { &init, &ssh,  &shim, &web1, &web2,
					    &web3, &api1, &db1,  &db2 };

static void picture(uint64_t cpu_more)
{
	static const unsigned cpu[] = { 4000, 30, 900, 500, 210, 190, 8000, 1500, 300 };
	static const unsigned rss[] = { 12, 6, 18, 9, 7, 7, 120, 64, 24 };
	const struct task_fact task_end = { .last = true };

	for (size_t i = 0; i < sizeof(found) / sizeof(found[0]); i++)
		task(found[i], cpu[i] + cpu_more * (i + 1), rss[i]);
	must(capture_task(w, now, &task_end), "task");
}

static void sockets(void)
{
	struct socket_fact f = { .cookie = 6001,
				 .inode = 56001,
				 .pid = 2101,
				 .start_ns = api1.start,
				 .bytes_in = 1200000,
				 .bytes_out = 88000,
				 .cg.id = api.cgroup,
				 .netns = api.netns,
				 .proto = IPPROTO_TCP,
				 .state = ESTABLISHED,
				 .local = { .family = AF_INET, .port = 41000 },
				 .remote = { .family = AF_INET, .port = 5432 } };
	const struct socket_fact end = { .last = true };

	inet_pton(AF_INET, api.ip, &f.local.v4);
	inet_pton(AF_INET, store.ip, &f.remote.v4);
	must(capture_socket(w, now, &f), "socket");
	must(capture_socket(w, now, &end), "socket");
}

static void begin(void)
{
	unit(host.cgroup, "/");
	unit(sshd.cgroup, "/system.slice/ssh.service");
	place(&web, CGROUP_FOUND);
	place(&api, CGROUP_FOUND);
	place(&store, CGROUP_FOUND);
	picture(0);
	sockets();
	listening(&ssh, 22);
	listening(&web1, 80);
	listening(&api1, 8080);
	listening(&db1, 5432);
}

static void web_is_taken_over(void)
{
	uint64_t a, b;

	now = curl.start;
	accepted(&web2, "198.51.100.7", 80, 51234);
	forked(&curl);
	exec(&curl, "curl bin usr", PROC_IMAGE,
	     "curl -u shop:hunter2 http://api.shop.svc.cluster.local:8080/basket");
	answered(&curl, "api.shop.svc.cluster.local", "10.0.0.12");
	a = connected(&curl, "10.0.0.12", 40001, 8080, 0);
	now += 340 * MS;
	closed(&curl, a, "10.0.0.12", 40001, 8080, 52311, 412);
	ended(&curl, 0);
	now = sh.start;
	forked(&sh);
	exec(&sh, "sh bin", PROC_IMAGE, "sh -c id;wget$IFS-O-$IFSh");
	now = xmrig.start;
	forked(&xmrig);
	exec(&xmrig, "xmrig tmp", PROC_MEMFD, "/tmp/xmrig -o pool.example.net:3333");
	answered(&xmrig, "pool.example.net", "203.0.113.9");
	b = connected(&xmrig, "203.0.113.9", 40002, 3333, 0);
	(void)b;
	connected(&xmrig, "203.0.113.10", 40003, 3333, -111);
	connected(&xmrig, "203.0.113.11", 40004, 3333, -110);
}

static void a_job_comes_and_goes(void)
{
	uint64_t a;

	now = job1.start;
	group(&job, true, CGROUP_MADE);
	group(&job, false, CGROUP_MADE);
	names(&job);
	forked(&job1);
	exec(&job1, "report bin", PROC_IMAGE, "report --month 2025-12 --password=hunter2");
	a = connected(&job1, "10.0.0.13", 40010, 5432, 0);
	now += 800 * MS;
	closed(&job1, a, "10.0.0.13", 40010, 5432, 910000, 1800);
	ended(&job1, 3 << 8);
	group(&job, false, CGROUP_GONE);
	group(&job, true, CGROUP_GONE);
}

/* The end mark carries the time of the writing: give it the story's. */
static void end_in_time(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || lseek(fd, -24, SEEK_END) < 0 || write(fd, &now, sizeof(now)) != sizeof(now) ||
	    close(fd) < 0)
		must(-errno, path);
}

int main(int argc, char **argv)
{
	struct capture_head h = { .node = "node-7",
				  .kernel = "6.1.0-example",
				  .sonde = "screen tests",
				  .boot_id = "00000000-0000-4000-8000-000000000000",
				  .start_ns = BEGIN,
				  .offset_ns = (int64_t)(UTC * S - BEGIN),
				  .origin = ORIGIN_RING,
				  .event_size = sizeof(struct event) };
	struct sonde_err err = { 0 };

	if (argc != 2)
		return 2;
	if (capture_create(argv[1], &h, &w, &err) < 0) {
		fprintf(stderr, "make_capture: %s\n", err.text);
		return 1;
	}
	begin();
	web_is_taken_over();
	a_job_comes_and_goes();
	now = hog.start;
	forked(&hog);
	exec(&hog, "thumbnail bin", PROC_IMAGE, "thumbnail 20000 --width 320 photo.jpg");
	oom(&hog);
	ended(&hog, 9);
	place(&evil, CGROUP_FOUND);
	hostile_pod();
	now = BEGIN + 9 * S;
	must(capture_loss(w, now, &(struct capture_loss){ .cause = LOSS_RING, .n = 0 }, 1), "loss");
	must(capture_close(w, &err), "close");
	end_in_time(argv[1]);
	return 0;
}
