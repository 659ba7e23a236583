/* SPDX-License-Identifier: BSD-2-Clause */
/* Any file as a capture: it is replayed to its end, and what comes out is within its limits. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sensor/source.h"

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);

static void text(const struct event *ev, struct etext t)
{
	if (t.off && (t.off < sizeof(*ev) || (size_t)t.off + t.len > ev->size))
		abort();
}

static void on_event(void *ctx, union event_buf *b)
{
	const struct event *ev = &b->ev;

	(void)ctx;
	if (ev->size < sizeof(*ev) || ev->size > EVENT_MAX || ev->type >= EVENT_TYPES ||
	    ev->ident || ev->proc_index || ev->conn_index || ev->flags & EV_PROC_REF ||
	    ev->slot >= SENSOR_SLOTS || strnlen(ev->comm, 16) == 16)
		abort();
	text(ev, ev->exe);
	text(ev, ev->cwd);
	text(ev, ev->name.query);
	text(ev, ev->name.answers);
	if (ev->type == EVENT_EXEC)
		text(ev, ev->exec.argv);
}

static void on_cgroup(void *ctx, const struct cgroup_fact *f)
{
	static volatile char sum;

	(void)ctx;
	for (size_t i = 0; i < f->n; i++)
		sum = (char)(sum + f->path[i]);
}

static void on_task(void *ctx, const struct task_fact *f)
{
	(void)ctx;
	if (strnlen(f->comm, sizeof(f->comm)) == sizeof(f->comm))
		abort();
}

static void on_socket(void *ctx, const struct socket_fact *f)
{
	(void)ctx;
	(void)f;
}

static void on_ident(void *ctx, const void *bytes, size_t n)
{
	(void)ctx;
	(void)bytes;
	(void)n;
}

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	struct sensor_sink sink = { .event = on_event,
				    .cgroup = on_cgroup,
				    .task = on_task,
				    .socket = on_socket,
				    .ident = on_ident };
	static int fd = -1;
	char path[64];
	struct sensor_opts o = { .history = path };
	struct sensor_replay st;
	void *src;

	if (fd < 0)
		fd = memfd_create("capture", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, 0) < 0 || pwrite(fd, p, n, 0) != (ssize_t)n)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (replay_open(&o, &src, NULL) < 0)
		return 0;
	while (replay_ops.drain(src, 1000000, &sink) == 1)
		;
	replay_state(src, &st);
	replay_ops.close(src);
	return 0;
}
