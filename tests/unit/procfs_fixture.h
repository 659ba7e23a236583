/* SPDX-License-Identifier: BSD-2-Clause */
/* A folder to build host roots in, and children that hold still. Included after cmocka. */
#ifndef PROCFS_FIXTURE_H
#define PROCFS_FIXTURE_H

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64];

static inline int setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/sonde-test-procfs-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static inline int remove_tree(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	struct dirent *e;
	DIR *d;

	if (fd < 0)
		return unlinkat(at, name, 0);
	d = fdopendir(fd);
	while ((e = readdir(d))) {
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			remove_tree(fd, e->d_name);
	}
	closedir(d);
	return unlinkat(at, name, AT_REMOVEDIR);
}

static inline int teardown(void **state)
{
	(void)state;
	return remove_tree(AT_FDCWD, dir);
}

/* Make a file below the test's folder, and the folders on the way. */
static inline void put(const char *name, const char *text)
{
	char path[512];
	int fd;

	assert_true((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) < sizeof(path));
	for (char *s = strchr(path + strlen(dir) + 1, '/'); s; s = strchr(s + 1, '/')) {
		*s = 0;
		mkdir(path, 0700);
		*s = '/';
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* A child that shows itself as the test wants and lives until it is told to go. */
struct child {
	pid_t pid;
	int ready, go;
};

static inline struct child child_start(void (*body)(int ready, int go))
{
	struct child c;
	int r[2], g[2];
	char byte;

	assert_int_equal(pipe(r), 0);
	assert_int_equal(pipe(g), 0);
	c.pid = fork();
	if (!c.pid) {
		close(r[0]);
		close(g[1]);
		body(r[1], g[0]);
		_exit(0);
	}
	assert_true(c.pid > 0);
	close(r[1]);
	close(g[0]);
	c.ready = r[0];
	c.go = g[1];
	assert_int_equal(read(c.ready, &byte, 1), 1);
	return c;
}

static inline void child_end(struct child *c)
{
	close(c->go);
	close(c->ready);
	kill(c->pid, SIGKILL);
	waitpid(c->pid, NULL, 0);
}

static inline void wait_for_end(int ready, int go)
{
	char byte = 0;

	if (write(ready, &byte, 1) == 1 && read(go, &byte, 1) < 0)
		_exit(1);
}

#endif
