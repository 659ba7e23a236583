/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing captures. The engine fills one buffer while the writer's thread hands the
 * other to the disk; when both are full a chunk is dropped and counted, the engine
 * never waits.
 *
 *   OPEN  -> CLOSING   capture_close()
 *   OPEN  -> FAILED    write_out(): disk full or broken; nothing is taken any more
 *   any   -> DONE      thread_main() has written what it could
 *
 * Invariants: a buffer holds whole chunks only. After a failure the file is cut back
 * to its last whole chunk, so what it holds reads as sound.
 */
#include "sensor/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/mask.h"
#include "sensor/capture_format.h"
#include "sensor/procfs.h"
#include "sensor/procfs_raw.h"
#include "sensor/source.h"

#define BUFFER          (4u << 20)
#define END_ROOM        64 /* for the end mark, so that a slow disk does not lose it */
#define FLUSH_NS        (200 * NS_PER_MS)
#define CLOSE_NS        (2 * NS_PER_S)
#define CGROUP_PATH_MAX 4096

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "captures are little-endian");

struct capture_writer {
	pthread_mutex_t lock;
	pthread_cond_t wake, ended;
	char *fill, *out;
	size_t fill_n;
	uint64_t chunks, dropped;
	uint64_t sound; /* bytes of the file that are whole chunks */
	int fd, error;
	bool closing, done;
	unsigned refs; /* the owner and the thread */
	char path[256];
};

static void unref_unlock(struct capture_writer *w)
{
	bool last = --w->refs == 0;

	pthread_mutex_unlock(&w->lock);
	if (!last)
		return;
	pthread_cond_destroy(&w->wake);
	pthread_cond_destroy(&w->ended);
	pthread_mutex_destroy(&w->lock);
	free(w->fill);
	free(w->out);
	free(w);
}

static int write_all(int fd, const char *p, size_t n, size_t *ret_done)
{
	*ret_done = 0;
	while (*ret_done < n) {
		ssize_t r = write(fd, p + *ret_done, n - *ret_done);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return r < 0 ? -errno : -EIO;
		*ret_done += (size_t)r;
	}
	return 0;
}

/* How many of the first @n bytes of a buffer are whole chunks. */
static size_t whole(const char *p, size_t n)
{
	size_t at = 0;

	while (at + sizeof(struct cap_chunk) <= n) {
		struct cap_chunk c;
		size_t len;

		memcpy(&c, p + at, sizeof(c));
		len = sizeof(c) + CAP_PADDED(c.size);
		if (len > n - at)
			break;
		at += len;
	}
	return at;
}

/* With the lock held, which is let go while the disk works. */
static void write_out(struct capture_writer *w)
{
	char *p = w->fill;
	size_t n = w->fill_n, done;
	int r;

	w->fill = w->out;
	w->out = p;
	w->fill_n = 0;
	if (w->error)
		return;
	pthread_mutex_unlock(&w->lock);
	r = write_all(w->fd, p, n, &done);
	if (r < 0) {
		uint64_t sound = w->sound + whole(p, done);

		/* If that fails too the reader finds the cut by itself. */
		if (ftruncate(w->fd, (off_t)sound) < 0)
			sound = w->sound;
	}
	pthread_mutex_lock(&w->lock);
	w->sound += r < 0 ? whole(p, done) : n;
	w->error = r;
}

static void deadline(struct timespec *ret, uint64_t in_ns)
{
	uint64_t at = clock_ns(CLOCK_MONOTONIC) + in_ns;

	ret->tv_sec = (time_t)(at / NS_PER_S);
	ret->tv_nsec = (long)(at % NS_PER_S);
}

static void *thread_main(void *arg)
{
	struct capture_writer *w = arg;
	struct timespec ts;
	int r;

	pthread_mutex_lock(&w->lock);
	while (!w->closing || w->fill_n) {
		deadline(&ts, FLUSH_NS);
		while (!w->closing && w->fill_n < BUFFER / 2) {
			if (pthread_cond_timedwait(&w->wake, &w->lock, &ts) == ETIMEDOUT)
				break;
		}
		if (w->fill_n)
			write_out(w);
	}
	pthread_mutex_unlock(&w->lock);
	r = close(w->fd) < 0 ? -errno : 0; /* some file systems tell only here */
	pthread_mutex_lock(&w->lock);
	if (!w->error)
		w->error = r;
	w->done = true;
	pthread_cond_broadcast(&w->ended);
	unref_unlock(w);
	return NULL;
}

static int start_thread(struct capture_writer *w)
{
	pthread_attr_t attr;
	sigset_t all, old;
	pthread_t t;
	int r;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	w->refs = 2;
	r = pthread_create(&t, &attr, thread_main, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return -r;
}

static int write_head(struct capture_writer *w, const struct capture_head *head)
{
	struct {
		struct cap_magic m;
		struct cap_head h;
	} all = { .m = { .version = CAPTURE_VERSION, .head_size = sizeof(struct cap_head) } };
	size_t done;

	memcpy(all.m.magic, CAP_MAGIC, sizeof(all.m.magic));
	snprintf(all.h.node, sizeof(all.h.node), "%s", head->node);
	snprintf(all.h.kernel, sizeof(all.h.kernel), "%s", head->kernel);
	snprintf(all.h.boot_id, sizeof(all.h.boot_id), "%s", head->boot_id);
	snprintf(all.h.sonde, sizeof(all.h.sonde), "%s", head->sonde);
	all.h.offset_ns = head->offset_ns;
	all.h.start_ns = head->start_ns;
	all.h.origin = head->origin;
	all.h.event_size = sizeof(struct event);
	w->sound = sizeof(all);
	return write_all(w->fd, (const char *)&all, sizeof(all), &done);
}

static void init_locks(struct capture_writer *w)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, &attr);
	pthread_cond_init(&w->ended, &attr);
	pthread_condattr_destroy(&attr);
}

int capture_create(const char *path, const struct capture_head *head, struct capture_writer **ret,
		   struct sonde_err *err)
{
	struct capture_writer *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	snprintf(w->path, sizeof(w->path), "%s", path);
	init_locks(w);
	w->refs = 1;
	w->fill = malloc(BUFFER);
	w->out = malloc(BUFFER);
	w->fd = -1;
	if (!w->fill || !w->out) {
		r = -ENOMEM;
		goto fail;
	}
	w->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (w->fd < 0) {
		r = sonde_err_set(err, -errno, "%s: cannot be created: %s", path,
				  errno == EEXIST ? "it is there already; choose another name"
						  : strerror(errno));
		goto fail;
	}
	r = write_head(w, head);
	if (!r)
		r = start_thread(w);
	if (!r) {
		*ret = w;
		return 0;
	}
	sonde_err_set(err, r, "%s: cannot be written: %s", path, strerror(-r));
	close(w->fd);
	unlink(path);
	w->refs = 1;
fail:
	pthread_mutex_lock(&w->lock);
	unref_unlock(w);
	return r;
}

/*
 * With the lock held: room for one chunk in the buffer, its head written. NULL with *@ret_r set
 * when it cannot be taken.
 */
static char *chunk(struct capture_writer *w, enum capture_kind kind, uint64_t ktime_ns, size_t n,
		   int *ret_r)
{
	struct cap_chunk c = { .kind = kind, .size = (uint32_t)n, .ktime_ns = ktime_ns };
	size_t len = sizeof(c) + CAP_PADDED(n);
	bool half = w->fill_n < BUFFER / 2;
	char *p;

	*ret_r = w->error;
	if (!*ret_r && n > CAPTURE_CHUNK_MAX)
		*ret_r = -E2BIG;
	else if (!*ret_r && len > BUFFER - w->fill_n - (kind == CAPTURE_END ? 0 : END_ROOM))
		*ret_r = -ENOBUFS;
	if (*ret_r) {
		w->dropped++;
		return NULL;
	}
	p = w->fill + w->fill_n;
	memcpy(p, &c, sizeof(c));
	memset(p + len - 8, 0, n ? 8 : 0); /* the padding */
	w->fill_n += len;
	w->chunks++;
	if (half && w->fill_n >= BUFFER / 2)
		pthread_cond_signal(&w->wake);
	return p + sizeof(c);
}

/* Two parts, so that a fact and its path need no copy in between. */
static int add2(struct capture_writer *w, enum capture_kind kind, uint64_t ktime_ns, const void *p,
		size_t n, const void *more, size_t more_n)
{
	char *at;
	int r;

	pthread_mutex_lock(&w->lock);
	at = chunk(w, kind, ktime_ns, n + more_n, &r);
	if (at && n)
		memcpy(at, p, n);
	if (at && more_n)
		memcpy(at + n, more, more_n);
	pthread_mutex_unlock(&w->lock);
	return r;
}

int capture_add(struct capture_writer *w, enum capture_kind kind, uint64_t ktime_ns, const void *p,
		size_t n)
{
	return add2(w, kind, ktime_ns, p, n, NULL, 0);
}

int capture_record(struct capture_writer *w, uint64_t ktime_ns, const void *rec, size_t n)
{
	char *at;
	int r;

	pthread_mutex_lock(&w->lock);
	at = chunk(w, CAPTURE_RECORD, ktime_ns, n, &r);
	if (at) {
		memcpy(at, rec, n);
		decode_mask(at, n);
	}
	pthread_mutex_unlock(&w->lock);
	return r;
}

int capture_event(struct capture_writer *w, const struct event *ev)
{
	struct event head = *ev;
	char *at;
	int r;

	if (ev->size < sizeof(*ev) || ev->size > EVENT_MAX)
		return -E2BIG;
	/* What later stages joined names rows of this run. */
	head.seq = head.time_ns = 0;
	head.ident = head.pod_reason = 0;
	head.ident_id = 0;
	head.proc_index = head.conn_index = 0;
	head.proc_id = head.conn_id = 0;
	head.flags &= ~(uint32_t)EV_PROC_REF;
	pthread_mutex_lock(&w->lock);
	at = chunk(w, CAPTURE_EVENT, ev->ktime_ns, ev->size, &r);
	if (at) {
		memcpy(at, &head, sizeof(head));
		memcpy(at + sizeof(head), ev + 1, ev->size - sizeof(head));
		if (ev->type == EVENT_EXEC && ev->exec.argv.off >= sizeof(head) &&
		    (size_t)ev->exec.argv.off + ev->exec.argv.len <= ev->size)
			mask_args(at + ev->exec.argv.off, ev->exec.argv.len);
	}
	pthread_mutex_unlock(&w->lock);
	return r;
}

int capture_cgroup(struct capture_writer *w, const struct cgroup_fact *f)
{
	struct cap_cgroup c = {
		.id = f->key.id,
		.hierarchy = f->key.hierarchy,
		.parent_id = f->parent.id,
		.parent_hierarchy = f->parent.hierarchy,
		.at_ns = f->at_ns,
		.gone = f->gone,
		.n = (uint32_t)MIN(f->n, (size_t)CGROUP_PATH_MAX),
	};

	return add2(w, CAPTURE_CGROUP, f->at_ns, &c, sizeof(c), f->path, c.n);
}

int capture_task(struct capture_writer *w, uint64_t ktime_ns, const struct task_fact *f)
{
	struct cap_task t = {
		.pid = f->pid,
		.ppid = f->ppid,
		.nspid = f->nspid,
		.threads = f->threads,
		.uid = f->uid,
		.gid = f->gid,
		.uid_host = f->uid_host,
		.tty = f->tty,
		.start_ns = f->start_ns,
		.parent_start_ns = f->parent_start_ns,
		.cpu_ns = f->cpu_ns,
		.rss_bytes = f->rss_bytes,
		.cg_id = f->cg.id,
		.cg_hierarchy = f->cg.hierarchy,
		.mntns = f->mntns,
		.pidns = f->pidns,
		.netns = f->netns,
		.last = f->last,
	};

	memcpy(t.comm, f->comm, sizeof(t.comm));
	return capture_add(w, CAPTURE_TASK, ktime_ns, &t, sizeof(t));
}

static struct cap_addr pack_addr(const struct event_addr *a)
{
	struct cap_addr c = { .port = a->port };

	c.family = a->family == AF_INET ? 4 : a->family == AF_INET6 ? 6 : 0;
	memcpy(c.addr, &a->v6, c.family == 4 ? 4 : c.family == 6 ? 16 : 0);
	return c;
}

int capture_socket(struct capture_writer *w, uint64_t ktime_ns, const struct socket_fact *f)
{
	struct cap_socket s = {
		.cookie = f->cookie,
		.inode = f->inode,
		.start_ns = f->start_ns,
		.bytes_in = f->bytes_in,
		.bytes_out = f->bytes_out,
		.cg_id = f->cg.id,
		.cg_hierarchy = f->cg.hierarchy,
		.netns = f->netns,
		.pid = f->pid,
		.local = pack_addr(&f->local),
		.remote = pack_addr(&f->remote),
		.proto = f->proto,
		.state = f->state,
		.last = f->last,
	};

	return capture_add(w, CAPTURE_SOCKET, ktime_ns, &s, sizeof(s));
}

int capture_loss(struct capture_writer *w, uint64_t ktime_ns, const struct capture_loss *l,
		 size_t n)
{
	const size_t most = CAPTURE_CHUNK_MAX / sizeof(*l);
	int r = 0;

	for (size_t at = 0; at < n && !r; at += most)
		r = capture_add(w, CAPTURE_LOSS, ktime_ns, l + at, MIN(n - at, most) * sizeof(*l));
	return r;
}

uint64_t capture_dropped(const struct capture_writer *w)
{
	struct capture_writer *lockable = (struct capture_writer *)w;
	uint64_t n;

	pthread_mutex_lock(&lockable->lock);
	n = w->dropped;
	pthread_mutex_unlock(&lockable->lock);
	return n;
}

static void end_mark(struct capture_writer *w)
{
	struct cap_end e = { .chunks = w->chunks, .dropped = w->dropped };
	int r;
	char *at = chunk(w, CAPTURE_END, clock_boot(), sizeof(e), &r);

	if (at)
		memcpy(at, &e, sizeof(e));
}

int capture_close(struct capture_writer *w, struct sonde_err *err)
{
	struct timespec ts;
	uint64_t sound;
	char path[256];
	int r;

	if (!w)
		return 0;
	deadline(&ts, CLOSE_NS);
	pthread_mutex_lock(&w->lock);
	end_mark(w);
	w->closing = true;
	pthread_cond_signal(&w->wake);
	while (!w->done) {
		if (pthread_cond_timedwait(&w->ended, &w->lock, &ts) == ETIMEDOUT)
			break;
	}
	r = w->done ? w->error : -ETIMEDOUT;
	sound = w->sound;
	snprintf(path, sizeof(path), "%s", w->path);
	unref_unlock(w);
	if (r < 0)
		sonde_err_set(err, r, "%s: %s; its first %llu bytes are sound", path,
			      r == -ETIMEDOUT ? "the disk does not take the rest" : strerror(-r),
			      (unsigned long long)sound);
	return r;
}

void capture_head_here(const char *host_root, struct capture_head *ret)
{
	struct node_sample s;
	ssize_t n;

	memset(ret, 0, sizeof(*ret));
	if (!procfs_node(host_root, &s)) {
		snprintf(ret->node, sizeof(ret->node), "%s", s.node);
		snprintf(ret->kernel, sizeof(ret->kernel), "%s", s.kernel);
	}
	n = proc_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", ret->boot_id,
		      sizeof(ret->boot_id));
	if (n > 0)
		ret->boot_id[strcspn(ret->boot_id, "\n")] = 0;
	snprintf(ret->sonde, sizeof(ret->sonde), "%.31s", SONDE_VERSION);
	ret->offset_ns = clock_offset();
	ret->start_ns = clock_boot();
	ret->event_size = sizeof(struct event);
}
