/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Records of the probe set "network", and what it remembers of a socket. */
#ifndef NETWORK_H
#define NETWORK_H

#include "wire.h"

#define NET_SOCKS     131072 /* TCP sockets remembered at once */
#define NET_LISTENERS 8192
#define NET_PEERS     16384
#define NET_DNS_MAX   1232 /* bytes of a DNS answer that are looked at */
#define NET_HELLO_MAX 2048

/* The process that a socket belongs to. */
struct net_owner {
	struct wire_key key;
	__u64 start_ns;
	__u32 tgid, tid;
	__u32 pidns, mntns, netns;
	__u32 ppid;
	char comm[16];
};
_Static_assert(sizeof(struct net_owner) == 64, "net_owner changed size");

enum { NET_SERVER = 1, NET_REFINED = 2, NET_OPEN = 4 };

/* Of a TCP socket from its first state to its last. */
struct net_sock {
	struct net_owner owner;
	__u64 since_ns; /* first seen; 0: before the probe */
	__u32 flags;
	__u32 pass; /* of the file iterator that told it last */
};

struct net_port {
	__u32 netns;
	__u16 port; /* host order */
	__u16 family;
};

/* Of a UDP socket (socket storage): who used it last, and what it asked. */
struct net_udp {
	struct net_owner owner;
	__u64 asked_ns; /* last question to port 53 */
	__u16 ids[4];   /* the last questions' ids, network order */
	__u32 n_asked;
	__u32 pad;
};

/* A UDP peer that was told already. */
struct net_peer {
	__u64 cookie;
	__u8 addr[16];
	__u16 port, family;
	__u32 tgid;
};
_Static_assert(sizeof(struct net_peer) == 32, "net_peer changed size");

enum { NET_HAS_RET = 1, NET_HAS_BYTES = 2, NET_HAS_DURATION = 4 };

struct net_conn {
	struct wire_head h;
	__u64 cookie; /* of the socket while it lives */
	__u64 inode;
	__u64 bytes_in, bytes_out;
	__u64 duration_ns;
	__u8 local[16], remote[16];
	__u16 lport, rport; /* host order */
	__u16 family;
	__u8 proto, state; /* state after */
	__s32 ret;
	__u8 server;
	__u8 has; /* NET_HAS_* */
	__u16 pad;
};
_Static_assert(sizeof(struct net_conn) == 168, "net_conn changed size");

/* DNS and TLS: the bytes of the answer or the hello follow, len of them. */
struct net_name {
	struct net_conn c;
	__u32 len;
	__u32 pad;
};
_Static_assert(sizeof(struct net_name) == 176, "net_name changed size");

#endif
