/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Probe set "network", names: DNS answers on their way in, if this very socket asked;
 * TLS server names on their way out. One pair of observers at the root of cgroup v2 sees
 * every network namespace. A packet is never refused: every path returns 1.
 *
 * What a packet costs when it is none of ours decides the order of the tests: the
 * protocol, then port 53 or the first segments of a connection, then the rest. Parsing
 * is left to user space; here the bytes are copied.
 */
#include "netcommon.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define DNS_PORT    53
#define DNS_SMALL   512
#define HELLO_SMALL 640
#define ASKED_NS    30000000000ULL

/* Where things stand in a packet. */
struct packet {
	u32 payload; /* offset */
	u32 len;     /* of the payload */
	u16 family;
	u16 sport, dport; /* host order */
};

static __always_inline bool packet_of(struct __sk_buff *skb, u8 proto, struct packet *p)
{
	u8 *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	u32 head, tcp;
	u8 *l4;

	if (data + 40 > end)
		return false;
	if ((data[0] >> 4) == 4) {
		if (data[9] != proto)
			return false;
		head = (data[0] & 15) * 4;
		p->family = AF_INET;
	} else { /* extension headers are rare on what we look for */
		if (data[6] != proto)
			return false;
		head = 40;
		p->family = AF_INET6;
	}
	if (head < 20 || head > 60)
		return false;
	l4 = data + head;
	if (proto == IPPROTO_UDP) {
		if (l4 + 8 > end)
			return false;
		p->payload = head + 8;
	} else {
		if (l4 + 20 > end)
			return false;
		tcp = (l4[12] >> 4) * 4;
		p->payload = head + tcp;
	}
	p->sport = l4[0] << 8 | l4[1];
	p->dport = l4[2] << 8 | l4[3];
	if (p->payload >= skb->len)
		return false;
	p->len = skb->len - p->payload;
	return true;
}

/* The ends of the packet as the socket sees them. */
static __always_inline void packet_ends(struct __sk_buff *skb, const struct packet *p, bool out,
					struct net_conn *c)
{
	c->family = p->family;
	c->lport = out ? p->sport : p->dport;
	c->rport = out ? p->dport : p->sport;
	if (p->family == AF_INET) {
		bpf_skb_load_bytes(skb, out ? 12 : 16, c->local, 4);
		bpf_skb_load_bytes(skb, out ? 16 : 12, c->remote, 4);
	} else {
		bpf_skb_load_bytes(skb, out ? 8 : 24, c->local, 16);
		bpf_skb_load_bytes(skb, out ? 24 : 8, c->remote, 16);
	}
}

static __always_inline void packet_key(struct __sk_buff *skb, const struct net_owner *o,
				       struct wire_key *key)
{
	key->id = bpf_skb_cgroup_id(skb);
	key->hierarchy = 0;
	key->pad = 0;
	if (key->id <= 1 && o && o->tgid)
		*key = o->key;
}

/*
 * A record of a fixed size straight in the ring: at egress a program may be interrupted, so a
 * scratch value of the CPU would not do. head.size says how much of it is filled; the rest is old
 * bytes of the ring, which user space never looks at.
 */
#define TELL_NAME(NAME, ROOM)                                                                  \
	struct NAME {                                                                          \
		struct net_name n;                                                             \
		u8 bytes[ROOM];                                                                \
	};                                                                                     \
	static __always_inline void tell_##NAME(struct __sk_buff *skb, const struct packet *p, \
						u32 kind, const struct net_owner *o, u64 sk,   \
						u8 proto, bool out)                            \
	{                                                                                      \
		u64 len = p->len;                                                              \
		struct wire_key key;                                                           \
		struct NAME *r;                                                                \
		u32 slot;                                                                      \
                                                                                               \
		packet_key(skb, o, &key);                                                      \
		if (!wire_admit(&key, kind, &slot))                                            \
			return;                                                                \
		r = bpf_ringbuf_reserve(&ring, sizeof(*r), 0);                                 \
		if (!r) {                                                                      \
			wire_count(slot, kind, WIRE_LOST_RING);                                \
			return;                                                                \
		}                                                                              \
		__builtin_memset(&r->n, 0, sizeof(r->n));                                      \
		if (len > ROOM)                                                                \
			len = ROOM;                                                            \
		asm volatile("" : "+r"(len));                                                  \
		if (len < 12 || len > ROOM || /* "== 0" would teach old verifiers nothing */   \
		    bpf_skb_load_bytes(skb, p->payload, r->bytes, len))                        \
			len = 0;                                                               \
		r->n.len = len;                                                                \
		if (o)                                                                         \
			head_owner(&r->n.c.h, o);                                              \
		head_key(&r->n.c.h, &key);                                                     \
		packet_ends(skb, p, out, &r->n.c);                                             \
		r->n.c.cookie = cookie_of(sk);                                                 \
		r->n.c.proto = proto;                                                          \
		r->n.c.state = 1;                                                              \
		head_stamp(&r->n.c.h, kind, sizeof(r->n) + len, slot);                         \
		bpf_ringbuf_submit(r, wire_wake(0));                                           \
	}

TELL_NAME(dns_small, DNS_SMALL)
TELL_NAME(dns_big, NET_DNS_MAX)
TELL_NAME(hello_small, HELLO_SMALL)
TELL_NAME(hello_big, NET_HELLO_MAX)

/* A question to port 53: whoever sends is current here, and the answer comes to this socket. */
static __always_inline void asked(struct __sk_buff *skb, struct bpf_sock *sk,
				  const struct packet *p)
{
	struct net_udp *u = bpf_sk_storage_get(&udp, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	struct task_struct *me = (void *)bpf_get_current_task();
	u16 id = 0;

	if (!u)
		return;
	bpf_skb_load_bytes(skb, p->payload, &id, sizeof(id));
	if (u->owner.tgid != BPF_CORE_READ(me, tgid))
		owner_of(&u->owner, me);
	u->asked_ns = bpf_ktime_get_ns();
	u->ids[u->n_asked++ & 3] = id;
}

static __always_inline bool was_asked(struct __sk_buff *skb, const struct net_udp *u,
				      const struct packet *p)
{
	u16 id = 0;

	if (bpf_ktime_get_ns() - u->asked_ns > ASKED_NS)
		return false;
	bpf_skb_load_bytes(skb, p->payload, &id, sizeof(id));
	return id == u->ids[0] || id == u->ids[1] || id == u->ids[2] || id == u->ids[3];
}

static __always_inline void look_for_hello(struct __sk_buff *skb, struct bpf_sock *sk)
{
	struct bpf_tcp_sock *tp = bpf_tcp_sock(sk);
	struct packet p = {};
	struct net_sock *s;
	u8 first[6] = {};
	u64 at;

	if (!tp || tp->data_segs_out > 3 || skb->len < 100)
		return;
	if (!packet_of(skb, IPPROTO_TCP, &p) || p.len < 60)
		return;
	bpf_skb_load_bytes(skb, p.payload, first, sizeof(first));
	if (first[0] != 0x16 || first[1] != 3 || first[5] != 1)
		return;
	at = plain(sk);
	s = bpf_map_lookup_elem(&socks, &at);
	if (p.len <= HELLO_SMALL)
		tell_hello_small(skb, &p, WIRE_TLS, s ? &s->owner : NULL, at, IPPROTO_TCP, true);
	else
		tell_hello_big(skb, &p, WIRE_TLS, s ? &s->owner : NULL, at, IPPROTO_TCP, true);
}

SEC("cgroup_skb/egress")
int names_out(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;
	struct packet p = {};

	if (!sk)
		return 1;
	sk = bpf_sk_fullsock(sk);
	if (!sk)
		return 1;
	if (sk->protocol == IPPROTO_TCP) {
		look_for_hello(skb, sk);
		return 1;
	}
	if (sk->protocol != IPPROTO_UDP || !packet_of(skb, IPPROTO_UDP, &p) || p.dport != DNS_PORT)
		return 1;
	if (p.len >= 12)
		asked(skb, sk, &p);
	return 1;
}

SEC("cgroup_skb/ingress")
int names_in(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;
	struct packet p = {};
	struct net_udp *u;

	if (!sk)
		return 1;
	sk = bpf_sk_fullsock(sk);
	if (!sk || sk->protocol != IPPROTO_UDP)
		return 1;
	if (!packet_of(skb, IPPROTO_UDP, &p) || p.sport != DNS_PORT || p.len < 12)
		return 1;
	u = bpf_sk_storage_get(&udp, sk, NULL, 0);
	if (!u || !was_asked(skb, u, &p))
		return 1;
	if (p.len <= DNS_SMALL)
		tell_dns_small(skb, &p, WIRE_DNS, &u->owner, plain(sk), IPPROTO_UDP, false);
	else
		tell_dns_big(skb, &p, WIRE_DNS, &u->owner, plain(sk), IPPROTO_UDP, false);
	return 1;
}
