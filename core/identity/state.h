/* SPDX-License-Identifier: BSD-2-Clause */
/* What the readers of the runtimes' state share. Workers only. */
#ifndef IDENTITY_STATE_H
#define IDENTITY_STATE_H

#include <jansson.h>

#include "identity/runtime.h"

/* One search for one container. Readers add to @f what is not there yet. */
struct search {
	const struct runtime_roots *roots;
	const struct identity_need *need;
	struct container_facts *f;
	int host_fd;    /* the node's root */
	bool read;      /* some state of this id was read whole */
	uint8_t failed; /* enum ident_reason of what could not be, REASON_NONE: nothing */
};

/*
 * Annotations ({key: value}) or labels (["key=value"]); a NULL or another kind of JSON holds
 * nothing.
 */
struct notes {
	const json_t *json;
};
/* NULL when it is not there or no text. Valid as long as the JSON. *@n: the text is not
 * NUL-terminated. */
const char *notes_get(struct notes notes, const char *key);

/* How far what is written about pods may be believed. */
enum notes_trust {
	TRUST_POD,  /* only the runtime's CRI side writes it */
	TRUST_PATH, /* images may bring their own labels: only what agrees with the cgroup's pod UID
		     */
};
/* Take ids and names out of the notes; keys of all runtimes are known. */
void notes_take(struct search *s, struct notes notes, enum notes_trust trust);
/* "Deployment/web" from a pod's own labels. */
void notes_workload(struct container_facts *f, struct notes pod_labels);

/*
 * Set a text that is not set yet; one that is longer than any runtime's makes the state malformed.
 */
void search_text(struct search *s, char **field, const char *text);
/* Note a failure by its -errno. -ENOENT and -ENOTDIR are none. */
void search_failed(struct search *s, int err);
/* Are pod, container and namespace all known? */
bool search_done(const struct search *s);
/* A decimal number in a file such as init.pid; 0 when there is none. */
uint32_t search_number(int dirfd, const char *path);

/*
 * One reader a layout of a state folder. @root is open; it may be of another layout. Each looks for
 * need->container_id and returns after adding what it found.
 */
void search_containerd(struct search *s, int root);
void search_runc(struct search *s, int root);
void search_storage(struct search *s, int root); /* CRI-O and podman */
void search_docker(struct search *s, int root);
/* podman's names are not in the bundle; @id's are in the storage's own list. */
void search_podman_names(struct search *s);

/*
 * "Deployment/web" when a pod's name can come from nothing else. NULL: not certain, or no memory.
 */
char *search_workload(const char *pod_name);

#endif
