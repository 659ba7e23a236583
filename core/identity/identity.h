/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose is it: cgroup and namespaces -> container -> pod.
 *
 * Three kinds of facts come in, and all of them can be written into a capture and
 * read back: cgroups (key and path), namespaces (which container owns a mount or
 * pid namespace), and what the runtime's state on disk says of a container. Out
 * comes, for each event, the index of one ident_row.
 *
 *   cgroup fact ──▶ row with at least pod UID or container id (the path says it)
 *                    └─▶ identity_next_need() ─▶ worker: runtime_read()
 *                                                 └─▶ identity_facts() fills in names
 *
 * Only the engine calls these (runtime.h is the part for workers). Rows live in a
 * table.h table, so snapshots show them without a lock; a row stays as long as its
 * cgroup lives and a minute longer.
 */
#ifndef IDENTITY_IDENTITY_H
#define IDENTITY_IDENTITY_H

#include "base/table.h"
#include "field/event.h"
#include "sonde/err.h"

enum ident_kind {
	IDENT_HOST,      /* index 0, always there */
	IDENT_UNIT,      /* a systemd unit or another cgroup that is no container */
	IDENT_POD,       /* the pod's own cgroup */
	IDENT_CONTAINER, /* a container of a pod, or a bare one (docker run) without pod */
	IDENT_SANDBOX,   /* the pod's pause container */
};

/* Why names are missing (pod_reason in JSON). Texts by ident_reason_text(). */
enum ident_reason {
	REASON_NONE,          /* nothing is missing */
	REASON_NOT_CONTAINER, /* host process or unit: there is no pod */
	REASON_NO_POD,        /* a container that belongs to no pod */
	REASON_PENDING,       /* runtime state is being read */
	REASON_NO_STATE,      /* no runtime has state of this id on disk (any more) */
	REASON_UNREADABLE,    /* there, but refused or cut */
	REASON_MALFORMED,     /* not JSON, or not of the form */
	REASON_TOO_BIG,
	REASON_UNSAFE_PATH,    /* a link that leads out of the runtime's folder, or a loop */
	REASON_NO_ANNOTATIONS, /* read, but the runtime wrote no pod names there */
	REASON_UNKNOWN_CGROUP, /* the cgroup was gone before its path was learned */
	REASONS
};

struct ident_row {
	struct table_row row; /* row.id: ident id, never used again */
	uint8_t kind;
	uint8_t reason;
	uint8_t outside_pad;
	uint8_t mark;
	uint32_t pod;                 /* index of the IDENT_POD row; 0 when there is none */
	struct cgroup_key key;        /* the cgroup that made the row */
	uint64_t first_ns;            /* CLOCK_BOOTTIME when first seen */
	uint64_t gone_ns;             /* when the cgroup went away, 0: alive */
	uint32_t init_pid;            /* host pid of the container's first process, 0: not known */
	uint32_t mntns, pidns, netns; /* its own ones; 0: not known or shared with the host */
	uint32_t slot;     /* the pod's policy slot in the kernel, 0: none (on IDENT_POD and bare
			      containers) */
	uint32_t restarts; /* container: as the runtime's state or the log folder tells; 0 else */
	uint32_t facts_tries;
	char pod_uid[40];      /* as in the path, dashes in place; "" when there is none */
	char container_id[68]; /* 64 hex, or the runtime's own shorter id */
	/* epoch texts, NULL: not known */
	const char *ns;
	const char *pod_name;
	const char *container; /* its name in the pod */
	const char *image;     /* as the runtime's state names it */
	const char *workload;  /* "Deployment/web" when it can be told, else NULL */
	const char *unit;      /* IDENT_UNIT: "ssh.service" */
	const char *runtime;   /* "containerd", "cri-o", "docker", "podman", "" (constant text) */
	const char *path;      /* of the cgroup, from the hierarchy's root */
	const char *log_dir;   /* the pod's log folder, when known */
};

/*
 * What runtime state on disk said of one container. Owned by whoever holds it; all texts malloc'd
 * or NULL.
 */
struct container_facts {
	char container_id[68];
	uint8_t reason; /* REASON_NONE when all names are there */
	uint8_t sandbox;
	uint32_t init_pid;
	uint32_t restarts;
	char pod_uid[40];
	char sandbox_id[68];
	char *ns, *pod_name, *container, *image, *workload, *log_dir;
	const char *runtime; /* constant text */
};
void container_facts_done(struct container_facts *f);

struct identity;

/* NULL on no memory. */
struct identity *identity_new(struct epoch *epoch);
void identity_free(struct identity *id);

/*
 * A cgroup is there (found at start, or made just now: @at_ns). @path is relative to the
 * hierarchy's root, not NUL-terminated, hostile. Known keys are updated. *@ret_index (may be NULL)
 * is its row. Returns 0, -EINVAL when @n is 0 (the path is not known), -ENOMEM, or -ENOSPC when the
 * table is full (counted; such cgroups show as host with REASON_UNKNOWN_CGROUP).
 */
int identity_cgroup_add(struct identity *id, struct cgroup_key key, const char *path, size_t n,
			uint64_t at_ns, uint32_t *ret_index);
void identity_cgroup_gone(struct identity *id, struct cgroup_key key, uint64_t at_ns);

/* Join the facts to every row of that container id. The caller keeps @f. 0 or -ENOMEM. */
int identity_facts(struct identity *id, const struct container_facts *f);

/*
 * A container whose runtime state should be read now: its id and cgroup path (valid for the turn).
 * False: none.
 */
struct identity_need {
	uint32_t index;
	char container_id[68];
	char pod_uid[40];
	const char *runtime;
	uint64_t since_ns;
};
bool identity_next_need(struct identity *id, uint64_t now_ns, struct identity_need *ret);

/*
 * Fill ev->ident, ident_id, pod_reason and EV_OUTSIDE from its cgroup and namespaces, and learn
 * the namespaces of containers from it. O(1). Never fails.
 */
void identity_event(struct identity *id, struct event *ev);

/*
 * The same for a task that was found (first picture, repair): learns its container's namespaces.
 * @nspid 0: not known. Returns the index of its row; *@ret_outside (may be NULL) tells of
 * EV_OUTSIDE.
 */
uint32_t identity_task(struct identity *id, struct cgroup_key key, uint32_t pid, uint32_t nspid,
		       uint32_t mntns, uint32_t pidns, uint32_t netns, bool *ret_outside);

/* The row of a key, TABLE_NONE when never seen. */
uint32_t identity_find(const struct identity *id, struct cgroup_key key);
const struct ident_row *identity_row(const struct identity *id, uint32_t index);
struct ident_row *identity_edit(struct identity *id, uint32_t index);

/* Give a row its policy slot, so that events of cgroups never told of find their pod by it. */
void identity_slot(struct identity *id, uint32_t index, uint32_t slot);

/* Tells which namespaces are the host's own. Call once, before the first event. */
void identity_host_ns(struct identity *id, uint32_t mntns, uint32_t pidns, uint32_t netns);

/* Drop rows gone for more than a minute. Once a second. */
void identity_age(struct identity *id, uint64_t now_ns);

/* How many cgroups had no room since the start. */
uint64_t identity_refused(const struct identity *id);

/*
 * Container facts as bytes for captures, and back. Pack adds to @out: 0, -E2BIG or -ENOMEM. Unpack
 * takes hostile bytes: 0 (the caller ends *@ret with container_facts_done()), -EBADMSG, or -ENOMEM.
 */
struct buf;
int identity_pack(const struct container_facts *f, struct buf *out);
int identity_unpack(const void *p, size_t n, struct container_facts *ret);

/* For snapshots. */
struct table *identity_table(struct identity *id);

/* A full sentence; never NULL. */
const char *ident_reason_text(unsigned reason);
/* Is @s good for a container id: what runtimes accept, and safe as a file's name. */
bool ident_id_safe(const char *s);

/*
 * Parse one cgroup path. Pure function, hostile input, O(n). Fills kind, pod_uid, container_id,
 * runtime, unit (a slice of @path) of @ret. The innermost match counts.
 */
struct cgroup_parse {
	uint8_t kind;
	char pod_uid[40];      /* innermost */
	char node_pod_uid[40]; /* outermost: the pod of this node that holds a nested one, else the
				  same */
	char container_id[68];
	bool nested;         /* another container encloses this one */
	const char *runtime; /* constant text, "" when the path does not tell */
	const char *unit;    /* into the given path, unit_n bytes */
	size_t unit_n;
	size_t own_n; /* how much of the path leads to the container, pod or unit itself */
	size_t pod_n; /* the same for the node's pod, 0: it has no group of its own in this path */
};
void cgroup_parse(const char *path, size_t n, struct cgroup_parse *ret);

#endif
