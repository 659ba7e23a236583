/* SPDX-License-Identifier: BSD-2-Clause */
/* What an exec record says of its file, its user and its descriptors, on the real kernel. */
#include "sensor_fixture.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>

/* The whole event of the exec whose first argument is @mark. */
struct wanted {
	const char *mark;
	bool found;
	union event_buf ev;
};

static void on_event(void *ctx, union event_buf *b)
{
	struct wanted *w = ctx;
	const char *p = b->ev.type == EVENT_EXEC ? event_text(&b->ev, b->ev.exec.argv) : NULL;
	size_t n = strlen(w->mark);

	if (p && b->ev.exec.argv.len > n && !memcmp(p, w->mark, n + 1)) {
		w->found = true;
		memcpy(&w->ev, b, b->ev.size);
	}
}

static void on_cgroup(void *ctx, const struct cgroup_fact *f)
{
	(void)ctx, (void)f;
}

static void on_socket(void *ctx, const struct socket_fact *f)
{
	(void)ctx, (void)f;
}

static const struct event *exec_of(struct fixture *f, void (*body)(void *), void *arg,
				   const char *mark)
{
	static struct wanted w;
	const struct sensor_sink sink = {
		.ctx = &w, .event = on_event, .cgroup = on_cgroup, .socket = on_socket
	};

	w.mark = mark;
	w.found = false;
	run_inside(f, body, arg);
	while (sensor_drain(f->sensor, 1000000000, &sink) == 1)
		;
	assert_true(w.found);
	return &w.ev.ev;
}

static void must(bool ok)
{
	if (!ok)
		_exit(50);
}

static void text_is(const struct event *ev, struct etext t, const char *want)
{
	char got[4200];

	assert_true(t.off != 0);
	snprintf(got, sizeof(got), "%.*s", t.len, event_text(ev, t));
	assert_string_equal(got, want);
}

static void copy(const char *from, const char *to)
{
	char buf[65536];
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	ssize_t n;

	must(in >= 0 && out >= 0);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		must(write(out, buf, (size_t)n) == n);
	close(in);
	close(out);
}

static void run(const char *file, const char *mark)
{
	char *argv[] = { (char *)(uintptr_t)mark, NULL };
	char *env[] = { NULL };

	execve(file, argv, env);
	_exit(51);
}

/* Layers of a container: an overlay on a tmpfs, both in a mount namespace of its own. */
static void in_overlay(void *arg)
{
	const char *which = arg;

	must(unshare(CLONE_NEWNS) == 0);
	must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	must(mount("t", "/mnt", "tmpfs", 0, NULL) == 0);
	must(!mkdir("/mnt/l", 0755) && !mkdir("/mnt/u", 0755) && !mkdir("/mnt/w", 0755) &&
	     !mkdir("/mnt/m", 0755));
	copy("/bin/true", "/mnt/l/tool");
	must(mount("o", "/mnt/m", "overlay", 0, "lowerdir=/mnt/l,upperdir=/mnt/u,workdir=/mnt/w") ==
	     0);
	copy("/bin/true", "/mnt/m/dropped");
	must(chdir("/mnt/m") == 0);
	run(which, which);
}

static void the_layer_of_a_file_is_told(void **state)
{
	struct fixture *f = *state;
	const struct event *ev;

	fixture_open(f, 4096);
	ev = exec_of(f, in_overlay, (void *)(uintptr_t) "/mnt/m/tool", "/mnt/m/tool");
	assert_int_equal(ev->layer, LAYER_IMAGE);
	text_is(ev, ev->exe, "/mnt/m/tool");
	text_is(ev, ev->cwd, "/mnt/m");
	assert_true(ev->flags & EV_NS_CHANGED);
	ev = exec_of(f, in_overlay, (void *)(uintptr_t) "/mnt/m/dropped", "/mnt/m/dropped");
	assert_int_equal(ev->layer, LAYER_WRITABLE);
	ev = exec_of(f, in_overlay, (void *)(uintptr_t) "/mnt/l/tool", "/mnt/l/tool");
	assert_int_equal(ev->layer, LAYER_TMPFS);
}

static void in_memory(void *arg)
{
	char *argv[] = { (char *)(uintptr_t) "in-memory", NULL };
	int fd = memfd_create("hidden", MFD_CLOEXEC), in = open("/bin/true", O_RDONLY);
	char buf[65536];
	ssize_t n;

	(void)arg;
	must(fd >= 0 && in >= 0);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		must(write(fd, buf, (size_t)n) == n);
	fexecve(fd, argv, argv + 1);
	_exit(52);
}

static void an_executable_without_a_file_is_told(void **state)
{
	struct fixture *f = *state;
	const struct event *ev;

	fixture_open(f, 4096);
	ev = exec_of(f, in_memory, NULL, "in-memory");
	assert_int_equal(ev->layer, LAYER_MEMFD);
	text_is(ev, ev->exe, "/memfd:hidden");
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static void in_user_namespace(void *arg)
{
	int hold[2];
	char path[64];
	pid_t pid;
	char c;

	(void)arg;
	must(pipe(hold) == 0);
	pid = fork();
	if (pid == 0) {
		must(unshare(CLONE_NEWUSER) == 0);
		must(write(hold[1], "x", 1) == 1);
		while (setuid(0) != 0) /* until the map is there */
			usleep(1000);
		run("/bin/true", "as-root-of-its-own");
	}
	must(read(hold[0], &c, 1) == 1);
	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	put(path, "5 7 1\n0 100000 5\n"); /* the second extent holds */
	must(waitpid(pid, NULL, 0) == pid);
}

static void as_somebody(void *arg)
{
	(void)arg;
	must(setgid(4242) == 0 && setuid(4343) == 0);
	run("/bin/true", "somebody");
}

static void the_user_is_told_in_both_numberings(void **state)
{
	struct fixture *f = *state;
	const struct event *ev;

	fixture_open(f, 4096);
	ev = exec_of(f, as_somebody, NULL, "somebody");
	assert_int_equal(ev->uid, 4343);
	assert_int_equal(ev->uid_host, 4343);
	assert_int_equal(ev->gid, 4242);
	assert_true(ev->flags & EV_CRED_CHANGED);
	ev = exec_of(f, in_user_namespace, NULL, "as-root-of-its-own");
	assert_int_equal(ev->uid, 0);
	assert_int_equal(ev->uid_host, 100000);
	assert_int_equal(ev->gid, 65534); /* no map for groups was written */
	assert_true(ev->flags & EV_NS_CHANGED);
}

static void with_sockets(void *arg)
{
	int in = socket(AF_INET, SOCK_STREAM, 0), un[2], p[2];

	(void)arg;
	must(in >= 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, un) == 0 && pipe(p) == 0);
	must(dup2(in, 0) == 0 && dup2(un[0], 1) == 1 && dup2(p[1], 2) == 2);
	run("/bin/true", "reverse-shell");
}

static void with_files(void *arg)
{
	int null = open("/dev/null", O_RDWR), file = open("/bin/true", O_RDONLY);

	(void)arg;
	must(null >= 0 && file >= 0 && dup2(null, 0) == 0 && dup2(file, 1) == 1);
	close(2);
	run("/bin/true", "plain");
}

static void descriptors_0_to_2_are_told(void **state)
{
	struct fixture *f = *state;
	const struct event *ev;

	fixture_open(f, 4096);
	ev = exec_of(f, with_sockets, NULL, "reverse-shell");
	assert_int_equal(ev->fd_kind[0], FD_SOCKET_INET);
	assert_int_equal(ev->fd_kind[1], FD_SOCKET_UNIX);
	assert_int_equal(ev->fd_kind[2], FD_PIPE);
	ev = exec_of(f, with_files, NULL, "plain");
	assert_int_equal(ev->fd_kind[0], FD_NULL);
	assert_int_equal(ev->fd_kind[1], FD_FILE);
	assert_int_equal(ev->fd_kind[2], FD_CLOSED);
	assert_false(ev->flags & EV_CRED_CHANGED);
	assert_false(ev->flags & EV_NS_CHANGED);
}

static void long_arguments(void *arg)
{
	size_t n = *(size_t *)arg;
	char *text = malloc(n + 1);
	char *argv[] = { (char *)(uintptr_t) "long", text, NULL };

	must(text != NULL);
	memset(text, 'a', n);
	text[n] = 0;
	execve("/bin/true", argv, argv + 2);
	_exit(53);
}

static void arguments_are_whole_up_to_4_kib_and_a_cut_says_so(void **state)
{
	struct fixture *f = *state;
	size_t n = 4096 - sizeof("long") - 1;
	const struct event *ev;

	fixture_open(f, 4096);
	ev = exec_of(f, long_arguments, &n, "long");
	assert_int_equal(ev->exec.argv.len, 4096);
	assert_int_equal(event_text(ev, ev->exec.argv)[4095], 0);
	assert_false(ev->flags & EV_ARGV_CUT);
	n++;
	ev = exec_of(f, long_arguments, &n, "long");
	assert_int_equal(ev->exec.argv.len, 4096);
	assert_int_equal(event_text(ev, ev->exec.argv)[4095], 'a');
	assert_true(ev->flags & EV_ARGV_CUT);
}

#define LIVE(t) cmocka_unit_test_setup_teardown(t, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LIVE(the_layer_of_a_file_is_told),
		LIVE(an_executable_without_a_file_is_told),
		LIVE(the_user_is_told_in_both_numberings),
		LIVE(descriptors_0_to_2_are_told),
		LIVE(arguments_are_whole_up_to_4_kib_and_a_cut_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
