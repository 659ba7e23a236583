/* SPDX-License-Identifier: BSD-2-Clause */
/* What user space needs to know of the probe set "network". */
#include "sensor/probe.h"

#include "base/macros.h"
#include "network.skel.h"

static const struct probe_hook tcp_hooks[] = {
	{ "on_state", "network: inet_sock_set_state", "TCP connects, accepts, listeners and closes with bytes",
	  "TCP connections are seen by the next sweep; short ones are missed", "inet_sock_set_state", NULL },
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
