/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading /proc, cgroup statistics and the node's own figures. Blocking, no shared
 * state: every function may run in a worker. Input is hostile (a process writes its
 * own argv, comm and environment).
 */
#ifndef SENSOR_PROCFS_H
#define SENSOR_PROCFS_H

#include "base/buf.h"
#include "field/event.h"

struct proc_facts {
	uint32_t pid;
	uint64_t start_ns; /* asked for; on return 0 when the pid is another process by now */
	uint64_t seen_start_ns;
	struct buf argv; /* NUL between; limit 4 KiB; argv_cut when there was more */
	bool argv_cut;
	char exe[512], cwd[512]; /* "" when not known */
	uint32_t fds;            /* number of open descriptors, UINT32_MAX not known */
	uint32_t threads;
	uint64_t rss_bytes, cpu_ns;
	uint32_t uid, gid, tty;
	char comm[16];
	int error; /* 0 or the first -errno */
};
/* Fill @f for f->pid; keep only what fits. 0, -ESRCH when it is gone, -EACCES. */
int procfs_proc(const char *proc_dir, struct proc_facts *f, bool with_fds);
void proc_facts_done(struct proc_facts *f);

/* Figures of one pod's or container's cgroup. UINT64_MAX: not known here; limits UINT64_MAX: none.
 */
struct cgroup_sample {
	uint64_t at_ns;
	uint64_t cpu_ns;       /* used so far */
	uint64_t throttled_ns; /* so far */
	uint64_t periods, throttled_periods;
	uint64_t cpu_quota_us, cpu_period_us; /* quota UINT64_MAX: no limit */
	uint64_t memory_bytes, memory_limit, oom_kills;
	uint64_t pids, pids_limit;
	double psi_cpu, psi_memory, psi_io; /* some avg10, negative: not known */
};
/* @path is the cgroup's path below the hierarchy root, from the kernel. v1, v2 and hybrid. 0 or
 * -errno when the group is gone. */
int procfs_cgroup(const char *host_root, const char *path, struct cgroup_sample *ret);

struct node_sample {
	uint64_t at_ns;
	char node[64]; /* the node's name: --node-name, NODE_NAME, else the host name */
	char kernel[64];
	double load1, load5, load15;
	double psi_cpu, psi_memory, psi_io; /* negative: not known */
	uint64_t mem_total, mem_available;
	uint64_t disk_total, disk_free;     /* of the file system with the node's root */
	uint64_t cpu_busy_ns, cpu_total_ns; /* all cpus, so far */
	uint32_t cpus;
	uint64_t self_cpu_ns, self_rss; /* sonde itself */
};
int procfs_node(const char *host_root, struct node_sample *ret);

/*
 * One process in full for the DETAIL table: rows are (section, key, value) texts, each NUL-ended,
 * in @out. Secrets in argv are masked, of the environment only names and lengths are told. 0;
 * -ESRCH when the process (of that start, 0: any) is gone; -EACCES; -E2BIG when out->max cut it,
 * with whole rows there.
 */
int procfs_detail(const char *proc_dir, uint32_t pid, uint64_t start_ns, struct buf *out);

/*
 * The last @lines lines (at most out->max bytes) of the newest log of a container: @log_dir is the
 * pod's folder (/var/log/pods/…), or a Docker container's own. Rows of (time, stream, text), each
 * NUL-ended; the CRI format with its partial lines joined, and Docker's JSON lines. Lines of
 * neither are left out. 0; -ENOENT there is no log; -EINVAL for names that are no names; other
 * errors of open and read.
 */
int procfs_log(const char *host_root, const char *log_dir, const char *container, unsigned lines,
	       struct buf *out);

#endif
