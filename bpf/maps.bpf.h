/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * The maps that all objects share. Object "maps" makes them; the others are handed
 * its file descriptors before they are loaded. All are pre-made: nothing is
 * allocated at an event, and nothing that counts can be evicted.
 */
#ifndef MAPS_BPF_H
#define MAPS_BPF_H

#include "network.h"
#include "process.h"

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20); /* set by user space */
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct wire_key);
	__type(value, struct wire_policy);
} policy SEC(".maps");

/*
 * One array for all CPUs, added to atomically: only what is lost is counted, so it is
 * cold, and user space reads it through a mapping without a call.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, WIRE_SLOTS);
	__type(key, __u32);
	__type(value, struct wire_loss);
} loss SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WIRE_SLOTS);
	__type(key, __u32);
	__type(value, struct wire_pace);
} pace SEC(".maps");

/* TCP sockets by their address, from first state to last. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, NET_SOCKS);
	__type(key, __u64);
	__type(value, struct net_sock);
} socks SEC(".maps");

/* Who listens where. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, NET_LISTENERS);
	__type(key, struct net_port);
	__type(value, struct net_owner);
} listeners SEC(".maps");

/* UDP sockets: ends with the socket by itself. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct net_udp);
} udp SEC(".maps");

/* UDP peers told already. An evicted one is told again, that is all. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, NET_PEERS);
	__type(key, struct net_peer);
	__type(value, __u64);
} peers SEC(".maps");

#endif
