/* SPDX-License-Identifier: BSD-2-Clause */
/* The bytes of a capture file, for its writer and its reader. Fields are only ever added at the
 * end. */
#ifndef SENSOR_CAPTURE_FORMAT_H
#define SENSOR_CAPTURE_FORMAT_H

#include <stdint.h>

#define CAP_MAGIC    "SONDECAP"
#define CAP_HEAD_MAX 65536

/* head_size bytes of struct cap_head follow: more from a later sonde, never fewer. */
struct cap_magic {
	char magic[8];
	uint32_t version;
	uint32_t head_size; /* a multiple of 8 */
};
_Static_assert(sizeof(struct cap_magic) == 16, "cap_magic changed size");

struct cap_head {
	char node[64], kernel[64];
	char boot_id[40];
	char sonde[32];
	int64_t offset_ns;
	uint64_t start_ns;
	uint32_t origin;
	uint32_t event_size;
};
_Static_assert(sizeof(struct cap_head) == 224, "cap_head changed size");

struct cap_chunk {
	uint32_t kind, size;
	uint64_t ktime_ns;
};
_Static_assert(sizeof(struct cap_chunk) == 16, "cap_chunk changed size");

/* Bytes of a payload in the file. */
#define CAP_PADDED(n) (((size_t)(n) + 7) & ~(size_t)7)

struct cap_addr {
	uint8_t family; /* 0, 4, 6 */
	uint8_t pad;
	uint16_t port;
	uint8_t addr[16];
};
_Static_assert(sizeof(struct cap_addr) == 20, "cap_addr changed size");

/* n bytes of path follow */
struct cap_cgroup {
	uint64_t id, parent_id, at_ns;
	uint32_t hierarchy, parent_hierarchy;
	uint32_t n;
	uint32_t gone;
};
_Static_assert(sizeof(struct cap_cgroup) == 40, "cap_cgroup changed size");

struct cap_task {
	uint32_t pid, ppid, nspid, threads, uid, gid, uid_host, tty;
	uint64_t start_ns, parent_start_ns, cpu_ns, rss_bytes;
	uint64_t cg_id;
	uint32_t cg_hierarchy, mntns, pidns, netns;
	char comm[16];
	uint32_t last, pad;
};
_Static_assert(sizeof(struct cap_task) == 112, "cap_task changed size");

struct cap_socket {
	uint64_t cookie, inode, start_ns, bytes_in, bytes_out, cg_id;
	uint32_t cg_hierarchy, netns, pid;
	struct cap_addr local, remote;
	uint8_t proto, state, last, pad[1];
};
_Static_assert(sizeof(struct cap_socket) == 104, "cap_socket changed size");

struct cap_end {
	uint64_t chunks, dropped;
};
_Static_assert(sizeof(struct cap_end) == 16, "cap_end changed size");

#endif
