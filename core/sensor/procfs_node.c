/* SPDX-License-Identifier: BSD-2-Clause */
/* The node's own figures: load, pressure, memory, disk, cpu, and what sonde itself takes. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macros.h"
#include "sensor/procfs.h"
#include "sensor/procfs_raw.h"

static ssize_t read_below(const char *root, const char *name, char *buf, size_t size)
{
	char path[PATH_MAX];

	if (!root || !strcmp(root, "/"))
		root = "";
	if ((size_t)snprintf(path, sizeof(path), "%s%s", root, name) >= sizeof(path))
		return -ENAMETOOLONG;
	return proc_read(AT_FDCWD, path, buf, size);
}

static void node_name(const char *root, char *ret, size_t size)
{
	const char *env = getenv("NODE_NAME");
	struct utsname u;

	ret[0] = 0;
	if (env && env[0]) {
		snprintf(ret, size, "%.63s", env);
		return;
	}
	/* In a pod our own host name is the pod's. */
	if (root && strcmp(root, "/") != 0 && read_below(root, "/etc/hostname", ret, size) > 0)
		ret[strcspn(ret, "\n \t")] = 0;
	if (!ret[0] && !uname(&u))
		snprintf(ret, size, "%.63s", u.nodename);
}

/* "some avg10=1.23 …": the figure, negative when this kernel has none. */
double procfs_psi(const char *p)
{
	const char *at = strstr(p, "some avg10=");

	return at ? strtod(at + strlen("some avg10="), NULL) : -1;
}

static double psi(const char *root, const char *name)
{
	char buf[256];

	return read_below(root, name, buf, sizeof(buf)) > 0 ? procfs_psi(buf) : -1;
}

static uint64_t kib(const char *p, size_t n, const char *key)
{
	size_t len;
	const char *at = proc_value(p, n, key, &len);
	uint64_t v;

	return at && proc_u64(at, at + len, &v) && v < UINT64_MAX / 1024 ? v * 1024 : 0;
}

static void cpu_times(const char *root, struct node_sample *ret)
{
	/* Long lines of interrupts follow; what we need is before them. */
	char buf[64 << 10], *at;
	ssize_t n = read_below(root, "/proc/stat", buf, sizeof(buf));
	uint64_t v[8] = { 0 }, total = 0;
	const char *p, *end;

	if (n <= 0 || strncmp(buf, "cpu ", 4) != 0)
		return;
	p = buf + 4;
	end = buf + strcspn(buf, "\n");
	for (size_t i = 0; i < ARRAY_SIZE(v) && p; i++) {
		p = proc_u64(p, end, &v[i]);
		if (p)
			total += v[i];
	}
	/* user nice system idle iowait irq softirq steal */
	ret->cpu_total_ns = total * proc_tick_ns();
	ret->cpu_busy_ns = (total - v[3] - v[4]) * proc_tick_ns();
	for (at = buf; (at = strstr(at, "\ncpu")); at++)
		ret->cpus++;
}

static void self(struct node_sample *ret)
{
	char buf[128];
	uint64_t size, rss;
	ssize_t n = proc_read(AT_FDCWD, "/proc/self/statm", buf, sizeof(buf));
	const char *p = n > 0 ? proc_u64(buf, buf + n, &size) : NULL;

	if (p && proc_u64(p, buf + n, &rss))
		ret->self_rss = rss * (uint64_t)sysconf(_SC_PAGESIZE);
	ret->self_cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

int procfs_node(const char *host_root, struct node_sample *ret)
{
	char buf[8192];
	struct statvfs fs;
	struct utsname u;
	ssize_t n;

	memset(ret, 0, sizeof(*ret));
	ret->at_ns = clock_boot();
	node_name(host_root, ret->node, sizeof(ret->node));
	if (!uname(&u))
		snprintf(ret->kernel, sizeof(ret->kernel), "%.63s", u.release);
	n = read_below(host_root, "/proc/loadavg", buf, sizeof(buf));
	if (n < 0)
		return (int)n;
	sscanf(buf, "%lf %lf %lf", &ret->load1, &ret->load5, &ret->load15);
	n = read_below(host_root, "/proc/meminfo", buf, sizeof(buf));
	if (n > 0) {
		ret->mem_total = kib(buf, (size_t)n, "MemTotal");
		ret->mem_available = kib(buf, (size_t)n, "MemAvailable");
	}
	ret->psi_cpu = psi(host_root, "/proc/pressure/cpu");
	ret->psi_memory = psi(host_root, "/proc/pressure/memory");
	ret->psi_io = psi(host_root, "/proc/pressure/io");
	if (!statvfs(host_root && host_root[0] ? host_root : "/", &fs)) {
		ret->disk_total = (uint64_t)fs.f_blocks * fs.f_frsize;
		ret->disk_free = (uint64_t)fs.f_bavail * fs.f_frsize;
	}
	cpu_times(host_root, ret);
	self(ret);
	return 0;
}
