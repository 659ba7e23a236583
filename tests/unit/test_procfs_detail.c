/* SPDX-License-Identifier: BSD-2-Clause */
/* One process in full, and the log of a container: all that is there, and no secrets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "failalloc.h"
#include "procfs_fixture.h"
#include "sensor/procfs.h"

static const char *detail(const struct buf *b, const char *section, const char *key)
{
	for (size_t at = 0; at < b->n;) {
		const char *s = b->p + at, *k = s + strlen(s) + 1, *v = k + strlen(k) + 1;

		if (!strcmp(s, section) && !strcmp(k, key))
			return v;
		at = (size_t)(v + strlen(v) + 1 - b->p);
	}
	return NULL;
}

static int listener_port;

static void detail_child(int ready, int go)
{
	static const char *const argv[] = { "sh",         "-c",      "echo; read x",
					    "--password", "hunter2", NULL };
	static const char *const env[] = { "TOKEN=swordfish", "EMPTY=", NULL };

	dup2(ready, 1);
	dup2(go, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	execve("/bin/sh", (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)env);
	_exit(1);
}

static void one_process_is_shown_in_full_without_its_secrets(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	int lis = socket(AF_INET, SOCK_STREAM, 0);
	struct buf out = { .max = 1 << 20 };
	struct child c;
	char want[64], key[16];
	const char *v;

	(void)state;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(lis, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(lis, 1), 0);
	assert_int_equal(getsockname(lis, (struct sockaddr *)&a, &len), 0);
	listener_port = ntohs(a.sin_port);
	c = child_start(detail_child); /* it keeps the listener */
	assert_int_equal(procfs_detail("/proc", (uint32_t)c.pid, 0, &out), 0);
	assert_null(memmem(out.p, out.n, "hunter2", 7));
	assert_null(memmem(out.p, out.n, "swordfish", 9));
	assert_string_equal(detail(&out, "argv", "3"), "--password");
	assert_string_equal(detail(&out, "argv", "4"), "*******");
	assert_string_equal(detail(&out, "environment", "TOKEN"), "(9 bytes)");
	assert_string_equal(detail(&out, "environment", "EMPTY"), "(0 bytes)");
	snprintf(want, sizeof(want), "tcp 127.0.0.1:%d listening", listener_port);
	snprintf(key, sizeof(key), "%d", lis);
	assert_string_equal(detail(&out, "sockets", key), want);
	assert_non_null(strstr(detail(&out, "files", "0"), "pipe"));
	assert_string_equal(detail(&out, "seccomp", "no new privileges"), "yes");
	snprintf(key, sizeof(key), "%d", getpid());
	assert_non_null(strstr(detail(&out, "ancestry", key), "test_procfs"));
	assert_non_null(detail(&out, "capabilities", "effective"));
	assert_non_null(detail(&out, "capabilities", "ambient"));
	assert_non_null(detail(&out, "limits", "open files"));
	assert_non_null(detail(&out, "oom", "score"));
	assert_non_null(detail(&out, "memory", "mappings"));
	assert_non_null(detail(&out, "mounts", "count"));
	v = detail(&out, "namespaces", "net");
	assert_true(v && strtoul(v, NULL, 10) > 0 && !strstr(v, "not"));
	assert_non_null(detail(&out, "cgroup", "v2"));
	buf_clear(&out);
	assert_int_equal(procfs_detail("/proc", (uint32_t)c.pid, 1, &out), -ESRCH);
	child_end(&c);
	assert_int_equal(procfs_detail("/proc", (uint32_t)c.pid, 0, &out), -ESRCH);
	assert_int_equal(out.n, 0);
	buf_done(&out);
	close(lis);
}

static void memory_only_code_is_marked(void **state)
{
	int fd = memfd_create("implant", 0);
	struct buf out = { .max = 1 << 20 };
	bool seen = false;
	void *p;

	(void)state;
	assert_int_equal(ftruncate(fd, 4096), 0);
	p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(p, MAP_FAILED);
	assert_int_equal(procfs_detail("/proc", (uint32_t)getpid(), 0, &out), 0);
	for (size_t at = 0; at < out.n; at += strlen(out.p + at) + 1)
		seen |= strstr(out.p + at, "memfd): /memfd:implant") != NULL;
	assert_true(seen);
	munmap(p, 4096);
	close(fd);
	buf_done(&out);
}

static void a_small_buffer_holds_whole_rows(void **state)
{
	(void)state;
	for (size_t max = 1; max < 3000; max += 97) {
		struct buf out = { .max = max };
		size_t texts = 0;

		assert_int_equal(procfs_detail("/proc", (uint32_t)getpid(), 0, &out), -E2BIG);
		for (size_t i = 0; i < out.n; i++)
			texts += out.p[i] == 0;
		assert_int_equal(texts % 3, 0);
		assert_true(!out.n || out.p[out.n - 1] == 0);
		buf_done(&out);
	}
}

static void detail_lives_with_every_failed_allocation(void **state)
{
	(void)state;
	for (long n = 1;; n++) {
		struct buf out = { .max = 1 << 20 };
		int r;

		failalloc_at(n);
		r = procfs_detail("/proc", (uint32_t)getpid(), 0, &out);
		buf_done(&out);
		if (!failalloc_end()) {
			assert_int_equal(r, 0);
			break;
		}
	}
}

static const char *row(const struct buf *b, unsigned row, unsigned column)
{
	size_t at = 0;

	for (unsigned i = 0; i < row * 3 + column; i++) {
		if (at >= b->n)
			return NULL;
		at += strlen(b->p + at) + 1;
	}
	return at < b->n ? b->p + at : NULL;
}

#define T1 "2026-01-02T03:04:05.000000001Z"
#define T2 "2026-01-02T03:04:06.000000001Z"

static void the_newest_cri_log_is_read_and_joined(void **state)
{
	struct buf out = { .max = 4096 };

	(void)state;
	put("l/var/log/pods/ns_pod_uid/app/0.log", T1 " stdout F old\n");
	put("l/var/log/pods/ns_pod_uid/app/9.log", T1 " stdout F older\n");
	put("l/var/log/pods/ns_pod_uid/app/10.log",
	    T1 " stdout F first\n" T1 " stdout P be\n" T2 " stderr F other\n"
	       "no log line\n" T2 " stdout P gin\n" T2 " stdout F  end\n" T2 " stdout F \n" T2
	       " stdout F cut");
	strcat(dir, "/l");
	assert_int_equal(procfs_log(dir, "/var/log/pods/ns_pod_uid", "app", 10, &out), 0);
	assert_string_equal(row(&out, 0, 2), "first");
	assert_string_equal(row(&out, 1, 1), "stderr");
	assert_string_equal(row(&out, 1, 2), "other");
	assert_string_equal(row(&out, 2, 0), T1);
	assert_string_equal(row(&out, 2, 2), "begin end");
	assert_string_equal(row(&out, 3, 2), "");
	assert_null(row(&out, 4, 0));
	buf_clear(&out);
	assert_int_equal(procfs_log(dir, "/var/log/pods/ns_pod_uid", "app", 2, &out), 0);
	assert_string_equal(row(&out, 0, 2), "begin end");
	assert_null(row(&out, 2, 0));
	buf_clear(&out);
	assert_int_equal(procfs_log(dir, "/var/log/pods/ns_pod_uid", "no", 2, &out), -ENOENT);
	assert_int_equal(procfs_log(dir, "/var/log/pods/ns_pod_uid", "../x", 2, &out), -EINVAL);
	assert_int_equal(procfs_log(dir, "var/log", "app", 2, &out), -EINVAL);
	dir[strlen(dir) - 2] = 0;
	buf_done(&out);
}

static void dockers_lines_are_read(void **state)
{
	struct buf out = { .max = 4096 };

	(void)state;
	put("d/var/lib/docker/containers/abc/abc-json.log",
	    "{\"log\":\"a \\\"b\\\" \\u00e9\\ud83d\\ude00\\n\",\"stream\":\"stdout\",\"time\":\"" T1
	    "\"}\n"
	    "{\"log\":\"par\",\"stream\":\"stderr\",\"time\":\"" T1 "\"}\n"
	    "{\"log\":\"tial\\n\",\"stream\":\"stderr\",\"time\":\"" T2 "\"}\n"
	    "{\"log\":\"bad \\ud83d end\\n\",\"stream\":\"stdout\",\"time\":\"" T2 "\"}\n"
	    "{\"log\":\"broken\n{\"x\":1}\n{}\n{\"log\":3}\n");
	strcat(dir, "/d");
	assert_int_equal(procfs_log(dir, "/var/lib/docker/containers/abc", "web", 9, &out), 0);
	assert_string_equal(row(&out, 0, 2), "a \"b\" \xc3\xa9\xf0\x9f\x98\x80");
	assert_string_equal(row(&out, 0, 0), T1);
	assert_string_equal(row(&out, 1, 2), "partial");
	assert_string_equal(row(&out, 1, 1), "stderr");
	assert_string_equal(row(&out, 2, 2), "bad \xef\xbf\xbd end");
	assert_null(row(&out, 3, 0));
	dir[strlen(dir) - 2] = 0;
	buf_done(&out);
}

static void a_planted_link_shows_no_other_file(void **state)
{
	struct buf out = { .max = 4096 };
	char link[256];

	(void)state;
	put("k/etc/shadow", "root:hash:1::\n");
	put("k/real/0.log", T1 " stdout F right\n");
	put("k/var/log/pods/p/evil/x", "");
	put("k/var/log/pods/p/good/x", "");
	snprintf(link, sizeof(link), "%s/k/var/log/pods/p/evil/0.log", dir);
	assert_int_equal(symlink("/etc/shadow", link), 0);
	snprintf(link, sizeof(link), "%s/k/var/log/pods/p/good/0.log", dir);
	assert_int_equal(symlink("/real/0.log", link), 0);
	strcat(dir, "/k");
	assert_int_equal(procfs_log(dir, "/var/log/pods/p", "evil", 9, &out), 0);
	assert_int_equal(out.n, 0);
	/* Docker's logs are links of this kind: below the host's root they lead where they should
	 */
	assert_int_equal(procfs_log(dir, "/var/log/pods/p", "good", 9, &out), 0);
	assert_string_equal(row(&out, 0, 2), "right");
	dir[strlen(dir) - 2] = 0;
	buf_done(&out);
}

static void of_a_long_log_the_end_is_read(void **state)
{
	struct buf out = { .max = 500 };
	char path[256], line[128];
	int fd;

	(void)state;
	put("g/app/0.log", "");
	snprintf(path, sizeof(path), "%s/g/app/0.log", dir);
	fd = open(path, O_WRONLY);
	for (int i = 0; i < 20000; i++) {
		int n = snprintf(line, sizeof(line), T1 " stdout F line %d\n", i);

		assert_int_equal(write(fd, line, (size_t)n), n);
	}
	close(fd);
	strcat(dir, "/g");
	assert_int_equal(procfs_log(dir, "/", "app", 4, &out), 0);
	assert_string_equal(row(&out, 0, 2), "line 19996");
	assert_string_equal(row(&out, 3, 2), "line 19999");
	buf_clear(&out);
	/* more than fits: the last ones */
	assert_int_equal(procfs_log(dir, "/", "app", 5000, &out), 0);
	assert_true(out.n <= 500 && out.n > 200);
	for (unsigned i = 0;; i++) {
		if (row(&out, i + 1, 0))
			continue;
		assert_string_equal(row(&out, i, 2), "line 19999");
		break;
	}
	dir[strlen(dir) - 2] = 0;
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_process_is_shown_in_full_without_its_secrets),
		cmocka_unit_test(memory_only_code_is_marked),
		cmocka_unit_test(a_small_buffer_holds_whole_rows),
		cmocka_unit_test(detail_lives_with_every_failed_allocation),
		cmocka_unit_test(the_newest_cri_log_is_read_and_joined),
		cmocka_unit_test(dockers_lines_are_read),
		cmocka_unit_test(a_planted_link_shows_no_other_file),
		cmocka_unit_test(of_a_long_log_the_end_is_read),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
