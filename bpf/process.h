/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* Records of the probe set "process". */
#ifndef PROCESS_H
#define PROCESS_H

#include "wire.h"

#define PROC_ARGV_MAX   4096
#define PROC_PATH_MAX   2048
#define PROC_PATH_PARTS 32
#define CGROUP_LEVELS   12

/* Who a process is, beside the head. */
struct proc_ids {
	__u64 parent_start_ns;
	__u32 nspid;    /* in its own pid namespace */
	__u32 uid, gid; /* in its own user namespace */
	__u32 uid_host;
	__u32 tty; /* MAJOR << 20 | MINOR */
	__u32 threads;
};
_Static_assert(sizeof(struct proc_ids) == 32, "proc_ids changed size");

struct proc_fork {
	struct wire_head h; /* of the child */
	struct proc_ids ids;
};
_Static_assert(sizeof(struct proc_fork) == 112, "proc_fork changed size");

enum proc_layer {
	PROC_LAYER_UNKNOWN,
	PROC_IMAGE,
	PROC_WRITABLE,
	PROC_MEMFD,
	PROC_TMPFS,
	PROC_VOLUME,
	PROC_HOST
};
enum proc_fd {
	PROC_FD_UNKNOWN,
	PROC_FD_CLOSED,
	PROC_FD_FILE,
	PROC_FD_TTY,
	PROC_FD_PIPE,
	PROC_FD_INET,
	PROC_FD_UNIX,
	PROC_FD_NULL,
	PROC_FD_OTHER
};

enum {
	PROC_ARGV_CUT = 1,
	PROC_CRED_CHANGED = 2,
	PROC_NS_CHANGED = 4,
	PROC_EXE_CUT = 8,
	PROC_CWD_CUT = 16,
};

/*
 * Texts stand behind the record: exe_len bytes, cwd_len bytes, argv_len bytes. The two
 * paths are their parts from the last to the first, each ended by NUL.
 */
struct proc_exec {
	struct wire_head h;
	struct proc_ids ids;
	__u64 inode;
	__u32 dev;
	__u8 layer;      /* enum proc_layer */
	__u8 fd_kind[3]; /* enum proc_fd */
	__u16 flags;
	__u16 exe_len, cwd_len, argv_len;
};
_Static_assert(sizeof(struct proc_exec) == 136, "proc_exec changed size");

#define PROC_EXEC_MAX (sizeof(struct proc_exec) + 2 * PROC_PATH_MAX + PROC_ARGV_MAX)

struct proc_exit {
	struct wire_head h;
	struct proc_ids ids;
	__u64 life_ns;
	__u32 code; /* as wait(2) sees it: status << 8 | signal */
	__u32 pad;
};
_Static_assert(sizeof(struct proc_exit) == 128, "proc_exit changed size");

struct proc_oom {
	struct wire_head h;
};

enum cgroup_op { CGROUP_MADE, CGROUP_FOUND, CGROUP_GONE };

/*
 * The head names the cgroup. ids[0] is its parent, ids[1] the parent's parent, … up to the
 * root. path_len bytes follow: for FOUND the parts from the last to the first, each ended by
 * NUL, else the path as text.
 */
struct wire_cgroup {
	struct wire_head h;
	__u64 ids[CGROUP_LEVELS];
	__u32 op; /* enum cgroup_op */
	__u16 levels;
	__u16 path_len;
};
_Static_assert(sizeof(struct wire_cgroup) == 184, "wire_cgroup changed size");

/* What the task iterator writes: one of a thread, the ids only of leaders. */
struct pic_task {
	struct wire_head h;
	struct proc_ids ids;
	__u64 cpu_ns; /* of this thread; for the leader with all ended threads */
	__u64 rss_pages;
	__u32 leader;
	__u32 pad;
};
_Static_assert(sizeof(struct pic_task) == 136, "pic_task changed size");

#endif
