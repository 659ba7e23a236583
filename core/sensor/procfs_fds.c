/* SPDX-License-Identifier: BSD-2-Clause */
/* The open files of one process, and what its sockets are connected to. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "sensor/procfs_detail.h"
#include "sensor/procfs_raw.h"

#define FDS_MAX   4096
/* Of one table of /proc/PID/net; at 150 bytes a line some 100,000 sockets. */
#define TABLE_MAX (16u << 20)

struct fd_sock {
	uint64_t inode;
	int fd;
	char text[192]; /* "" until it was found */
};

struct fd_socks {
	struct fd_sock *s;
	size_t n;
};

static const char *const flag_names[] = { "read", "write", "read and write", "?" };

/* "read, at 4096, append" */
static void fd_info(int dirfd, const char *fd, char *buf, size_t size)
{
	char path[64], info[4096], *end;
	size_t len;
	const char *at;
	unsigned long flags;
	ssize_t n;

	buf[0] = 0;
	snprintf(path, sizeof(path), "fdinfo/%.20s", fd);
	n = proc_read(dirfd, path, info, sizeof(info));
	at = n > 0 ? proc_value(info, (size_t)n, "flags", &len) : NULL;
	if (!at)
		return;
	flags = strtoul(at, &end, 8);
	snprintf(buf, size, "%s%s", flag_names[flags & O_ACCMODE],
		 flags & O_APPEND ? ", append" : "");
	at = proc_value(info, (size_t)n, "pos", &len);
	if (at && !(len == 1 && at[0] == '0'))
		snprintf(buf + strlen(buf), size - strlen(buf), ", at %.*s", (int)MIN(len, 20u),
			 at);
}

static int by_inode(const void *a, const void *b)
{
	const struct fd_sock *x = a, *y = b;

	return x->inode < y->inode ? -1 : x->inode > y->inode;
}

static void keep_socket(struct fd_socks *k, const char *fd, const char *link)
{
	uint64_t inode;

	if (k->n >= FDS_MAX || !proc_u64(link + 8, link + strlen(link), &inode))
		return;
	k->s[k->n++] = (struct fd_sock){ .inode = inode, .fd = (int)strtol(fd, NULL, 10) };
}

/* The same inode may be behind several descriptors: @text goes to all of them. */
static void found(struct fd_socks *k, uint64_t inode, const char *text)
{
	size_t lo = 0, hi = k->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (k->s[mid].inode < inode)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < k->n && k->s[lo].inode == inode; lo++)
		snprintf(k->s[lo].text, sizeof(k->s[lo].text), "%s", text);
}

static bool wanted(const struct fd_socks *k, uint64_t inode)
{
	struct fd_sock key = { .inode = inode };

	return inode && bsearch(&key, k->s, k->n, sizeof(*k->s), by_inode);
}

static void addr_text(const struct event_addr *a, char *buf, size_t size)
{
	char ip[INET6_ADDRSTRLEN] = "?";

	inet_ntop(a->family, &a->v6, ip, sizeof(ip));
	snprintf(buf, size, a->family == AF_INET6 ? "[%s]:%u" : "%s:%u", ip, a->port);
}

static const char *tcp_state(unsigned state)
{
	static const char *const names[] = {
		"?",          "established", "syn sent",  "syn received",
		"fin wait 1", "fin wait 2",  "time wait", "closed",
		"close wait", "last ack",    "listening", "closing",
	};

	return state < ARRAY_SIZE(names) ? names[state] : "?";
}

static void inet_line(struct fd_socks *k, const char *proto, const char *line, size_t n)
{
	char text[192], local[64], remote[64];
	struct proc_sock s;

	if (proc_sock_parse(line, n, &s) < 0 || !wanted(k, s.inode))
		return;
	addr_text(&s.local, local, sizeof(local));
	addr_text(&s.remote, remote, sizeof(remote));
	if (proto[0] == 't' && s.state == 10)
		snprintf(text, sizeof(text), "%s %s listening", proto, local);
	else
		snprintf(text, sizeof(text), "%s %s -> %s%s%s", proto, local, remote,
			 proto[0] == 't' ? " " : "", proto[0] == 't' ? tcp_state(s.state) : "");
	found(k, s.inode, text);
}

/* "Num RefCount Protocol Flags Type St Inode Path" */
static void unix_line(struct fd_socks *k, const char *line, size_t n)
{
	static const char *const types[] = { "?", "stream", "datagram", "?", "?", "packet" };
	char copy[512], text[192], path[128] = "";
	unsigned flags, type, state;
	unsigned long long inode;

	n = MIN(n, sizeof(copy) - 1);
	memcpy(copy, line, n);
	copy[n] = 0;
	if (sscanf(copy, "%*[^:]: %*x %*x %x %x %x %llu %127[^\n]", &flags, &type, &state, &inode,
		   path) < 4 ||
	    !wanted(k, inode))
		return;
	snprintf(text, sizeof(text), "unix %s%s%s%s", type < ARRAY_SIZE(types) ? types[type] : "?",
		 flags & 0x10000 ? " listening" : "", path[0] ? " " : "", path);
	found(k, inode, text);
}

/* Tables whose last column is the inode. */
static void last_column(struct fd_socks *k, const char *proto, const char *line, size_t n)
{
	uint64_t inode;
	size_t at = n;

	while (at && line[at - 1] == ' ')
		at--;
	n = at;
	while (at && line[at - 1] != ' ')
		at--;
	if (proc_u64(line + at, line + n, &inode) && wanted(k, inode))
		found(k, inode, proto);
}

static void read_table(int dirfd, const char *name, struct fd_socks *k)
{
	auto_done(buf_done) struct buf b = { .max = TABLE_MAX };
	char path[32];
	const char *p, *end, *eol;

	snprintf(path, sizeof(path), "net/%s", name);
	(void)buf_file(&b, dirfd, path);
	if (!b.n)
		return;
	for (p = b.p, end = b.p + b.n; (eol = memchr(p, '\n', (size_t)(end - p))); p = eol + 1) {
		size_t n = (size_t)(eol - p);

		if (!strcmp(name, "unix"))
			unix_line(k, p, n);
		else if (!strcmp(name, "netlink") || !strcmp(name, "packet"))
			last_column(k, name, p, n);
		else
			inet_line(k, name, p, n);
	}
}

static void sockets(int dirfd, struct fd_socks *k, struct buf *out)
{
	static const char *const tables[] = { "tcp",  "tcp6", "udp",     "udp6",  "raw",
					      "raw6", "unix", "netlink", "packet" };

	if (!k->n)
		return;
	qsort(k->s, k->n, sizeof(*k->s), by_inode);
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
		read_table(dirfd, tables[i], k);
	for (size_t i = 0; i < k->n; i++) {
		char key[16];

		snprintf(key, sizeof(key), "%d", k->s[i].fd);
		if (k->s[i].text[0])
			detail_row(out, "sockets", key, "%s", k->s[i].text);
		else
			detail_row(out, "sockets", key,
				   "socket %llu, unconnected or of another network namespace",
				   (unsigned long long)k->s[i].inode);
	}
}

static const char *kind_of(const char *link)
{
	if (link[0] == '/')
		return !strncmp(link, "/memfd:", 7) ? "memory"
		       : !strncmp(link, "/dev/", 5) ? "device"
						    : "file";
	if (!strncmp(link, "pipe:", 5))
		return "pipe";
	return !strncmp(link, "anon_inode:", 11) ? "kernel" : "other";
}

void detail_fds(int dirfd, struct buf *out)
{
	struct fd_socks k = { .s = calloc(FDS_MAX, sizeof(*k.s)) };
	int fd = openat(dirfd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;
	unsigned count = 0;

	if (!d && fd >= 0)
		close(fd);
	while (d && k.s && (e = readdir(d))) {
		char link[4096], info[96];

		if (e->d_name[0] == '.' || proc_link(fd, e->d_name, link, sizeof(link)) < 0)
			continue;
		if (++count > FDS_MAX)
			break;
		if (!strncmp(link, "socket:[", 8)) {
			keep_socket(&k, e->d_name, link);
			continue;
		}
		fd_info(dirfd, e->d_name, info, sizeof(info));
		if (detail_row(out, "files", e->d_name, "%s %s%s%s", kind_of(link), link,
			       info[0] ? "  " : "", info) < 0)
			break;
	}
	if (count > FDS_MAX)
		detail_row(out, "files", "", "(cut after %u)", FDS_MAX);
	if (d)
		closedir(d);
	if (k.s)
		sockets(dirfd, &k, out);
	free(k.s);
}
