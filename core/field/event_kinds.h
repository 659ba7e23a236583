/* SPDX-License-Identifier: BSD-2-Clause */
/* The vocabulary of events: what happens, how it was seen, flags. Numbers stand in captures. */
#ifndef FIELD_EVENT_KINDS_H
#define FIELD_EVENT_KINDS_H

/* Order is part of the capture and socket formats: add at the end. */
enum event_type {
	EVENT_NONE,
	EVENT_FORK,
	EVENT_EXEC,
	EVENT_EXIT,
	EVENT_CONNECT,
	EVENT_ACCEPT,
	EVENT_LISTEN,
	EVENT_CLOSE,
	EVENT_UDP,
	EVENT_DNS,
	EVENT_TLS,
	EVENT_CONTAINER_START,
	EVENT_CONTAINER_STOP,
	EVENT_OOM,
	EVENT_LOST,
	EVENT_TYPES
};

enum event_origin { ORIGIN_RING, ORIGIN_PICTURE, ORIGIN_POLLING, ORIGIN_REPLAY };

/* Where the executed file comes from. */
enum event_layer {
	LAYER_UNKNOWN,
	LAYER_IMAGE,
	LAYER_WRITABLE,
	LAYER_MEMFD,
	LAYER_TMPFS,
	LAYER_VOLUME,
	LAYER_HOST
};

/* What a descriptor 0, 1 or 2 is at exec. */
enum event_fd {
	FD_UNKNOWN,
	FD_CLOSED,
	FD_FILE,
	FD_TTY,
	FD_PIPE,
	FD_SOCKET_INET,
	FD_SOCKET_UNIX,
	FD_NULL,
	FD_OTHER
};

enum {
	EV_OUTSIDE = 1 << 0, /* entered the container from outside (nsenter, runtime exec) */
	EV_ARGV_CUT = 1 << 1,
	EV_REPAIRED = 1 << 2,    /* found by comparing, not by its own record */
	EV_EXIT_SIGNAL = 1 << 3, /* exit.code is a signal */
	EV_RET = 1 << 4,         /* sock.ret is known */
	EV_BYTES = 1 << 5,       /* sock.bytes_* are known */
	EV_DURATION = 1 << 6,    /* duration_ns is known */
	EV_UID = 1 << 7,         /* uid, gid and uid_host are known */
	EV_CRED_CHANGED =
		1 << 8, /* exec: euid or capabilities are not the parent image's (setuid file) */
	EV_NS_CHANGED = 1 << 9,     /* exec: other namespaces than the parent */
	EV_PROC_REF = 1 << 10,      /* proc_index is valid */
	EV_CONTAINER_PID = 1 << 11, /* nspid is known */
};

/* exit.code of a process that polling found gone. */
#define EXIT_NOT_SEEN UINT32_MAX

#endif
