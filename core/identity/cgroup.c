/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a cgroup's path tells: pod UID, container id, runtime, or the systemd unit.
 *
 * The path is read from the leaf upward and never anchored at the root, because nodes
 * are themselves containers (kind), slices get prefixes, and runtimes nest. The first
 * part that is a container or a pod decides what the cgroup is; groups below a
 * container belong to it.
 */
#include "identity/identity.h"

#include <string.h>

#include "base/macros.h"

#define ID_LEN 64

struct part {
	const char *p;
	size_t n;
};

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool all_hex(struct part s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_hex(s.p[i]))
			return false;
	return s.n > 0;
}

static bool is_id(struct part s)
{
	return s.n == ID_LEN && all_hex(s);
}

static bool same(struct part s, const char *word)
{
	return s.n == strlen(word) && !memcmp(s.p, word, s.n);
}

/* Take @prefix off the front of @s. False: it is not there, @s unchanged. */
static bool cut_front(struct part *s, const char *prefix)
{
	size_t n = strlen(prefix);

	if (s->n < n || memcmp(s->p, prefix, n))
		return false;
	s->p += n;
	s->n -= n;
	return true;
}

static bool cut_back(struct part *s, const char *suffix)
{
	size_t n = strlen(suffix);

	if (s->n < n || memcmp(s->p + s->n - n, suffix, n))
		return false;
	s->n -= n;
	return true;
}

static bool has_back(struct part s, const char *suffix)
{
	return cut_back(&s, suffix);
}

/* The part that ends at @end; moves @end before it. False: nothing is left. */
static bool part_before(const char *path, size_t *end, struct part *ret)
{
	size_t stop, start;

	for (stop = *end; stop && path[stop - 1] == '/'; stop--)
		;
	if (!stop)
		return false;
	for (start = stop; start && path[start - 1] != '/'; start--)
		;
	*ret = (struct part){ path + start, stop - start };
	*end = start;
	return true;
}

/* A UUID, its dashes as dashes or all as underscores, or the 32 hex digits of a static pod. */
static bool is_uid(struct part s)
{
	char dash;

	if (s.n == 32)
		return all_hex(s);
	if (s.n != 36)
		return false;
	dash = s.p[8];
	if (dash != '-' && dash != '_')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		bool gap = i == 8 || i == 13 || i == 18 || i == 23;

		if (gap ? s.p[i] != dash : !is_hex(s.p[i]))
			return false;
	}
	return true;
}

static void put_uid(char dst[40], struct part uid)
{
	for (size_t i = 0; i < uid.n; i++)
		dst[i] = uid.p[i] == '_' ? '-' : uid.p[i];
	dst[uid.n] = 0;
}

/*
 * "pod<UID>" (cgroupfs) or "[prefix-]kubepods[-qos]-pod<UID_>.slice" (systemd; kind
 * puts "kubelet-" in front). Fills @uid.
 */
static bool pod_part(struct part s, struct part *uid)
{
	static const char word[] = "kubepods-";
	struct part t = s;

	if (cut_front(&t, "pod") && is_uid(t)) {
		*uid = t;
		return true;
	}
	if (!cut_back(&s, ".slice"))
		return false;
	for (size_t len = 32; len <= 36; len += 4) {
		if (s.n < len + strlen("-pod"))
			continue;
		t = (struct part){ s.p + s.n - len, len };
		if (!is_uid(t) || memcmp(t.p - 4, "-pod", 4))
			continue;
		if (!memmem(s.p, s.n - len, word, strlen(word)))
			continue;
		*uid = t;
		return true;
	}
	return false;
}

static const struct {
	const char *prefix, *runtime;
} prefixes[] = {
	{ "cri-containerd-", "containerd" },
	{ "nerdctl-", "containerd" },
	{ "crio-", "cri-o" },
	{ "docker-", "docker" },
	{ "libpod-payload-", "podman" },
	{ "libpod-", "podman" },
};

static const char *runtime_of_word(struct part word)
{
	if (same(word, "cri-containerd") || same(word, "nerdctl"))
		return "containerd";
	if (same(word, "crio"))
		return "cri-o";
	if (same(word, "docker"))
		return "docker";
	return same(word, "libpod") ? "podman" : "";
}

/* The monitors beside a container are no part of it. */
static bool is_monitor(struct part s)
{
	return cut_front(&s, "crio-conmon-") || cut_front(&s, "libpod-conmon-") ||
	       cut_front(&s, "lxc.monitor");
}

/* "<slice>:<word>:<id>": what a runtime makes of a systemd path under the cgroupfs driver. */
static bool colon_part(struct part s, struct part *id, const char **runtime, struct part *uid)
{
	const char *last = memrchr(s.p, ':', s.n), *first;
	struct part slice;

	if (!last)
		return false;
	*id = (struct part){ last + 1, (size_t)(s.p + s.n - last - 1) };
	first = memrchr(s.p, ':', (size_t)(last - s.p));
	if (!first || !is_id(*id))
		return false;
	*runtime = runtime_of_word((struct part){ first + 1, (size_t)(last - first - 1) });
	slice = (struct part){ s.p, (size_t)(first - s.p) };
	if (!pod_part(slice, uid))
		uid->n = 0;
	return true;
}

/* A name that may be part of a file's path: what runtimes accept for ids. */
static bool is_safe_name(struct part s)
{
	if (!s.n || s.n > ID_LEN || s.p[0] == '.' || s.p[0] == '-')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      c == '_' || c == '-' || c == '.'))
			return false;
	}
	return true;
}

/* Runtimes' own prefixes, then any other before 64 hex digits ("kata_<id>"). */
static bool prefixed_part(struct part s, struct part *id, const char **runtime)
{
	struct part t;

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		t = s;
		if (cut_front(&t, prefixes[i].prefix) && is_id(t)) {
			*id = t;
			*runtime = prefixes[i].runtime;
			return true;
		}
	}
	if (s.n <= ID_LEN + 1)
		return false;
	t = (struct part){ s.p + s.n - ID_LEN, ID_LEN };
	if (!is_id(t) || (t.p[-1] != '-' && t.p[-1] != '_'))
		return false;
	*id = t;
	*runtime = "";
	return true;
}

static bool lxc_part(struct part s, struct part parent, struct part *id)
{
	*id = s;
	if (cut_front(id, "lxc.payload.") && is_safe_name(*id))
		return true;
	*id = s;
	return (same(parent, "lxc") || same(parent, "lxc.payload")) && is_safe_name(s);
}

/*
 * Is @s, whose parent is @parent, a container? Fills @id and @runtime, and @uid when the part
 * itself names the pod.
 */
static bool container_part(struct part s, struct part parent, struct part *id, const char **runtime,
			   struct part *uid)
{
	struct part ignored;
	bool scope;

	uid->n = 0;
	if (is_monitor(s))
		return false;
	if (lxc_part(s, parent, id)) {
		*runtime = "lxc";
		return true;
	}
	if (colon_part(s, id, runtime, uid))
		return true;
	scope = cut_back(&s, ".scope");
	if (prefixed_part(s, id, runtime))
		return true;
	*id = s;
	if (is_id(s)) {
		*runtime = same(parent, "docker") || same(parent, "actions_job") ? "docker" : "";
		return true;
	}
	*runtime = "";
	/* what stands right below a pod is a container, whatever its runtime calls it */
	return !scope && pod_part(parent, &ignored) && is_safe_name(s) && !has_back(s, ".slice") &&
	       !has_back(s, ".service");
}

static void put_unit(const char *path, struct part s, struct cgroup_parse *ret)
{
	ret->unit = s.p;
	ret->unit_n = s.n;
	ret->own_n = (size_t)(s.p + s.n - path);
}

/* The unit that a path without container or pod belongs to. */
static void find_unit(const char *path, size_t n, struct cgroup_parse *ret)
{
	static const char *const kinds[] = { ".service", ".scope", ".socket", ".mount", ".swap" };
	struct part s, slice = { NULL, 0 };
	size_t end = n;

	ret->kind = IDENT_UNIT;
	while (part_before(path, &end, &s)) {
		for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
			/* a user manager's own init.scope is not that of process 1 */
			if (!has_back(s, kinds[i]) || (same(s, "init.scope") && end > 1))
				continue;
			put_unit(path, s, ret);
			return;
		}
		if (!slice.p && has_back(s, ".slice"))
			slice = s;
	}
	if (!slice.p) {
		/* no systemd here: the whole path is the name */
		size_t skip = 0;

		while (skip < n && path[skip] == '/')
			skip++;
		while (n > skip && path[n - 1] == '/')
			n--;
		slice = (struct part){ path + skip, n - skip };
		if (!slice.n) {
			ret->kind = IDENT_HOST;
			return;
		}
	}
	put_unit(path, slice, ret);
}

static void put_container(struct cgroup_parse *ret, struct part id, const char *runtime)
{
	ret->kind = IDENT_CONTAINER;
	memcpy(ret->container_id, id.p, id.n);
	ret->container_id[id.n] = 0;
	ret->runtime = runtime;
}

void cgroup_parse(const char *path, size_t n, struct cgroup_parse *ret)
{
	struct part s, parent, id, uid;
	const char *runtime;
	size_t end = n, up, here;
	bool container, pod;

	memset(ret, 0, sizeof(*ret));
	ret->runtime = "";
	while (part_before(path, &end, &s)) {
		up = end;
		if (!part_before(path, &up, &parent))
			parent = (struct part){ "", 0 };
		here = (size_t)(s.p + s.n - path);
		container = container_part(s, parent, &id, &runtime, &uid);
		pod = !container && pod_part(s, &uid);
		if (!container && !pod)
			continue;
		if (ret->own_n) {
			ret->nested |= container;
		} else {
			ret->own_n = here;
			ret->kind = IDENT_POD;
			if (container)
				put_container(ret, id, runtime);
		}
		if (!uid.n)
			continue;
		/* walking outward: the last one found is the pod of this node */
		if (!ret->pod_uid[0])
			put_uid(ret->pod_uid, uid);
		put_uid(ret->node_pod_uid, uid);
		ret->pod_n = pod ? here : 0;
	}
	if (!ret->own_n)
		find_unit(path, n, ret);
}
