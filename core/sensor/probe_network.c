/* SPDX-License-Identifier: BSD-2-Clause */
/* What user space needs to know of the probe set "network". */
#include "sensor/probe.h"

#include "base/macros.h"
#include "names.skel.h"
#include "network.skel.h"
#include "udp.skel.h"

static const struct probe_hook tcp_hooks[] = {
	{ "on_state", "network: inet_sock_set_state",
	  "TCP connects, accepts, listeners and closes with bytes",
	  "TCP connections are seen by the next sweep; short ones are missed",
	  "inet_sock_set_state", NULL },
	{ "on_read", "network: tcp_rcv_space_adjust", "the worker that took a connection",
	  "Accepted connections belong to the process that listens", "tcp_rcv_space_adjust", NULL },
};

const struct probe probe_network = {
	.set = "network",
	.object = "network",
	.elf = network_bpf__elf_bytes,
	.hooks = tcp_hooks,
	.n = ARRAY_SIZE(tcp_hooks),
};

static const struct probe_hook udp_hooks[] = {
	{ "udp_connect4", "network: cgroup/connect4", "UDP peers with their process",
	  "UDP peers of connected sockets are not seen", NULL, NULL },
	{ "udp_connect6", "network: cgroup/connect6", "UDP peers with their process, IPv6",
	  "UDP peers of connected IPv6 sockets are not seen", NULL, NULL },
	{ "udp_send4", "network: cgroup/sendmsg4", "UDP peers of unconnected sockets",
	  "UDP peers of unconnected sockets are not seen", NULL, NULL },
	{ "udp_send6", "network: cgroup/sendmsg6", "UDP peers of unconnected sockets, IPv6",
	  "UDP peers of unconnected IPv6 sockets are not seen", NULL, NULL },
};

const struct probe probe_udp = {
	.set = "network",
	.object = "udp",
	.elf = udp_bpf__elf_bytes,
	.hooks = udp_hooks,
	.n = ARRAY_SIZE(udp_hooks),
	.cgroup = true,
};

/* Both or nothing: an answer counts only when its question was seen. */
static const struct probe_hook names_hooks[] = {
	{ "names_out", "names: cgroup_skb/egress",
	  "DNS questions, TLS server names (not QUIC, ECH, DoT, DoH)",
	  "Remote addresses have no names", NULL, NULL },
	{ "names_in", "names: cgroup_skb/ingress", "DNS answers to the socket that asked",
	  "Remote addresses have no DNS names", NULL, NULL },
};

const struct probe probe_names = {
	.set = "network",
	.object = "names",
	.elf = names_bpf__elf_bytes,
	.hooks = names_hooks,
	.n = ARRAY_SIZE(names_hooks),
	.cgroup = true,
	.names = true,
};
