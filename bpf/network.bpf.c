/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Probe set "network", TCP: connect, accept, listen, close.
 *
 * A state change happens in anybody's context, so a socket's process is remembered by
 * the socket's address from the one moment that is sure:
 *
 *   CLOSE -> SYN_SENT      the caller of connect(): remember it
 *   SYN_SENT -> ESTABLISHED / CLOSE    told as connect, with the error
 *   CLOSE -> LISTEN        the caller of listen(): remember it, and the port
 *   ... -> ESTABLISHED on the server's side: told as accept, the listener's process
 *   first read             tcp_rcv_space_adjust: the worker that really has it
 *   any -> CLOSE           told as close with bytes and duration; forgotten
 */
#include "netcommon.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define ECONNABORTED 103

enum { ESTABLISHED = 1, SYN_SENT = 2, SYN_RECV = 3, CLOSED = 7, LISTEN = 10 };

static __always_inline void tell(u32 kind, const struct sock *sk, struct net_sock *s, u8 state)
{
	struct net_conn c = {};
	struct wire_key key;
	u32 slot;

	sock_key_t(sk, &s->owner, &key);
	if (!wire_admit(&key, kind, &slot))
		return;
	head_stamp(&c.h, kind, sizeof(c), slot);
	head_owner(&c.h, &s->owner);
	head_key(&c.h, &key);
	if (!c.h.netns)
		c.h.netns = sock_netns_t(sk);
	c.cookie = cookie_of(plain(sk));
	c.inode = sock_inode_t(sk);
	c.proto = IPPROTO_TCP;
	c.state = state;
	c.server = s->flags & NET_SERVER;
	conn_ends_t(&c, sk);
	if (kind == WIRE_CONNECT) {
		c.ret = -sk->sk_err;
		/* its own process closed it while it was still trying: no error was ever set */
		if (state != ESTABLISHED && !c.ret)
			c.ret = -ECONNABORTED;
		c.has = NET_HAS_RET;
	}
	if (kind == WIRE_CLOSE && (s->flags & NET_OPEN)) /* a listener has no bytes */
		conn_bytes(&c, sk);
	if ((kind == WIRE_CONNECT || kind == WIRE_CLOSE) && s->since_ns) {
		c.duration_ns = c.h.ktime_ns - s->since_ns;
		c.has |= NET_HAS_DURATION;
	}
	wire_output(&c.h, sizeof(c));
}

static __always_inline void remember(u64 at, const struct sock *sk, struct net_sock *s)
{
	struct wire_policy *p;
	struct wire_key key;

	if (!bpf_map_update_elem(&socks, &at, s, BPF_ANY))
		return;
	sock_key_t(sk, &s->owner, &key);
	p = bpf_map_lookup_elem(&policy, &key);
	wire_count(p ? p->slot : 0, WIRE_NONE, WIRE_LOST_MAP);
}

static __always_inline void port_of(struct net_port *p, const struct sock *sk)
{
	p->netns = sock_netns_t(sk);
	p->port = sk->__sk_common.skc_num;
	p->family = 0; /* a listener of :: takes IPv4 as well */
	if (!p->port)
		p->port = swap16(BPF_CORE_READ((struct inet_sock *)sk, inet_sport));
}

/* Others may listen on the same port (SO_REUSEPORT): only what was ours. */
static __always_inline void forget_listener(const struct sock *sk, const struct net_sock *s)
{
	struct net_owner *l;
	struct net_port port;

	port_of(&port, sk);
	l = bpf_map_lookup_elem(&listeners, &port);
	if (l && (!s || l->tgid == s->owner.tgid))
		bpf_map_delete_elem(&listeners, &port);
}

/* Who runs here. The typed form of the current task (5.11) makes this five times cheaper. */
static __always_inline void owner_here(struct net_owner *o)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf))
		owner_of_t(o, (struct task_struct *)bpf_get_current_task_btf());
	else
		owner_of(o, (struct task_struct *)bpf_get_current_task());
}

/* The first state of a socket of ours, in its maker's own context. */
static __always_inline void begin(u64 at, const struct sock *sk, struct net_sock *s, int new)
{
	struct net_port port;

	owner_here(&s->owner);
	if (new == LISTEN) {
		s->flags = NET_SERVER | NET_REFINED;
		port_of(&port, sk);
		if (bpf_map_update_elem(&listeners, &port, &s->owner, BPF_ANY))
			wire_count(0, WIRE_NONE, WIRE_LOST_MAP);
	}
	remember(at, sk, s);
}

/* Somebody's connection to one of our listeners, in anybody's context. */
static __always_inline void accepted(u64 at, const struct sock *sk, struct net_sock *s)
{
	struct net_port port;
	struct net_owner *l;

	port_of(&port, sk);
	l = bpf_map_lookup_elem(&listeners, &port);
	if (l)
		s->owner = *l;
	s->flags = NET_SERVER | NET_OPEN;
	remember(at, sk, s);
}

/* The one place that tells, so that the verifier walks it once. */
SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_state, const struct sock *sk, int old, int new)
{
	struct net_sock s = {}, *known;
	u64 at = plain(sk);
	u32 kind;

	if (sk->sk_protocol != IPPROTO_TCP)
		return 0;
	s.since_ns = bpf_ktime_get_boot_ns();
	if (new == SYN_SENT || new == LISTEN) {
		begin(at, sk, &s, new);
		if (new == SYN_SENT)
			return 0;
		kind = WIRE_LISTEN;
	} else if (new == ESTABLISHED && old == SYN_RECV) {
		accepted(at, sk, &s);
		kind = WIRE_ACCEPT;
	} else if (new == CLOSED || (new == ESTABLISHED &&old == SYN_SENT)) {
		known = bpf_map_lookup_elem(&socks, &at);
		if (!known && old == SYN_RECV) /* a handshake that never ended was no connection */
			return 0;
		kind = old == SYN_SENT ? WIRE_CONNECT : WIRE_CLOSE;
		if (known) {
			s = *known;
			known->flags |= NET_OPEN;
			known->since_ns = bpf_ktime_get_boot_ns();
		} else {
			s.since_ns = 0;
			s.flags = old == LISTEN ? 0 : NET_OPEN;
		}
		if (new == CLOSED) {
			if (old == LISTEN)
				forget_listener(sk, known ? &s : NULL);
			bpf_map_delete_elem(&socks, &at);
		}
	} else {
		return 0;
	}
	tell(kind, sk, &s, new);
	return 0;
}

/* In the context of whoever reads from the socket: the one of several workers that took the
 * connection. */
SEC("tp_btf/tcp_rcv_space_adjust")
int BPF_PROG(on_read, struct sock *sk)
{
	u64 at = plain(sk);
	struct net_sock *s = bpf_map_lookup_elem(&socks, &at);
	u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct net_conn c = {};

	if (!s || (s->flags & NET_REFINED))
		return 0;
	s->flags |= NET_REFINED;
	if (!(s->flags & NET_SERVER) || !tgid || s->owner.tgid == tgid)
		return 0;
	owner_here(&s->owner);
	head_owner(&c.h, &s->owner);
	head_key(&c.h, &s->owner.key);
	c.cookie = cookie_of(at);
	c.inode = sock_inode_t(sk);
	c.proto = IPPROTO_TCP;
	c.state = sk->__sk_common.skc_state;
	c.server = 1;
	conn_ends_t(&c, sk);
	head_stamp(&c.h, WIRE_HOLDER, sizeof(c), 0);
	wire_output(&c.h, sizeof(c));
	return 0;
}
