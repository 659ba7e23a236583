/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading captures: as far as they are sound, and saying where that ends. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "sensor/capture.h"
#include "sensor/capture_format.h"

#define BUFFER          (512u << 10)
#define CGROUP_PATH_MAX 4096

struct capture_reader {
	struct capture_head head;
	int fd;
	size_t at, n;    /* what is not consumed of the buffer */
	uint64_t offset; /* in the file, of buf[at] */
	bool ended, bad;
	char trouble[160];
	_Alignas(8) char buf[BUFFER];
};

/* Until @need bytes are there. 1; 0 when the file ends before; -errno. */
static int need(struct capture_reader *r, size_t bytes)
{
	if (r->n - r->at >= bytes)
		return 1;
	/* Chunks begin at multiples of 8, and so they do after the move. */
	memmove(r->buf, r->buf + r->at, r->n - r->at);
	r->n -= r->at;
	r->at = 0;
	while (r->n < bytes) {
		ssize_t got = read(r->fd, r->buf + r->n, BUFFER - r->n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			return 0;
		r->n += (size_t)got;
	}
	return 1;
}

static void eat(struct capture_reader *r, size_t bytes)
{
	r->at += bytes;
	r->offset += bytes;
}

static void copy_text(char *to, const char *from, size_t size)
{
	memcpy(to, from, size);
	to[size - 1] = 0;
}

static void take_head(struct capture_head *to, const struct cap_head *h)
{
	copy_text(to->node, h->node, sizeof(to->node));
	copy_text(to->kernel, h->kernel, sizeof(to->kernel));
	copy_text(to->boot_id, h->boot_id, sizeof(to->boot_id));
	copy_text(to->sonde, h->sonde, sizeof(to->sonde));
	to->offset_ns = h->offset_ns;
	to->start_ns = h->start_ns;
	to->origin = h->origin;
	to->event_size = h->event_size;
}

static int read_head(struct capture_reader *r, const char *path, struct sonde_err *err)
{
	struct cap_magic m;
	struct cap_head h;
	int k = need(r, sizeof(m));

	if (k < 0)
		return sonde_err_set(err, k, "%s: cannot be read: %s", path, strerror(-k));
	if (k)
		memcpy(&m, r->buf, sizeof(m));
	if (!k || memcmp(m.magic, CAP_MAGIC, sizeof(m.magic)) != 0)
		return sonde_err_set(err, -EBADMSG, "%s: is no capture of sonde", path);
	if (m.version > CAPTURE_VERSION)
		return sonde_err_set(
			err, -EPROTONOSUPPORT,
			"%s: was written by a newer sonde (format %u, this one reads %u)", path,
			m.version, CAPTURE_VERSION);
	if (m.version < 1 || m.head_size < sizeof(h) || m.head_size > CAP_HEAD_MAX ||
	    m.head_size % 8)
		return sonde_err_set(err, -EBADMSG, "%s: its header is damaged", path);
	eat(r, sizeof(m));
	k = need(r, m.head_size);
	if (k <= 0)
		return sonde_err_set(err, k < 0 ? k : -EBADMSG, "%s: is cut within its header",
				     path);
	memcpy(&h, r->buf + r->at, sizeof(h));
	take_head(&r->head, &h);
	eat(r, m.head_size);
	return 0;
}

int capture_open(const char *path, struct capture_reader **ret, struct sonde_err *err)
{
	struct capture_reader *r;
	struct stat st;
	int k, fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return sonde_err_set(err, -errno, "%s: cannot be opened: %s", path,
				     strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return sonde_err_set(err, -EBADMSG, "%s: is no regular file", path);
	}
	r = malloc(sizeof(*r)); /* the buffer needs no zeros */
	if (!r) {
		close(fd);
		return -ENOMEM;
	}
	memset(r, 0, offsetof(struct capture_reader, buf));
	r->fd = fd;
	k = read_head(r, path, err);
	if (k < 0) {
		capture_reader_free(r);
		return k;
	}
	*ret = r;
	return 0;
}

void capture_reader_free(struct capture_reader *r)
{
	if (!r)
		return;
	close(r->fd);
	free(r);
}

const struct capture_head *capture_reader_head(const struct capture_reader *r)
{
	return &r->head;
}

const char *capture_trouble(const struct capture_reader *r)
{
	return r->trouble;
}

static int bad(struct capture_reader *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static int bad(struct capture_reader *r, const char *fmt, ...)
{
	va_list ap;

	r->bad = true;
	va_start(ap, fmt);
	vsnprintf(r->trouble, sizeof(r->trouble), fmt, ap);
	va_end(ap);
	return -EBADMSG;
}

/* Over a chunk that nobody knows, which may be larger than the buffer. */
static int skip(struct capture_reader *r, size_t bytes)
{
	while (bytes) {
		size_t part = MIN(bytes, (size_t)BUFFER);
		int k = need(r, part);

		if (k <= 0)
			return k;
		eat(r, part);
		bytes -= part;
	}
	return 1;
}

static int cut(struct capture_reader *r, int k)
{
	if (k < 0)
		return bad(r, "cannot be read at byte %llu: %s", (unsigned long long)r->offset,
			   strerror(-k));
	if (r->n == r->at)
		return bad(r, "ends at byte %llu without its end mark: the recording was cut off",
			   (unsigned long long)r->offset);
	return bad(r, "is cut within the chunk at byte %llu", (unsigned long long)r->offset);
}

int capture_next(struct capture_reader *r, struct raw_record *ret)
{
	struct cap_chunk c;
	size_t padded;
	int k;

	if (r->bad)
		return -EBADMSG;
	while (!r->ended) {
		k = need(r, sizeof(c));
		if (k <= 0)
			return cut(r, k);
		memcpy(&c, r->buf + r->at, sizeof(c));
		padded = CAP_PADDED(c.size);
		if (c.kind == CAPTURE_NONE ||
		    c.size > (c.kind < CAPTURE_KINDS ? CAPTURE_CHUNK_MAX : CAPTURE_SKIP_MAX))
			return bad(r, "holds no sound chunk at byte %llu",
				   (unsigned long long)r->offset);
		if (c.kind >= CAPTURE_KINDS) {
			k = skip(r, sizeof(c) + padded);
			if (k <= 0)
				return cut(r, k);
			continue;
		}
		k = need(r, sizeof(c) + padded);
		if (k <= 0)
			return cut(r, k);
		r->ended = c.kind == CAPTURE_END;
		ret->kind = c.kind;
		ret->size = c.size;
		ret->ktime_ns = c.ktime_ns;
		ret->p = r->buf + r->at + sizeof(c);
		eat(r, sizeof(c) + padded);
		return 1;
	}
	return 0;
}

int capture_get_cgroup(const struct raw_record *c, struct cgroup_fact *ret)
{
	struct cap_cgroup g;

	if (c->size < sizeof(g))
		return -EBADMSG;
	memcpy(&g, c->p, sizeof(g));
	if (g.n > CGROUP_PATH_MAX || g.n > c->size - sizeof(g))
		return -EBADMSG;
	*ret = (struct cgroup_fact){
		.key = { .id = g.id, .hierarchy = g.hierarchy },
		.parent = { .id = g.parent_id, .hierarchy = g.parent_hierarchy },
		.path = (const char *)c->p + sizeof(g),
		.n = g.n,
		.at_ns = g.at_ns,
		.gone = g.gone != 0,
	};
	return 0;
}

int capture_get_task(const struct raw_record *c, struct task_fact *ret)
{
	struct cap_task t;

	if (c->size < sizeof(t))
		return -EBADMSG;
	memcpy(&t, c->p, sizeof(t));
	*ret = (struct task_fact){
		.pid = t.pid,
		.ppid = t.ppid,
		.nspid = t.nspid,
		.threads = t.threads,
		.uid = t.uid,
		.gid = t.gid,
		.uid_host = t.uid_host,
		.tty = t.tty,
		.start_ns = t.start_ns,
		.parent_start_ns = t.parent_start_ns,
		.cpu_ns = t.cpu_ns,
		.rss_bytes = t.rss_bytes,
		.cg = { .id = t.cg_id, .hierarchy = t.cg_hierarchy },
		.mntns = t.mntns,
		.pidns = t.pidns,
		.netns = t.netns,
		.last = t.last != 0,
	};
	copy_text(ret->comm, t.comm, sizeof(ret->comm));
	return 0;
}

static int unpack_addr(const struct cap_addr *c, struct event_addr *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (c->family != 0 && c->family != 4 && c->family != 6)
		return -EBADMSG;
	ret->family = c->family == 4 ? AF_INET : c->family == 6 ? AF_INET6 : 0;
	ret->port = c->port;
	memcpy(&ret->v6, c->addr, c->family == 4 ? 4 : c->family == 6 ? 16 : 0);
	return 0;
}

int capture_get_socket(const struct raw_record *c, struct socket_fact *ret)
{
	struct cap_socket s;

	if (c->size < sizeof(s))
		return -EBADMSG;
	memcpy(&s, c->p, sizeof(s));
	*ret = (struct socket_fact){
		.cookie = s.cookie,
		.inode = s.inode,
		.pid = s.pid,
		.start_ns = s.start_ns,
		.bytes_in = s.bytes_in,
		.bytes_out = s.bytes_out,
		.cg = { .id = s.cg_id, .hierarchy = s.cg_hierarchy },
		.netns = s.netns,
		.proto = s.proto,
		.state = s.state,
		.last = s.last != 0,
	};
	if (unpack_addr(&s.local, &ret->local) < 0 || unpack_addr(&s.remote, &ret->remote) < 0)
		return -EBADMSG;
	return 0;
}

static bool text_ok(const struct event *ev, struct etext t)
{
	return t.off ? t.off >= sizeof(*ev) && (uint32_t)t.off + t.len <= ev->size : !t.len;
}

static bool addr_ok(const struct event_addr *a)
{
	return a->family == 0 || a->family == AF_INET || a->family == AF_INET6;
}

static bool is_sock(unsigned type)
{
	return type >= EVENT_CONNECT && type <= EVENT_TLS;
}

static bool event_ok(const struct event *ev)
{
	if (ev->type == EVENT_NONE || ev->type >= EVENT_TYPES || ev->layer > LAYER_HOST ||
	    ev->slot >= SENSOR_SLOTS)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(ev->fd_kind); i++) {
		if (ev->fd_kind[i] > FD_OTHER)
			return false;
	}
	if (!text_ok(ev, ev->exe) || !text_ok(ev, ev->cwd) || !text_ok(ev, ev->name.query) ||
	    !text_ok(ev, ev->name.answers))
		return false;
	if (ev->type == EVENT_EXEC)
		return text_ok(ev, ev->exec.argv);
	if (ev->type == EVENT_LOST)
		return ev->lost.cause < LOSS_CAUSES && ev->lost.lost_type < EVENT_TYPES;
	if (is_sock(ev->type))
		return addr_ok(&ev->sock.local) && addr_ok(&ev->sock.remote) &&
		       text_ok(ev, ev->sock.name) && ev->sock.name_source <= NAME_SERVICE;
	return true;
}

int capture_get_event(const struct raw_record *c, union event_buf *ret)
{
	struct event *ev = &ret->ev;

	if (c->size < sizeof(*ev) || c->size > EVENT_MAX)
		return -EBADMSG;
	memcpy(ret, c->p, c->size);
	if (ev->size != c->size || !event_ok(ev))
		return -EBADMSG;
	/* Rows of another run are none of ours. */
	ev->origin = ORIGIN_REPLAY;
	ev->flags &= ~(uint32_t)EV_PROC_REF;
	ev->seq = ev->time_ns = 0;
	ev->ident = ev->pod_reason = 0;
	ev->ident_id = 0;
	ev->proc_index = ev->conn_index = 0;
	ev->proc_id = ev->conn_id = 0;
	ev->comm[sizeof(ev->comm) - 1] = 0;
	ev->pcomm[sizeof(ev->pcomm) - 1] = 0;
	return 0;
}
