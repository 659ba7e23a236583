/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All cgroups that there are: the v2 hierarchy and one of v1.
 *
 * A cgroup's id is its directory's inode number, and that of a hierarchy's root is 1.
 * This tells a whole mount from one that a container's namespace cut down, whose paths
 * would not be those that the kernel gives. Mounts are looked for in our own mount
 * table, below the node's root first, and then in that of process 1.
 */
#include "identity/runtime.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/macros.h"
#include "identity/beneath.h"

#define ROOT_INODE 1
#define DEPTH      64
#define GROUPS     (256u << 10) /* more are not walked */

/* v1 controllers in the order in which the sensor's keys prefer them. */
static const char *const controllers[] = { "memory", "pids", "cpu" };

struct walk {
	void (*fn)(void *ctx, struct cgroup_key key, const char *path, size_t n);
	void *ctx;
	uint32_t hierarchy;
	unsigned seen;
	struct buf path;
};

static void enter(struct walk *w, int dirfd, int depth)
{
	DIR *d = fdopendir(dirfd);
	size_t n = w->path.n;
	struct dirent *e;

	if (!d) {
		close(dirfd);
		return;
	}
	while (w->seen < GROUPS && (e = readdir(d))) {
		struct cgroup_key key = { .id = e->d_ino, .hierarchy = w->hierarchy };
		int sub;

		if (e->d_type != DT_DIR || !strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (buf_char(&w->path, '/') < 0 || buf_str(&w->path, e->d_name) < 0) {
			w->path.n = n; /* too long for a path: not walked */
			continue;
		}
		w->seen++;
		w->fn(w->ctx, key, w->path.p, w->path.n);
		sub = depth < DEPTH ? openat(dirfd, e->d_name,
					     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
				    : -1;
		if (sub >= 0)
			enter(w, sub, depth + 1);
		w->path.n = n;
	}
	closedir(d);
}

static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (; *list; list += strcspn(list, ","), list += *list == ',')
		if (!strncmp(list, word, n) && (list[n] == ',' || !list[n]))
			return true;
	return false;
}

/* Undo the \ooo of a mount table. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] && s[3]) {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = 0;
}

/* One line of a mount table: its mount point when it is the hierarchy of @controller (NULL: v2). */
static char *mount_of(char *line, const char *controller)
{
	char *field[6], *save = NULL, *type, *options, *sep = strstr(line, " - ");

	if (!sep)
		return NULL;
	*sep = 0;
	for (int i = 0; i < 6; i++) {
		field[i] = strtok_r(i ? NULL : line, " ", &save);
		if (!field[i])
			return NULL;
	}
	type = strtok_r(sep + 3, " ", &save);
	if (!type || !strtok_r(NULL, " ", &save))
		return NULL;
	options = strtok_r(NULL, " ", &save);
	if (strcmp(type, controller ? "cgroup" : "cgroup2") ||
	    (controller && (!options || !has_word(options, controller))))
		return NULL;
	unescape(field[4]);
	return field[4];
}

/* Open @point when it is the root of a whole hierarchy; -1 when it is not. */
static int open_whole(const char *prefix, const char *point)
{
	char path[PATH_MAX];
	struct stat st;
	int fd;

	if (snprintf(path, sizeof(path), "%s%s", prefix, point) >= (int)sizeof(path))
		return -1;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (!fstat(fd, &st) && st.st_ino == ROOT_INODE)
		return fd;
	close(fd);
	return -1;
}

/* Search one mount table; only points below @below when it is not NULL. */
static int search_table(const char *table, const char *prefix, const char *below,
			const char *controller)
{
	struct buf b = { .max = 4 << 20 };
	char *line, *save = NULL, *point;
	int fd = -1;

	if (buf_file(&b, AT_FDCWD, table) < 0 || !b.p) {
		buf_done(&b);
		return -1;
	}
	for (line = strtok_r(b.p, "\n", &save); line && fd < 0;
	     line = strtok_r(NULL, "\n", &save)) {
		point = mount_of(line, controller);
		if (point && (!below || !strncmp(point, below, strlen(below))))
			fd = open_whole(prefix, point);
	}
	buf_done(&b);
	return fd;
}

static int find_mount(const char *host_root, const char *controller)
{
	bool other = host_root && strcmp(host_root, "/") != 0 && host_root[0];
	char table[PATH_MAX], prefix[PATH_MAX];
	int fd = -1;

	if (other)
		fd = search_table("/proc/self/mountinfo", "", host_root, controller);
	if (fd < 0)
		fd = search_table("/proc/self/mountinfo", "", NULL, controller);
	if (fd >= 0)
		return fd;
	/* our own mounts are cut down: look through process 1 of the node */
	if (snprintf(table, sizeof(table), "%s/proc/1/mountinfo", other ? host_root : "") >=
		    (int)sizeof(table) ||
	    snprintf(prefix, sizeof(prefix), "%s/proc/1/root", other ? host_root : "") >=
		    (int)sizeof(prefix))
		return -1;
	return search_table(table, prefix, NULL, controller);
}

/* The number of the v1 hierarchy with @controller, 0 when it has none. */
static uint32_t hierarchy_of(const char *controller)
{
	struct buf b = { .max = 64 << 10 };
	char *line, *save = NULL;
	uint32_t found = 0;

	if (buf_file(&b, AT_FDCWD, "/proc/cgroups") < 0 || !b.p) {
		buf_done(&b);
		return 0;
	}
	for (line = strtok_r(b.p, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		size_t n = strcspn(line, "\t ");

		if (n == strlen(controller) && !strncmp(line, controller, n))
			found = (uint32_t)strtoul(line + n, NULL, 10);
	}
	buf_done(&b);
	return found;
}

static int walk(const char *host_root, const char *controller, uint32_t hierarchy, struct walk *w)
{
	int fd = find_mount(host_root, controller);

	if (fd < 0)
		return -ENOENT;
	w->hierarchy = hierarchy;
	buf_clear(&w->path);
	enter(w, fd, 0);
	return 0;
}

int cgroup_walk(const char *host_root,
		void (*fn)(void *ctx, struct cgroup_key key, const char *path, size_t n), void *ctx)
{
	struct walk w = { .fn = fn, .ctx = ctx, .path = { .max = PATH_MAX } };
	int v2 = walk(host_root, NULL, 0, &w), v1 = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(controllers) && v1 < 0; i++) {
		uint32_t hierarchy = hierarchy_of(controllers[i]);

		if (hierarchy)
			v1 = walk(host_root, controllers[i], hierarchy, &w);
	}
	buf_done(&w.path);
	if (w.seen >= GROUPS)
		return -E2BIG;
	return v2 && v1 ? -ENOENT : 0;
}
