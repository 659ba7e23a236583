/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The figures of one cgroup. v2 files are read where the group has them; what is missing
 * then comes from the v1 hierarchies (on a hybrid host all that has a controller does).
 * A limit of the group counts together with those of the groups above it: the least.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macros.h"
#include "sensor/procfs.h"
#include "sensor/procfs_raw.h"

#define DEPTH_MAX    32
/* v1 says "no limit" with the largest page-aligned number. */
#define V1_UNLIMITED (1ULL << 60)
#define CHILDREN_MAX 256

struct group {
	char base[PATH_MAX / 2]; /* of the hierarchy; then the path */
	size_t base_n;
	char path[PATH_MAX];
};

/* Point @g at @path in the hierarchy @sub of @root. False when that group is not there. */
static bool group_at(struct group *g, const char *root, const char *sub, const char *path)
{
	struct stat st;
	int n = snprintf(g->base, sizeof(g->base), "%s/sys/fs/cgroup%s", root, sub);

	if (n < 0 || (size_t)n >= sizeof(g->base))
		return false;
	g->base_n = (size_t)n;
	n = snprintf(g->path, sizeof(g->path), "%s%s", g->base, path);
	if (n < 0 || (size_t)n >= sizeof(g->path) - 64)
		return false;
	while ((size_t)n > g->base_n && g->path[n - 1] == '/')
		g->path[--n] = 0;
	return !stat(g->path, &st) && S_ISDIR(st.st_mode);
}

/* One level up; false at the hierarchy's root. */
static bool group_up(struct group *g)
{
	char *slash = strrchr(g->path + g->base_n, '/');

	if (!slash)
		return false;
	*slash = 0;
	return true;
}

static ssize_t read_file(const struct group *g, const char *name, char *buf, size_t size)
{
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", g->path, name) >= sizeof(path))
		return -ENAMETOOLONG;
	return proc_read(AT_FDCWD, path, buf, size);
}

/* A file that holds one number, or "max". @none when it cannot be read. */
static uint64_t number(const struct group *g, const char *name, uint64_t none)
{
	char buf[64];
	ssize_t n = read_file(g, name, buf, sizeof(buf));
	uint64_t v;

	if (n <= 0)
		return none;
	return proc_u64(buf, buf + n, &v) ? v : UINT64_MAX;
}

/* "key 123" on a line of its own. */
static uint64_t keyed(const char *p, const char *key, uint64_t none)
{
	size_t k = strlen(key);
	uint64_t v;

	while (p && *p) {
		if (!strncmp(p, key, k) && p[k] == ' ')
			return proc_u64(p + k, p + k + 1 + strspn(p + k + 1, "0123456789"), &v)
				       ? v
				       : none;
		p = strchr(p, '\n');
		p = p ? p + 1 : NULL;
	}
	return none;
}

static uint64_t times(uint64_t v, uint64_t by)
{
	return v > UINT64_MAX / by ? UINT64_MAX : v * by;
}

/* Keep the tighter of two quotas; they may have periods of their own. */
static void tighter(struct cgroup_sample *s, uint64_t quota, uint64_t period)
{
	if (quota == UINT64_MAX || !period || !quota)
		return;
	if (s->cpu_quota_us != UINT64_MAX &&
	    (double)quota / (double)period >= (double)s->cpu_quota_us / (double)s->cpu_period_us)
		return;
	s->cpu_quota_us = quota;
	s->cpu_period_us = period;
}

static double psi_file(const struct group *g, const char *name)
{
	char buf[256];

	return read_file(g, name, buf, sizeof(buf)) > 0 ? procfs_psi(buf) : -1;
}

static void v2_limits(struct group g, struct cgroup_sample *s)
{
	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		char buf[128];
		ssize_t n = read_file(&g, "cpu.max", buf, sizeof(buf));
		uint64_t quota, period;
		const char *at = n > 0 ? proc_u64(buf, buf + n, &quota) : NULL;

		if (at && proc_u64(at, buf + n, &period))
			tighter(s, quota, period);
		s->memory_limit = MIN(s->memory_limit, number(&g, "memory.max", UINT64_MAX));
		s->pids_limit = MIN(s->pids_limit, number(&g, "pids.max", UINT64_MAX));
		if (!group_up(&g))
			break;
	}
}

static void v2(struct group *g, struct cgroup_sample *s)
{
	char buf[8192];
	uint64_t us;

	if (read_file(g, "cpu.stat", buf, sizeof(buf)) > 0) {
		us = keyed(buf, "usage_usec", UINT64_MAX);
		s->cpu_ns = times(us, 1000);
		us = keyed(buf, "throttled_usec", UINT64_MAX);
		s->throttled_ns = times(us, 1000);
		s->periods = keyed(buf, "nr_periods", UINT64_MAX);
		s->throttled_periods = keyed(buf, "nr_throttled", UINT64_MAX);
	}
	s->memory_bytes = number(g, "memory.current", UINT64_MAX);
	if (read_file(g, "memory.events", buf, sizeof(buf)) > 0)
		s->oom_kills = keyed(buf, "oom_kill", UINT64_MAX);
	s->pids = number(g, "pids.current", UINT64_MAX);
	s->psi_cpu = psi_file(g, "cpu.pressure");
	s->psi_memory = psi_file(g, "memory.pressure");
	s->psi_io = psi_file(g, "io.pressure");
	v2_limits(*g, s);
}

static void v1_cpu(struct group g, struct cgroup_sample *s)
{
	char buf[1024];

	if (read_file(&g, "cpu.stat", buf, sizeof(buf)) > 0) {
		s->throttled_ns = keyed(buf, "throttled_time", s->throttled_ns);
		s->periods = keyed(buf, "nr_periods", s->periods);
		s->throttled_periods = keyed(buf, "nr_throttled", s->throttled_periods);
	}
	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		tighter(s, number(&g, "cpu.cfs_quota_us", UINT64_MAX),
			number(&g, "cpu.cfs_period_us", 0));
		if (!group_up(&g))
			break;
	}
}

/* In v1 a kill counts in the victim's group alone: a pod's are those of its containers. */
static uint64_t v1_kills(const struct group *g, int depth, int *left)
{
	char buf[256];
	uint64_t sum = UINT64_MAX;
	struct dirent *e;
	DIR *d;

	if (read_file(g, "memory.oom_control", buf, sizeof(buf)) > 0)
		sum = keyed(buf, "oom_kill", UINT64_MAX);
	d = depth < 3 && sum != UINT64_MAX ? opendir(g->path) : NULL;
	while (d && *left > 0 && (e = readdir(d))) {
		struct group child;
		uint64_t more;

		if (e->d_type != DT_DIR || e->d_name[0] == '.')
			continue;
		child = *g;
		if ((size_t)snprintf(child.path, sizeof(child.path), "%s/%s", g->path, e->d_name) >=
		    sizeof(child.path) - 64)
			continue;
		--*left;
		more = v1_kills(&child, depth + 1, left);
		sum += more == UINT64_MAX ? 0 : more;
	}
	if (d)
		closedir(d);
	return sum;
}

static void v1_memory(struct group g, struct cgroup_sample *s)
{
	int left = CHILDREN_MAX;

	s->memory_bytes = number(&g, "memory.usage_in_bytes", UINT64_MAX);
	s->oom_kills = v1_kills(&g, 0, &left);
	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		uint64_t v = number(&g, "memory.limit_in_bytes", UINT64_MAX);

		if (v < V1_UNLIMITED)
			s->memory_limit = MIN(s->memory_limit, v);
		if (!group_up(&g))
			break;
	}
}

static void v1_pids(struct group g, struct cgroup_sample *s)
{
	s->pids = number(&g, "pids.current", UINT64_MAX);
	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		s->pids_limit = MIN(s->pids_limit, number(&g, "pids.max", UINT64_MAX));
		if (!group_up(&g))
			break;
	}
}

/* The group in the v1 hierarchy of a controller, whatever that is called here. */
static bool v1_at(struct group *g, const char *root, const char *const *subs, const char *path)
{
	for (; *subs; subs++) {
		if (group_at(g, root, *subs, path))
			return true;
	}
	return false;
}

static bool sane(const char *path)
{
	if (path[0] != '/' || strlen(path) >= PATH_MAX / 2)
		return false;
	for (const char *at = path; (at = strstr(at, "/..")); at += 3) {
		if (!at[3] || at[3] == '/')
			return false;
	}
	return true;
}

static bool is_v2(const char *root, const char *sub)
{
	char path[PATH_MAX];

	return (size_t)snprintf(path, sizeof(path), "%s/sys/fs/cgroup%s/cgroup.controllers", root,
				sub) < sizeof(path) &&
	       !access(path, F_OK);
}

int procfs_cgroup(const char *host_root, const char *path, struct cgroup_sample *ret)
{
	static const char *const cpu[] = { "/cpu", "/cpu,cpuacct", "/cpuacct,cpu", NULL };
	static const char *const acct[] = { "/cpuacct", "/cpu,cpuacct", "/cpuacct,cpu", NULL };
	static const char *const memory[] = { "/memory", NULL };
	static const char *const pids[] = { "/pids", NULL };
	const char *root = host_root && strcmp(host_root, "/") != 0 ? host_root : "";
	const char *unified = is_v2(root, "") ? "" : "/unified";
	struct group g;
	bool found = false;

	memset(ret, 0xff, sizeof(*ret)); /* nothing known, no limits */
	ret->psi_cpu = ret->psi_memory = ret->psi_io = -1;
	ret->cpu_period_us = 100000;
	ret->at_ns = clock_boot();
	if (!sane(path))
		return -EINVAL;
	if (is_v2(root, unified) && group_at(&g, root, unified, path)) {
		found = true;
		v2(&g, ret);
	}
	if (unified[0] && v1_at(&g, root, cpu, path)) {
		found = true;
		v1_cpu(g, ret);
	}
	if (unified[0] && v1_at(&g, root, acct, path)) {
		uint64_t ns = number(&g, "cpuacct.usage", UINT64_MAX);

		found = true;
		if (ns != UINT64_MAX)
			ret->cpu_ns = ns;
	}
	if (unified[0] && v1_at(&g, root, memory, path)) {
		found = true;
		v1_memory(g, ret);
	}
	if (unified[0] && v1_at(&g, root, pids, path)) {
		found = true;
		v1_pids(g, ret);
	}
	return found ? 0 : -ENOENT;
}
