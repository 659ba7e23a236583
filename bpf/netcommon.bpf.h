/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* What the network objects share: who owns a socket, and what stands at its two ends. */
#ifndef NETCOMMON_BPF_H
#define NETCOMMON_BPF_H

#include "common.bpf.h"

#define IPPROTO_TCP 6
#define IPPROTO_UDP 17

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

static __always_inline u16 swap16(u16 v)
{
	return __builtin_bswap16(v);
}

/*
 * Bytes that the two sides' programs wrote. bytes_acked would count SYN and FIN too; what was
 * received counts the peer's FIN, which SOCK_DONE (1) tells.
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
