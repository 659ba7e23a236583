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

	sock_key_t(sk, s ? &s->owner : NULL, &key);
	if (!wire_admit(&key, kind, &slot))
		return;
	head_stamp(&c.h, kind, sizeof(c), slot);
	if (s)
		head_owner(&c.h, &s->owner);
	head_key(&c.h, &key);
	if (!s || !s->owner.netns)
		c.h.netns = sock_netns_t(sk);
	c.cookie = cookie_of(plain(sk));
	c.inode = sock_inode_t(sk);
	c.proto = IPPROTO_TCP;
	c.state = state;
	c.server = s && (s->flags & NET_SERVER);
	conn_ends_t(&c, sk);
	if (s && s->since_ns) {
		c.duration_ns = c.h.ktime_ns - s->since_ns;
		c.has |= NET_HAS_DURATION;
	}
	switch (kind) {
	case WIRE_CONNECT:
		c.ret = -sk->sk_err;
		/* its own process closed it while it was still trying: no error was ever set */
		if (state != ESTABLISHED && !c.ret)
			c.ret = -ECONNABORTED;
		c.has |= NET_HAS_RET;
		break;
	case WIRE_CLOSE:
		if (!s || (s->flags & NET_OPEN)) /* a listener has none */
			conn_bytes(&c, sk);
		break;
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

static __always_inline void on_accepted(u64 at, const struct sock *sk)
{
	struct net_sock s = { .flags = NET_SERVER | NET_OPEN };
	struct net_port port;
	struct net_owner *l;

	port_of(&port, sk);
	l = bpf_map_lookup_elem(&listeners, &port);
	if (l)
		s.owner = *l;
	s.since_ns = bpf_ktime_get_boot_ns();
	remember(at, sk, &s);
	s.since_ns = 0; /* an accept has no duration */
	tell(WIRE_ACCEPT, sk, &s, ESTABLISHED);
}

static __always_inline void on_listen(u64 at, const struct sock *sk, struct task_struct *me)
{
	struct net_sock s = { .flags = NET_SERVER | NET_REFINED };
	struct net_port port;

	owner_of(&s.owner, me);
	s.since_ns = bpf_ktime_get_boot_ns();
	port_of(&port, sk);
	if (bpf_map_update_elem(&listeners, &port, &s.owner, BPF_ANY))
		wire_count(0, WIRE_NONE, WIRE_LOST_MAP);
	remember(at, sk, &s);
	s.since_ns = 0;
	tell(WIRE_LISTEN, sk, &s, LISTEN);
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

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_state, const struct sock *sk, int old, int new)
{
	u64 at = plain(sk);
	struct task_struct *me;
	struct net_sock *s;

	if (sk->sk_protocol != IPPROTO_TCP)
		return 0;
	if (new == SYN_SENT) {
		struct net_sock fresh = {};

		me = (void *)bpf_get_current_task();
		owner_of(&fresh.owner, me);
		fresh.since_ns = bpf_ktime_get_boot_ns();
		remember(at, sk, &fresh);
		return 0;
	}
	if (new == LISTEN) {
		on_listen(at, sk, (void *)bpf_get_current_task());
		return 0;
	}
	if (new == ESTABLISHED && old == SYN_RECV) {
		on_accepted(at, sk);
		return 0;
	}
	if (new != CLOSED && (new != ESTABLISHED || old != SYN_SENT))
		return 0;
	s = bpf_map_lookup_elem(&socks, &at);
	if (new == ESTABLISHED) {
		tell(WIRE_CONNECT, sk, s, ESTABLISHED);
		if (s) {
			s->flags |= NET_OPEN;
			s->since_ns = bpf_ktime_get_boot_ns();
		}
		return 0;
	}
	if (old == SYN_SENT) {
		tell(WIRE_CONNECT, sk, s, CLOSED);
	} else if (old != SYN_RECV || s) { /* a handshake that never ended was no connection */
		if (old == LISTEN)
			forget_listener(sk, s);
		tell(WIRE_CLOSE, sk, s, CLOSED);
	}
	if (s)
		bpf_map_delete_elem(&socks, &at);
	return 0;
}

/* In the context of whoever reads from the socket: the one of several workers that took the connection. */
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
	owner_of(&s->owner, (void *)bpf_get_current_task());
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
