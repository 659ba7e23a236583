/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One raw ring record -> the sink. The only reader of the layouts of bpf/wire.h.
 *
 * A record may come from a capture that somebody made by hand: every length in it is
 * checked against what is there before it is used, numbers are taken as they are, and
 * nothing in a record is trusted to be aligned or to end in NUL.
 */
#include "sensor/decode.h"

#include <errno.h>
#include <string.h>

#include "base/macros.h"
#include "base/mask.h"
#include "sensor/name.h"

_Static_assert((int)WIRE_FORK == EVENT_FORK && (int)WIRE_EXEC == EVENT_EXEC &&
		       (int)WIRE_EXIT == EVENT_EXIT && (int)WIRE_CONNECT == EVENT_CONNECT &&
		       (int)WIRE_ACCEPT == EVENT_ACCEPT && (int)WIRE_LISTEN == EVENT_LISTEN &&
		       (int)WIRE_CLOSE == EVENT_CLOSE && (int)WIRE_UDP == EVENT_UDP &&
		       (int)WIRE_DNS == EVENT_DNS && (int)WIRE_TLS == EVENT_TLS &&
		       (int)WIRE_OOM == EVENT_OOM && (int)WIRE_TYPES >= (int)EVENT_TYPES,
	       "wire kinds and event types are one numbering");
_Static_assert((int)PROC_HOST == LAYER_HOST && (int)PROC_VOLUME == LAYER_VOLUME &&
		       (int)PROC_FD_OTHER == FD_OTHER && (int)PROC_FD_NULL == FD_NULL,
	       "layers and kinds are one numbering");

/* The text of a path that stands as parts from the last to the first, each ended by NUL. Returns
 * its length. */
size_t decode_path(char *dst, size_t room, const char *parts, size_t n, bool cut)
{
	size_t at = 0;

	if (cut && room >= 3) {
		memcpy(dst, "...", 3);
		at = 3;
	}
	while (n && parts[n - 1] == 0) {
		size_t end = n - 1, begin = end;

		while (begin && parts[begin - 1])
			begin--;
		if (at + 1 + (end - begin) > room)
			break;
		dst[at++] = '/';
		memcpy(dst + at, parts + begin, end - begin);
		at += end - begin;
		n = begin;
	}
	if (!at && room)
		dst[at++] = '/';
	return at;
}

static void addr(struct event_addr *a, uint16_t family, uint16_t port, const uint8_t *p)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	a->port = port;
	if (family == AF_INET6 && !memcmp(p, mapped, sizeof(mapped))) {
		a->family = AF_INET;
		memcpy(&a->v4, p + 12, 4);
	} else if (family == AF_INET6) {
		a->family = AF_INET6;
		memcpy(&a->v6, p, 16);
	} else if (family == AF_INET) {
		a->family = AF_INET;
		memcpy(&a->v4, p, 4);
	}
}

static struct event *begin(union event_buf *b, const struct wire_head *h, enum event_origin origin)
{
	struct event *ev = event_begin(b, (enum event_type)h->kind);

	ev->origin = (uint8_t)origin;
	ev->slot = h->slot < SENSOR_SLOTS ? h->slot : 0;
	ev->ktime_ns = h->ktime_ns;
	ev->cg.id = h->cgroup_id;
	ev->cg.hierarchy = h->hierarchy;
	ev->pidns = h->pidns;
	ev->mntns = h->mntns;
	ev->netns = h->netns;
	ev->pid = h->tgid;
	ev->tid = h->tid;
	ev->ppid = h->ppid;
	ev->start_ns = h->start_ns;
	memcpy(ev->comm, h->comm, sizeof(ev->comm));
	ev->comm[sizeof(ev->comm) - 1] = 0;
	return ev;
}

static void ids(struct event *ev, const struct proc_ids *p)
{
	ev->parent_start_ns = p->parent_start_ns;
	ev->nspid = p->nspid;
	ev->uid = p->uid;
	ev->gid = p->gid;
	ev->uid_host = p->uid_host;
	ev->tty = p->tty;
	ev->flags |= EV_UID;
	if (p->nspid)
		ev->flags |= EV_CONTAINER_PID;
}

static int on_fork(const uint8_t *rec, size_t n, union event_buf *b, enum event_origin o,
		   const struct sensor_sink *sink)
{
	struct proc_fork f;

	(void)n;
	memcpy(&f, rec, sizeof(f));
	ids(begin(b, &f.h, o), &f.ids);
	sink->event(sink->ctx, b);
	return 0;
}

static int on_exec(const uint8_t *rec, size_t n, union event_buf *b, enum event_origin o,
		   const struct sensor_sink *sink)
{
	char path[PROC_PATH_MAX + 4];
	struct proc_exec e;
	const char *text = (const char *)rec + sizeof(e);
	struct event *ev;
	size_t len;

	memcpy(&e, rec, sizeof(e));
	n -= sizeof(e);
	if ((size_t)e.exe_len + e.cwd_len + e.argv_len > n || e.argv_len > PROC_ARGV_MAX ||
	    e.exe_len > PROC_PATH_MAX || e.cwd_len > PROC_PATH_MAX)
		return -EBADMSG;
	ev = begin(b, &e.h, o);
	ids(ev, &e.ids);
	ev->exec_ns = e.h.ktime_ns;
	ev->layer = e.layer <= LAYER_HOST ? e.layer : LAYER_UNKNOWN;
	for (size_t i = 0; i < 3; i++)
		ev->fd_kind[i] = e.fd_kind[i] <= FD_OTHER ? e.fd_kind[i] : FD_UNKNOWN;
	ev->exec.inode = e.inode;
	ev->exec.dev = e.dev;
	if (e.flags & PROC_ARGV_CUT)
		ev->flags |= EV_ARGV_CUT;
	if (e.flags & PROC_CRED_CHANGED)
		ev->flags |= EV_CRED_CHANGED;
	if (e.flags & PROC_NS_CHANGED)
		ev->flags |= EV_NS_CHANGED;
	len = decode_path(path, sizeof(path), text, e.exe_len, e.flags & PROC_EXE_CUT);
	ev->exe = event_text_add(ev, path, len);
	len = decode_path(path, sizeof(path), text + e.exe_len, e.cwd_len, e.flags & PROC_CWD_CUT);
	ev->cwd = event_text_add(ev, path, len);
	ev->exec.argv = event_text_add(ev, text + e.exe_len + e.cwd_len, e.argv_len);
	sink->event(sink->ctx, b);
	return 0;
}

static int on_exit_record(const uint8_t *rec, size_t n, union event_buf *b, enum event_origin o,
			  const struct sensor_sink *sink)
{
	struct proc_exit e;
	struct event *ev;

	(void)n;
	memcpy(&e, rec, sizeof(e));
	ev = begin(b, &e.h, o);
	ids(ev, &e.ids);
	ev->duration_ns = e.life_ns;
	ev->flags |= EV_DURATION;
	if (e.code & 0x7f) {
		ev->exit.code = e.code & 0x7f;
		ev->flags |= EV_EXIT_SIGNAL;
	} else {
		ev->exit.code = (e.code >> 8) & 0xff;
	}
	sink->event(sink->ctx, b);
	return 0;
}

static int on_oom(const uint8_t *rec, size_t n, union event_buf *b, enum event_origin o,
		  const struct sensor_sink *sink)
{
	struct proc_oom e;

	(void)n;
	memcpy(&e, rec, sizeof(e));
	begin(b, &e.h, o);
	sink->event(sink->ctx, b);
	return 0;
}

static struct event *conn(union event_buf *b, const struct net_conn *c, enum event_origin o)
{
	struct event *ev = begin(b, &c->h, o);

	ev->sock.cookie = c->cookie;
	ev->sock.inode = c->inode;
	addr(&ev->sock.local, c->family, c->lport, c->local);
	addr(&ev->sock.remote, c->family, c->rport, c->remote);
	ev->sock.proto = c->proto;
	ev->sock.state = c->state;
	ev->sock.server = c->server != 0;
	if (c->has & NET_HAS_RET) {
		ev->sock.ret = c->ret;
		ev->flags |= EV_RET;
	}
	if (c->has & NET_HAS_BYTES) {
		ev->sock.bytes_in = c->bytes_in;
		ev->sock.bytes_out = c->bytes_out;
		ev->flags |= EV_BYTES;
	}
	if (c->has & NET_HAS_DURATION) {
		ev->duration_ns = c->duration_ns;
		ev->flags |= EV_DURATION;
	}
	return ev;
}

static int on_conn(const uint8_t *rec, size_t n, union event_buf *b, enum event_origin o,
		   const struct sensor_sink *sink)
{
	struct net_conn c;

	(void)n;
	memcpy(&c, rec, sizeof(c));
	conn(b, &c, o);
	sink->event(sink->ctx, b);
	return 0;
}

static int on_name(const uint8_t *rec, size_t n, union event_buf *b, enum event_origin o,
		   const struct sensor_sink *sink)
{
	struct net_name r;
	struct event *ev;
	int e;

	memcpy(&r, rec, sizeof(r));
	if (r.len > n - sizeof(r))
		return -EBADMSG;
	ev = conn(b, &r.c, o);
	e = r.c.h.kind == WIRE_DNS ? name_dns(ev, rec + sizeof(r), r.len)
				   : name_hello(ev, rec + sizeof(r), r.len);
	if (e == -ENOENT) /* no name in it: the workload's affair, nothing to tell */
		return 0;
	if (e < 0)
		return 0;
	sink->event(sink->ctx, b);
	return 0;
}

void decode_socket(const struct net_conn *c, struct socket_fact *f)
{
	*f = (struct socket_fact){
		.cookie = c->cookie,
		.inode = c->inode,
		.pid = c->h.tgid,
		.start_ns = c->h.start_ns,
		.bytes_in = c->bytes_in,
		.bytes_out = c->bytes_out,
		.cg = { .id = c->h.cgroup_id, .hierarchy = c->h.hierarchy },
		.netns = c->h.netns,
		.proto = c->proto,
		.state = c->state,
	};
	addr(&f->local, c->family, c->lport, c->local);
	addr(&f->remote, c->family, c->rport, c->remote);
}

static int on_holder(const uint8_t *rec, size_t n, union event_buf *b, enum event_origin o,
		     const struct sensor_sink *sink)
{
	struct socket_fact f;
	struct net_conn c;

	(void)n, (void)b, (void)o;
	memcpy(&c, rec, sizeof(c));
	decode_socket(&c, &f);
	sink->socket(sink->ctx, &f);
	return 0;
}

int decode_cgroup(const uint8_t *rec, size_t n, const struct sensor_sink *sink)
{
	char path[4096];
	struct cgroup_fact f = { 0 };
	struct wire_cgroup c;
	const char *text = (const char *)rec + sizeof(c);

	if (n < sizeof(c))
		return -EBADMSG;
	memcpy(&c, rec, sizeof(c));
	if (c.path_len > n - sizeof(c) || c.levels > CGROUP_LEVELS || c.op > CGROUP_GONE)
		return -EBADMSG;
	f.key.hierarchy = f.parent.hierarchy = c.h.hierarchy;
	f.at_ns = c.h.ktime_ns;
	f.made = c.op == CGROUP_MADE;
	f.gone = c.op == CGROUP_GONE;
	f.path = text;
	f.n = c.path_len;
	if (c.op == CGROUP_FOUND) {
		f.n = decode_path(path, sizeof(path), text, c.path_len, c.levels == CGROUP_LEVELS);
		f.path = path;
		/* the ancestors as well, outermost first: policy hangs on the pod's own group */
		for (unsigned up = c.levels; up-- > 1 && c.levels < CGROUP_LEVELS;) {
			size_t len = f.n, skip = up;

			while (len && skip)
				skip -= path[--len] == '/';
			f.key.id = c.ids[up - 1];
			f.parent.id = c.ids[up];
			sink->cgroup(sink->ctx, &(struct cgroup_fact){ .key = f.key,
								       .parent = f.parent,
								       .path = path,
								       .n = len,
								       .at_ns = f.at_ns });
		}
	}
	f.key.id = c.h.cgroup_id;
	f.parent.id = c.levels ? c.ids[0] : 0;
	sink->cgroup(sink->ctx, &f);
	return 0;
}

static int on_cgroup(const uint8_t *rec, size_t n, union event_buf *b, enum event_origin o,
		     const struct sensor_sink *sink)
{
	(void)b, (void)o;
	return decode_cgroup(rec, n, sink);
}

static const struct {
	size_t min;
	int (*decode)(const uint8_t *rec, size_t n, union event_buf *b, enum event_origin o,
		      const struct sensor_sink *sink);
} decoders[WIRE_KINDS] = {
	[WIRE_FORK] = { sizeof(struct proc_fork), on_fork },
	[WIRE_EXEC] = { sizeof(struct proc_exec), on_exec },
	[WIRE_EXIT] = { sizeof(struct proc_exit), on_exit_record },
	[WIRE_OOM] = { sizeof(struct proc_oom), on_oom },
	[WIRE_CONNECT] = { sizeof(struct net_conn), on_conn },
	[WIRE_ACCEPT] = { sizeof(struct net_conn), on_conn },
	[WIRE_LISTEN] = { sizeof(struct net_conn), on_conn },
	[WIRE_CLOSE] = { sizeof(struct net_conn), on_conn },
	[WIRE_UDP] = { sizeof(struct net_conn), on_conn },
	[WIRE_DNS] = { sizeof(struct net_name), on_name },
	[WIRE_TLS] = { sizeof(struct net_name), on_name },
	[WIRE_CGROUP] = { sizeof(struct wire_cgroup), on_cgroup },
	[WIRE_HOLDER] = { sizeof(struct net_conn), on_holder },
};

int decode_record(const void *rec, size_t n, enum event_origin origin, union event_buf *scratch,
		  const struct sensor_sink *sink)
{
	struct wire_head h;

	if (n < sizeof(h))
		return -EBADMSG;
	memcpy(&h, rec, sizeof(h));
	if (h.size < sizeof(h) || h.size > n)
		return -EBADMSG;
	if (h.kind >= WIRE_KINDS || !decoders[h.kind].decode)
		return -ENOENT;
	if (h.size < decoders[h.kind].min)
		return -EBADMSG;
	return decoders[h.kind].decode(rec, h.size, scratch, origin, sink);
}

void decode_mask(void *rec, size_t n)
{
	struct proc_exec e;
	size_t at = sizeof(e);

	if (n < sizeof(e))
		return;
	memcpy(&e, rec, sizeof(e));
	if (e.h.kind != WIRE_EXEC)
		return;
	at += (size_t)e.exe_len + e.cwd_len;
	if (at < n)
		mask_args((char *)rec + at, MIN((size_t)e.argv_len, n - at));
}
