/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files of /proc and their lines, for the procfs family and polling. The parsers are
 * pure: bytes in, numbers out, no allocation. What they read is hostile: a process
 * chooses its comm, and comm stands in the middle of its stat line.
 */
#ifndef SENSOR_PROCFS_RAW_H
#define SENSOR_PROCFS_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "field/event.h"

/* Read from @dirfd/@name until its end or @size - 1 bytes; NUL-terminated. Returns bytes or -errno.
 */
ssize_t proc_read(int dirfd, const char *name, char *buf, size_t size);

/* O_PATH of @proc_dir/@pid: what is opened below it is that process, never a later one with its
 * number. */
int proc_open(const char *proc_dir, uint32_t pid);

/* The target of a link into @buf, NUL-terminated. Returns its length or -errno. */
ssize_t proc_link(int dirfd, const char *name, char *buf, size_t size);

/* The same for exe, without the " (deleted)" that the kernel adds; *@ret_deleted (may be NULL)
 * tells. */
ssize_t proc_exe(int dirfd, char *buf, size_t size, bool *ret_deleted);

/* The inode of a namespace link ("ns/net"), 0 when it cannot be read. */
uint32_t proc_ns(int dirfd, const char *name);

/* Length of a clock tick in ns. */
uint64_t proc_tick_ns(void);

struct proc_stat {
	uint32_t pid, ppid, pgrp, session, threads;
	uint32_t tty; /* MAJOR<<20|MINOR, 0: none */
	char state;
	char comm[16];
	uint64_t start_ns, cpu_ns; /* in whole ticks */
	uint64_t rss_bytes;
	/* change at exec, are the parent's after fork; 0 when the kernel hides them */
	uint64_t code_start, stack_start, arg_start;
	uint32_t exit_code; /* wait status, of a zombie */
};
/* One /proc/PID/stat. 0 or -EBADMSG. */
int proc_stat_parse(const char *p, size_t n, struct proc_stat *ret);

/* The value after "KEY:" at a line's start, white space around it cut; NULL when there is none. */
const char *proc_value(const char *p, size_t n, const char *key, size_t *ret_n);

/* Decimal number at the start of @p (white space before it is skipped). Returns what follows it,
 * NULL on none or overflow. */
const char *proc_u64(const char *p, const char *end, uint64_t *ret);

struct proc_users {
	uint32_t uid[4], gid[4]; /* real, effective, saved, file system; as the reader's user
				    namespace sees them */
	uint32_t nspid;          /* in its innermost pid namespace */
};
/* From /proc/PID/status. 0 or -EBADMSG. */
int proc_users_parse(const char *p, size_t n, struct proc_users *ret);

/* @id (the reader's view) as the namespace with this uid_map or gid_map sees it; 65534 when it is
 * not mapped. */
uint32_t proc_map_id(const char *map, size_t n, uint32_t id);

/*
 * The path of one hierarchy in /proc/PID/cgroup: @controller NULL for cgroup v2. NULL when there is
 * none, else *@ret_n bytes; *@ret_hierarchy (may be NULL) its number.
 */
const char *proc_cgroup_find(const char *p, size_t n, const char *controller, size_t *ret_n,
			     uint32_t *ret_hierarchy);

/* The first avg10 ("some") of a pressure file, negative when there is none. */
double procfs_psi(const char *p);

/* One line of /proc/PID/net/{tcp,tcp6,udp,udp6}. */
struct proc_sock {
	struct event_addr local, remote;
	uint8_t state;
	uint32_t uid;
	uint64_t inode;
};
/* 0; -ENOENT for the heading; -EBADMSG. */
int proc_sock_parse(const char *p, size_t n, struct proc_sock *ret);

#endif
