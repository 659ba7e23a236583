/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests that attach for real: a sensor, a cgroup of the test's own to run things
 * in, and what came out of it. Everything made here is taken away again.
 */
#ifndef TESTS_SENSOR_FIXTURE_H
#define TESTS_SENSOR_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "sensor/live.h"

#define GOT_MAX 16384

/* One event, short. */
struct got {
	uint16_t type;
	uint8_t flags_exit, server;
	uint32_t slot, pid, ppid, netns, code;
	uint64_t start_ns, cookie, bytes_in, bytes_out, cg;
	uint32_t hierarchy, flags;
	uint16_t lport, rport;
	int32_t ret;
	char text[48]; /* second argument, query or server name */
	char answer[64];
};

struct fixture {
	struct sensor *sensor;
	char dir[256]; /* the cgroup */
	uint64_t cg;   /* its id in cgroup v2 */
	int root;      /* of cgroup v2 */
	struct got *got;
	unsigned n;
	unsigned received[EVENT_TYPES]; /* of slot 7 */
	struct socket_fact sockets[256];
	unsigned n_sockets;
	struct task_fact self;
	unsigned tasks, lasts, found;
	char found_path[256];
};

#define SLOT 7

static inline void fixture_event(void *ctx, union event_buf *b)
{
	struct fixture *f = ctx;
	const struct event *ev = &b->ev;
	struct got *g;
	const char *p;

	if (ev->slot == SLOT)
		f->received[ev->type]++;
	if (f->n == GOT_MAX || ev->cg.hierarchy || ev->cg.id != f->cg)
		return;
	g = &f->got[f->n++];
	*g = (struct got){ .type = ev->type,
			   .slot = ev->slot,
			   .pid = ev->pid,
			   .ppid = ev->ppid,
			   .netns = ev->netns,
			   .start_ns = ev->start_ns,
			   .flags = ev->flags,
			   .cg = ev->cg.id,
			   .hierarchy = ev->cg.hierarchy };
	if (ev->type == EVENT_EXIT)
		g->code = ev->exit.code;
	if (ev->type >= EVENT_CONNECT && ev->type <= EVENT_TLS) {
		g->cookie = ev->sock.cookie;
		g->bytes_in = ev->sock.bytes_in;
		g->bytes_out = ev->sock.bytes_out;
		g->lport = ev->sock.local.port;
		g->rport = ev->sock.remote.port;
		g->ret = ev->sock.ret;
		g->server = ev->sock.server;
		p = event_text(ev, ev->name.query);
		if (p)
			snprintf(g->text, sizeof(g->text), "%.*s", ev->name.query.len, p);
		p = event_text(ev, ev->name.answers);
		if (p && ev->name.answers.len)
			snprintf(g->answer, sizeof(g->answer), "%s", p);
	}
	p = ev->type == EVENT_EXEC ? event_text(ev, ev->exec.argv) : NULL;
	if (p && strnlen(p, ev->exec.argv.len) + 1 < ev->exec.argv.len)
		snprintf(g->text, sizeof(g->text), "%s", p + strlen(p) + 1);
}

static inline void fixture_cgroup(void *ctx, const struct cgroup_fact *c)
{
	struct fixture *f = ctx;

	if (c->key.hierarchy || c->key.id != f->cg)
		return;
	f->found += c->gone ? 0x100 : 1;
	snprintf(f->found_path, sizeof(f->found_path), "%.*s", (int)c->n, c->path);
}

static inline void fixture_task(void *ctx, const struct task_fact *t)
{
	struct fixture *f = ctx;

	f->tasks++;
	f->lasts += t->last;
	if (t->pid == (uint32_t)getpid())
		f->self = *t;
}

static inline void fixture_socket(void *ctx, const struct socket_fact *s)
{
	struct fixture *f = ctx;

	f->lasts += s->last;
	if (f->n_sockets < 256 && !s->last)
		f->sockets[f->n_sockets++] = *s;
}

static inline struct sensor_sink fixture_sink(struct fixture *f)
{
	return (struct sensor_sink){ .ctx = f,
				     .event = fixture_event,
				     .cgroup = fixture_cgroup,
				     .task = fixture_task,
				     .socket = fixture_socket };
}

static inline void fixture_drain(struct fixture *f)
{
	struct sensor_sink sink = fixture_sink(f);

	while (sensor_drain(f->sensor, 1000000000, &sink) == 1)
		;
}

/* Open the sensor; skips, saying why, where BPF is refused. */
static inline void fixture_open(struct fixture *f, unsigned ring_kib)
{
	const struct sensor_opts o = { .ring_kib = ring_kib };
	struct sonde_err err = { 0 };

	if (geteuid() != 0) {
		print_message("skipped: not root\n");
		skip();
	}
	if (sensor_open(&o, &f->sensor, &err) < 0)
		fail_msg("%s", err.text);
	if (sensor_origin(f->sensor) != ORIGIN_RING) {
		struct sensor_check c;

		for (size_t i = 0; sensor_check(f->sensor, i, &c); i++)
			if (!strcmp(c.check, "bpf"))
				print_message("skipped: bpf: %s\n", c.detail);
		skip();
	}
	f->n = 0;
}

static inline int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	char link[64], root[128];
	const char *how;
	struct stat st;
	ssize_t n;

	if (!f)
		return -1;
	f->got = calloc(GOT_MAX, sizeof(*f->got));
	f->root = cgroup_root_open("/", &how);
	*state = f;
	if (!f->got || f->root < 0)
		return f->got ? 0 : -1;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", f->root);
	n = readlink(link, root, sizeof(root) - 1);
	if (n < 0)
		return -1;
	root[n] = 0;
	snprintf(f->dir, sizeof(f->dir), "%s/sonde-unit-%d", root, getpid());
	rmdir(f->dir);
	if (mkdir(f->dir, 0755) < 0 || stat(f->dir, &st) < 0) {
		f->dir[0] = 0;
		return 0;
	}
	f->cg = st.st_ino;
	return 0;
}

static inline int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	sensor_close(f->sensor);
	/* the last task's exit may still be on its way out of the group */
	for (int i = 0; f->dir[0] && i < 200 && rmdir(f->dir) < 0 && errno == EBUSY; i++)
		usleep(5000);
	if (f->root >= 0)
		close(f->root);
	free(f->got);
	free(f);
	return 0;
}

/* In a child: move into @dir. */
static inline void enter(const char *dir)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, "0", 1) != 1)
		_exit(111);
	close(fd);
}

/*
 * Run @body(arg) in a child inside the test's cgroup; returns its pid after it ended with 0. With
 * @draining the sensor is read meanwhile.
 */
static inline pid_t run_beside(struct fixture *f, void (*body)(void *arg), void *arg, bool draining)
{
	int status = -1;
	pid_t got;
	pid_t pid = fork();

	if (pid == 0) {
		enter(f->dir);
		body(arg);
		_exit(0);
	}
	assert_true(pid > 0);
	while ((got = waitpid(pid, &status, draining ? WNOHANG : 0)) == 0) {
		fixture_drain(f);
		usleep(1000);
	}
	assert_int_equal(got, pid);
	assert_int_equal(status, 0);
	return pid;
}

static inline pid_t run_inside(struct fixture *f, void (*body)(void *arg), void *arg)
{
	return run_beside(f, body, arg, false);
}

/* The @nth event of @type for @pid (0: any), NULL when there is none. */
static inline const struct got *find(const struct fixture *f, unsigned type, uint32_t pid,
				     unsigned nth)
{
	for (unsigned i = 0; i < f->n; i++)
		if (f->got[i].type == type && (!pid || f->got[i].pid == pid) && nth-- == 0)
			return &f->got[i];
	return NULL;
}

static inline unsigned count_of(const struct fixture *f, unsigned type)
{
	unsigned n = 0;

	for (unsigned i = 0; i < f->n; i++)
		n += f->got[i].type == type;
	return n;
}

#endif
