/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * containerd's state folder (/run/containerd and its moved forms): a bundle a task, with
 * the OCI config and the first process's pid, by containerd namespace; k8s.io is CRI's,
 * moby is Docker's.
 */
#include "identity/state.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "identity/beneath.h"

#define NAMESPACES 64 /* looked at besides k8s.io */

static const char *const tasks[] = { "io.containerd.runtime.v2.task",
				     "io.containerd.runtime.v1.linux" };

/* The annotations of one bundle. 0, or what beneath_json() returns. */
static int bundle(struct search *s, int ns_fd, const char *id, bool cri)
{
	char path[128];
	json_t *j;
	int r;

	snprintf(path, sizeof(path), "%s/config.json", id);
	r = beneath_json(ns_fd, path, &j);
	if (r < 0)
		return r;
	notes_take(s, (struct notes){ json_object_get(j, "annotations") },
		   cri ? TRUST_POD : TRUST_PATH);
	json_decref(j);
	return 0;
}

/*
 * Before 1.6 containers name their sandbox but not its pod: the sandbox's own bundle may. It also
 * knows the log folder.
 */
static void from_sandbox(struct search *s, int ns_fd)
{
	struct container_facts f = { .runtime = "" };
	struct search side = *s;

	if (!s->f->sandbox_id[0] || !strcmp(s->f->sandbox_id, s->need->container_id) ||
	    (s->f->pod_name && s->f->log_dir))
		return;
	side.f = &f;
	if (bundle(&side, ns_fd, s->f->sandbox_id, true) == 0 && f.sandbox) {
		search_text(s, &s->f->pod_name, f.pod_name);
		search_text(s, &s->f->ns, f.ns);
		search_text(s, &s->f->log_dir, f.log_dir);
		if (!s->f->pod_uid[0])
			memcpy(s->f->pod_uid, f.pod_uid, sizeof(f.pod_uid));
	}
	container_facts_done(&f);
}

static void in_namespace(struct search *s, int tasks_fd, const char *ns)
{
	bool cri = !strcmp(ns, "k8s.io");
	int fd = beneath_open(tasks_fd, ns, O_PATH | O_DIRECTORY), r;
	char path[128];

	if (fd < 0)
		return;
	r = bundle(s, fd, s->need->container_id, cri);
	if (r < 0) {
		search_failed(s, r);
	} else {
		s->read = true;
		if (!s->f->runtime[0])
			s->f->runtime = strcmp(ns, "moby") ? "containerd" : "docker";
		snprintf(path, sizeof(path), "%s/init.pid", s->need->container_id);
		if (!s->f->init_pid)
			s->f->init_pid = search_number(fd, path);
		if (cri)
			from_sandbox(s, fd);
	}
	close(fd);
}

static void other_namespaces(struct search *s, int tasks_fd)
{
	int fd = beneath_open(tasks_fd, ".", O_RDONLY | O_DIRECTORY);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	int seen = 0;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while (!s->read && seen < NAMESPACES && (e = readdir(d)))
		if (e->d_name[0] != '.' && strcmp(e->d_name, "k8s.io") && ++seen)
			in_namespace(s, tasks_fd, e->d_name);
	closedir(d);
}

void search_containerd(struct search *s, int root)
{
	for (size_t i = 0; i < ARRAY_SIZE(tasks) && !s->read; i++) {
		int fd = beneath_open(root, tasks[i], O_PATH | O_DIRECTORY);

		if (fd < 0)
			continue;
		in_namespace(s, fd, "k8s.io");
		if (!s->read)
			other_namespaces(s, fd);
		close(fd);
	}
}
