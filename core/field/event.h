/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One event on its way through the engine: sensor writes it, identity and model add
 * what they know, everybody after reads it. It is one block of memory without
 * pointers (texts are offsets into the block), so that a copy is a memcpy of `size`
 * bytes and a ring of events is a ring of blocks.
 *
 * Owner: the engine, for one turn. Whoever keeps an event copies the block.
 */
#ifndef FIELD_EVENT_H
#define FIELD_EVENT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "field/event_kinds.h"
#include "sonde/field.h"

/* A text inside the block: @off bytes from the start of the event. off 0: not known; len 0 with
 * off: empty. */
struct etext {
	uint16_t off, len;
};

struct event_addr {
	uint8_t family; /* AF_INET, AF_INET6, 0: none */
	uint8_t pad[1];
	uint16_t port; /* host order */
	union {
		struct in_addr v4;
		struct in6_addr v6;
	};
};

struct cgroup_key {
	uint64_t id;
	uint32_t hierarchy; /* 0: cgroup v2; ids repeat between hierarchies */
	uint32_t pad;
};

enum event_name_source { NAME_NONE, NAME_DNS, NAME_SNI, NAME_POD, NAME_SERVICE };

struct event {
	uint32_t size; /* of the whole block; at most EVENT_MAX */
	uint16_t type; /* enum event_type */
	uint8_t origin;
	uint8_t pad0;
	uint32_t flags;
	uint32_t slot;     /* the policy slot that counted it in the kernel, 0: none */
	uint64_t seq;      /* by the engine, 1.. */
	uint64_t ktime_ns; /* CLOCK_BOOTTIME */
	uint64_t time_ns;  /* UTC, by the engine */

	/* identity as the kernel saw it */
	struct cgroup_key cg;
	uint32_t pidns, mntns, netns;
	uint32_t pid, tid, ppid; /* host numbers; pid is the thread group */
	uint32_t nspid;          /* pid in its own pid namespace */
	uint64_t start_ns; /* start_boottime of pid: {pid, start_ns} is the process; 0: not known */
	uint64_t parent_start_ns;
	uint64_t exec_ns;        /* when the present image was executed; 0: not known */
	uint64_t parent_exec_ns; /* by model */
	uint32_t uid, gid, uid_host;
	char comm[16];
	char pcomm[16]; /* of the parent, by model; "" when not known */

	/* joined by identity */
	uint32_t ident;      /* index into identity's table; 0: the host */
	uint32_t pod_reason; /* enum ident_reason: why the names are not known, 0 when they are */
	uint64_t ident_id;   /* id of that row, to see that the index was not used again */
	/* joined by model */
	uint32_t proc_index;
	uint32_t conn_index;
	sonde_id proc_id, conn_id;
	struct etext exe, cwd;
	uint32_t tty; /* device number (MAJOR<<20|MINOR), 0: none */
	uint8_t layer;
	uint8_t fd_kind[3];

	uint64_t duration_ns; /* exit: life; close: life; failed connect: the attempt */
	union {
		struct {
			struct etext argv; /* NUL between and after the arguments, as the kernel
					      keeps it */
			uint64_t inode;
			uint32_t dev;
		} exec;
		struct {
			uint32_t code; /* exit code, the signal with EV_EXIT_SIGNAL, or
					  EXIT_NOT_SEEN */
		} exit;
		struct {
			uint64_t cookie; /* names the socket: sk address mixed with a boot secret,
					    or inode */
			uint64_t inode;  /* of sockfs, 0: not known */
			struct event_addr local, remote;
			uint64_t bytes_in, bytes_out;
			struct etext name; /* of the remote side */
			int32_t ret;       /* 0 or -errno */
			uint8_t proto;     /* IPPROTO_TCP, IPPROTO_UDP */
			uint8_t state;     /* TCP state after */
			uint8_t name_source;
			uint8_t server; /* 1: our side accepted */
		} sock;                 /* connect accept listen close udp dns tls */
		struct {
			uint8_t cause; /* enum loss_cause */
			uint16_t lost_type;
			uint64_t n;
		} lost;
	};
	struct {                      /* dns and tls beside sock */
		struct etext query;   /* DNS name or SNI, dotted text */
		struct etext answers; /* texts ended by NUL */
		uint16_t qtype;
		uint16_t rcode;
	} name;
	/* texts follow */
};

#define EVENT_MAX 16384

/* Room to build one event in. */
union event_buf {
	struct event ev;
	char bytes[EVENT_MAX];
};

/* Begin an event of @type in @b: the fixed part zeroed, no text yet. */
struct event *event_begin(union event_buf *b, enum event_type type);

/* Append @n bytes (cut to what fits) to an event that stands in a union event_buf. */
struct etext event_text_add(struct event *ev, const void *p, size_t n);

/* The bytes of a text of @ev; NULL when it is not known. @t.len tells how many. */
static inline const char *event_text(const struct event *ev, struct etext t)
{
	return t.off ? (const char *)ev + t.off : NULL;
}

/* "exec", "connect", …: the `type` of the event JSON. NULL when out of range. */
const char *event_type_name(unsigned type);
/* The other way; EVENT_NONE when there is no such type. */
enum event_type event_type_find(const char *name, size_t n);

#endif
