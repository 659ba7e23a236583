/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runtime state on disk: what containerd, CRI-O, Docker and podman write about a
 * container. Blocking; called by workers only. Everything read is hostile: sizes are
 * limited, links out of the runtime's folder are refused, JSON is parsed with limits.
 */
#ifndef IDENTITY_RUNTIME_H
#define IDENTITY_RUNTIME_H

#include "identity/identity.h"

struct runtime_roots; /* which folders to look in; immutable once made, may be shared by threads */

/*
 * @host_root: "/" or where the node's root is; @extra: ":"-separated folders looked at first, or
 * NULL.
 */
struct runtime_roots *runtime_roots_new(const char *host_root, const char *extra);
void runtime_roots_free(struct runtime_roots *r);

/*
 * Find and read the state of one container. Always fills @ret (with the reason when there is
 * nothing); free with container_facts_done(). Returns 0 when names were found, else -ENOENT,
 * -EACCES, -EBADMSG, -EFBIG or -ELOOP. At most 1 MiB is read of one file.
 */
int runtime_read(const struct runtime_roots *r, const struct identity_need *need,
		 struct container_facts *ret);

/*
 * Which runtimes have a state folder here, for doctor: fills @buf with "containerd, docker" or "".
 */
void runtime_found(const struct runtime_roots *r, char *buf, size_t size);

/*
 * Walk the cgroup file systems below @host_root and call @fn for each directory below the root of
 * the v2 hierarchy and of one v1 hierarchy (memory, else pids, else cpu). Key ids are the
 * directories' inode numbers; @hierarchy numbers come from /proc/cgroups. Blocking. 0 or -errno.
 */
int cgroup_walk(const char *host_root,
		void (*fn)(void *ctx, struct cgroup_key key, const char *path, size_t n),
		void *ctx);

#endif
