/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The search for one container's state: the folders to look in, each by the readers of
 * the layouts that it may have, until all names are there; then the pod's log folder and
 * the number of restarts that it tells.
 */
#include "identity/runtime.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "identity/beneath.h"
#include "identity/state.h"

#define EXTRA_ROOTS 32
#define LOG_ENTRIES 10000

enum {
	LAYOUT_CONTAINERD = 1,
	LAYOUT_RUNC = 2,
	LAYOUT_STORAGE = 4,
	LAYOUT_DOCKER = 8,
	LAYOUT_ANY = 15,
};

struct root {
	const char *path;
	unsigned layouts;
};

struct runtime_roots {
	char *host_root;
	char *extra; /* the given text, cut into paths */
	struct root extras[EXTRA_ROOTS];
	size_t n_extras;
};

/* Where stock runtimes and distributions keep their state. */
static const struct root stock[] = {
	{ "/run/containerd", LAYOUT_CONTAINERD | LAYOUT_RUNC },
	{ "/run/k3s/containerd", LAYOUT_CONTAINERD | LAYOUT_RUNC },
	{ "/run/k0s/containerd", LAYOUT_CONTAINERD | LAYOUT_RUNC },
	{ "/var/snap/microk8s/common/run/containerd", LAYOUT_CONTAINERD | LAYOUT_RUNC },
	{ "/run/containers/storage", LAYOUT_STORAGE },
	{ "/var/lib/docker", LAYOUT_DOCKER },
	{ "/run/docker/containerd", LAYOUT_CONTAINERD | LAYOUT_RUNC },
	{ "/run/docker", LAYOUT_RUNC },
	{ "/run/runc", LAYOUT_RUNC },
	{ "/run/crun", LAYOUT_RUNC },
};

struct runtime_roots *runtime_roots_new(const char *host_root, const char *extra)
{
	struct runtime_roots *r = calloc(1, sizeof(*r));
	char *p, *save = NULL;

	if (!r)
		return NULL;
	r->host_root = strdup(host_root && host_root[0] ? host_root : "/");
	r->extra = strdup(extra ? extra : "");
	if (!r->host_root || !r->extra) {
		runtime_roots_free(r);
		return NULL;
	}
	for (p = strtok_r(r->extra, ":", &save); p && r->n_extras < EXTRA_ROOTS;
	     p = strtok_r(NULL, ":", &save))
		r->extras[r->n_extras++] = (struct root){ p, LAYOUT_ANY };
	return r;
}

void runtime_roots_free(struct runtime_roots *r)
{
	if (!r)
		return;
	free(r->host_root);
	free(r->extra);
	free(r);
}

void search_failed(struct search *s, int err)
{
	switch (err) {
	case 0:
	case -ENOENT:
	case -ENOTDIR:
		return;
	case -EBADMSG:
		s->failed = REASON_MALFORMED;
		return;
	case -EFBIG:
	case -E2BIG:
		s->failed = REASON_TOO_BIG;
		return;
	case -ELOOP:
	case -EXDEV:
		s->failed = REASON_UNSAFE_PATH;
		return;
	default:
		s->failed = REASON_UNREADABLE;
	}
}

bool search_done(const struct search *s)
{
	return s->read && s->f->pod_name && s->f->ns && (s->f->container || s->f->sandbox);
}

uint32_t search_number(int dirfd, const char *path)
{
	unsigned long v;
	char *text, *end;
	size_t n;

	if (beneath_read(dirfd, path, &text, &n) < 0)
		return 0;
	errno = 0;
	v = strtoul(text, &end, 10);
	if (errno || end == text || v > INT32_MAX)
		v = 0;
	free(text);
	return (uint32_t)v;
}

static void look_in(struct search *s, const struct root *root)
{
	int fd = beneath_root(s->host_fd, root->path, O_PATH | O_DIRECTORY);

	if (fd < 0) {
		search_failed(s, fd);
		return;
	}
	if (root->layouts & LAYOUT_CONTAINERD && !search_done(s))
		search_containerd(s, fd);
	if (root->layouts & LAYOUT_RUNC && !search_done(s))
		search_runc(s, fd);
	if (root->layouts & LAYOUT_STORAGE && !search_done(s))
		search_storage(s, fd);
	if (root->layouts & LAYOUT_DOCKER && !search_done(s))
		search_docker(s, fd);
	close(fd);
}

/* The folder that the kubelet writes a pod's logs to, when no annotation named another. */
static void find_log_dir(struct search *s)
{
	struct container_facts *f = s->f;
	const char *uid = f->pod_uid[0] ? f->pod_uid : s->need->pod_uid;
	char path[600];
	int fd;

	if (f->log_dir || !f->ns || !f->pod_name || !uid[0] || strchr(f->ns, '/') ||
	    strchr(f->pod_name, '/'))
		return;
	if (snprintf(path, sizeof(path), "/var/log/pods/%s_%s_%s", f->ns, f->pod_name, uid) >=
	    (int)sizeof(path))
		return;
	fd = beneath_root(s->host_fd, path, O_PATH | O_DIRECTORY);
	if (fd < 0)
		return;
	close(fd);
	search_text(s, &f->log_dir, path);
}

/* The kubelet counts a container's starts in the names of its logs: 0.log, 1.log, ... */
static void count_restarts(struct search *s)
{
	struct container_facts *f = s->f;
	char path[1400];
	unsigned long most = 0;
	struct dirent *e;
	int fd, seen = 0;
	DIR *d;

	if (f->restarts || !f->log_dir || !f->container || f->sandbox ||
	    strchr(f->container, '/') || f->container[0] == '.')
		return;
	if (snprintf(path, sizeof(path), "%s/%s", f->log_dir, f->container) >= (int)sizeof(path))
		return;
	fd = beneath_root(s->host_fd, path, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return;
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return;
	}
	while (seen++ < LOG_ENTRIES && (e = readdir(d))) {
		size_t n = strspn(e->d_name, "0123456789");

		if (n && n < 8 && !strncmp(e->d_name + n, ".log", 4))
			most = MAX(most, strtoul(e->d_name, NULL, 10));
	}
	closedir(d);
	f->restarts = (uint32_t)most;
}

static uint8_t reason_of(const struct search *s)
{
	if (s->read && s->f->pod_name && s->f->ns)
		return REASON_NONE;
	if (s->read && !s->failed)
		return s->need->pod_uid[0] || s->f->pod_uid[0] ? REASON_NO_ANNOTATIONS
							       : REASON_NO_POD;
	return s->failed ? s->failed : REASON_NO_STATE;
}

static int error_of(unsigned reason)
{
	switch (reason) {
	case REASON_NONE:
	case REASON_NO_POD:
		return 0;
	case REASON_UNREADABLE:
		return -EACCES;
	case REASON_MALFORMED:
		return -EBADMSG;
	case REASON_TOO_BIG:
		return -EFBIG;
	case REASON_UNSAFE_PATH:
		return -ELOOP;
	default:
		return -ENOENT;
	}
}

int runtime_read(const struct runtime_roots *roots, const struct identity_need *need,
		 struct container_facts *ret)
{
	struct search s = { .roots = roots, .need = need, .f = ret };

	memset(ret, 0, sizeof(*ret));
	ret->runtime = "";
	snprintf(ret->container_id, sizeof(ret->container_id), "%s", need->container_id);
	/* the id becomes part of paths */
	if (!ident_id_safe(need->container_id)) {
		ret->reason = REASON_UNSAFE_PATH;
		return -ELOOP;
	}
	s.host_fd = open(roots->host_root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (s.host_fd < 0) {
		ret->reason = REASON_UNREADABLE;
		return -EACCES;
	}
	for (size_t i = 0; i < roots->n_extras && !search_done(&s); i++)
		look_in(&s, &roots->extras[i]);
	for (size_t i = 0; i < ARRAY_SIZE(stock) && !search_done(&s); i++)
		look_in(&s, &stock[i]);
	find_log_dir(&s);
	count_restarts(&s);
	close(s.host_fd);
	if (!ret->workload && ret->pod_name)
		ret->workload = search_workload(ret->pod_name);
	ret->reason = reason_of(&s);
	return error_of(ret->reason);
}

/* Which layouts a folder shows. */
static unsigned layouts_of(int fd)
{
	static const struct {
		const char *path;
		unsigned layout;
	} signs[] = {
		{ "io.containerd.runtime.v2.task", LAYOUT_CONTAINERD },
		{ "overlay-containers", LAYOUT_STORAGE },
		{ "vfs-containers", LAYOUT_STORAGE },
		{ "containers", LAYOUT_DOCKER },
	};
	unsigned found = 0;

	for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
		int sub = beneath_open(fd, signs[i].path, O_PATH | O_DIRECTORY);

		if (sub >= 0) {
			found |= signs[i].layout;
			close(sub);
		}
	}
	return found;
}

static bool is_there(int host_fd, const char *path)
{
	int fd = beneath_root(host_fd, path, O_PATH);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

void runtime_found(const struct runtime_roots *r, char *buf, size_t size)
{
	int host = open(r->host_root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	unsigned found = 0;
	const char *names[4];
	size_t n = 0, used = 0;

	buf[0] = 0;
	if (host < 0)
		return;
	for (size_t i = 0; i < r->n_extras + ARRAY_SIZE(stock); i++) {
		const struct root *root = i < r->n_extras ? &r->extras[i] : &stock[i - r->n_extras];
		int fd = beneath_root(host, root->path, O_PATH | O_DIRECTORY);

		if (fd < 0)
			continue;
		found |= layouts_of(fd) & root->layouts;
		close(fd);
	}
	if (found & LAYOUT_CONTAINERD)
		names[n++] = "containerd";
	if (is_there(host, "/run/crio"))
		names[n++] = "cri-o";
	if (found & LAYOUT_DOCKER)
		names[n++] = "docker";
	if (is_there(host, "/run/libpod"))
		names[n++] = "podman";
	close(host);
	for (size_t i = 0; i < n; i++) {
		int k = snprintf(buf + used, size - used, "%s%s", i ? ", " : "", names[i]);

		if (k < 0 || (size_t)k >= size - used)
			return;
		used += (size_t)k;
	}
}
