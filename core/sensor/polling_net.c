/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets without the kernel's help: one process of each network namespace lends its
 * /proc/PID/net, descriptors tell the holder, differences between passes are events.
 *
 * A TCP connection is known by its tuple, a listener or UDP socket also by its inode
 * (several may share a tuple). A socket of a namespace that could not be read whole
 * in this pass is neither new nor gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macros.h"
#include "sensor/polling.h"

/* From the kernel's list; glibc stops before it. */
#define STATE_NEW_SYN_RECV 12
#define CHUNK              16384
#define LINE_MAX_BYTES     512
static const struct {
	const char *name;
	uint8_t proto;
} files[] = {
	{ "tcp", IPPROTO_TCP },
	{ "tcp6", IPPROTO_TCP },
	{ "udp", IPPROTO_UDP },
	{ "udp6", IPPROTO_UDP },
};

void poll_netns_seen(struct polling *p, uint32_t ino, uint32_t pid)
{
	/* A few, mostly the same one in a row; big nodes have some hundreds of pods. */
	for (unsigned i = p->n_netns; i-- > 0;) {
		if (p->netns[i].ino == ino)
			return;
	}
	if (!ino || p->n_netns >= POLL_NETNS_MAX)
		return;
	p->netns[p->n_netns++] = (struct poll_netns){ .ino = ino, .pid = pid };
}

struct poll_netns *poll_netns_find(struct polling *p, uint32_t ino)
{
	for (unsigned i = 0; i < p->n_netns; i++) {
		if (p->netns[i].ino == ino)
			return &p->netns[i];
	}
	return NULL;
}

static uint32_t hash(uint32_t netns, uint8_t proto, const struct event_addr *l,
		     const struct event_addr *r)
{
	const struct event_addr *a[2] = { l, r };
	uint64_t h = 0xcbf29ce484222325ULL ^ netns ^ (uint64_t)proto << 32;

	for (int i = 0; i < 2; i++) {
		const uint8_t *b = (const uint8_t *)&a[i]->v6;
		size_t n = a[i]->family == AF_INET ? 4 : 16;

		for (size_t k = 0; k < n; k++)
			h = (h ^ b[k]) * 0x100000001b3ULL;
		h = (h ^ a[i]->port) * 0x100000001b3ULL;
	}
	return (uint32_t)(h ^ h >> 32) % POLL_BUCKETS;
}

static bool same_addr(const struct event_addr *a, const struct event_addr *b)
{
	return a->family == b->family && a->port == b->port &&
	       !memcmp(&a->v6, &b->v6, a->family == AF_INET ? 4 : 16);
}

static bool is_any(const struct event_addr *a)
{
	static const uint8_t zero[16];

	return !memcmp(&a->v6, zero, a->family == AF_INET ? 4 : 16);
}

/* ::ffff:10.0.0.1 is a connection over IPv4, and its other end says so. */
static void unmap(struct event_addr *a)
{
	struct in_addr v4;

	if (a->family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&a->v6))
		return;
	memcpy(&v4, &a->v6.s6_addr[12], sizeof(v4));
	memset(&a->v6, 0, sizeof(a->v6));
	a->v4 = v4;
	a->family = AF_INET;
}

static bool by_inode(uint8_t proto, uint8_t state)
{
	return proto == IPPROTO_UDP || state == TCP_LISTEN;
}

static struct poll_sock *sock_find(struct polling *p, uint32_t netns, uint8_t proto,
				   const struct proc_sock *s)
{
	struct poll_sock *k = p->socks[hash(netns, proto, &s->local, &s->remote)];

	for (; k; k = k->next) {
		if (k->netns == netns && k->proto == proto && same_addr(&k->local, &s->local) &&
		    same_addr(&k->remote, &s->remote) &&
		    by_inode(k->proto, k->state) == by_inode(proto, s->state) &&
		    (!by_inode(proto, s->state) || k->inode == s->inode))
			break;
	}
	return k;
}

static void index_inode(struct polling *p, struct poll_sock *k)
{
	struct poll_sock **at = &p->inodes[k->inode % POLL_BUCKETS];

	if (!k->inode || k->indexed)
		return;
	k->next_inode = *at;
	*at = k;
	k->indexed = true;
}

static void unindex(struct polling *p, struct poll_sock *k)
{
	struct poll_sock **at = &p->inodes[k->inode % POLL_BUCKETS];

	if (!k->indexed)
		return;
	while (*at && *at != k)
		at = &(*at)->next_inode;
	if (*at)
		*at = k->next_inode;
	k->indexed = false;
}

static struct poll_sock *sock_add(struct polling *p, uint32_t netns, uint8_t proto,
				  const struct proc_sock *s)
{
	uint32_t h = hash(netns, proto, &s->local, &s->remote);
	struct poll_sock *k;

	if (p->n_socks >= POLL_SOCKS_MAX || !(k = calloc(1, sizeof(*k)))) {
		p->dropped++;
		return NULL;
	}
	k->local = s->local;
	k->remote = s->remote;
	k->netns = netns;
	k->proto = proto;
	k->state = s->state;
	k->inode = s->inode;
	/* One in the accept queue has no inode yet: its name must not change when it gets one. */
	k->cookie = s->inode ? s->inode : 1ULL << 63 | clock_boot();
	k->first_ns = p->socks_known ? clock_boot() : 0;
	k->told = !p->socks_known || !p->events;
	k->next = p->socks[h];
	p->socks[h] = k;
	p->n_socks++;
	index_inode(p, k);
	return k;
}

/* Sockets that live: no TIME_WAIT, no half-open request, nothing that its process has closed. */
static bool alive(uint8_t proto, const struct proc_sock *s)
{
	if (proto == IPPROTO_UDP)
		return true;
	switch (s->state) {
	case TCP_TIME_WAIT:
	case TCP_SYN_RECV:
	case STATE_NEW_SYN_RECV:
	case TCP_CLOSE:
		return false;
	case TCP_FIN_WAIT1:
	case TCP_FIN_WAIT2:
	case TCP_CLOSING:
	case TCP_LAST_ACK:
		return s->inode != 0;
	}
	return true;
}

static void take_line(struct polling *p, struct poll_netns *ns, const char *line, size_t n)
{
	uint8_t proto = files[p->net_file].proto;
	struct proc_sock s;
	struct poll_sock *k;

	if (proc_sock_parse(line, n, &s) < 0 || !alive(proto, &s))
		return;
	unmap(&s.local);
	unmap(&s.remote);
	/* "any" of a dual socket is no IPv4 address */
	if (s.local.family != s.remote.family && is_any(&s.remote)) {
		s.remote.family = s.local.family;
		memset(&s.remote.v6, 0, sizeof(s.remote.v6));
	}
	k = sock_find(p, ns->ino, proto, &s);
	if (!k)
		k = sock_add(p, ns->ino, proto, &s);
	if (!k)
		return;
	k->state = s.state;
	k->pass = p->pass;
	if (k->inode != s.inode && s.inode) {
		unindex(p, k);
		k->inode = s.inode;
		index_inode(p, k);
		k->pid = 0;
		k->tries = 0;
	}
}

void poll_socks_begin(struct polling *p)
{
	if (p->net_fd >= 0)
		close(p->net_fd);
	p->net_fd = -1;
	p->net_file = 0;
	p->carry = 0;
	if (p->fd_dir)
		closedir(p->fd_dir);
	p->fd_dir = NULL;
	p->fd_proc = NULL;
	p->n_unresolved = 0;
}

/* Open the present file of a namespace, through whichever of its processes still lives. */
static int net_open(struct polling *p, struct poll_netns *ns)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%u/net/%s", ns->pid, files[p->net_file].name);
	fd = openat(p->proc_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 || errno == EACCES || p->net_file & 1) /* no IPv6 here is no trouble */
		return fd;
	for (unsigned i = 0; i < POLL_BUCKETS; i++) {
		for (struct poll_proc *pr = p->procs[i]; pr; pr = pr->next) {
			if (pr->netns != ns->ino || pr->ended || pr->pid == ns->pid)
				continue;
			snprintf(path, sizeof(path), "%u/net/%s", pr->pid, files[p->net_file].name);
			fd = openat(p->proc_fd, path, O_RDONLY | O_CLOEXEC);
			if (fd >= 0) {
				ns->pid = pr->pid;
				return fd;
			}
		}
	}
	return -1;
}

/* Go on to the next file; a namespace is read when its last one is. */
static bool next_file(struct polling *p, bool whole)
{
	struct poll_netns *ns = &p->netns[p->cursor];

	if (p->net_fd >= 0)
		close(p->net_fd);
	p->net_fd = -1;
	p->carry = 0;
	if (whole && ++p->net_file < ARRAY_SIZE(files))
		return false;
	ns->read = whole;
	p->net_file = 0;
	p->cursor++;
	return p->cursor >= p->n_netns;
}

bool poll_socks_step(struct polling *p)
{
	struct poll_netns *ns = &p->netns[p->cursor];
	char *line = p->chunk, *end, *eol;
	ssize_t got;

	if (p->cursor >= p->n_netns)
		return true;
	if (p->net_fd < 0) {
		p->net_fd = net_open(p, ns);
		if (p->net_fd < 0)
			return next_file(p, p->net_file & 1);
	}
	got = read(p->net_fd, p->chunk + p->carry, CHUNK);
	if (got < 0 && errno == EINTR)
		return false;
	if (got <= 0)
		return next_file(p, got == 0);
	end = p->chunk + p->carry + got;
	while ((eol = memchr(line, '\n', (size_t)(end - line)))) {
		take_line(p, ns, line, (size_t)(eol - line));
		line = eol + 1;
	}
	p->carry = MIN((size_t)(end - line), (size_t)LINE_MAX_BYTES);
	memmove(p->chunk, line, p->carry);
	return false;
}

/* The listener that a connection came through, if it did. */
static const struct poll_sock *listener(const struct polling *p, const struct poll_sock *k)
{
	struct event_addr any4 = { .family = AF_INET, .port = k->local.port };
	struct event_addr any6 = { .family = AF_INET6, .port = k->local.port };
	const struct event_addr *tries[3] = { &k->local, &any4, &any6 };

	for (size_t i = 0; i < ARRAY_SIZE(tries); i++) {
		struct event_addr none = { .family = tries[i]->family };
		const struct poll_sock *l = p->socks[hash(k->netns, IPPROTO_TCP, tries[i], &none)];

		for (; l; l = l->next) {
			if (l->netns == k->netns && l->proto == IPPROTO_TCP &&
			    l->state == TCP_LISTEN && same_addr(&l->local, tries[i]))
				return l;
		}
	}
	return NULL;
}

static void tell_event(struct polling *p, enum event_type type, struct poll_sock *k,
		       const struct sensor_sink *sink)
{
	struct event *ev = event_begin(&p->ev, type);
	uint64_t now = clock_boot();
	struct poll_proc *pr = k->pid ? poll_proc_find(p, k->pid) : NULL;

	poll_event_of(ev, pr && pr->start_ns == k->start_ns ? pr : NULL, now);
	if (!ev->pid) { /* ended in the same pass */
		ev->pid = ev->tid = k->pid;
		ev->start_ns = k->start_ns;
		ev->cg = k->cg;
		memcpy(ev->comm, k->comm, sizeof(ev->comm));
	}
	ev->netns = k->netns;
	ev->sock.cookie = k->cookie;
	ev->sock.inode = k->inode;
	ev->sock.local = k->local;
	ev->sock.remote = k->remote;
	ev->sock.proto = k->proto;
	ev->sock.state = k->state;
	ev->sock.server = k->server;
	if (type == EVENT_CONNECT && k->state == TCP_ESTABLISHED)
		ev->flags |= EV_RET;
	if (type == EVENT_CLOSE) {
		ev->sock.state = TCP_CLOSE;
		if (k->first_ns) {
			ev->duration_ns = now - k->first_ns;
			ev->flags |= EV_DURATION;
		}
	}
	sink->event(sink->ctx, &p->ev);
}

static void tell_new(struct polling *p, struct poll_sock *k, const struct sensor_sink *sink)
{
	enum event_type type;

	if (k->proto == IPPROTO_UDP) {
		if (is_any(&k->remote))
			return; /* has no peer yet */
		type = EVENT_UDP;
	} else if (k->state == TCP_LISTEN) {
		type = EVENT_LISTEN;
	} else if (k->state == TCP_SYN_SENT) {
		return; /* not decided yet */
	} else {
		type = k->server ? EVENT_ACCEPT : EVENT_CONNECT;
	}
	k->told = true;
	tell_event(p, type, k, sink);
}

static void tell_fact(const struct poll_sock *k, const struct sensor_sink *sink)
{
	struct socket_fact f = {
		.cookie = k->cookie,
		.inode = k->inode,
		.pid = k->pid,
		.start_ns = k->start_ns,
		.local = k->local,
		.remote = k->remote,
		.cg = k->cg,
		.netns = k->netns,
		.proto = k->proto,
		.state = k->state,
	};

	sink->socket(sink->ctx, &f);
}

static void tell_live(struct polling *p, struct poll_sock *k, const struct sensor_sink *sink)
{
	if (k->proto == IPPROTO_TCP && k->state != TCP_LISTEN) {
		const struct poll_sock *l = listener(p, k);

		k->server = l != NULL;
		if (l && !k->pid && !k->inode) { /* waits to be accepted */
			k->pid = l->pid;
			k->start_ns = l->start_ns;
			k->cg = l->cg;
			memcpy(k->comm, l->comm, sizeof(k->comm));
		}
	}
	if (!k->told && p->events)
		tell_new(p, k, sink);
	if (p->want_socks)
		tell_fact(k, sink);
}

static void tell_gone(struct polling *p, struct poll_sock *k, const struct sensor_sink *sink)
{
	if (!p->events)
		return;
	if (k->told && (k->proto == IPPROTO_TCP || !is_any(&k->remote))) {
		tell_event(p, EVENT_CLOSE, k, sink);
	} else if (k->proto == IPPROTO_TCP && k->state == TCP_SYN_SENT) {
		k->state = TCP_CLOSE; /* it came to nothing; why, nobody saw */
		tell_event(p, EVENT_CONNECT, k, sink);
	}
}

bool poll_tell_step(struct polling *p, const struct sensor_sink *sink)
{
	for (unsigned end = p->cursor + 16; p->cursor < end && p->cursor < POLL_BUCKETS;
	     p->cursor++) {
		struct poll_sock **at = &p->socks[p->cursor], *k;

		while ((k = *at)) {
			struct poll_netns *ns = poll_netns_find(p, k->netns);

			if (k->pass == p->pass || (ns && !ns->read)) {
				tell_live(p, k, sink);
				at = &k->next;
				continue;
			}
			tell_gone(p, k, sink);
			*at = k->next;
			unindex(p, k);
			p->n_socks--;
			free(k);
		}
	}
	if (p->cursor < POLL_BUCKETS)
		return false;
	p->socks_known = true;
	if (p->want_socks)
		sink->socket(sink->ctx, &(struct socket_fact){ .last = true });
	p->want_socks = false;
	return true;
}

void poll_net_done(struct polling *p)
{
	poll_socks_begin(p);
	for (unsigned i = 0; i < POLL_BUCKETS; i++) {
		while (p->socks[i]) {
			struct poll_sock *k = p->socks[i];

			p->socks[i] = k->next;
			free(k);
		}
	}
}
