/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One process in full, for a person: rows of section, key and value. Values of the
 * environment are never shown, secrets in argv are masked.
 */
#include "sensor/procfs_detail.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/mask.h"
#include "sensor/procfs.h"
#include "sensor/procfs_raw.h"

#define ARGV_ALL      (128u << 10)
#define ENVIRON_ALL   (256u << 10)
#define MAPS_ALL      (8u << 20)
#define ROWS_MAX      1024 /* of argv, of the environment, of marked mappings */
#define ANCESTORS_MAX 64

int detail_row(struct buf *out, const char *section, const char *key, const char *fmt, ...)
{
	size_t before = out->n;
	char value[4600];
	va_list ap;
	int r;

	va_start(ap, fmt);
	vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	r = buf_add(out, section, strlen(section) + 1);
	if (!r)
		r = buf_add(out, key, strlen(key) + 1);
	if (!r)
		r = buf_add(out, value, strlen(value) + 1);
	if (r < 0)
		out->n = before;
	return r;
}

static void value_row(struct buf *out, const char *section, const char *key, const char *p,
		      size_t n, const char *name)
{
	char text[2049];
	size_t len;
	const char *at = proc_value(p, n, name, &len);

	if (!at || !len)
		return;
	len = MIN(len, sizeof(text) - 1);
	for (size_t i = 0; i < len; i++) /* NSpid has a number for each namespace, tabs between */
		text[i] = at[i] == '\t' ? ' ' : at[i];
	text[len] = 0;
	detail_row(out, section, key, "%s", text);
}

static void ids(const struct proc_stat *st, const char *p, size_t n, struct buf *out)
{
	struct proc_users id;

	detail_row(out, "ids", "pid", "%u", st->pid);
	value_row(out, "ids", "pid in its namespaces", p, n, "NSpid");
	detail_row(out, "ids", "parent", "%u", st->ppid);
	detail_row(out, "ids", "group, session", "%u, %u", st->pgrp, st->session);
	value_row(out, "ids", "state", p, n, "State");
	detail_row(out, "ids", "threads", "%u", st->threads);
	value_row(out, "ids", "traced by", p, n, "TracerPid");
	if (st->tty)
		detail_row(out, "ids", "terminal", "%u:%u", st->tty >> 20, st->tty & 0xfffff);
	if (!proc_users_parse(p, n, &id)) {
		detail_row(out, "ids", "user", "real %u, effective %u, saved %u, file system %u",
			   id.uid[0], id.uid[1], id.uid[2], id.uid[3]);
		detail_row(out, "ids", "group of user",
			   "real %u, effective %u, saved %u, file system %u", id.gid[0], id.gid[1],
			   id.gid[2], id.gid[3]);
	}
	value_row(out, "ids", "groups", p, n, "Groups");
	value_row(out, "ids", "umask", p, n, "Umask");
}

static void ancestry(const char *proc_dir, uint32_t pid, struct buf *out)
{
	for (int i = 0; i < ANCESTORS_MAX && pid; i++) {
		char buf[1024], exe[1024], key[16];
		struct proc_stat st;
		int fd = proc_open(proc_dir, pid);
		ssize_t n = fd >= 0 ? proc_read(fd, "stat", buf, sizeof(buf)) : -1;

		if (n < 0 || proc_stat_parse(buf, (size_t)n, &st) < 0) {
			if (fd >= 0)
				close(fd);
			return;
		}
		n = proc_exe(fd, exe, sizeof(exe), NULL);
		close(fd);
		snprintf(key, sizeof(key), "%u", pid);
		detail_row(out, "ancestry", key, "%s%s%s", st.comm, n > 0 ? "  " : "",
			   n > 0 ? exe : "");
		pid = st.ppid;
	}
}

/* A file of NUL-ended texts; what goes over the limit is cut. */
static bool texts(int dirfd, const char *name, struct buf *b)
{
	ssize_t n;

	if (buf_room(b, b->max) < 0)
		return false;
	n = proc_read(dirfd, name, b->p, b->max + 1);
	b->n = n > 0 ? (size_t)n : 0;
	return n > 0;
}

static void argv(int dirfd, struct buf *out)
{
	auto_done(buf_done) struct buf b = { .max = ARGV_ALL };
	unsigned i = 0;

	if (!texts(dirfd, "cmdline", &b))
		return;
	mask_args(b.p, b.n);
	for (size_t at = 0; at < b.n && i < ROWS_MAX; i++) {
		char key[16];

		snprintf(key, sizeof(key), "%u", i);
		if (detail_row(out, "argv", key, "%s", b.p + at) < 0)
			return;
		at += strlen(b.p + at) + 1;
	}
	if (b.n == b.max)
		detail_row(out, "argv", "", "(cut after %u bytes)", ARGV_ALL);
}

static void environment(int dirfd, struct buf *out)
{
	auto_done(buf_done) struct buf b = { .max = ENVIRON_ALL };
	unsigned i = 0;

	if (!texts(dirfd, "environ", &b))
		return;
	for (size_t at = 0; at < b.n && i < ROWS_MAX; i++) {
		size_t n = strlen(b.p + at);
		char *eq = memchr(b.p + at, '=', n);
		int r = 0;

		/* Without a name it may be anything, a secret too. */
		if (eq && eq - (b.p + at) <= 256) {
			*eq = 0;
			r = detail_row(out, "environment", b.p + at, "(%zu bytes)",
				       n - (size_t)(eq + 1 - (b.p + at)));
		} else if (n) {
			r = detail_row(out, "environment", "?", "(%zu bytes without a name)", n);
		}
		if (r < 0)
			return;
		at += n + 1;
	}
	if (b.n == b.max)
		detail_row(out, "environment", "", "(cut after %u bytes)", ENVIRON_ALL);
}

static void cgroups(int dirfd, struct buf *out)
{
	char buf[16384], *save = NULL;

	if (proc_read(dirfd, "cgroup", buf, sizeof(buf)) <= 0)
		return;
	for (char *line = strtok_r(buf, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *list = strchr(line, ':'), *path = list ? strchr(list + 1, ':') : NULL;

		if (!path)
			continue;
		*path++ = 0;
		detail_row(out, "cgroup", list[1] ? list + 1 : "v2", "%s", path);
	}
}

static void namespaces(const char *proc_dir, int dirfd, struct buf *out)
{
	static const char *const names[] = { "cgroup", "ipc",  "mnt",  "net",
					     "pid",    "time", "user", "uts" };
	int init = proc_open(proc_dir, 1), self = open("/proc/self", O_PATH | O_CLOEXEC);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char link[32];
		uint32_t ns, host;

		snprintf(link, sizeof(link), "ns/%s", names[i]);
		ns = proc_ns(dirfd, link);
		host = init >= 0 ? proc_ns(init, link) : 0;
		if (!ns)
			continue;
		if (host)
			detail_row(out, "namespaces", names[i], "%u%s", ns,
				   ns == host ? "" : "  (not the host's)");
		else /* the kernel does not let us see init's */
			detail_row(out, "namespaces", names[i], "%u%s", ns,
				   self >= 0 && ns == proc_ns(self, link) ? "" : "  (not ours)");
	}
	if (init >= 0)
		close(init);
	if (self >= 0)
		close(self);
}

static const char *const cap_names[] = {
	"chown",
	"dac_override",
	"dac_read_search",
	"fowner",
	"fsetid",
	"kill",
	"setgid",
	"setuid",
	"setpcap",
	"linux_immutable",
	"net_bind_service",
	"net_broadcast",
	"net_admin",
	"net_raw",
	"ipc_lock",
	"ipc_owner",
	"sys_module",
	"sys_rawio",
	"sys_chroot",
	"sys_ptrace",
	"sys_pacct",
	"sys_admin",
	"sys_boot",
	"sys_nice",
	"sys_resource",
	"sys_time",
	"sys_tty_config",
	"mknod",
	"lease",
	"audit_write",
	"audit_control",
	"setfcap",
	"mac_override",
	"mac_admin",
	"syslog",
	"wake_alarm",
	"block_suspend",
	"audit_read",
	"perfmon",
	"bpf",
	"checkpoint_restore",
};

void detail_caps(uint64_t set, char *buf, size_t size)
{
	const uint64_t all = (1ULL << ARRAY_SIZE(cap_names)) - 1;
	uint64_t show = set;
	size_t n = 0;

	buf[0] = 0;
	if (!set || (set & all) == all) {
		snprintf(buf, size, "%s", set ? "all" : "none");
		return;
	}
	/* Nearly all reads better as what is missing. */
	if (__builtin_popcountll(set & all) > 30) {
		n = (size_t)snprintf(buf, size, "all but");
		show = ~set & all;
	}
	for (unsigned i = 0; i < 64 && n < size; i++) {
		if (!(show >> i & 1))
			continue;
		if (i < ARRAY_SIZE(cap_names))
			n += (size_t)snprintf(buf + n, size - n, "%s%s", n ? " " : "",
					      cap_names[i]);
		else
			n += (size_t)snprintf(buf + n, size - n, "%s%u", n ? " " : "", i);
	}
}

static void capabilities(const char *p, size_t n, struct buf *out)
{
	static const char *const sets[][2] = {
		{ "CapEff", "effective" }, { "CapPrm", "permitted" }, { "CapInh", "inheritable" },
		{ "CapBnd", "bounding" },  { "CapAmb", "ambient" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		char names[1024], hex[20];
		size_t len;
		const char *at = proc_value(p, n, sets[i][0], &len);
		unsigned long long set;

		if (!at || len >= sizeof(hex))
			continue;
		memcpy(hex, at, len);
		hex[len] = 0;
		if (sscanf(hex, "%llx", &set) != 1)
			continue;
		detail_caps(set, names, sizeof(names));
		detail_row(out, "capabilities", sets[i][1], "%s", names);
	}
}

static void seccomp(const char *p, size_t n, struct buf *out)
{
	static const char *const modes[] = { "off", "strict", "filter" };
	size_t len;
	const char *at = proc_value(p, n, "Seccomp", &len);

	if (at && len == 1 && at[0] >= '0' && at[0] <= '2')
		detail_row(out, "seccomp", "mode", "%s", modes[at[0] - '0']);
	value_row(out, "seccomp", "filters", p, n, "Seccomp_filters");
	at = proc_value(p, n, "NoNewPrivs", &len);
	if (at && len == 1)
		detail_row(out, "seccomp", "no new privileges", "%s", at[0] == '1' ? "yes" : "no");
}

static void limits(int dirfd, struct buf *out)
{
	char buf[8192], *save = NULL, *line;

	if (proc_read(dirfd, "limits", buf, sizeof(buf)) <= 0)
		return;
	strtok_r(buf, "\n", &save); /* the heading */
	while ((line = strtok_r(NULL, "\n", &save))) {
		/* columns of fixed width: name 26, soft 21, hard 21, unit */
		char soft[24], hard[24], unit[16] = "", key[32];
		size_t n = 26;

		if (strlen(line) <= n)
			continue;
		snprintf(key, sizeof(key), "%.26s", line);
		while (n && isspace((unsigned char)key[n - 1]))
			key[--n] = 0;
		if (sscanf(line + 26, "%23s %23s %15s", soft, hard, unit) < 2)
			continue;
		detail_row(out, "limits", strncmp(key, "Max ", 4) ? key : key + 4,
			   "%s, at most %s%s%s", soft, hard, unit[0] ? " " : "", unit);
	}
}

static void one_number(int dirfd, const char *file, const char *section, const char *key,
		       struct buf *out)
{
	char buf[64];

	if (proc_read(dirfd, file, buf, sizeof(buf)) <= 0)
		return;
	buf[strcspn(buf, "\n")] = 0;
	detail_row(out, section, key, "%s", buf);
}

/* What makes an executable mapping worth a row; NULL: nothing. */
static const char *suspect(const char *perms, const char *path, bool anonymous)
{
	size_t n = strlen(path);

	if (perms[2] != 'x')
		return NULL;
	if (!strncmp(path, "/memfd:", 7))
		return "executable, in memory only (memfd)";
	if (n > 10 && !strcmp(path + n - 10, " (deleted)"))
		return "executable, file deleted";
	if (perms[1] == 'w')
		return anonymous ? "writable and executable, no file" : "writable and executable";
	return NULL;
}

static void map_line(char *line, struct buf *out, unsigned *marked)
{
	char range[40], perms[8];
	int at = 0;
	const char *why, *path;

	if (sscanf(line, "%39s %7s %*s %*s %*s %n", range, perms, &at) < 2 || at <= 0 ||
	    strlen(perms) < 4)
		return;
	path = line + at;
	why = suspect(perms, path, !path[0]);
	if (!why || *marked >= ROWS_MAX)
		return;
	++*marked;
	detail_row(out, "memory", range, "%s%s%s", why, path[0] ? ": " : "", path);
}

static void memory(int dirfd, const char *p, size_t n, struct buf *out)
{
	auto_done(buf_done) struct buf maps = { .max = MAPS_ALL };
	unsigned count = 0, marked = 0;

	value_row(out, "memory", "resident", p, n, "VmRSS");
	value_row(out, "memory", "anonymous", p, n, "RssAnon");
	value_row(out, "memory", "most so far", p, n, "VmHWM");
	value_row(out, "memory", "virtual", p, n, "VmSize");
	value_row(out, "memory", "locked", p, n, "VmLck");
	value_row(out, "memory", "swapped", p, n, "VmSwap");
	(void)buf_file(&maps, dirfd, "maps"); /* of a cut one the beginning */
	for (char *line = maps.n ? maps.p : NULL; line && *line;) {
		char *eol = strchr(line, '\n');

		if (!eol)
			break;
		*eol = 0;
		count++;
		map_line(line, out, &marked);
		line = eol + 1;
	}
	if (count)
		detail_row(out, "memory", "mappings", "%u%s", count,
			   maps.failed ? " and more" : "");
}

static void mounts(int dirfd, struct buf *out)
{
	auto_done(buf_done) struct buf b = { .max = 1u << 20 };
	unsigned count = 0;

	(void)buf_file(&b, dirfd, "mountinfo");
	for (size_t i = 0; i < b.n; i++)
		count += b.p[i] == '\n';
	if (b.n)
		detail_row(out, "mounts", "count", "%u%s", count, b.failed ? " and more" : "");
}

static void links(int dirfd, const struct proc_stat *st, struct buf *out)
{
	char path[4096];
	bool deleted;

	detail_row(out, "image", "name", "%s", st->comm);
	if (proc_exe(dirfd, path, sizeof(path), &deleted) > 0)
		detail_row(out, "image", "file", "%s%s", path, deleted ? "  (deleted)" : "");
	if (proc_link(dirfd, "cwd", path, sizeof(path)) > 0)
		detail_row(out, "image", "folder", "%s", path);
	if (proc_link(dirfd, "root", path, sizeof(path)) > 0)
		detail_row(out, "image", "root", "%s", path);
}

static int fill(const char *proc_dir, int fd, uint64_t start_ns, struct buf *out)
{
	char stat[1024], status[8192];
	struct proc_stat st;
	ssize_t n = proc_read(fd, "stat", stat, sizeof(stat));
	int r;

	if (n < 0)
		return n == -ENOENT ? -ESRCH : (int)n;
	r = proc_stat_parse(stat, (size_t)n, &st);
	if (r < 0)
		return r;
	if (start_ns && MAX(start_ns, st.start_ns) - MIN(start_ns, st.start_ns) > proc_tick_ns())
		return -ESRCH;
	n = proc_read(fd, "status", status, sizeof(status));
	if (n < 0)
		n = 0;
	ids(&st, status, (size_t)n, out);
	links(fd, &st, out);
	ancestry(proc_dir, st.ppid, out);
	argv(fd, out);
	environment(fd, out);
	detail_fds(fd, out);
	cgroups(fd, out);
	namespaces(proc_dir, fd, out);
	capabilities(status, (size_t)n, out);
	seccomp(status, (size_t)n, out);
	limits(fd, out);
	one_number(fd, "oom_score", "oom", "score", out);
	one_number(fd, "oom_score_adj", "oom", "adjustment", out);
	memory(fd, status, (size_t)n, out);
	mounts(fd, out);
	return out->failed ? -E2BIG : 0;
}

int procfs_detail(const char *proc_dir, uint32_t pid, uint64_t start_ns, struct buf *out)
{
	int fd = proc_open(proc_dir, pid), r;

	if (fd < 0)
		return fd;
	r = fill(proc_dir, fd, start_ns, out);
	close(fd);
	return r;
}
