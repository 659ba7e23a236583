/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* What the network objects share: who owns a socket, and what stands at its two ends. */
#ifndef NETCOMMON_BPF_H
#define NETCOMMON_BPF_H

#include "common.bpf.h"

#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17

static __always_inline void owner_of(struct net_owner *o, struct task_struct *task)
{
	struct wire_head h = {};

	task_cgroup(task, &o->key);
	head_task(&h, task);
	o->start_ns = h.start_ns;
	o->tgid = h.tgid;
	o->tid = h.tid;
	o->pidns = h.pidns;
	o->mntns = h.mntns;
	o->netns = h.netns;
	o->ppid = h.ppid;
	__builtin_memcpy(o->comm, h.comm, sizeof(o->comm));
}

static __always_inline void head_owner(struct wire_head *h, const struct net_owner *o)
{
	h->start_ns = o->start_ns;
	h->tgid = o->tgid;
	h->tid = o->tid;
	h->pidns = o->pidns;
	h->mntns = o->mntns;
	h->netns = o->netns;
	h->ppid = o->ppid;
	__builtin_memcpy(h->comm, o->comm, sizeof(h->comm));
}

/* Whose socket: its v2 cgroup when it has one below the root, else where its owner was. */
static __always_inline void sock_key(const struct sock *sk, const struct net_owner *o, struct wire_key *key)
{
	key->pad = 0;
	if (cgroup_key(sock_cgroup(sk), key))
		return;
	key->id = 1;
	key->hierarchy = 0;
	if (o && o->tgid)
		*key = o->key;
}

static __always_inline u16 swap16(u16 v)
{
	return __builtin_bswap16(v);
}

/* Addresses and ports of a kernel socket. sport: skc_num is 0 again when a socket closes. */
static __always_inline void conn_ends(struct net_conn *c, const struct sock *sk)
{
	u16 num = BPF_CORE_READ(sk, __sk_common.skc_num);

	c->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	c->rport = swap16(BPF_CORE_READ(sk, __sk_common.skc_dport));
	c->lport = num ? num : swap16(BPF_CORE_READ((struct inet_sock *)sk, inet_sport));
	if (c->family == AF_INET6) {
		BPF_CORE_READ_INTO((struct in6_addr *)c->local, sk, __sk_common.skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO((struct in6_addr *)c->remote, sk, __sk_common.skc_v6_daddr);
	} else {
		*(u32 *)c->local = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
		*(u32 *)c->remote = BPF_CORE_READ(sk, __sk_common.skc_daddr);
	}
}

/*
 * Bytes that the two sides' programs wrote. bytes_acked would count SYN and FIN too; what was received
 * counts the peer's FIN, which SOCK_DONE (1) tells.
 */
static __always_inline void conn_bytes(struct net_conn *c, const struct sock *sk)
{
	const struct tcp_sock *tp = (void *)sk;

	c->bytes_out = BPF_CORE_READ(tp, bytes_sent) - BPF_CORE_READ(tp, bytes_retrans);
	c->bytes_in = BPF_CORE_READ(tp, bytes_received);
	if (c->bytes_in && (BPF_CORE_READ(sk, __sk_common.skc_flags) & 2))
		c->bytes_in--;
	c->has |= NET_HAS_BYTES;
}

#endif
