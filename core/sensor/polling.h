/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of polling share: its tables and the steps of a pass. */
#ifndef SENSOR_POLLING_H
#define SENSOR_POLLING_H

#include <dirent.h>

#include "sensor/procfs_raw.h"
#include "sensor/source.h"

#define POLL_PROCS_MAX   65536
#define POLL_SOCKS_MAX   131072
#define POLL_CGROUPS_MAX 16384
#define POLL_NETNS_MAX   1024
#define POLL_BUCKETS     8192

struct poll_proc {
	struct poll_proc *next;
	uint32_t pid, ppid;
	uint64_t start_ns, parent_start_ns, exec_ns;
	uint64_t image[3]; /* code, stack and argument addresses: others after exec */
	struct cgroup_key cg;
	uint32_t mntns, pidns, netns, nspid, uid, gid, uid_host, tty;
	uint32_t pass; /* last seen in */
	char comm[16];
	bool ended; /* a zombie: its exit was told */
};

struct poll_sock {
	struct poll_sock *next, *next_inode;
	struct event_addr local, remote;
	uint64_t cookie, inode;
	uint64_t first_ns; /* 0: older than the first pass */
	uint64_t start_ns; /* of its holder */
	struct cgroup_key cg;
	uint32_t netns, pid, pass;
	uint8_t proto, state, tries;
	bool told, server, indexed;
	char comm[16]; /* of its holder */
};

struct poll_cgroup {
	struct poll_cgroup *next;
	struct cgroup_key key;
	bool v1;
	uint16_t n;
	char path[]; /* n bytes and NUL */
};

struct poll_netns {
	uint32_t ino, pid;
	bool read;           /* whole in this pass */
	uint32_t unresolved; /* sockets without a holder */
};

enum poll_stage {
	POLL_IDLE,
	POLL_TASKS,
	POLL_GONE,
	POLL_SOCKS,
	POLL_HOLDERS,
	POLL_TELL,
	POLL_CGROUPS
};

struct polling {
	char proc[256], cgroot[256];
	char v2[300];    /* where cgroup v2 is mounted, "" for nowhere */
	char v1[3][300]; /* memory, pids, cpu */
	int proc_fd;
	uint32_t host_userns, self_pid;
	uint64_t open_ns, began_ns;
	uint64_t next_ns, work_ns;         /* of the processes */
	uint64_t next_net_ns, net_work_ns; /* of the sockets */
	bool did_net;
	uint32_t pass;
	enum poll_stage stage;
	bool ns_joined;
	bool events; /* somebody drains: tell what changed */
	bool want_tasks, want_socks, socks_known, full;

	DIR *dir;
	unsigned cursor; /* bucket of the sweep, or index of a list */
	struct poll_proc *procs[POLL_BUCKETS];
	unsigned n_procs;

	struct poll_sock *socks[POLL_BUCKETS], *inodes[POLL_BUCKETS];
	unsigned n_socks, n_unresolved;
	bool holders_all; /* look in processes of other network namespaces too */
	struct poll_netns netns[POLL_NETNS_MAX];
	unsigned n_netns;
	int net_fd;
	unsigned net_file; /* which of tcp, tcp6, udp, udp6 */
	size_t carry;
	char chunk[16384 + 512];
	struct poll_proc *fd_proc;
	DIR *fd_dir;
	long fds_left;          /* in this pass */
	unsigned holder_bucket; /* of the process at hand */
	uint64_t dropped;       /* what found no room in a table */

	struct poll_cgroup *cgroups[POLL_BUCKETS];
	unsigned n_cgroups;

	union event_buf ev;
};

/* polling.c */
struct poll_proc *poll_proc_find(struct polling *p, uint32_t pid);
/* Fill the identity part of an event from what is known of its process. */
void poll_event_of(struct event *ev, const struct poll_proc *pr, uint64_t now);

/* polling_cgroup.c */
void poll_cgroup_init(struct polling *p, const char *root);
/* The key of the cgroup that /proc/PID/cgroup (@n bytes) names; tells the sink of it and its
 * parents first. */
struct cgroup_key poll_cgroup(struct polling *p, const char *text, size_t n,
			      const struct sensor_sink *sink);
/* Look whether known cgroups are gone, a few at a time. True when through. */
bool poll_cgroup_step(struct polling *p, const struct sensor_sink *sink);
void poll_cgroup_done(struct polling *p);

/* polling_net.c: each does a little and returns true when its stage is through. */
void poll_netns_seen(struct polling *p, uint32_t ino, uint32_t pid);
struct poll_netns *poll_netns_find(struct polling *p, uint32_t ino);
void poll_socks_begin(struct polling *p);
bool poll_socks_step(struct polling *p);
bool poll_tell_step(struct polling *p, const struct sensor_sink *sink);
void poll_net_done(struct polling *p);

/* polling_holders.c: the same. */
bool poll_holders_step(struct polling *p);

#endif
