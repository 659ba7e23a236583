/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows of identity: hosts, units, pods and containers, made from cgroup paths.
 *
 * One container is one row, however many cgroups it has (one a hierarchy, and what it
 * makes below its own); a pod's row is made from the path of its first container when
 * its own cgroup was not seen. Life of a row:
 *
 *   there -> gone   identity_cgroup_gone()  its own group went away
 *   gone  -> there  identity_event()        a task speaks from it after all
 *   gone  -> freed  identity_age()          a minute later
 */
#include "identity/rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/macros.h"

#define PATH_LIMIT   4096
#define DESERTED_NS  (30 * NS_PER_S)
#define POD_EMPTY_NS (600 * NS_PER_S)

uint64_t ident_hash(const struct identity *id, const void *p, size_t n)
{
	const unsigned char *b = p;
	uint64_t h = id->seed;

	/* FNV's step from a secret start, then a mixer so that the low bits are good */
	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * 0x100000001b3ULL;
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93ULL;
	return h ^ h >> 32;
}

void ident_chain_put(struct identity *id, enum chain c, uint32_t row, uint64_t hash)
{
	struct side *s = &id->sides[row];
	uint32_t *head = &id->heads[c][hash % CHAIN_BUCKETS];

	if (s->in & 1u << c)
		return;
	s->next[c] = *head;
	*head = row;
	s->in |= 1u << c;
}

void ident_chain_cut(struct identity *id, enum chain c, uint32_t row, uint64_t hash)
{
	struct side *s = &id->sides[row];
	uint32_t *at = &id->heads[c][hash % CHAIN_BUCKETS];

	if (!(s->in & 1u << c))
		return;
	while (*at != row)
		at = &id->sides[*at].next[c];
	*at = s->next[c];
	s->in &= ~(1u << c);
}

static uint64_t text_hash(const struct identity *id, const char *s)
{
	return ident_hash(id, s, strlen(s));
}

int ident_row_text(struct identity *id, const char **field, const char *s)
{
	char *copy;

	if (!s || (*field && !strcmp(*field, s)))
		return 0;
	copy = epoch_text(s, strlen(s));
	if (!copy)
		return -ENOMEM;
	epoch_retire(id->epoch, (char *)(uintptr_t)*field);
	*field = copy;
	return 0;
}

static void retire_texts(struct identity *id, const struct ident_row *r)
{
	const char *const texts[] = { r->ns,       r->pod_name, r->container, r->image,
				      r->workload, r->unit,     r->path,      r->log_dir };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		epoch_retire(id->epoch, (char *)(uintptr_t)texts[i]);
}

/* Free the row at @index. False: no memory to do it now. */
static bool row_drop(struct identity *id, uint32_t index)
{
	const struct ident_row *r = row_at(id, index);
	struct side *s = &id->sides[index];
	struct ident_row copy = *r;

	ident_keys_drop_row(id, index);
	ident_ns_forget(id, index);
	ident_chain_cut(id, BY_CONTAINER, index, text_hash(id, r->container_id));
	ident_chain_cut(id, BY_POD, index, text_hash(id, r->pod_uid));
	if (r->path)
		ident_chain_cut(id, BY_PATH, index, text_hash(id, r->path));
	if (table_del(&id->rows, index) < 0)
		return false;
	retire_texts(id, &copy);
	if (copy.pod) {
		id->sides[copy.pod].members--;
		id->sides[copy.pod].live_members -= !copy.gone_ns;
	}
	if (copy.slot && copy.slot < IDENT_SLOTS && id->slots[copy.slot] == index)
		id->slots[copy.slot] = 0;
	s->settled = true; /* the pending list lets go of it on its next round */
	return true;
}

/* Make room: the row that has been gone longest and that no other row needs. */
static bool drop_oldest(struct identity *id)
{
	uint32_t best = TABLE_NONE;
	uint64_t when = UINT64_MAX;

	for (uint32_t i = 1; i < id->rows.high; i++) {
		const struct ident_row *r = row_at(id, i);

		if (r && r->gone_ns && r->gone_ns < when && !id->sides[i].members) {
			when = r->gone_ns;
			best = i;
		}
	}
	return best != TABLE_NONE && row_drop(id, best);
}

static bool grow_sides(struct identity *id, uint32_t index)
{
	uint32_t n = MAX(id->n_sides * 2, 64u);
	struct side *p;

	if (index < id->n_sides)
		return true;
	p = realloc(id->sides, n * sizeof(*p));
	if (!p)
		return false;
	memset(p + id->n_sides, 0, (n - id->n_sides) * sizeof(*p));
	id->sides = p;
	id->n_sides = n;
	return true;
}

uint32_t ident_row_new(struct identity *id, unsigned kind, uint64_t at_ns)
{
	struct ident_row *r;
	struct side *s;
	uint32_t next_pending;
	bool in_pending;

	if (!grow_sides(id, id->rows.high))
		return TABLE_NONE;
	r = table_add(&id->rows, id->next_id);
	if (!r && drop_oldest(id))
		r = table_add(&id->rows, id->next_id);
	if (!r)
		return TABLE_NONE;
	id->next_id++;
	r->kind = (uint8_t)kind;
	r->reason = REASON_NOT_CONTAINER;
	r->runtime = "";
	r->first_ns = at_ns;
	s = &id->sides[r->row.index];
	/* the freed row before it may still stand in the pending list */
	in_pending = s->in_pending;
	next_pending = s->next_pending;
	*s = (struct side){
		.first_key = TABLE_NONE,
		.settled = true,
		.born_ns = at_ns,
		.in_pending = in_pending,
		.next_pending = next_pending,
	};
	return r->row.index;
}

struct identity *identity_new(struct epoch *epoch)
{
	struct identity *id = calloc(1, sizeof(*id));
	bool ok;

	if (!id)
		return NULL;
	id->epoch = epoch;
	id->next_id = 1;
	id->pending = TABLE_NONE;
	if (getrandom(&id->seed, sizeof(id->seed), GRND_NONBLOCK) != sizeof(id->seed))
		id->seed = (uintptr_t)id;
	table_init(&id->rows, epoch, sizeof(struct ident_row), IDENT_ROWS);
	ok = !ident_keys_init(id);
	for (size_t c = 0; c < CHAINS; c++) {
		id->heads[c] = malloc(CHAIN_BUCKETS * sizeof(uint32_t));
		if (id->heads[c])
			memset(id->heads[c], 0xff, CHAIN_BUCKETS * sizeof(uint32_t));
		else
			ok = false;
	}
	if (!ok || ident_row_new(id, IDENT_HOST, 0) != 0) {
		identity_free(id);
		return NULL;
	}
	return id;
}

void identity_free(struct identity *id)
{
	if (!id)
		return;
	for (uint32_t i = 0; i < id->rows.high; i++)
		if (row_at(id, i))
			retire_texts(id, row_at(id, i));
	table_done(&id->rows);
	ident_keys_done(id);
	for (size_t c = 0; c < CHAINS; c++)
		free(id->heads[c]);
	free(id->sides);
	free(id);
}

static uint32_t find_pod(const struct identity *id, const char *uid)
{
	uint32_t i = ident_chain_head(id, BY_POD, text_hash(id, uid));

	for (; i != TABLE_NONE; i = id->sides[i].next[BY_POD]) {
		const struct ident_row *r = row_at(id, i);

		if (r->kind == IDENT_POD && !strcmp(r->pod_uid, uid))
			break;
	}
	return i;
}

uint32_t ident_pod_row(struct identity *id, const char *uid, uint64_t at_ns)
{
	uint32_t i = find_pod(id, uid);
	struct ident_row *r;

	if (i != TABLE_NONE)
		return i;
	i = ident_row_new(id, IDENT_POD, at_ns);
	if (i == TABLE_NONE)
		return i;
	r = row_edit(id, i); /* a row just made is never shared */
	r->reason = REASON_PENDING;
	memcpy(r->pod_uid, uid, strlen(uid) + 1);
	ident_chain_put(id, BY_POD, i, text_hash(id, uid));
	return i;
}

int ident_row_join_pod(struct identity *id, uint32_t row, uint32_t pod)
{
	struct ident_row *r = row_edit(id, row);
	const struct ident_row *p = row_at(id, pod);
	int bad;

	if (!r)
		return -ENOMEM;
	if (r->pod != pod) {
		r->pod = pod;
		memcpy(r->pod_uid, p->pod_uid, sizeof(r->pod_uid));
		ident_chain_put(id, BY_POD, row, text_hash(id, r->pod_uid));
		id->sides[pod].members++;
		if (!r->gone_ns) {
			id->sides[pod].live_members++;
			id->sides[pod].empty_ns = 0;
			ident_row_alive(
				id, pod,
				0); /* it may have been empty so long that it was given up */
		}
	}
	bad = ident_row_text(id, &r->ns, p->ns);
	bad |= ident_row_text(id, &r->pod_name, p->pod_name);
	bad |= ident_row_text(id, &r->workload, p->workload);
	bad |= ident_row_text(id, &r->log_dir, p->log_dir);
	return bad ? -ENOMEM : 0;
}

/* The container that @p names, when it is known. */
static uint32_t find_container(const struct identity *id, const struct cgroup_parse *p)
{
	uint32_t i = ident_chain_head(id, BY_CONTAINER, text_hash(id, p->container_id));

	for (; i != TABLE_NONE; i = id->sides[i].next[BY_CONTAINER]) {
		const struct ident_row *r = row_at(id, i);

		if (strcmp(r->container_id, p->container_id) || id->sides[i].nested != p->nested)
			continue;
		if (!strcmp(r->pod_uid, p->node_pod_uid) ||
		    (!p->node_pod_uid[0] && !id->sides[i].path_pod))
			return i;
	}
	return TABLE_NONE;
}

static uint32_t find_unit(const struct identity *id, const char *path, size_t n)
{
	uint32_t i = ident_chain_head(id, BY_PATH, ident_hash(id, path, n));

	for (; i != TABLE_NONE; i = id->sides[i].next[BY_PATH]) {
		const char *have = row_at(id, i)->path;

		if (strlen(have) == n && !memcmp(have, path, n))
			return i;
	}
	return TABLE_NONE;
}

/* Set a row's path and, for units, its name. 0 or -ENOMEM. */
static int set_path(struct identity *id, struct ident_row *r, const char *path, size_t n,
		    const struct cgroup_parse *p)
{
	char *text = epoch_text(path, MIN(n, (size_t)PATH_LIMIT));

	if (!text)
		return -ENOMEM;
	epoch_retire(id->epoch, (char *)(uintptr_t)r->path);
	r->path = text;
	if (r->kind != IDENT_UNIT)
		return 0;
	text = epoch_text(p->unit, MIN(p->unit_n, (size_t)PATH_LIMIT));
	if (!text)
		return -ENOMEM;
	epoch_retire(id->epoch, (char *)(uintptr_t)r->unit);
	r->unit = text;
	return 0;
}

static bool starts_pending(const struct cgroup_parse *p)
{
	return strcmp(p->runtime, "lxc") != 0;
}

/* A row for a container that was not known. */
static uint32_t new_container(struct identity *id, const char *path, const struct cgroup_parse *p,
			      uint64_t at_ns)
{
	uint32_t i = ident_row_new(id, IDENT_CONTAINER, at_ns), pod;
	struct ident_row *r;

	if (i == TABLE_NONE)
		return i;
	r = row_edit(id, i);
	memcpy(r->container_id, p->container_id, sizeof(r->container_id));
	r->runtime = p->runtime;
	r->reason = starts_pending(p) ? REASON_PENDING : REASON_NO_POD;
	id->sides[i].nested = p->nested;
	ident_chain_put(id, BY_CONTAINER, i, text_hash(id, r->container_id));
	if (set_path(id, r, path, p->own_n, p) < 0)
		goto drop;
	if (p->node_pod_uid[0]) {
		id->sides[i].path_pod = true;
		pod = ident_pod_row(id, p->node_pod_uid, at_ns);
		if (pod == TABLE_NONE || ident_row_join_pod(id, i, pod) < 0)
			goto drop;
		r = row_edit(id, pod);
		if (r && !r->path && p->pod_n)
			set_path(id, r, path, p->pod_n,
				 p); /* without memory: told when its group is seen */
	}
	if (starts_pending(p))
		ident_pending_add(id, i, at_ns);
	return i;
drop:
	row_drop(id, i);
	return TABLE_NONE;
}

static uint32_t new_unit(struct identity *id, const char *path, const struct cgroup_parse *p,
			 uint64_t at_ns)
{
	uint32_t i = ident_row_new(id, IDENT_UNIT, at_ns);

	if (i == TABLE_NONE)
		return i;
	if (set_path(id, row_edit(id, i), path, p->own_n, p) < 0) {
		row_drop(id, i);
		return TABLE_NONE;
	}
	ident_chain_put(id, BY_PATH, i, ident_hash(id, path, p->own_n));
	return i;
}

/* The row that a path belongs to, made when it is new. */
static uint32_t row_of_path(struct identity *id, const char *path, const struct cgroup_parse *p,
			    uint64_t at_ns, bool *is_new)
{
	uint32_t i = TABLE_NONE;

	switch (p->kind) {
	case IDENT_HOST:
		return 0;
	case IDENT_UNIT:
		i = find_unit(id, path, p->own_n);
		*is_new = i == TABLE_NONE;
		return *is_new ? new_unit(id, path, p, at_ns) : i;
	case IDENT_CONTAINER:
		i = find_container(id, p);
		*is_new = i == TABLE_NONE;
		return *is_new ? new_container(id, path, p, at_ns) : i;
	case IDENT_POD:
		i = find_pod(id, p->node_pod_uid);
		*is_new = i == TABLE_NONE;
		return *is_new ? ident_pod_row(id, p->node_pod_uid, at_ns) : i;
	}
	return i;
}

/* Is there still something that says the row's group exists? */
static bool is_alive(const struct side *s)
{
	if (s->had_own[0])
		return s->live_own[0];
	if (s->had_own[1])
		return s->live_own[1];
	return s->live || s->live_members;
}

void ident_row_alive(struct identity *id, uint32_t index, uint64_t gone_ns)
{
	const struct ident_row *old = row_at(id, index);
	struct ident_row *r;

	if (!index || !old->gone_ns == !gone_ns)
		return;
	r = row_edit(id, index);
	if (!r)
		return;
	r->gone_ns = gone_ns;
	if (gone_ns)
		ident_ns_forget(id, index); /* namespace numbers are soon used again */
	if (!r->pod)
		return;
	id->sides[r->pod].live_members += gone_ns ? -1u : 1u;
	id->sides[r->pod].empty_ns = id->sides[r->pod].live_members ? 0 : gone_ns;
	if (!gone_ns || !is_alive(&id->sides[r->pod]))
		ident_row_alive(id, r->pod, gone_ns);
}

/* The row's own group was told of: its key and path are what policies and samples use. */
static void own_group(struct identity *id, uint32_t index, struct cgroup_key key, const char *path,
		      const struct cgroup_parse *p)
{
	const struct ident_row *old = row_at(id, index);
	struct ident_row *r;

	/* v2 before v1 */
	if (!index || (old->key.id && (old->key.hierarchy == 0 || key.hierarchy)))
		return;
	r = row_edit(id, index);
	if (!r)
		return;
	r->key = (struct cgroup_key){ .id = key.id, .hierarchy = key.hierarchy };
	if (r->kind == IDENT_POD && !r->path)
		set_path(id, r, path, p->own_n, p);
}

int identity_cgroup_add(struct identity *id, struct cgroup_key key, const char *path, size_t n,
			uint64_t at_ns, uint32_t *ret_index)
{
	struct key_entry *k = ident_key_find(id, key);
	struct cgroup_parse p;
	bool is_new = false, own;
	uint32_t i;
	int r;

	if (!n) /* not known; the root is "/" */
		return -EINVAL;
	while (n && path[n - 1] == '/')
		n--;
	cgroup_parse(path, n, &p);
	i = row_of_path(id, path, &p, at_ns, &is_new);
	if (i == TABLE_NONE) {
		id->refused++;
		return id->rows.used >= id->rows.limit ? -ENOSPC : -ENOMEM;
	}
	/* a pod inside a pod is a group of the outer one */
	own = p.own_n == n && (p.kind != IDENT_POD || !strcmp(p.pod_uid, p.node_pod_uid));
	if (k && (k->row != i || k->gone_ns)) { /* the number names another group by now */
		ident_key_gone(id, k, at_ns);
		ident_key_drop(id, k);
		k = NULL;
	}
	r = k ? 0 : ident_key_add(id, key, i, own);
	if (r < 0)
		id->refused++;
	if (own)
		own_group(id, i, key, path, &p);
	id->sides[i].born_live |= is_new && own && at_ns;
	if (i)
		ident_row_alive(id, i, 0);
	if (ret_index)
		*ret_index = i;
	return r;
}

void identity_cgroup_gone(struct identity *id, struct cgroup_key key, uint64_t at_ns)
{
	struct key_entry *k = ident_key_find(id, key);

	if (!k || k->gone_ns)
		return;
	ident_key_gone(id, k, at_ns);
	if (k->row && !is_alive(&id->sides[k->row]))
		ident_row_alive(id, k->row, MAX(at_ns, (uint64_t)1));
}

uint32_t identity_find(const struct identity *id, struct cgroup_key key)
{
	const struct key_entry *k = ident_key_find(id, key);

	return k ? k->row : TABLE_NONE;
}

const struct ident_row *identity_row(const struct identity *id, uint32_t index)
{
	return row_at(id, index);
}

struct ident_row *identity_edit(struct identity *id, uint32_t index)
{
	return row_edit(id, index);
}

void identity_slot(struct identity *id, uint32_t index, uint32_t slot)
{
	struct ident_row *r = row_edit(id, index);

	if (!r)
		return;
	r->slot = slot;
	if (slot && slot < IDENT_SLOTS)
		id->slots[slot] = index;
}

/*
 * Is the row's group gone although nobody told? A container has tasks as long as it runs, and
 * passes see them all; a pod without any container has not even its sandbox. When this is wrong,
 * the next event brings the row back.
 */
static bool is_deserted(const struct identity *id, const struct ident_row *r, const struct side *s)
{
	if (r->kind == IDENT_POD)
		return s->empty_ns && id->now_ns > s->empty_ns + POD_EMPTY_NS;
	return (r->kind == IDENT_CONTAINER || r->kind == IDENT_SANDBOX) && s->task_ns &&
	       id->task_ns > s->task_ns + DESERTED_NS;
}

void identity_age(struct identity *id, uint64_t now_ns)
{
	uint64_t before = now_ns > IDENT_KEEP_NS ? now_ns - IDENT_KEEP_NS : 0;

	id->now_ns = now_ns;
	ident_keys_age(id, before);
	for (uint32_t i = 1; i < id->rows.high; i++) {
		const struct ident_row *r = row_at(id, i);

		if (!r)
			continue;
		if (!r->gone_ns && (!is_alive(&id->sides[i]) || is_deserted(id, r, &id->sides[i])))
			ident_row_alive(id, i, now_ns); /* nothing leads to it any more */
		else if (r->gone_ns && r->gone_ns < before && !id->sides[i].members)
			row_drop(id, i);
		else if (r->slot && r->slot < IDENT_SLOTS)
			id->slots[r->slot] = i;
	}
}

struct table *identity_table(struct identity *id)
{
	return &id->rows;
}

uint64_t identity_refused(const struct identity *id)
{
	return id->refused;
}
