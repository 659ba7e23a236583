/* SPDX-License-Identifier: BSD-2-Clause */
/* Without BPF the node is still seen: processes, their images, ends, sockets and cgroups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/macros.h"
#include "failalloc.h"
#include "sensor/source.h"

/* What the sink heard of one process or port, the last of each kind. */
struct heard {
	uint32_t pid;  /* whose events are wanted */
	uint16_t port; /* of the server socket */
	unsigned n[EVENT_TYPES];
	union event_buf last[EVENT_TYPES];
	struct task_fact task;
	unsigned tasks, tasks_last, sockets_last;
	struct socket_fact listener, client, server;
	uint64_t cg_id; /* a cgroup that is waited for */
	unsigned cg_made, cg_gone;
	char cg_path[256];
	unsigned unknown_cg; /* tasks whose cgroup was not told before */
	uint64_t known[4096];
	unsigned n_known;
};

static void on_event(void *ctx, union event_buf *b)
{
	struct heard *h = ctx;
	struct event *ev = &b->ev;
	bool sock = ev->type >= EVENT_CONNECT && ev->type <= EVENT_UDP;

	assert_int_equal(ev->origin, ORIGIN_POLLING);
	assert_true(ev->size <= EVENT_MAX);
	if (sock ? !h->port || (ev->sock.local.port != h->port && ev->sock.remote.port != h->port)
		 : ev->pid != h->pid)
		return;
	h->n[ev->type]++;
	memcpy(&h->last[ev->type], b, ev->size);
}

static void on_cgroup(void *ctx, const struct cgroup_fact *f)
{
	struct heard *h = ctx;

	assert_true(f->n > 0 && f->path[0] == '/');
	if (h->n_known < ARRAY_SIZE(h->known))
		h->known[h->n_known++] = f->key.id;
	if (f->key.id != h->cg_id)
		return;
	h->cg_made += !f->gone;
	h->cg_gone += f->gone;
	snprintf(h->cg_path, sizeof(h->cg_path), "%.*s", (int)f->n, f->path);
}

static void on_task(void *ctx, const struct task_fact *f)
{
	struct heard *h = ctx;
	bool known = !f->cg.id;

	if (f->last) {
		h->tasks_last++;
		return;
	}
	h->tasks++;
	for (unsigned i = 0; i < h->n_known; i++)
		known |= h->known[i] == f->cg.id;
	h->unknown_cg += !known;
	if (f->pid == h->pid)
		h->task = *f;
}

static void on_socket(void *ctx, const struct socket_fact *f)
{
	struct heard *h = ctx;

	h->sockets_last += f->last;
	if (f->last || !h->port)
		return;
	if (f->local.port == h->port && f->state == 10)
		h->listener = *f;
	else if (f->local.port == h->port)
		h->server = *f;
	else if (f->remote.port == h->port)
		h->client = *f;
}

static struct heard *h;
static struct sensor_sink sink;
static void *src;

static int setup(void **state)
{
	struct sensor_opts o = { .host_root = "/" };

	(void)state;
	h = calloc(1, sizeof(*h));
	sink = (struct sensor_sink){ .ctx = h,
				     .event = on_event,
				     .cgroup = on_cgroup,
				     .task = on_task,
				     .socket = on_socket };
	return h ? polling_open(&o, &src, NULL) : -1;
}

static int teardown(void **state)
{
	(void)state;
	polling_ops.close(src);
	free(h);
	return 0;
}

static void picture(bool sockets)
{
	while (polling_ops.picture(src, sockets, NS_PER_MS, &sink))
		;
}

/* Drain until @type was heard @n times, 10 s at most. */
static void until(enum event_type type, unsigned n)
{
	uint64_t end = clock_boot() + 10 * NS_PER_S;

	while (h->n[type] < n && clock_boot() < end) {
		if (!polling_ops.drain(src, NS_PER_MS, &sink))
			poll(NULL, 0, 5); /* between two passes there is nothing to wait on */
	}
	assert_int_equal(h->n[type], n);
}

/* One whole pass from its beginning: what is there now has been looked at. */
static void one_pass(void)
{
	unsigned seen = h->tasks_last;

	picture(true);
	assert_int_equal(h->tasks_last, seen + 1);
	while (polling_ops.drain(src, NS_PER_MS, &sink) == 1)
		;
}

static void the_picture_has_every_process_once(void **state)
{
	struct stat st;

	(void)state;
	h->pid = (uint32_t)getpid();
	picture(true);
	assert_int_equal(h->tasks_last, 1);
	assert_int_equal(h->sockets_last, 1);
	assert_true(h->tasks > 2);
	assert_int_equal(h->unknown_cg, 0);
	assert_int_equal(h->task.ppid, getppid());
	assert_int_equal(h->task.nspid, getpid());
	assert_int_equal(h->task.uid, geteuid());
	assert_int_equal(h->task.threads, 1);
	assert_true(h->task.rss_bytes > 0);
	assert_true(h->task.start_ns && h->task.parent_start_ns <= h->task.start_ns);
	assert_int_equal(stat("/proc/self/ns/net", &st), 0);
	assert_int_equal(h->task.netns, st.st_ino);
	assert_int_equal(stat("/proc/self/ns/mnt", &st), 0);
	assert_int_equal(h->task.mntns, st.st_ino);
	/* a picture makes no events of what was there before */
	assert_int_equal(h->n[EVENT_FORK] + h->n[EVENT_EXEC], 0);
	picture(false);
	assert_int_equal(h->tasks_last, 2);
	assert_int_equal(h->sockets_last, 1);
}

static void the_smallest_budget_comes_to_an_end(void **state)
{
	unsigned turns = 0;

	(void)state;
	while (polling_ops.picture(src, true, 1, &sink))
		turns++;
	assert_true(turns > h->tasks);
	assert_int_equal(h->tasks_last, 1);
}

static pid_t start(const char *script, int *ret_go)
{
	int p[2];
	pid_t pid;

	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	pid = fork();
	if (!pid) {
		dup2(p[0], 0);
		execl("/bin/sh", "sh", "-c", script, "one", "two words", (char *)NULL);
		_exit(99);
	}
	assert_true(pid > 0);
	close(p[0]);
	*ret_go = p[1];
	return pid;
}

static void a_process_is_told_from_fork_to_exit(void **state)
{
	static const char argv[] = "sh\0-c\0read x; exit 7\0one\0two words";
	const struct event *ev;
	int go;

	(void)state;
	one_pass();
	h->pid = (uint32_t)start("read x; exit 7", &go);
	until(EVENT_EXEC, 1);
	assert_int_equal(h->n[EVENT_FORK], 1);
	ev = &h->last[EVENT_EXEC].ev;
	assert_int_equal(ev->ppid, getpid());
	assert_int_equal(ev->exec.argv.len, sizeof(argv));
	assert_memory_equal(event_text(ev, ev->exec.argv), argv, sizeof(argv));
	assert_true(ev->exe.len > 0 && event_text(ev, ev->exe)[0] == '/');
	assert_true(ev->cwd.len > 0);
	assert_true(ev->flags & EV_UID);
	assert_string_equal(ev->comm, "sh");
	assert_int_equal(h->n[EVENT_EXIT], 0);
	close(go); /* it ends, and nobody has waited for it yet */
	until(EVENT_EXIT, 1);
	ev = &h->last[EVENT_EXIT].ev;
	assert_int_equal(ev->exit.code, 7);
	assert_false(ev->flags & EV_EXIT_SIGNAL);
	assert_true(ev->flags & EV_DURATION);
	assert_int_equal(ev->start_ns, h->last[EVENT_EXEC].ev.start_ns);
	waitpid((pid_t)h->pid, NULL, 0);
	one_pass(); /* the zombie's end is not told again */
	assert_int_equal(h->n[EVENT_EXIT], 1);
}

static void a_killed_process_tells_its_signal(void **state)
{
	int go;

	(void)state;
	one_pass();
	h->pid = (uint32_t)start("read x", &go);
	until(EVENT_EXEC, 1);
	kill((pid_t)h->pid, SIGKILL);
	until(EVENT_EXIT, 1);
	assert_true(h->last[EVENT_EXIT].ev.flags & EV_EXIT_SIGNAL);
	assert_int_equal(h->last[EVENT_EXIT].ev.exit.code, SIGKILL);
	waitpid((pid_t)h->pid, NULL, 0);
	close(go);
}

static void one_that_was_collected_at_once_has_no_known_code(void **state)
{
	int go;

	(void)state;
	one_pass();
	h->pid = (uint32_t)start("read x", &go);
	until(EVENT_EXEC, 1);
	close(go);
	waitpid((pid_t)h->pid, NULL, 0);
	until(EVENT_EXIT, 1);
	assert_int_equal(h->last[EVENT_EXIT].ev.exit.code, EXIT_NOT_SEEN);
}

static void a_fork_is_no_exec_until_it_is_one(void **state)
{
	int go;

	(void)state;
	one_pass();
	/* the shell forks a reader that executes nothing; then it executes in place */
	h->pid = (uint32_t)start("read x; exec sh -c 'read y; exit 3'", &go);
	until(EVENT_EXEC, 1);
	assert_int_equal(write(go, "\n", 1), 1);
	until(EVENT_EXEC, 2);
	assert_int_equal(h->n[EVENT_FORK], 1);
	assert_memory_equal(event_text(&h->last[EVENT_EXEC].ev, h->last[EVENT_EXEC].ev.exec.argv),
			    "sh\0-c\0read y", 12);
	close(go);
	until(EVENT_EXIT, 1);
	waitpid((pid_t)h->pid, NULL, 0);
}

static void a_plain_fork_tells_no_exec(void **state)
{
	int p[2];
	pid_t pid;

	(void)state;
	one_pass();
	assert_int_equal(pipe(p), 0);
	pid = fork();
	if (!pid) {
		char c;

		close(p[1]);
		_exit(read(p[0], &c, 1) != 0);
	}
	close(p[0]);
	h->pid = (uint32_t)pid;
	until(EVENT_FORK, 1);
	assert_int_equal(h->n[EVENT_EXEC], 0);
	close(p[1]);
	until(EVENT_EXIT, 1);
	assert_int_equal(h->n[EVENT_EXEC], 0);
	waitpid(pid, NULL, 0);
}

static int listen_on(struct sockaddr_in *a)
{
	socklen_t len = sizeof(*a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*a = (struct sockaddr_in){ .sin_family = AF_INET };
	a->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)a, sizeof(*a)), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)a, &len), 0);
	return fd;
}

static void sockets_are_told_with_their_holder(void **state)
{
	struct sockaddr_in a;
	int lis, cli, srv;

	(void)state;
	one_pass();
	lis = listen_on(&a);
	h->port = ntohs(a.sin_port);
	until(EVENT_LISTEN, 1);
	assert_int_equal(h->last[EVENT_LISTEN].ev.pid, getpid());
	assert_int_equal(h->last[EVENT_LISTEN].ev.sock.local.v4.s_addr, htonl(INADDR_LOOPBACK));
	cli = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(cli, (struct sockaddr *)&a, sizeof(a)), 0);
	until(EVENT_CONNECT, 1);
	/* not accepted yet: the listener's process has it */
	until(EVENT_ACCEPT, 1);
	assert_int_equal(h->last[EVENT_ACCEPT].ev.pid, getpid());
	assert_int_equal(h->last[EVENT_ACCEPT].ev.sock.server, 1);
	assert_int_equal(h->last[EVENT_CONNECT].ev.pid, getpid());
	assert_int_equal(h->last[EVENT_CONNECT].ev.sock.remote.port, h->port);
	assert_true(h->last[EVENT_CONNECT].ev.flags & EV_RET);
	srv = accept4(lis, NULL, NULL, SOCK_CLOEXEC);
	picture(true);
	assert_int_equal(h->listener.pid, getpid());
	assert_int_equal(h->client.pid, getpid());
	assert_int_equal(h->server.pid, getpid());
	assert_int_equal(h->client.start_ns, h->server.start_ns);
	assert_int_equal(h->server.cookie, h->last[EVENT_ACCEPT].ev.sock.cookie);
	assert_int_equal(h->client.cookie, h->last[EVENT_CONNECT].ev.sock.cookie);
	assert_int_equal(h->n[EVENT_ACCEPT], 1);
	close(cli);
	close(srv);
	until(EVENT_CLOSE, 2);
	assert_int_equal(h->last[EVENT_CLOSE].ev.pid, getpid());
	assert_true(h->last[EVENT_CLOSE].ev.flags & EV_DURATION);
	close(lis);
	until(EVENT_CLOSE, 3);
}

static void what_was_open_before_is_in_the_picture_only(void **state)
{
	struct sockaddr_in a;
	int lis = listen_on(&a);

	(void)state;
	h->port = ntohs(a.sin_port);
	picture(true);
	assert_int_equal(h->listener.pid, getpid());
	assert_int_equal(h->listener.proto, IPPROTO_TCP);
	one_pass();
	assert_int_equal(h->n[EVENT_LISTEN], 0);
	close(lis);
	until(EVENT_CLOSE, 1);
	assert_false(h->last[EVENT_CLOSE].ev.flags & EV_DURATION);
}

static void sockets_of_another_network_namespace_are_seen(void **state)
{
	int ready[2], go[2];
	struct stat own;
	uint16_t port;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(go), 0);
	pid = fork();
	if (!pid) {
		struct sockaddr_in a = { .sin_family = AF_INET };
		socklen_t len = sizeof(a);
		int fd;

		close(go[1]);
		if (unshare(CLONE_NEWNET) < 0)
			_exit(1);
		fd = socket(AF_INET, SOCK_STREAM, 0);
		if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 1) < 0 ||
		    getsockname(fd, (struct sockaddr *)&a, &len) < 0)
			_exit(1);
		port = ntohs(a.sin_port);
		if (write(ready[1], &port, sizeof(port)) != sizeof(port))
			_exit(1);
		_exit(read(go[0], &port, 1) != 0);
	}
	close(go[0]);
	close(ready[1]);
	if (read(ready[0], &port, sizeof(port)) != sizeof(port)) {
		waitpid(pid, NULL, 0);
		skip(); /* not root */
	}
	h->port = port;
	picture(true);
	assert_int_equal(h->listener.pid, pid);
	assert_int_equal(stat("/proc/self/ns/net", &own), 0);
	assert_int_not_equal(h->listener.netns, own.st_ino);
	close(go[1]);
	close(ready[0]);
	waitpid(pid, NULL, 0);
}

/* A cgroup of our own in the v2 tree, or skip. */
static void own_cgroup(char *path, size_t size)
{
	static const char *const roots[] = { "/sys/fs/cgroup/unified", "/sys/fs/cgroup" };

	for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
		char probe[128];

		snprintf(probe, sizeof(probe), "%s/cgroup.controllers", roots[i]);
		if (access(probe, F_OK) < 0)
			continue;
		snprintf(path, size, "%s/sonde-test-%d", roots[i], getpid());
		if (!mkdir(path, 0700))
			return;
	}
	skip();
}

static void a_cgroup_is_told_before_its_task_and_when_it_goes(void **state)
{
	char path[160], file[200], number[16];
	struct stat st;
	int go, fd, n;

	(void)state;
	own_cgroup(path, sizeof(path));
	assert_int_equal(stat(path, &st), 0);
	h->cg_id = st.st_ino;
	one_pass();
	assert_int_equal(h->cg_made, 0);
	h->pid = (uint32_t)start("read x", &go);
	snprintf(file, sizeof(file), "%s/cgroup.procs", path);
	n = snprintf(number, sizeof(number), "%u", h->pid);
	fd = open(file, O_WRONLY);
	if (write(fd, number, (size_t)n) != n) {
		close(fd);
		close(go);
		waitpid((pid_t)h->pid, NULL, 0);
		rmdir(path);
		fail_msg("cannot move a process into %s", path);
	}
	close(fd);
	until(EVENT_EXEC, 1);
	close(go);
	waitpid((pid_t)h->pid, NULL, 0);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(h->cg_made, 1);
	assert_string_equal(h->cg_path, strrchr(path, '/'));
	assert_int_equal(h->last[EVENT_EXEC].ev.cg.id, h->cg_id);
	assert_int_equal(h->last[EVENT_EXEC].ev.cg.hierarchy, 0);
	until(EVENT_EXIT, 1);
	for (int i = 0; i < 3 && !h->cg_gone; i++)
		one_pass();
	assert_int_equal(h->cg_gone, 1);
}

static void running_out_of_memory_loses_rows_not_sense(void **state)
{
	struct sensor_opts o = { .host_root = "/" };
	void *other = NULL;
	int r;

	(void)state;
	for (long n = 1;; n++) {
		failalloc_at(n);
		r = polling_open(&o, &other, NULL);
		if (!failalloc_end())
			break;
		assert_true(r < 0);
	}
	assert_int_equal(r, 0);
	for (long n = 1; n < 200; n += 7) {
		failalloc_at(n);
		while (polling_ops.picture(other, true, NS_PER_MS, &sink))
			;
		(void)failalloc_end();
	}
	polling_ops.close(other);
	o.host_root = "/nonexistent";
	assert_int_equal(polling_open(&o, &other, NULL), -ENOENT);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_picture_has_every_process_once),
		T(the_smallest_budget_comes_to_an_end),
		T(a_process_is_told_from_fork_to_exit),
		T(a_killed_process_tells_its_signal),
		T(one_that_was_collected_at_once_has_no_known_code),
		T(a_fork_is_no_exec_until_it_is_one),
		T(a_plain_fork_tells_no_exec),
		T(sockets_are_told_with_their_holder),
		T(what_was_open_before_is_in_the_picture_only),
		T(sockets_of_another_network_namespace_are_seen),
		T(a_cgroup_is_told_before_its_task_and_when_it_goes),
		T(running_out_of_memory_loses_rows_not_sense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
