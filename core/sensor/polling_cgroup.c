/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cgroup keys without the kernel's help: the id of a cgroup is the inode of its
 * directory. The hierarchy is chosen as the probes choose it: v2 unless the task is
 * in its root, then memory, pids or cpu of v1.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macros.h"
#include "sensor/polling.h"

#define PATH_BYTES 4096
#define DEPTH_MAX  32

static const char *const controllers[] = { "memory", "pids", "cpu" };

static bool is_dir(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

void poll_cgroup_init(struct polling *p, const char *root)
{
	static const char *const cpu_names[] = { "cpu", "cpu,cpuacct", "cpuacct,cpu" };
	char probe[400];

	snprintf(p->cgroot, sizeof(p->cgroot), "%.200s/sys/fs/cgroup", root);
	snprintf(probe, sizeof(probe), "%s/cgroup.controllers", p->cgroot);
	if (!access(probe, F_OK))
		snprintf(p->v2, sizeof(p->v2), "%s", p->cgroot);
	snprintf(probe, sizeof(probe), "%s/unified/cgroup.controllers", p->cgroot);
	if (!access(probe, F_OK))
		snprintf(p->v2, sizeof(p->v2), "%s/unified", p->cgroot);
	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++) {
		for (size_t k = 0; k < (i == 2 ? ARRAY_SIZE(cpu_names) : 1); k++) {
			snprintf(p->v1[i], sizeof(p->v1[i]), "%s/%s", p->cgroot,
				 i == 2 ? cpu_names[k] : controllers[i]);
			if (is_dir(p->v1[i]))
				break;
			p->v1[i][0] = 0;
		}
	}
}

static const char *base_of(const struct polling *p, uint32_t hierarchy, const char *text, size_t n)
{
	uint32_t h;
	size_t len;

	if (!hierarchy)
		return p->v2;
	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++) {
		if (proc_cgroup_find(text, n, controllers[i], &len, &h) && h == hierarchy)
			return p->v1[i];
	}
	return "";
}

/* Hostile: a task may name its cgroup as it likes, but not lead us out of the tree. */
static bool sane(const char *path, size_t n)
{
	if (!n || path[0] != '/' || n >= PATH_BYTES - 400 || memchr(path, 0, n))
		return false;
	for (size_t i = 0; i + 2 < n; i++) {
		if (path[i] == '/' && path[i + 1] == '.' && path[i + 2] == '.' &&
		    (i + 3 == n || path[i + 3] == '/'))
			return false;
	}
	return true;
}

static uint64_t inode_of(const char *base, const char *path, size_t n)
{
	char full[PATH_BYTES];
	struct stat st;

	if (!base[0] ||
	    (size_t)snprintf(full, sizeof(full), "%s%.*s", base, (int)n, path) >= sizeof(full))
		return 0;
	return !stat(full, &st) && S_ISDIR(st.st_mode) ? st.st_ino : 0;
}

static struct poll_cgroup **cgroup_slot(struct polling *p, struct cgroup_key key)
{
	struct poll_cgroup **at = &p->cgroups[(key.id * 31 + key.hierarchy) % POLL_BUCKETS];

	while (*at && ((*at)->key.id != key.id || (*at)->key.hierarchy != key.hierarchy))
		at = &(*at)->next;
	return at;
}

static void tell(struct polling *p, const char *base, struct cgroup_key key, const char *path,
		 size_t n, int depth, const struct sensor_sink *sink)
{
	struct cgroup_fact f = {
		.key = key, .path = path, .n = n, .at_ns = clock_boot(), .made = p->events
	};
	struct poll_cgroup **at = cgroup_slot(p, key), *c;
	size_t up = n;

	if (*at)
		return;
	if (p->n_cgroups >= POLL_CGROUPS_MAX || !(c = calloc(1, sizeof(*c) + n + 1))) {
		p->dropped++;
		return;
	}
	c->key = key;
	c->v1 = key.hierarchy != 0;
	c->n = (uint16_t)n;
	memcpy(c->path, path, n);
	*at = c;
	p->n_cgroups++;
	while (up > 1 && path[up - 1] != '/')
		up--;
	up = up > 1 ? up - 1 : up;
	if (n > 1 && depth < DEPTH_MAX) {
		f.parent.hierarchy = key.hierarchy;
		f.parent.id = inode_of(base, path, up);
		if (f.parent.id)
			tell(p, base, f.parent, path, up, depth + 1, sink);
	}
	sink->cgroup(sink->ctx, &f);
}

struct cgroup_key poll_cgroup(struct polling *p, const char *text, size_t n,
			      const struct sensor_sink *sink)
{
	struct cgroup_key key = { 0 };
	const char *path, *base = p->v2;
	size_t len = 0;

	path = proc_cgroup_find(text, n, NULL, &len, &key.hierarchy);
	for (size_t i = 0; (!path || len <= 1) && i < ARRAY_SIZE(controllers); i++) {
		size_t v1_len;
		const char *v1 = proc_cgroup_find(text, n, controllers[i], &v1_len, &key.hierarchy);

		if (!v1 || v1_len <= 1 || !p->v1[i][0])
			continue;
		path = v1;
		len = v1_len;
		base = p->v1[i];
	}
	if (!path || !sane(path, len))
		return (struct cgroup_key){ 0 };
	if (base == p->v2)
		key.hierarchy = 0;
	key.id = inode_of(base, path, len);
	if (key.id)
		tell(p, base, key, path, len, 0, sink);
	return key.id ? key : (struct cgroup_key){ 0 };
}

bool poll_cgroup_step(struct polling *p, const struct sensor_sink *sink)
{
	char text[8192];
	ssize_t n = 0;

	for (unsigned end = p->cursor + 64; p->cursor < end && p->cursor < POLL_BUCKETS;
	     p->cursor++) {
		struct poll_cgroup **at = &p->cgroups[p->cursor], *c;

		while ((c = *at)) {
			struct cgroup_fact f = {
				.key = c->key, .path = c->path, .n = c->n, .gone = true
			};
			const char *base;

			if (c->v1 && !n)
				n = proc_read(p->proc_fd, "self/cgroup", text, sizeof(text));
			base = base_of(p, c->key.hierarchy, text, n > 0 ? (size_t)n : 0);
			if (!base[0] || inode_of(base, c->path, c->n) == c->key.id) {
				at = &c->next;
				continue;
			}
			f.at_ns = clock_boot();
			sink->cgroup(sink->ctx, &f);
			*at = c->next;
			p->n_cgroups--;
			free(c);
		}
	}
	return p->cursor >= POLL_BUCKETS;
}

void poll_cgroup_done(struct polling *p)
{
	for (unsigned i = 0; i < POLL_BUCKETS; i++) {
		while (p->cgroups[i]) {
			struct poll_cgroup *c = p->cgroups[i];

			p->cgroups[i] = c->next;
			free(c);
		}
	}
}
