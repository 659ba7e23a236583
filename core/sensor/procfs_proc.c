/* SPDX-License-Identifier: BSD-2-Clause */
/* What /proc says of one process, for the tables: argv, exe, cwd, counts, ids. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "sensor/procfs.h"
#include "sensor/procfs_raw.h"

#define ARGV_MAX 4096
#define FDS_MAX  (1u << 20)

static int read_argv(int dirfd, struct proc_facts *f)
{
	char buf[ARGV_MAX + 2];
	ssize_t n = proc_read(dirfd, "cmdline", buf, sizeof(buf));

	if (n < 0)
		return (int)n;
	buf_clear(&f->argv);
	if (!f->argv.max || f->argv.max > ARGV_MAX)
		f->argv.max = ARGV_MAX;
	f->argv_cut = (size_t)n > f->argv.max;
	return buf_add(&f->argv, buf, MIN((size_t)n, f->argv.max));
}

static uint32_t count_fds(int dirfd)
{
	struct dirent *e;
	uint32_t n = 0;
	struct stat st;
	DIR *d;
	int fd;

	/* From Linux 6.2 the size of the folder is their number. */
	if (!fstatat(dirfd, "fd", &st, 0) && st.st_size > 0)
		return (uint32_t)MIN(st.st_size, (off_t)FDS_MAX);
	fd = openat(dirfd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	d = fd >= 0 ? fdopendir(fd) : NULL;
	if (!d) {
		if (fd >= 0)
			close(fd);
		return UINT32_MAX;
	}
	while (n < FDS_MAX && (e = readdir(d)))
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static int read_ids(int dirfd, struct proc_facts *f)
{
	char buf[8192], map[2048];
	struct proc_users ids;
	ssize_t n = proc_read(dirfd, "status", buf, sizeof(buf));
	int r;

	if (n < 0)
		return (int)n;
	r = proc_users_parse(buf, (size_t)n, &ids);
	if (r < 0)
		return r;
	f->uid = ids.uid[1];
	f->gid = ids.gid[1];
	n = proc_read(dirfd, "uid_map", map, sizeof(map));
	if (n > 0)
		f->uid = proc_map_id(map, (size_t)n, f->uid);
	n = proc_read(dirfd, "gid_map", map, sizeof(map));
	if (n > 0)
		f->gid = proc_map_id(map, (size_t)n, f->gid);
	return 0;
}

/* Keep the first trouble; a part that is refused does not spoil the rest. */
static void note(struct proc_facts *f, ssize_t r)
{
	if (r < 0 && !f->error)
		f->error = (int)r;
}

static int fill(int dirfd, struct proc_facts *f, bool with_fds)
{
	char buf[1024];
	struct proc_stat st;
	ssize_t n = proc_read(dirfd, "stat", buf, sizeof(buf));
	int r;

	if (n < 0)
		return n == -ENOENT ? -ESRCH : (int)n;
	r = proc_stat_parse(buf, (size_t)n, &st);
	if (r < 0)
		return r;
	f->seen_start_ns = st.start_ns;
	/* procfs knows the start in whole ticks only. */
	if (f->start_ns &&
	    MAX(f->start_ns, st.start_ns) - MIN(f->start_ns, st.start_ns) > proc_tick_ns()) {
		f->start_ns = 0;
		return -ESRCH;
	}
	memcpy(f->comm, st.comm, sizeof(f->comm));
	f->threads = st.threads;
	f->rss_bytes = st.rss_bytes;
	f->cpu_ns = st.cpu_ns;
	f->tty = st.tty;
	note(f, read_ids(dirfd, f));
	note(f, read_argv(dirfd, f));
	n = proc_exe(dirfd, f->exe, sizeof(f->exe), NULL);
	if (n != -ENOENT) /* a kernel thread has none */
		note(f, n);
	n = proc_link(dirfd, "cwd", f->cwd, sizeof(f->cwd));
	if (n != -ENOENT)
		note(f, n);
	if (with_fds)
		f->fds = count_fds(dirfd);
	return f->error == -ESRCH || f->error == -EACCES ? f->error : 0;
}

int procfs_proc(const char *proc_dir, struct proc_facts *f, bool with_fds)
{
	int fd, r;

	f->error = 0;
	f->fds = UINT32_MAX;
	f->exe[0] = f->cwd[0] = 0;
	f->argv_cut = false;
	fd = proc_open(proc_dir, f->pid);
	if (fd < 0) {
		f->error = fd;
		return fd;
	}
	r = fill(fd, f, with_fds);
	close(fd);
	if (r < 0)
		f->error = r;
	return r;
}

void proc_facts_done(struct proc_facts *f)
{
	if (f)
		buf_done(&f->argv);
}
