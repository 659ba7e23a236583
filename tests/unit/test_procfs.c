/* SPDX-License-Identifier: BSD-2-Clause */
/* /proc and cgroup files, hostile ones too, become the right numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/macros.h"
#include "failalloc.h"
#include "sensor/procfs.h"
#include "sensor/procfs_log.h"
#include "sensor/procfs_raw.h"

static char dir[64];

static int setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/sonde-test-procfs-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_tree(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	struct dirent *e;
	DIR *d;

	if (fd < 0)
		return unlinkat(at, name, 0);
	d = fdopendir(fd);
	while ((e = readdir(d))) {
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			remove_tree(fd, e->d_name);
	}
	closedir(d);
	return unlinkat(at, name, AT_REMOVEDIR);
}

static int teardown(void **state)
{
	(void)state;
	return remove_tree(AT_FDCWD, dir);
}

/* Make a file below the test's folder, and the folders on the way. */
static void put(const char *name, const char *text)
{
	char path[512];
	int fd;

	assert_true((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) < sizeof(path));
	for (char *s = strchr(path + strlen(dir) + 1, '/'); s; s = strchr(s + 1, '/')) {
		*s = 0;
		mkdir(path, 0700);
		*s = '/';
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

#define TAIL " S 3 5 6 34816 7 0 1 2 3 4 11 12 0 0 20 0 9 0 1000 4096 2 18446744073709551615 " \
	     "4096 8192 12288 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 16384 20000 0 0 256\n"

static const struct {
	const char *line, *comm;
	int r;
} stats[] = {
	{ "42 (sh)" TAIL, "sh", 0 },
	{ "42 (a b) c)" TAIL, "a b) c", 0 },
	{ "42 ())))" TAIL, ")))", 0 },
	{ "42 (x) S 1 (y\n)" TAIL, "x) S 1 (y\n", 0 },
	{ "42 ()" TAIL, "", 0 },
	{ "42 (kworker/u8:1-events_unbound)" TAIL, "kworker/u8:1-ev", 0 },
	{ "42 (sh", "", -EBADMSG },
	{ "42 (sh)", "", -EBADMSG },
	{ "42 (sh) S", "", -EBADMSG },
	{ "42 (sh) S 1 2 3", "", -EBADMSG },
	{ "(sh)" TAIL, "", -EBADMSG },
	{ "99999999999 (sh)" TAIL, "", -EBADMSG },
	{ "", "", -EBADMSG },
};

static void any_comm_leaves_the_numbers_right(void **state)
{
	struct proc_stat st;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(stats); i++) {
		assert_int_equal(proc_stat_parse(stats[i].line, strlen(stats[i].line), &st),
				 stats[i].r);
		if (stats[i].r < 0)
			continue;
		assert_string_equal(st.comm, stats[i].comm);
		assert_int_equal(st.pid, 42);
		assert_int_equal(st.state, 'S');
		assert_int_equal(st.ppid, 3);
		assert_int_equal(st.tty, 136u << 20); /* pts/0 */
		assert_int_equal(st.threads, 9);
		assert_int_equal(st.start_ns, 1000 * proc_tick_ns());
		assert_int_equal(st.cpu_ns, 23 * proc_tick_ns());
		assert_int_equal(st.rss_bytes, 2 * sysconf(_SC_PAGESIZE));
		assert_int_equal(st.code_start, 4096);
		assert_int_equal(st.arg_start, 16384);
		assert_int_equal(st.exit_code, 256);
	}
}

static void ids_are_read_and_mapped(void **state)
{
	static const char status[] = "Name:\tUid:\t9 9 9 9\nUid:\t100000\t100001\t100002\t100003\n"
				     "Gid:\t1\t2\t3\t4\nNSpid:\t400\t20\t1\n";
	static const char map[] = "         0     100000      65536\n     70000  200000 1\n";
	struct proc_users u;

	(void)state;
	assert_int_equal(proc_users_parse(status, sizeof(status) - 1, &u), 0);
	assert_int_equal(u.uid[1], 100001);
	assert_int_equal(u.gid[3], 4);
	assert_int_equal(u.nspid, 1);
	assert_int_equal(proc_map_id(map, sizeof(map) - 1, u.uid[1]), 1);
	assert_int_equal(proc_map_id(map, sizeof(map) - 1, 200000), 70000);
	assert_int_equal(proc_map_id(map, sizeof(map) - 1, 0), 65534);
	assert_int_equal(proc_users_parse("Uid:\t1\t2\n", 9, &u), -EBADMSG);
	assert_int_equal(proc_users_parse("", 0, &u), -EBADMSG);
}

static void the_path_of_a_hierarchy_is_found(void **state)
{
	static const char text[] = "9:name=systemd:/init\n8:pids:/p:q\n4:cpu,cpuacct:/c\n"
				   "x\n5:bad\n6:worse:rel\n0::/v2/deep\n";
	size_t n;
	uint32_t h;
	const char *p;

	(void)state;
	p = proc_cgroup_find(text, sizeof(text) - 1, NULL, &n, &h);
	assert_memory_equal(p, "/v2/deep", n);
	assert_int_equal(h, 0);
	p = proc_cgroup_find(text, sizeof(text) - 1, "cpuacct", &n, &h);
	assert_memory_equal(p, "/c", n);
	assert_int_equal(h, 4);
	p = proc_cgroup_find(text, sizeof(text) - 1, "pids", &n, &h);
	assert_int_equal(n, 4);
	assert_memory_equal(p, "/p:q", n);
	assert_null(proc_cgroup_find(text, sizeof(text) - 1, "acct", &n, &h));
	assert_null(proc_cgroup_find(text, sizeof(text) - 1, "worse", &n, &h));
	assert_null(proc_cgroup_find("", 0, NULL, &n, &h));
}

static void socket_lines_become_addresses(void **state)
{
	static const char v4[] = "   1: 0100007F:0035 0200000A:C001 01 00000000:00000000 00:00000000 "
				 "00000000   101        0 12345 1 0000000000000000 100 0 0 10 0";
	static const char v6[] = "   0: 00000000000000000000000001000000:1F90 "
				 "00000000000000000000000000000000:0000 0A 00000000:00000000 "
				 "00:00000000 00000000     0        0 777 1 0000000000000000";
	static const char head[] = "  sl  local_address rem_address   st tx_queue rx_queue";
	char ip[INET6_ADDRSTRLEN];
	struct proc_sock s;

	(void)state;
	assert_int_equal(proc_sock_parse(v4, sizeof(v4) - 1, &s), 0);
	assert_string_equal(inet_ntop(AF_INET, &s.local.v4, ip, sizeof(ip)), "127.0.0.1");
	assert_string_equal(inet_ntop(AF_INET, &s.remote.v4, ip, sizeof(ip)), "10.0.0.2");
	assert_int_equal(s.local.port, 53);
	assert_int_equal(s.remote.port, 0xc001);
	assert_int_equal(s.state, 1);
	assert_int_equal(s.uid, 101);
	assert_int_equal(s.inode, 12345);
	assert_int_equal(proc_sock_parse(v6, sizeof(v6) - 1, &s), 0);
	assert_string_equal(inet_ntop(AF_INET6, &s.local.v6, ip, sizeof(ip)), "::1");
	assert_int_equal(s.local.port, 8080);
	assert_int_equal(s.state, 10);
	assert_int_equal(s.inode, 777);
	assert_int_equal(proc_sock_parse(head, sizeof(head) - 1, &s), -ENOENT);
	for (size_t n = 0; n < sizeof(v4) - 40; n++) {
		if (proc_sock_parse(v4, n, &s) == 0)
			assert_true(n >= strlen("   1: 0100007F:0035 0200000A:C001 01 0:0 0:0 0 1 0 1"));
	}
}

/* A child that shows itself as the test wants and lives until it is told to go. */
struct child {
	pid_t pid;
	int ready, go;
};

static struct child child_start(void (*body)(int ready, int go))
{
	struct child c;
	int r[2], g[2];
	char byte;

	assert_int_equal(pipe(r), 0);
	assert_int_equal(pipe(g), 0);
	c.pid = fork();
	if (!c.pid) {
		close(r[0]);
		close(g[1]);
		body(r[1], g[0]);
		_exit(0);
	}
	assert_true(c.pid > 0);
	close(r[1]);
	close(g[0]);
	c.ready = r[0];
	c.go = g[1];
	assert_int_equal(read(c.ready, &byte, 1), 1);
	return c;
}

static void child_end(struct child *c)
{
	close(c->go);
	close(c->ready);
	kill(c->pid, SIGKILL);
	waitpid(c->pid, NULL, 0);
}

static void wait_for_end(int ready, int go)
{
	char byte = 0;

	if (write(ready, &byte, 1) == 1 && read(go, &byte, 1) < 0)
		_exit(1);
}

static void odd_child(int ready, int go)
{
	prctl(PR_SET_NAME, "ev) S 1 (il\n");
	if (chdir("/"))
		_exit(1);
	wait_for_end(ready, go);
}

static void a_live_process_is_read_whole(void **state)
{
	struct child c = child_start(odd_child);
	struct proc_facts f = { .pid = (uint32_t)c.pid }, other = { .pid = (uint32_t)c.pid };
	char self[512];
	uint64_t start, now = clock_boot();
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	(void)state;
	self[n] = 0;
	assert_int_equal(procfs_proc("/proc", &f, true), 0);
	assert_string_equal(f.comm, "ev) S 1 (il\n");
	assert_string_equal(f.exe, self);
	assert_string_equal(f.cwd, "/");
	assert_int_equal(f.threads, 1);
	assert_int_equal(f.uid, geteuid());
	assert_true(f.fds >= 2 && f.fds < 100);
	assert_true(f.rss_bytes > 0);
	assert_true(f.argv.n && strstr(f.argv.p, "test_procfs"));
	assert_false(f.argv_cut);
	assert_int_equal(f.error, 0);
	start = f.seen_start_ns;
	assert_true(now >= start && now - start < 30 * NS_PER_S);
	/* an exact start of the same tick is the same process */
	f.start_ns = start + proc_tick_ns() - 1;
	assert_int_equal(procfs_proc("/proc", &f, false), 0);
	assert_int_equal(f.start_ns, start + proc_tick_ns() - 1);
	assert_int_equal(f.fds, UINT32_MAX);
	/* another one is another process */
	other.start_ns = start - 5 * proc_tick_ns();
	assert_int_equal(procfs_proc("/proc", &other, false), -ESRCH);
	assert_int_equal(other.start_ns, 0);
	child_end(&c);
	assert_int_equal(procfs_proc("/proc", &f, true), -ESRCH);
	proc_facts_done(&f);
	proc_facts_done(&other);
}

static void exec_sleep(const char *first, const char *second)
{
	execl("/bin/sh", first, "-c", "echo; read x", second, (char *)NULL);
	_exit(1);
}

static void long_argv_child(int ready, int go)
{
	static char arg[6000];

	memset(arg, 'a', sizeof(arg) - 1);
	dup2(ready, 1);
	dup2(go, 0);
	exec_sleep("sh", arg);
}

static void a_long_command_line_is_cut_and_says_so(void **state)
{
	struct child c = child_start(long_argv_child);
	struct proc_facts f = { .pid = (uint32_t)c.pid };

	(void)state;
	assert_int_equal(procfs_proc("/proc", &f, false), 0);
	assert_true(f.argv_cut);
	assert_int_equal(f.argv.n, 4096);
	assert_memory_equal(f.argv.p, "sh\0-c\0echo; read x\0aaaa", 23);
	child_end(&c);
	proc_facts_done(&f);
}

static void the_node_is_read(void **state)
{
	struct node_sample s;

	(void)state;
	assert_int_equal(procfs_node("/", &s), 0);
	assert_true(s.node[0] && s.kernel[0]);
	assert_true(s.mem_total > s.mem_available && s.mem_available > 0);
	assert_true(s.disk_total > s.disk_free);
	assert_int_equal(s.cpus, sysconf(_SC_NPROCESSORS_ONLN));
	assert_true(s.cpu_total_ns > s.cpu_busy_ns && s.cpu_busy_ns > 0);
	assert_true(s.self_cpu_ns > 0 && s.self_rss > 0);
	assert_true(s.load1 >= 0 && s.load15 >= 0);
}

static void the_figures_of_a_foreign_root_are_read(void **state)
{
	struct node_sample s;

	(void)state;
	put("n/etc/hostname", "node-7\n");
	put("n/proc/loadavg", "1.50 2.25 3.00 1/2 3\n");
	put("n/proc/meminfo", "MemTotal:  1000 kB\nMemFree: 1 kB\nMemAvailable:  400 kB\n");
	put("n/proc/pressure/memory", "some avg10=12.34 avg60=0 avg300=0 total=1\nfull avg10=1\n");
	put("n/proc/stat", "cpu  100 0 50 800 40 5 5 0 0 0\ncpu0 1 2\ncpu1 1 2\nintr 5\n");
	snprintf(dir + strlen(dir), 3, "/n");
	unsetenv("NODE_NAME");
	assert_int_equal(procfs_node(dir, &s), 0);
	setenv("NODE_NAME", "from-env", 1);
	assert_string_equal(s.node, "node-7");
	assert_int_equal(procfs_node(dir, &s), 0);
	unsetenv("NODE_NAME");
	dir[strlen(dir) - 2] = 0;
	assert_string_equal(s.node, "from-env");
	assert_true(s.load1 == 1.5 && s.load5 == 2.25 && s.load15 == 3);
	assert_int_equal(s.mem_total, 1024000);
	assert_int_equal(s.mem_available, 409600);
	assert_true(s.psi_memory == 12.34);
	assert_true(s.psi_cpu < 0 && s.psi_io < 0);
	assert_int_equal(s.cpus, 2);
	assert_int_equal(s.cpu_total_ns, 1000 * proc_tick_ns());
	assert_int_equal(s.cpu_busy_ns, 160 * proc_tick_ns());
	assert_true(procfs_node("/nonexistent", &s) < 0);
}

static void cgroup_v2_is_read_with_its_parents_limits(void **state)
{
	struct cgroup_sample s;

	(void)state;
	put("v2/sys/fs/cgroup/cgroup.controllers", "cpu memory pids\n");
	put("v2/sys/fs/cgroup/pod/cpu.max", "50000 100000\n");
	put("v2/sys/fs/cgroup/pod/memory.max", "1048576\n");
	put("v2/sys/fs/cgroup/pod/pids.max", "max\n");
	put("v2/sys/fs/cgroup/pod/c/cpu.max", "max 100000\n");
	put("v2/sys/fs/cgroup/pod/c/cpu.stat",
	    "usage_usec 123\nuser_usec 1\nnr_periods 10\nnr_throttled 4\nthrottled_usec 55\n");
	put("v2/sys/fs/cgroup/pod/c/memory.max", "max\n");
	put("v2/sys/fs/cgroup/pod/c/memory.current", "4096\n");
	put("v2/sys/fs/cgroup/pod/c/memory.events", "low 0\noom 9\noom_kill 2\noom_group_kill 7\n");
	put("v2/sys/fs/cgroup/pod/c/pids.current", "3\n");
	put("v2/sys/fs/cgroup/pod/c/pids.max", "20\n");
	put("v2/sys/fs/cgroup/pod/c/cpu.pressure", "some avg10=1.50 avg60=0 avg300=0 total=0\n");
	strcat(dir, "/v2");
	assert_int_equal(procfs_cgroup(dir, "/pod/c", &s), 0);
	assert_int_equal(s.cpu_ns, 123000);
	assert_int_equal(s.throttled_ns, 55000);
	assert_int_equal(s.periods, 10);
	assert_int_equal(s.throttled_periods, 4);
	assert_int_equal(s.cpu_quota_us, 50000); /* the pod's */
	assert_int_equal(s.cpu_period_us, 100000);
	assert_int_equal(s.memory_bytes, 4096);
	assert_int_equal(s.memory_limit, 1048576);
	assert_int_equal(s.oom_kills, 2);
	assert_int_equal(s.pids, 3);
	assert_int_equal(s.pids_limit, 20);
	assert_true(s.psi_cpu == 1.5 && s.psi_memory < 0);
	assert_int_equal(procfs_cgroup(dir, "/pod/gone", &s), -ENOENT);
	assert_int_equal(procfs_cgroup(dir, "/pod/../pod/c", &s), -EINVAL);
	assert_int_equal(procfs_cgroup(dir, "/..", &s), -EINVAL);
	assert_int_equal(procfs_cgroup(dir, "pod", &s), -EINVAL);
	assert_int_equal(procfs_cgroup(dir, "/pod", &s), 0);
	assert_int_equal(s.memory_bytes, UINT64_MAX); /* not known is not zero */
	assert_int_equal(s.cpu_ns, UINT64_MAX);
	dir[strlen(dir) - 3] = 0;
}

static void cgroup_v1_and_hybrid_are_read(void **state)
{
	struct cgroup_sample s;

	(void)state;
	put("v1/sys/fs/cgroup/cpu,cpuacct/pod/c/cpu.stat",
	    "nr_periods 7\nnr_throttled 3\nthrottled_time 999\n");
	put("v1/sys/fs/cgroup/cpu,cpuacct/pod/c/cpuacct.usage", "77\n");
	put("v1/sys/fs/cgroup/cpu,cpuacct/pod/c/cpu.cfs_quota_us", "-1\n");
	put("v1/sys/fs/cgroup/cpu,cpuacct/pod/c/cpu.cfs_period_us", "100000\n");
	put("v1/sys/fs/cgroup/cpu,cpuacct/pod/cpu.cfs_quota_us", "20000\n");
	put("v1/sys/fs/cgroup/cpu,cpuacct/pod/cpu.cfs_period_us", "100000\n");
	put("v1/sys/fs/cgroup/memory/pod/memory.usage_in_bytes", "900\n");
	put("v1/sys/fs/cgroup/memory/pod/memory.limit_in_bytes", "9223372036854771712\n");
	put("v1/sys/fs/cgroup/memory/pod/memory.oom_control",
	    "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n");
	put("v1/sys/fs/cgroup/memory/pod/c/memory.usage_in_bytes", "500\n");
	put("v1/sys/fs/cgroup/memory/pod/c/memory.limit_in_bytes", "65536\n");
	put("v1/sys/fs/cgroup/memory/pod/c/memory.oom_control",
	    "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
	put("v1/sys/fs/cgroup/pids/pod/c/pids.current", "4\n");
	put("v1/sys/fs/cgroup/pids/pod/c/pids.max", "max\n");
	strcat(dir, "/v1");
	assert_int_equal(procfs_cgroup(dir, "/pod/c", &s), 0);
	assert_int_equal(s.cpu_ns, 77);
	assert_int_equal(s.throttled_ns, 999);
	assert_int_equal(s.periods, 7);
	assert_int_equal(s.cpu_quota_us, 20000);
	assert_int_equal(s.memory_bytes, 500);
	assert_int_equal(s.memory_limit, 65536);
	assert_int_equal(s.oom_kills, 2);
	assert_int_equal(s.pids, 4);
	assert_int_equal(s.pids_limit, UINT64_MAX);
	assert_true(s.psi_cpu < 0);
	/* the pod has no limit of its own, and the kills of its containers */
	assert_int_equal(procfs_cgroup(dir, "/pod", &s), 0);
	assert_int_equal(s.memory_limit, UINT64_MAX);
	assert_int_equal(s.oom_kills, 3);
	/* with a unified tree beside it: pressure from there */
	dir[strlen(dir) - 3] = 0;
	put("v1/sys/fs/cgroup/unified/cgroup.controllers", "\n");
	put("v1/sys/fs/cgroup/unified/pod/c/memory.pressure", "some avg10=2.50 avg60=0\n");
	put("v1/sys/fs/cgroup/unified/pod/c/cpu.stat", "usage_usec 1\n");
	strcat(dir, "/v1");
	assert_int_equal(procfs_cgroup(dir, "/pod/c", &s), 0);
	assert_true(s.psi_memory == 2.5);
	assert_int_equal(s.cpu_ns, 77);
	assert_int_equal(s.memory_bytes, 500);
	dir[strlen(dir) - 3] = 0;
}

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
	static const char *const argv[] = { "sh", "-c", "echo; read x", "--password", "hunter2",
					    NULL };
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
	    "no log line\n" T2 " stdout P gin\n" T2 " stdout F  end\n" T2 " stdout F \n" T2 " stdout F cut");
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
	    "{\"log\":\"a \\\"b\\\" \\u00e9\\ud83d\\ude00\\n\",\"stream\":\"stdout\",\"time\":\"" T1 "\"}\n"
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
	/* Docker's logs are links of this kind: below the host's root they lead where they should */
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
		cmocka_unit_test(any_comm_leaves_the_numbers_right),
		cmocka_unit_test(ids_are_read_and_mapped),
		cmocka_unit_test(the_path_of_a_hierarchy_is_found),
		cmocka_unit_test(socket_lines_become_addresses),
		cmocka_unit_test(a_live_process_is_read_whole),
		cmocka_unit_test(a_long_command_line_is_cut_and_says_so),
		cmocka_unit_test(the_node_is_read),
		cmocka_unit_test(the_figures_of_a_foreign_root_are_read),
		cmocka_unit_test(cgroup_v2_is_read_with_its_parents_limits),
		cmocka_unit_test(cgroup_v1_and_hybrid_are_read),
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
