/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading files of /proc and taking their lines apart. */
#include "sensor/procfs_raw.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macros.h"

ssize_t proc_read(int dirfd, const char *name, char *buf, size_t size)
{
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	size_t n = 0;
	ssize_t got;

	buf[0] = 0;
	if (fd < 0)
		return -errno;
	while (n < size - 1) {
		got = read(fd, buf + n, size - 1 - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			int r = -errno;

			close(fd);
			buf[0] = 0;
			return r;
		}
		if (!got)
			break;
		n += (size_t)got;
	}
	close(fd);
	buf[n] = 0;
	return (ssize_t)n;
}

int proc_open(const char *proc_dir, uint32_t pid)
{
	char path[PATH_MAX];
	int fd;

	if ((size_t)snprintf(path, sizeof(path), "%s/%u", proc_dir, pid) >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	return fd;
}

ssize_t proc_link(int dirfd, const char *name, char *buf, size_t size)
{
	ssize_t n = readlinkat(dirfd, name, buf, size - 1);

	if (n < 0) {
		buf[0] = 0;
		return -errno;
	}
	buf[n] = 0;
	return n;
}

ssize_t proc_exe(int dirfd, char *buf, size_t size, bool *ret_deleted)
{
	static const char mark[] = " (deleted)";
	ssize_t n = proc_link(dirfd, "exe", buf, size);
	struct stat st;

	if (ret_deleted)
		*ret_deleted = false;
	if (n < (ssize_t)sizeof(mark) || strcmp(buf + n - (sizeof(mark) - 1), mark) != 0)
		return n;
	/* A file may be called that: only one without a name left is deleted. */
	if (fstatat(dirfd, "exe", &st, 0) < 0 || st.st_nlink)
		return n;
	if (ret_deleted)
		*ret_deleted = true;
	n -= (ssize_t)sizeof(mark) - 1;
	buf[n] = 0;
	return n;
}

uint32_t proc_ns(int dirfd, const char *name)
{
	char buf[64], *at;
	unsigned long v;

	if (proc_link(dirfd, name, buf, sizeof(buf)) < 0)
		return 0;
	at = strchr(buf, '[');
	if (!at)
		return 0;
	v = strtoul(at + 1, NULL, 10);
	return v <= UINT32_MAX ? (uint32_t)v : 0;
}

uint64_t proc_tick_ns(void)
{
	long hz = sysconf(_SC_CLK_TCK);

	return NS_PER_S / (uint64_t)(hz > 0 ? hz : 100);
}

const char *proc_u64(const char *p, const char *end, uint64_t *ret)
{
	uint64_t v = 0;
	const char *from;

	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	for (from = p; p < end && *p >= '0' && *p <= '9'; p++) {
		unsigned d = (unsigned)(*p - '0');

		if (v > (UINT64_MAX - d) / 10)
			return NULL;
		v = v * 10 + d;
	}
	if (p == from)
		return NULL;
	*ret = v;
	return p;
}

/* The same with a sign before it; negative values are of no use to us and become 0. */
static const char *signed_u64(const char *p, const char *end, uint64_t *ret)
{
	bool minus;

	while (p < end && *p == ' ')
		p++;
	minus = p < end && *p == '-';
	p = proc_u64(p + minus, end, ret);
	if (p && minus)
		*ret = 0;
	return p;
}

/* stat keeps the numbers of a terminal in the kernel's user space form. */
static uint32_t tty_of(uint64_t v)
{
	uint32_t major = (uint32_t)(v >> 8) & 0xfff;
	uint32_t minor = ((uint32_t)v & 0xff) | ((uint32_t)(v >> 12) & 0xfff00);

	return v ? major << 20 | minor : 0;
}

/* Numbers of the fields after the state, proc(5) counts from 1: the first here is 4. */
enum {
	F_PPID = 4,
	F_PGRP,
	F_SESSION,
	F_TTY,
	F_UTIME = 14,
	F_STIME,
	F_THREADS = 20,
	F_START = 22,
	F_RSS = 24,
	F_CODE = 26,
	F_STACK = 28,
	F_ARGS = 48,
	F_EXIT = 52,
	F_END
};

static void fill_stat(const uint64_t *f, struct proc_stat *ret)
{
	static long page;
	uint64_t tick = proc_tick_ns();

	if (!page)
		page = sysconf(_SC_PAGESIZE);
	ret->ppid = (uint32_t)f[F_PPID];
	ret->pgrp = (uint32_t)f[F_PGRP];
	ret->session = (uint32_t)f[F_SESSION];
	ret->tty = tty_of(f[F_TTY]);
	ret->threads = (uint32_t)f[F_THREADS];
	ret->start_ns = f[F_START] * tick;
	ret->cpu_ns = (f[F_UTIME] + f[F_STIME]) * tick;
	ret->rss_bytes = f[F_RSS] * (uint64_t)page;
	/* Without the right to see them they read as 0 or 1. */
	ret->code_start = f[F_CODE] > 1 ? f[F_CODE] : 0;
	ret->stack_start = f[F_STACK];
	ret->arg_start = f[F_ARGS];
	ret->exit_code = (uint32_t)f[F_EXIT];
}

int proc_stat_parse(const char *p, size_t n, struct proc_stat *ret)
{
	const char *end = p + n, *open, *close_, *at;
	uint64_t f[F_END] = { 0 }, pid;
	size_t len;
	int i;

	memset(ret, 0, sizeof(*ret));
	at = proc_u64(p, end, &pid);
	if (!at || pid > UINT32_MAX || end - at < 2 || at[0] != ' ' || at[1] != '(')
		return -EBADMSG;
	open = at + 1;
	/* comm may hold anything, ')' too; the numbers after it never do. */
	close_ = memrchr(open, ')', (size_t)(end - open));
	if (!close_ || end - close_ < 4 || close_[1] != ' ')
		return -EBADMSG;
	ret->pid = (uint32_t)pid;
	len = MIN((size_t)(close_ - open - 1), sizeof(ret->comm) - 1);
	memcpy(ret->comm, open + 1, len);
	ret->state = close_[2];
	at = close_ + 3;
	for (i = F_PPID; i < F_END; i++) {
		at = signed_u64(at, end, &f[i]);
		if (!at)
			break;
	}
	if (i <= F_START) /* what follows came later or may be hidden */
		return -EBADMSG;
	fill_stat(f, ret);
	return 0;
}

const char *proc_value(const char *p, size_t n, const char *key, size_t *ret_n)
{
	size_t k = strlen(key);
	const char *end = p + n;

	while (p < end) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		const char *stop = eol ? eol : end;

		if ((size_t)(stop - p) > k && p[k] == ':' && !memcmp(p, key, k)) {
			p += k + 1;
			while (p < stop && isspace((unsigned char)*p))
				p++;
			while (stop > p && isspace((unsigned char)stop[-1]))
				stop--;
			*ret_n = (size_t)(stop - p);
			return p;
		}
		p = eol ? eol + 1 : end;
	}
	return NULL;
}

static int four(const char *p, size_t n, const char *key, uint32_t *ret)
{
	size_t len;
	const char *at = proc_value(p, n, key, &len), *end;

	if (!at)
		return -EBADMSG;
	end = at + len;
	for (int i = 0; i < 4; i++) {
		uint64_t v;

		at = proc_u64(at, end, &v);
		if (!at || v > UINT32_MAX)
			return -EBADMSG;
		ret[i] = (uint32_t)v;
	}
	return 0;
}

int proc_users_parse(const char *p, size_t n, struct proc_users *ret)
{
	const char *at, *end;
	uint64_t v;
	size_t len;
	int r;

	memset(ret, 0, sizeof(*ret));
	r = four(p, n, "Uid", ret->uid);
	if (!r)
		r = four(p, n, "Gid", ret->gid);
	if (r < 0)
		return r;
	at = proc_value(p, n, "NSpid", &len);
	for (end = at ? at + len : NULL; at && (at = proc_u64(at, end, &v));)
		ret->nspid = v <= UINT32_MAX ? (uint32_t)v : 0;
	return 0;
}

uint32_t proc_map_id(const char *map, size_t n, uint32_t id)
{
	const char *end = map + n, *p = map;

	while (p < end) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		const char *stop = eol ? eol : end;
		uint64_t in, out, count;

		p = proc_u64(p, stop, &in);
		p = p ? proc_u64(p, stop, &out) : NULL;
		p = p ? proc_u64(p, stop, &count) : NULL;
		if (p && id >= out && id - out < count && in + (id - out) <= UINT32_MAX)
			return (uint32_t)(in + (id - out));
		p = stop + 1;
	}
	return 65534;
}

/* @list is "cpu,cpuacct". */
static bool in_list(const char *list, size_t n, const char *word)
{
	size_t w = strlen(word);

	while (n >= w) {
		const char *comma = memchr(list, ',', n);
		size_t len = comma ? (size_t)(comma - list) : n;

		if (len == w && !memcmp(list, word, w))
			return true;
		if (!comma)
			break;
		list += len + 1;
		n -= len + 1;
	}
	return false;
}

const char *proc_cgroup_find(const char *p, size_t n, const char *controller, size_t *ret_n,
			     uint32_t *ret_hierarchy)
{
	const char *end = p + n;

	while (p < end) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		const char *stop = eol ? eol : end, *list, *colon;
		uint64_t h;

		list = proc_u64(p, stop, &h);
		p = stop + 1;
		if (!list || list == stop || *list != ':' || h > UINT32_MAX)
			continue;
		list++;
		colon = memchr(list, ':', (size_t)(stop - list));
		if (!colon || colon + 1 == stop || colon[1] != '/')
			continue;
		if (controller ? !in_list(list, (size_t)(colon - list), controller)
			       : h != 0 || colon != list)
			continue;
		if (ret_hierarchy)
			*ret_hierarchy = (uint32_t)h;
		*ret_n = (size_t)(stop - colon - 1);
		return colon + 1;
	}
	return NULL;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* Exactly @digits hex digits. */
static const char *hex(const char *p, const char *end, int digits, uint32_t *ret)
{
	uint32_t v = 0;

	if (!p || end - p < digits)
		return NULL;
	while (digits--) {
		int d = hex_digit(*p++);

		if (d < 0)
			return NULL;
		v = v << 4 | (uint32_t)d;
	}
	*ret = v;
	return p;
}

/* "0100007F:0035": 32-bit words as this machine keeps them in memory, then the port. */
static const char *addr(const char *p, const char *end, struct event_addr *ret)
{
	const char *colon;
	uint32_t w[4], port;
	int words;

	while (p && p < end && *p == ' ')
		p++;
	colon = p ? memchr(p, ':', (size_t)(end - p)) : NULL;
	if (!colon || (colon - p != 8 && colon - p != 32))
		return NULL;
	words = colon - p == 8 ? 1 : 4;
	memset(ret, 0, sizeof(*ret));
	for (int i = 0; i < words; i++)
		p = hex(p, end, 8, &w[i]);
	p = hex(p ? p + 1 : NULL, end, 4, &port);
	if (!p)
		return NULL;
	ret->family = words == 1 ? AF_INET : AF_INET6;
	memcpy(&ret->v6, w, (size_t)words * 4);
	ret->port = (uint16_t)port;
	return p;
}

int proc_sock_parse(const char *p, size_t n, struct proc_sock *ret)
{
	const char *end = p + n, *at;
	uint64_t v;
	uint32_t state;

	memset(ret, 0, sizeof(*ret));
	at = proc_u64(p, end, &v);
	if (!at)
		return n && memchr(p, 's', MIN(n, (size_t)8)) ? -ENOENT : -EBADMSG;
	if (at == end || *at != ':')
		return -EBADMSG;
	at = addr(at + 1, end, &ret->local);
	at = addr(at, end, &ret->remote);
	if (!at || at == end || *at != ' ')
		return -EBADMSG;
	at = hex(at + 1, end, 2, &state);
	if (!at)
		return -EBADMSG;
	ret->state = (uint8_t)state;
	/* tx_queue:rx_queue tr:tm->when retrnsmt, of no use here */
	for (int i = 0; i < 3; i++) {
		while (at < end && *at == ' ')
			at++;
		while (at < end && *at != ' ')
			at++;
	}
	at = proc_u64(at, end, &v);
	ret->uid = (uint32_t)v;
	at = at ? proc_u64(at, end, &v) : NULL; /* timeout */
	at = at ? proc_u64(at, end, &v) : NULL;
	if (!at)
		return -EBADMSG;
	ret->inode = v;
	return 0;
}
