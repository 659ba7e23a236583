/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What identity's own files share: the rows, the keys that lead to them, and chains
 * of rows by container id, pod UID, path and namespace. All chains run through arrays
 * that are grown beside the table, so a lookup allocates nothing.
 */
#ifndef IDENTITY_ROWS_H
#define IDENTITY_ROWS_H

#include "identity/identity.h"

#define IDENT_ROWS    (32u << 10)
#define IDENT_KEYS    (128u << 10)
#define IDENT_NESTED  4096u /* groups below one container that are remembered */
#define IDENT_SLOTS   4096u
#define IDENT_KEEP_NS (60 * 1000000000ULL)

/* Chains of rows. A row is in a chain once its value is known. */
enum chain { BY_CONTAINER, BY_POD, BY_PATH, BY_MNTNS, BY_PIDNS, CHAINS };
#define CHAIN_BUCKETS (8u << 10)
#define KEY_BUCKETS   (32u << 10)

/* One cgroup that was told of. */
struct key_entry {
	struct cgroup_key key;
	uint32_t next;               /* in its bucket, or in the free list */
	uint32_t row;                /* index, TABLE_NONE: this entry is free */
	uint64_t gone_ns;            /* 0: the cgroup is there */
	uint32_t older, younger;     /* among the gone ones */
	uint32_t row_prev, row_next; /* of the same row */
	bool own; /* the container's, pod's or unit's group itself, not one below it */
};

/* Beside each row: what readers of snapshots need not see. */
struct side {
	uint32_t next[CHAINS];
	uint32_t in;              /* bit per chain */
	uint32_t first_key, keys; /* all remembered cgroups */
	uint32_t live;            /* of them, those that are there */
	uint32_t live_own[2];     /* of these, its own group: in v2, in v1 */
	bool had_own[2];
	uint32_t members; /* rows whose pod this is; gone ones included */
	uint32_t live_members;
	bool nested;
	bool path_pod;  /* the path told the pod, not the runtime's state */
	bool born_live; /* we saw the group made, so the first exec in it is the first process */
	bool ns_sure;   /* the namespaces are those of the first process */
	bool pause;     /* its first process is called so: a hint when there are no facts */
	bool settled;   /* nothing more is wanted from the runtime's state */
	bool in_pending;
	uint32_t next_pending;
	uint64_t born_ns;
	uint64_t task_ns;  /* when a task was last seen or heard in it, 0: never */
	uint64_t empty_ns; /* pod: when its last container went, 0: some are there */
	uint64_t try_ns;   /* when to look (again) */
	uint64_t asked_ns;
	uint32_t tries;
};

struct identity {
	struct epoch *epoch;
	struct table rows;
	struct side *sides;
	uint32_t n_sides;
	uint32_t *heads[CHAINS];
	uint64_t next_id;
	uint64_t seed;

	struct key_entry *keys;
	uint32_t n_keys, cap_keys, free_key, used_keys;
	uint32_t *key_heads;
	uint32_t oldest_gone, youngest_gone;

	uint64_t due_ns;  /* nothing on the pending list is wanted before */
	uint32_t pending; /* rows whose facts are wanted, chained by next_pending */
	uint32_t host_mntns, host_pidns, host_netns;
	uint32_t slots[IDENT_SLOTS]; /* policy slot -> pod row, 0: none */
	uint64_t now_ns, task_ns; /* of the last identity_age(), and when a pass last saw a task */
	uint64_t refused;         /* cgroups that had no room */
};

static inline struct ident_row *row_edit(struct identity *id, uint32_t index)
{
	return table_edit(&id->rows, index);
}

static inline const struct ident_row *row_at(const struct identity *id, uint32_t index)
{
	return table_get(&id->rows, index);
}

uint64_t ident_hash(const struct identity *id, const void *p, size_t n);
/* Put a row into a chain or take it out; @hash of the value it stands under. */
void ident_chain_put(struct identity *id, enum chain c, uint32_t row, uint64_t hash);
void ident_chain_cut(struct identity *id, enum chain c, uint32_t row, uint64_t hash);
static inline uint32_t ident_chain_head(const struct identity *id, enum chain c, uint64_t hash)
{
	return id->heads[c][hash % CHAIN_BUCKETS];
}

/* A new row; TABLE_NONE when there is no room or memory. Gone rows leave for it. */
uint32_t ident_row_new(struct identity *id, unsigned kind, uint64_t at_ns);
/* The pod's row, made when it is not there yet. TABLE_NONE without room. */
uint32_t ident_pod_row(struct identity *id, const char *uid, uint64_t at_ns);
/* @row becomes one of @pod's, and takes the names that are known of the pod. 0 or -ENOMEM. */
int ident_row_join_pod(struct identity *id, uint32_t row, uint32_t pod);
/*
 * Replace an epoch text of a row by a copy of @s; NULL leaves it. 0 or -ENOMEM (the old one stays).
 */
int ident_row_text(struct identity *id, const char **field, const char *s);

/* Mark a row as gone at @gone_ns, or with 0 as there again; its pod follows. */
void ident_row_alive(struct identity *id, uint32_t index, uint64_t gone_ns);

/* @row's facts are wanted from now on. */
void ident_pending_add(struct identity *id, uint32_t row, uint64_t at_ns);

/* Namespaces (ns.c). */
void ident_ns_forget(struct identity *id, uint32_t row);

/* The key map (keys.c). */
int ident_keys_init(struct identity *id);
void ident_keys_done(struct identity *id);
struct key_entry *ident_key_find(const struct identity *id, struct cgroup_key key);
int ident_key_add(struct identity *id, struct cgroup_key key, uint32_t row, bool own);
void ident_key_drop(struct identity *id, struct key_entry *k);
void ident_key_gone(struct identity *id, struct key_entry *k, uint64_t at_ns);
/* Drop keys gone before @before_ns. */
void ident_keys_age(struct identity *id, uint64_t before_ns);
/* Drop the keys of a row that leaves. */
void ident_keys_drop_row(struct identity *id, uint32_t row);

#endif
