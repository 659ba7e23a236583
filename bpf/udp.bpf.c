/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Probe set "network", UDP: who talks to whom. Observers at connect() and at every
 * send that names its peer, in the caller's context; a peer is told once a socket.
 *
 * These hooks could refuse a call. Ours never do: every path returns 1.
 */
#include "netcommon.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define SOCK_DGRAM 2

static __always_inline void tell_peer(struct bpf_sock_addr *ctx, u16 family)
{
	struct task_struct *me = (void *)bpf_get_current_task();
	struct net_peer peer = { .family = family };
	struct bpf_sock *bs = ctx->sk;
	struct net_conn c = {};
	struct net_owner owner;
	struct wire_key key;
	struct net_udp *u;
	struct sock *sk;
	u64 now, at;
	u32 slot;

	if (ctx->type != SOCK_DGRAM || !bs || bs->protocol != IPPROTO_UDP)
		return;
	peer.port = swap16(ctx->user_port);
	if (family == AF_INET) {
		*(u32 *)peer.addr = ctx->user_ip4;
	} else {
		((u32 *)peer.addr)[0] = ctx->user_ip6[0];
		((u32 *)peer.addr)[1] = ctx->user_ip6[1];
		((u32 *)peer.addr)[2] = ctx->user_ip6[2];
		((u32 *)peer.addr)[3] = ctx->user_ip6[3];
	}
	if (!peer.port) /* port 0 takes a connection back */
		return;
	at = plain(bs);
	sk = (struct sock *)at;
	peer.cookie = cookie_of(at);
	peer.tgid = bpf_get_current_pid_tgid() >> 32;
	if (bpf_map_lookup_elem(&peers, &peer))
		return;
	now = bpf_ktime_get_boot_ns();
	bpf_map_update_elem(&peers, &peer, &now, BPF_ANY);

	owner_of(&owner, me);
	u = bpf_sk_storage_get(&udp, bs, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (u)
		u->owner = owner;
	sock_key(sk, &owner, &key);
	if (!wire_admit(&key, WIRE_UDP, &slot))
		return;
	head_owner(&c.h, &owner);
	head_key(&c.h, &key);
	conn_ends(&c, sk);
	c.family = family;
	__builtin_memcpy(c.remote, peer.addr, sizeof(c.remote));
	c.rport = peer.port;
	c.cookie = peer.cookie;
	c.inode = sock_inode(sk);
	c.proto = IPPROTO_UDP;
	c.state = 1;
	head_stamp(&c.h, WIRE_UDP, sizeof(c), slot);
	wire_output(&c.h, sizeof(c));
}

SEC("cgroup/connect4")
int udp_connect4(struct bpf_sock_addr *ctx)
{
	tell_peer(ctx, AF_INET);
	return 1;
}

SEC("cgroup/connect6")
int udp_connect6(struct bpf_sock_addr *ctx)
{
	tell_peer(ctx, AF_INET6);
	return 1;
}

SEC("cgroup/sendmsg4")
int udp_send4(struct bpf_sock_addr *ctx)
{
	tell_peer(ctx, AF_INET);
	return 1;
}

SEC("cgroup/sendmsg6")
int udp_send6(struct bpf_sock_addr *ctx)
{
	tell_peer(ctx, AF_INET6);
	return 1;
}
