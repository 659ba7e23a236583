/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names from the runtime's state: asking for them, and joining what comes back.
 *
 * The state of a container may be there before its cgroup or 20 ms after it, so a young
 * container is asked for again and again; after two seconds its reason stands, and a few
 * late tries follow in case the runtime was only slow.
 */
#include "identity/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

#define YOUNG_NS     (2 * NS_PER_S)
/*
 * Events wait 200 ms for names, and state comes within 20 ms or not at all: from here on "it is not
 * there" is a better answer than "it is being read", though it is looked for all the same.
 */
#define ABSENT_NS    (100 * NS_PER_MS)
#define IN_FLIGHT_NS NS_PER_S /* an answer that is not back by then is asked for again */

static const char *const reasons[REASONS] = {
	[REASON_NONE] = "All names are known.",
	[REASON_NOT_CONTAINER] = "This is a process of the host, not of a container.",
	[REASON_NO_POD] = "This container belongs to no pod.",
	[REASON_PENDING] = "The runtime's state of this container is still being read.",
	[REASON_NO_STATE] = "No container runtime has state of this container on disk.",
	[REASON_UNREADABLE] = "The runtime's state of this container could not be read.",
	[REASON_MALFORMED] =
		"The runtime's state of this container is damaged or of an unknown form.",
	[REASON_TOO_BIG] =
		"The runtime's state of this container is larger than 1 MiB and was not read.",
	[REASON_UNSAFE_PATH] = "The runtime's state of this container leads out of the runtime's "
			       "folder and was not followed.",
	[REASON_NO_ANNOTATIONS] = "The runtime's state of this container does not name its pod.",
	[REASON_UNKNOWN_CGROUP] = "The process's cgroup was gone before its path was learned.",
};

const char *ident_reason_text(unsigned reason)
{
	return reason < REASONS ? reasons[reason] : "The reason is not known.";
}

bool ident_id_safe(const char *s)
{
	size_t n = strnlen(s, 68);

	if (!n || n > 64 || s[0] == '.' || s[0] == '-')
		return false;
	return strspn(s, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.-") == n;
}

void container_facts_done(struct container_facts *f)
{
	if (!f)
		return;
	free(f->ns);
	free(f->pod_name);
	free(f->container);
	free(f->image);
	free(f->workload);
	free(f->log_dir);
	memset(f, 0, sizeof(*f));
}

void ident_pending_add(struct identity *id, uint32_t row, uint64_t at_ns)
{
	struct side *s = &id->sides[row];

	s->settled = false;
	s->try_ns = at_ns;
	id->due_ns = 0;
	if (s->in_pending)
		return;
	s->in_pending = true;
	s->next_pending = id->pending;
	id->pending = row;
}

bool identity_next_need(struct identity *id, uint64_t now_ns, struct identity_need *ret)
{
	uint32_t *at = &id->pending, i;
	uint64_t due = UINT64_MAX;

	if (now_ns < id->due_ns)
		return false;
	while ((i = *at) != TABLE_NONE) {
		struct side *s = &id->sides[i];
		const struct ident_row *r = row_at(id, i);

		if (!r || s->settled) {
			*at = s->next_pending;
			s->in_pending = false;
			continue;
		}
		if (s->try_ns <= now_ns) {
			s->asked_ns = now_ns;
			s->try_ns = now_ns + IN_FLIGHT_NS;
			*ret = (struct identity_need){ .index = i, .runtime = r->runtime };
			ret->since_ns = s->born_ns;
			memcpy(ret->container_id, r->container_id, sizeof(ret->container_id));
			memcpy(ret->pod_uid, r->pod_uid, sizeof(ret->pod_uid));
			return true;
		}
		due = MIN(due, s->try_ns);
		at = &s->next_pending;
	}
	id->due_ns = due;
	return false;
}

static uint64_t asked_age(const struct side *s)
{
	return s->asked_ns > s->born_ns ? s->asked_ns - s->born_ns : 0;
}

/* Nothing came back for @row: when to look again, and whether its reason stands by now. */
static bool try_later(struct identity *id, uint32_t row)
{
	static const unsigned late_s[] = { 5, 15, 60 };
	struct side *s = &id->sides[row];
	uint64_t age = asked_age(s);

	id->due_ns = 0;
	if (age < YOUNG_NS) {
		s->try_ns = s->asked_ns + (10 * NS_PER_MS << MIN(s->tries, 6u));
		s->tries++;
		return false;
	}
	if (s->tries < 100)
		s->tries = 100; /* the late tries are counted from here */
	if (s->tries - 100 < ARRAY_SIZE(late_s))
		s->try_ns = s->asked_ns + late_s[s->tries++ - 100] * NS_PER_S;
	else
		s->settled = true;
	return true;
}

/* The names of @f become the pod's, and of all that belong to it. 0 or -ENOMEM. */
static int pod_names(struct identity *id, uint32_t pod, const struct container_facts *f)
{
	const struct ident_row *old = row_at(id, pod);
	struct ident_row *p;
	int r;

	/* the first one to tell the names is believed */
	if (!f->pod_name ||
	    (old->pod_name && (old->workload || !f->workload) && (old->log_dir || !f->log_dir)))
		return 0;
	p = row_edit(id, pod);
	if (!p)
		return -ENOMEM;
	r = p->pod_name ? 0
			: ident_row_text(id, &p->ns, f->ns) |
				  ident_row_text(id, &p->pod_name, f->pod_name);
	r |= p->workload ? 0 : ident_row_text(id, &p->workload, f->workload);
	r |= p->log_dir ? 0 : ident_row_text(id, &p->log_dir, f->log_dir);
	if (p->pod_name)
		p->reason = REASON_NONE;
	for (uint32_t i =
		     ident_chain_head(id, BY_POD, ident_hash(id, p->pod_uid, strlen(p->pod_uid)));
	     i != TABLE_NONE; i = id->sides[i].next[BY_POD])
		if (row_at(id, i)->pod == pod)
			r |= ident_row_join_pod(id, i, pod);
	return r ? -ENOMEM : 0;
}

static int join_failure(struct identity *id, uint32_t row, const struct container_facts *f)
{
	bool stands = try_later(id, row) || asked_age(&id->sides[row]) >= ABSENT_NS;
	struct ident_row *r = row_edit(id, row);

	if (!r)
		return -ENOMEM;
	r->facts_tries++;
	if (stands && r->pod && id->sides[row].pause)
		r->kind = IDENT_SANDBOX;
	if (!r->pod && (!strcmp(r->runtime, "docker") || !strcmp(r->runtime, "podman")))
		r->reason = REASON_NO_POD; /* the path says so, whatever the state may say */
	else if (stands || f->reason != REASON_NO_STATE)
		r->reason = f->reason;
	if (r->pod && stands && !row_at(id, r->pod)->pod_name) {
		struct ident_row *p = row_edit(id, r->pod);

		if (!p)
			return -ENOMEM;
		p->reason = f->reason;
	}
	return 0;
}

/* "registry.k8s.io/pause:3.9" */
static bool is_pause_image(const char *image)
{
	const char *base = image ? strrchr(image, '/') : NULL;

	base = base ? base + 1 : image;
	return base && !strncmp(base, "pause", 5) && (!base[5] || base[5] == ':' || base[5] == '@');
}

static bool is_failure(unsigned reason)
{
	return reason != REASON_NONE && reason != REASON_NO_POD && reason != REASON_NO_ANNOTATIONS;
}

static int join(struct identity *id, uint32_t row, const struct container_facts *f)
{
	struct ident_row *r = row_edit(id, row);
	uint32_t pod;
	int bad = 0;

	if (!r)
		return -ENOMEM;
	if (!r->pod && f->pod_uid[0] && !r->gone_ns) {
		pod = ident_pod_row(id, f->pod_uid, r->first_ns);
		if (pod == TABLE_NONE)
			return -ENOMEM;
		bad |= ident_row_join_pod(id, row, pod);
	}
	r->kind = f->sandbox ? IDENT_SANDBOX : IDENT_CONTAINER;
	if (f->reason == REASON_NO_ANNOTATIONS && r->pod &&
	    (id->sides[row].pause || is_pause_image(f->image)))
		r->kind = IDENT_SANDBOX;
	if (f->init_pid)
		r->init_pid = f->init_pid;
	if (f->runtime && f->runtime[0])
		r->runtime = f->runtime;
	r->restarts = f->restarts;
	r->facts_tries++;
	bad |= ident_row_text(id, &r->container, f->container);
	bad |= ident_row_text(id, &r->image, f->image);
	if (r->pod) {
		bad |= pod_names(id, r->pod, f);
		bad |= ident_row_join_pod(id, row, r->pod);
		r->reason = f->reason == REASON_NO_POD ? REASON_NO_ANNOTATIONS : f->reason;
		if (!row_at(id, r->pod)->pod_name) {
			struct ident_row *p = row_edit(id, r->pod);

			if (p)
				p->reason = r->reason;
		}
	} else {
		r->reason = REASON_NO_POD;
	}
	/* the file with the pid may come 20 ms after the one with the names */
	id->sides[row].settled = !bad && (f->init_pid || try_later(id, row));
	return bad ? -ENOMEM : 0;
}

int identity_facts(struct identity *id, const struct container_facts *f)
{
	uint64_t hash = ident_hash(id, f->container_id, strlen(f->container_id));
	bool outer = false;
	uint32_t i;
	int r, bad = 0;

	for (i = ident_chain_head(id, BY_CONTAINER, hash); i != TABLE_NONE;
	     i = id->sides[i].next[BY_CONTAINER])
		outer |= !strcmp(row_at(id, i)->container_id, f->container_id) &&
			 !id->sides[i].nested;
	for (i = ident_chain_head(id, BY_CONTAINER, hash); i != TABLE_NONE;
	     i = id->sides[i].next[BY_CONTAINER]) {
		const struct ident_row *row = row_at(id, i);
		struct container_facts none = { .reason = REASON_NO_STATE };
		bool settled = id->sides[i].settled;

		if (strcmp(row->container_id, f->container_id))
			continue;
		/*
		 * Whoever may make cgroups inside his container can give them the name of
		 * another container: that one's names are not his.
		 */
		if (id->sides[i].nested &&
		    (outer || (row->pod_uid[0] && strcmp(row->pod_uid, f->pod_uid)))) {
			r = settled ? 0 : join_failure(id, i, &none);
		} else if (row->pod_uid[0] && f->pod_uid[0] && strcmp(row->pod_uid, f->pod_uid)) {
			none.reason = REASON_MALFORMED;
			r = settled ? 0 : join_failure(id, i, &none);
		} else if (is_failure(f->reason)) {
			r = settled ? 0 : join_failure(id, i, f);
		} else {
			r = join(id, i, f);
		}
		bad |= r;
	}
	return bad ? -ENOMEM : 0;
}
