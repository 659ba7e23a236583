/* SPDX-License-Identifier: BSD-2-Clause */
/* /proc and cgroup files, hostile ones too, become the right numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/prctl.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/macros.h"
#include "procfs_fixture.h"
#include "sensor/procfs.h"
#include "sensor/procfs_raw.h"

#define TAIL                                                                              \
	" S 3 5 6 34816 7 0 1 2 3 4 11 12 0 0 20 0 9 0 1000 4096 2 18446744073709551615 " \
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
	static const char v4[] =
		"   1: 0100007F:0035 0200000A:C001 01 00000000:00000000 00:00000000 "
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
			assert_true(n >=
				    strlen("   1: 0100007F:0035 0200000A:C001 01 0:0 0:0 0 1 0 1"));
	}
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

/* Groups of our own in each hierarchy that is here; removed by end_groups(). */
static const char *const hierarchies[] = { "memory",  "cpu", "cpu,cpuacct", "cpuacct", "pids",
					   "unified", "." };
static bool made[ARRAY_SIZE(hierarchies)];

static void group_file(size_t i, const char *file, char *buf, size_t size)
{
	snprintf(buf, size, "/sys/fs/cgroup/%s/sonde-test-%d%s", hierarchies[i], getpid(), file);
}

static bool group_write(size_t i, const char *file, const char *text)
{
	char path[160];
	int fd;
	bool ok;

	group_file(i, file, path, sizeof(path));
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return false;
	ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return ok;
}

static void end_groups(void)
{
	char path[160];

	for (size_t i = 0; i < ARRAY_SIZE(hierarchies); i++) {
		group_file(i, "", path, sizeof(path));
		if (made[i])
			rmdir(path);
		made[i] = false;
	}
}

static bool begin_groups(pid_t pid)
{
	char path[160], probe[64], number[16];
	bool any = false;
	struct stat st;

	snprintf(number, sizeof(number), "%d", pid);
	for (size_t i = 0; i < ARRAY_SIZE(hierarchies); i++) {
		snprintf(probe, sizeof(probe), "/sys/fs/cgroup/%s/cgroup.procs", hierarchies[i]);
		group_file(i, "", path, sizeof(path));
		/* names that are links to one another are one hierarchy */
		if (access(probe, F_OK) < 0 || !stat(path, &st) || mkdir(path, 0700) < 0)
			continue;
		made[i] = true;
		any |= group_write(i, "/cgroup.procs", number);
	}
	return any;
}

static void the_group_of_a_live_process_is_read(void **state)
{
	struct child c = child_start(odd_child);
	struct cgroup_sample s = { 0 };
	bool quota, limit, got = begin_groups(c.pid);
	char path[64];
	int r;

	(void)state;
	limit = made[0] && group_write(0, "/memory.limit_in_bytes", "67108864");
	quota = made[1] && group_write(1, "/cpu.cfs_quota_us", "30000");
	snprintf(path, sizeof(path), "/sonde-test-%d", getpid());
	r = procfs_cgroup("/", path, &s);
	child_end(&c);
	end_groups();
	if (!got)
		skip(); /* not root, or no cgroups here */
	assert_int_equal(r, 0);
	if (limit)
		assert_int_equal(s.memory_limit, 67108864);
	if (quota) {
		assert_int_equal(s.cpu_quota_us, 30000);
		assert_int_equal(s.cpu_period_us, 100000);
	}
	if (limit) {
		assert_true(s.memory_bytes < 67108864);
		assert_int_equal(s.oom_kills, 0);
	}
	assert_true(s.cpu_ns < 60 * NS_PER_S);
	assert_int_equal(procfs_cgroup("/", path, &s), -ENOENT);
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
		cmocka_unit_test(the_group_of_a_live_process_is_read),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
