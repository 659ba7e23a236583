/* SPDX-License-Identifier: BSD-2-Clause */
/* What is recorded comes back the same; what is damaged is said and goes no further. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "failalloc.h"
#include "process.h"
#include "sensor/capture.h"
#include "sensor/capture_format.h"
#include "sensor/source.h"

static char dir[64], path[96];

static int setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/sonde-test-capture-XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/c", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static struct capture_writer *create(void)
{
	struct capture_writer *w = NULL;
	struct capture_head h;
	struct sonde_err err = { 0 };

	capture_head_here("/", &h);
	assert_true(h.boot_id[0] && h.kernel[0] && h.node[0]);
	snprintf(h.node, sizeof(h.node), "node-7");
	h.origin = ORIGIN_RING;
	unlink(path);
	if (capture_create(path, &h, &w, &err) < 0)
		fail_msg("%s", err.text);
	return w;
}

static struct capture_reader *reader(void)
{
	struct capture_reader *r = NULL;
	struct sonde_err err = { 0 };

	if (capture_open(path, &r, &err) < 0)
		fail_msg("%s", err.text);
	return r;
}

static const struct task_fact task = {
	.pid = 7,
	.ppid = 1,
	.nspid = 3,
	.threads = 4,
	.uid = 5,
	.gid = 6,
	.uid_host = 1005,
	.tty = 8,
	.start_ns = 1ULL << 40,
	.parent_start_ns = 9,
	.cpu_ns = 10,
	.rss_bytes = 11,
	.cg = { .id = 12, .hierarchy = 4 },
	.mntns = 13,
	.pidns = 14,
	.netns = 15,
	.comm = "fifteen-letters",
};

/* The end mark is next, and after it nothing, however often one asks. */
static void assert_ends(struct capture_reader *r)
{
	struct raw_record c;

	assert_int_equal(capture_next(r, &c), 1);
	assert_int_equal(c.kind, CAPTURE_END);
	assert_int_equal(capture_next(r, &c), 0);
	assert_int_equal(capture_next(r, &c), 0);
	assert_string_equal(capture_trouble(r), "");
}

static void facts_come_back_as_they_were(void **state)
{
	struct cgroup_fact cg = { .key = { .id = 1, .hierarchy = 2 },
				  .parent = { .id = 3, .hierarchy = 2 },
				  .path = "/a\xff/b",
				  .n = 5,
				  .at_ns = 6,
				  .gone = true },
			   cg2;
	struct socket_fact so = { .cookie = 1,
				  .inode = 2,
				  .pid = 3,
				  .start_ns = 4,
				  .bytes_in = 5,
				  .bytes_out = 6,
				  .netns = 7,
				  .proto = 6,
				  .state = 10,
				  .local = { .family = AF_INET, .port = 80 },
				  .remote = { .family = AF_INET6, .port = 443 } },
			   so2;
	struct task_fact t2;
	struct capture_writer *w = create();
	struct capture_reader *r;
	struct raw_record c;
	struct stat st;

	(void)state;
	so.local.v4.s_addr = htonl(0x0a000001);
	so.remote.v6 = in6addr_loopback;
	assert_int_equal(capture_cgroup(w, &cg), 0);
	assert_int_equal(capture_task(w, 77, &task), 0);
	assert_int_equal(capture_socket(w, 78, &so), 0);
	assert_int_equal(capture_close(w, NULL), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);

	r = reader();
	assert_string_equal(capture_reader_head(r)->node, "node-7");
	assert_int_equal(capture_next(r, &c), 1);
	assert_int_equal(capture_get_cgroup(&c, &cg2), 0);
	assert_memory_equal(&cg.key, &cg2.key, sizeof(cg.key));
	assert_memory_equal(&cg.parent, &cg2.parent, sizeof(cg.key));
	assert_int_equal(cg2.n, 5);
	assert_memory_equal(cg2.path, cg.path, 5);
	assert_true(cg2.gone && cg2.at_ns == 6);
	assert_int_equal(capture_next(r, &c), 1);
	assert_int_equal(c.ktime_ns, 77);
	assert_int_equal(capture_get_task(&c, &t2), 0);
	assert_memory_equal(&t2, &task, sizeof(task));
	assert_int_equal(capture_next(r, &c), 1);
	assert_int_equal(capture_get_socket(&c, &so2), 0);
	assert_memory_equal(&so.local, &so2.local, sizeof(so.local));
	assert_memory_equal(&so.remote, &so2.remote, sizeof(so.local));
	assert_int_equal(so2.cookie + so2.inode + so2.pid + so2.start_ns + so2.bytes_in +
				 so2.bytes_out + so2.netns,
			 28);
	assert_int_equal(so2.state, 10);
	assert_ends(r);
	capture_reader_free(r);
}

/* A sink that remembers what came. */
struct heard {
	unsigned events, cgroups, tasks, sockets, idents;
	union event_buf last;
};

static void on_event(void *ctx, union event_buf *ev)
{
	struct heard *h = ctx;

	h->events++;
	memcpy(&h->last, ev, ev->ev.size);
}

static void on_cgroup(void *ctx, const struct cgroup_fact *f)
{
	(void)f;
	((struct heard *)ctx)->cgroups++;
}

static void on_task(void *ctx, const struct task_fact *f)
{
	(void)f;
	((struct heard *)ctx)->tasks++;
}

static void on_socket(void *ctx, const struct socket_fact *f)
{
	(void)f;
	((struct heard *)ctx)->sockets++;
}

static void on_ident(void *ctx, const void *p, size_t n)
{
	assert_int_equal(n, 5);
	assert_memory_equal(p, "ident", 5);
	((struct heard *)ctx)->idents++;
}

static struct sensor_sink sink_of(struct heard *h)
{
	memset(h, 0, sizeof(*h));
	return (struct sensor_sink){ .ctx = h,
				     .event = on_event,
				     .cgroup = on_cgroup,
				     .task = on_task,
				     .socket = on_socket,
				     .ident = on_ident };
}

static size_t exec_record(char *buf, const char *argv, size_t argv_n)
{
	struct proc_exec e = {
		.h = { .kind = WIRE_EXEC, .tgid = 42, .tid = 42, .start_ns = 1, .ktime_ns = 1000 },
		.exe_len = 9,
		.cwd_len = 0,
		.argv_len = (uint16_t)argv_n
	};

	e.h.size = (uint16_t)(sizeof(e) + 9 + argv_n);
	memcpy(buf, &e, sizeof(e));
	memcpy(buf + sizeof(e), "curl\0bin\0", 9);
	memcpy(buf + sizeof(e) + 9, argv, argv_n);
	return sizeof(e) + 9 + argv_n;
}

static bool file_holds(const char *word)
{
	char buf[65536];
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, buf, sizeof(buf));

	close(fd);
	assert_true(n > 0);
	return memmem(buf, (size_t)n, word, strlen(word)) != NULL;
}

static struct heard replay_all(struct sensor_replay *ret, uint64_t *ret_lost)
{
	struct sensor_opts o = { .history = path };
	static struct heard h;
	struct sensor_sink sink = sink_of(&h);
	struct sonde_err err = { 0 };
	void *src = NULL;
	int r;

	if (replay_open(&o, &src, &err) < 0)
		fail_msg("%s", err.text);
	while ((r = replay_ops.drain(src, NS_PER_MS, &sink)) == 1)
		;
	assert_int_equal(r, -ENODATA);
	assert_int_equal(replay_ops.drain(src, NS_PER_MS, &sink), -ENODATA);
	replay_state(src, ret);
	if (ret_lost)
		*ret_lost = replay_loss(src, 5, EVENT_EXEC, LOSS_RING);
	replay_ops.close(src);
	return h;
}

static void a_recording_is_replayed_with_its_secrets_masked(void **state)
{
	static const char argv[] = "curl\0-u\0me:hunter2";
	struct capture_loss loss = { .slot = 5, .type = EVENT_EXEC, .cause = LOSS_RING, .n = 99 };
	struct capture_writer *w = create();
	struct sensor_replay st;
	char rec[512];
	size_t n = exec_record(rec, argv, sizeof(argv));
	struct heard h;
	uint64_t lost;

	(void)state;
	assert_int_equal(capture_record(w, 1000, rec, n), 0);
	assert_int_equal(capture_add(w, CAPTURE_IDENT, 1001, "ident", 5), 0);
	assert_int_equal(capture_task(w, 1002, &task), 0);
	assert_int_equal(capture_loss(w, 1ULL << 50, &loss, 1), 0);
	assert_int_equal(capture_close(w, NULL), 0);
	assert_non_null(memmem(rec, n, "hunter2", 7)); /* the original is not touched */
	assert_false(file_holds("hunter2"));
	h = replay_all(&st, &lost);
	assert_int_equal(h.events, 1);
	assert_int_equal(h.idents, 1);
	assert_int_equal(h.tasks, 1);
	assert_int_equal(lost, 99);
	assert_int_equal(h.last.ev.type, EVENT_EXEC);
	assert_int_equal(h.last.ev.origin, ORIGIN_REPLAY);
	assert_int_equal(h.last.ev.pid, 42);
	assert_memory_equal(event_text(&h.last.ev, h.last.ev.exec.argv), "curl\0-u\0me:*******",
			    18);
	assert_string_equal(st.node, "node-7");
	assert_string_equal(st.trouble, "");
	assert_true(st.now_ns >= 1ULL << 50);
}

static void an_event_loses_the_rows_of_its_run(void **state)
{
	static const char argv[] = "x\0--password=hunter2";
	struct capture_writer *w = create();
	struct sensor_replay st;
	union event_buf b;
	struct event *ev = event_begin(&b, EVENT_EXEC);
	struct heard h;

	(void)state;
	ev->exec.argv = event_text_add(ev, argv, sizeof(argv));
	ev->pid = 42;
	ev->ident = 3;
	ev->proc_index = 4;
	ev->flags = EV_PROC_REF | EV_UID;
	assert_int_equal(capture_event(w, ev), 0);
	assert_int_equal(capture_close(w, NULL), 0);
	assert_false(file_holds("hunter2"));
	h = replay_all(&st, NULL);
	assert_int_equal(h.events, 1);
	assert_int_equal(h.last.ev.flags, EV_UID);
	assert_int_equal(h.last.ev.ident, 0);
	assert_int_equal(h.last.ev.proc_index, 0);
	assert_memory_equal(event_text(&h.last.ev, h.last.ev.exec.argv), "x\0--password=*******",
			    20);
}

static void an_event_with_a_text_outside_is_refused(void **state)
{
	union event_buf b, out;
	struct event *ev = event_begin(&b, EVENT_EXEC);
	struct raw_record c = { .kind = CAPTURE_EVENT, .p = &b };

	(void)state;
	ev->exec.argv = event_text_add(ev, "abc", 3);
	c.size = ev->size;
	assert_int_equal(capture_get_event(&c, &out), 0);
	ev->exec.argv.len++;
	assert_int_equal(capture_get_event(&c, &out), -EBADMSG);
	ev->exec.argv.len--;
	ev->exe.off = 8; /* into the fixed part */
	assert_int_equal(capture_get_event(&c, &out), -EBADMSG);
	ev->exe.off = 0;
	ev->type = EVENT_TYPES;
	assert_int_equal(capture_get_event(&c, &out), -EBADMSG);
}

static void an_existing_file_is_never_overwritten(void **state)
{
	struct capture_writer *w = create(), *other = NULL;
	struct capture_head h = { .node = "x" };
	struct sonde_err err = { 0 };

	(void)state;
	assert_int_equal(capture_create(path, &h, &other, &err), -EEXIST);
	assert_non_null(strstr(err.text, path));
	assert_int_equal(capture_close(w, NULL), 0);
}

static void make_sample(void)
{
	struct capture_writer *w = create();

	for (int i = 0; i < 3; i++)
		assert_int_equal(capture_task(w, 100, &task), 0);
	assert_int_equal(capture_close(w, NULL), 0);
}

static void patch(off_t at, const void *p, size_t n)
{
	int fd = open(path, O_WRONLY);

	assert_int_equal(pwrite(fd, p, n, at), n);
	close(fd);
}

#define HEAD       (sizeof(struct cap_magic) + sizeof(struct cap_head))
#define TASK_CHUNK (sizeof(struct cap_chunk) + sizeof(struct cap_task))

static void a_cut_capture_is_read_as_far_as_it_is_sound(void **state)
{
	struct stat st;

	(void)state;
	make_sample();
	assert_int_equal(stat(path, &st), 0);
	for (off_t n = st.st_size - 1; n >= (off_t)HEAD; n--) {
		struct sensor_replay rs;
		unsigned whole = (unsigned)((size_t)(n - (off_t)HEAD) / TASK_CHUNK);
		char where[32];
		struct heard h;

		assert_int_equal(truncate(path, n), 0);
		h = replay_all(&rs, NULL);
		assert_int_equal(h.tasks, MIN(whole, 3u));
		snprintf(where, sizeof(where), "byte %zu", HEAD + MIN(whole, 3u) * TASK_CHUNK);
		assert_non_null(strstr(rs.trouble, where));
	}
}

static void foreign_and_newer_files_are_told_apart(void **state)
{
	struct sensor_opts o = { .history = path };
	struct sonde_err err;
	uint32_t version = CAPTURE_VERSION + 1, huge = 1u << 30;
	void *src = NULL;

	(void)state;
	make_sample();
	patch(8, &version, 4);
	assert_int_equal(replay_open(&o, &src, &err), -EPROTONOSUPPORT);
	assert_non_null(strstr(err.text, "newer"));
	patch(0, "ELF", 3);
	assert_int_equal(replay_open(&o, &src, &err), -EBADMSG);
	make_sample();
	patch(12, &huge, 4);
	assert_int_equal(replay_open(&o, &src, &err), -EBADMSG);
	for (off_t n = 0; n < (off_t)HEAD; n += 5) {
		make_sample();
		assert_int_equal(truncate(path, n), 0);
		assert_int_equal(replay_open(&o, &src, &err), -EBADMSG);
	}
	o.history = dir;
	assert_int_equal(replay_open(&o, &src, &err), -EBADMSG);
	o.history = "/nonexistent/capture";
	assert_int_equal(replay_open(&o, &src, &err), -ENOENT);
}

static void an_unsound_length_ends_the_reading_there(void **state)
{
	struct sensor_replay rs;
	uint32_t huge = 0xfffffff0, none = CAPTURE_NONE;
	char where[32];

	(void)state;
	snprintf(where, sizeof(where), "byte %zu", HEAD + TASK_CHUNK);
	make_sample();
	patch(HEAD + TASK_CHUNK + 4, &huge, 4);
	assert_int_equal(replay_all(&rs, NULL).tasks, 1);
	assert_non_null(strstr(rs.trouble, where));
	make_sample();
	patch(HEAD + TASK_CHUNK, &none, 4);
	assert_int_equal(replay_all(&rs, NULL).tasks, 1);
	assert_non_null(strstr(rs.trouble, where));
}

static void a_chunk_of_a_later_kind_is_skipped(void **state)
{
	struct sensor_replay rs;
	uint32_t later = CAPTURE_KINDS + 7;

	(void)state;
	make_sample();
	patch(HEAD + TASK_CHUNK, &later, 4);
	assert_int_equal(replay_all(&rs, NULL).tasks, 2);
	assert_string_equal(rs.trouble, "");
}

static void a_full_disk_is_told_and_leaves_whole_chunks(void **state)
{
	struct rlimit old, small;
	struct capture_writer *w;
	struct sensor_replay rs;
	struct sonde_err err = { 0 };
	struct heard h;
	int r = 0;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 100000;
	w = create();
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (int i = 0; i < 2000 && !r; i++)
		r = capture_task(w, 100, &task);
	r = capture_close(w, &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(r, -EFBIG);
	assert_non_null(strstr(err.text, "bytes are sound"));
	h = replay_all(&rs, NULL);
	assert_int_equal(h.tasks, (100000 - HEAD) / TASK_CHUNK);
	assert_non_null(strstr(rs.trouble, "without its end mark"));
}

static void what_a_slow_disk_cannot_take_is_counted(void **state)
{
	static char big[CAPTURE_CHUNK_MAX];
	struct capture_writer *w = create();
	struct capture_reader *r;
	struct raw_record c;
	unsigned taken = 0, seen = 0;
	struct cap_end end = { 0 };

	(void)state;
	/* faster than any disk, more than both buffers hold */
	for (unsigned i = 0; i < 400; i++) {
		int k = capture_add(w, CAPTURE_IDENT, i, big, sizeof(big));

		assert_true(k == 0 || k == -ENOBUFS);
		taken += k == 0;
	}
	assert_int_equal(capture_dropped(w), 400 - taken);
	assert_int_equal(capture_add(w, CAPTURE_IDENT, 0, big, sizeof(big) + 1), -E2BIG);
	assert_int_equal(capture_close(w, NULL), 0);
	r = reader();
	while (capture_next(r, &c) == 1) {
		seen += c.kind == CAPTURE_IDENT;
		if (c.kind == CAPTURE_END)
			memcpy(&end, c.p, sizeof(end));
	}
	assert_string_equal(capture_trouble(r), "");
	assert_int_equal(seen, taken);
	assert_int_equal(end.dropped, 400 - taken + 1);
	capture_reader_free(r);
}

static void running_out_of_memory_is_an_error_not_an_end(void **state)
{
	struct sensor_opts o = { .history = path };
	struct capture_head head = { .node = "x" };
	struct capture_writer *w = NULL;
	void *src = NULL;
	int r = 0;

	(void)state;
	make_sample();
	for (long n = 1;; n++) {
		failalloc_at(n);
		r = replay_open(&o, &src, NULL);
		if (!failalloc_end())
			break;
		assert_int_equal(r, -ENOMEM);
	}
	assert_int_equal(r, 0);
	replay_ops.close(src);
	for (long n = 1;; n++) {
		unlink(path);
		failalloc_at(n);
		r = capture_create(path, &head, &w, NULL);
		if (!failalloc_end())
			break;
		assert_true(r < 0);
		assert_int_equal(access(path, F_OK), -1); /* nothing half made is left */
	}
	assert_int_equal(r, 0);
	assert_int_equal(capture_close(w, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_come_back_as_they_were),
		cmocka_unit_test(a_recording_is_replayed_with_its_secrets_masked),
		cmocka_unit_test(an_event_loses_the_rows_of_its_run),
		cmocka_unit_test(an_event_with_a_text_outside_is_refused),
		cmocka_unit_test(an_existing_file_is_never_overwritten),
		cmocka_unit_test(a_cut_capture_is_read_as_far_as_it_is_sound),
		cmocka_unit_test(foreign_and_newer_files_are_told_apart),
		cmocka_unit_test(an_unsound_length_ends_the_reading_there),
		cmocka_unit_test(a_chunk_of_a_later_kind_is_skipped),
		cmocka_unit_test(a_full_disk_is_told_and_leaves_whole_chunks),
		cmocka_unit_test(what_a_slow_disk_cannot_take_is_counted),
		cmocka_unit_test(running_out_of_memory_is_an_error_not_an_end),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
