/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The source without BPF: passes over procfs, compared with what the last one saw.
 * What lives shorter than a pass is missed, and the screen says so.
 *
 * A pass is cut into steps of well under a millisecond. Stages and what leaves them:
 *
 *   IDLE    -> TASKS     begin()             half a second after the last pass began, or a picture
 *   TASKS   -> GONE      task_step()         /proc is read; tasks of a picture are told
 *   GONE    -> SOCKS     gone_step()         what was not seen has ended
 *   SOCKS   -> HOLDERS   poll_socks_step()   one process of each network namespace lends its
 * /proc/PID/net HOLDERS -> TELL      poll_holders_step() whose descriptor is it TELL    -> CGROUPS
 * poll_tell_step()    new and gone sockets; sockets of a picture are told CGROUPS -> IDLE
 * poll_cgroup_step()
 *
 * A picture that is asked for within a pass starts the pass again with the same number.
 */
#include "sensor/polling.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macros.h"

#define PERIOD_NS         (500 * NS_PER_MS)
#define SLICE_NS          (3 * NS_PER_MS)
/* Passes may take one part in eight of a core: on big nodes the period grows, up to a limit. */
#define DUTY              8
#define PERIOD_MAX_NS     (3 * NS_PER_S)
/* Each read of a socket table walks the kernel's whole hash, once a network namespace. */
#define NET_PERIOD_MAX_NS (10 * NS_PER_S)
/* What one step may take: a read of a socket table, any other. */
#define NET_STEP_NS       (2 * NS_PER_MS)
#define STEP_NS           (NS_PER_MS / 2)
/* Ids and cgroups of a known process are read again each so many passes. */
#define REFRESH           8
#define ARGV_MAX          4096

static struct poll_proc **proc_slot(struct polling *p, uint32_t pid)
{
	struct poll_proc **at = &p->procs[pid % POLL_BUCKETS];

	while (*at && (*at)->pid != pid)
		at = &(*at)->next;
	return at;
}

struct poll_proc *poll_proc_find(struct polling *p, uint32_t pid)
{
	return *proc_slot(p, pid);
}

void poll_event_of(struct event *ev, const struct poll_proc *pr, uint64_t now)
{
	ev->origin = ORIGIN_POLLING;
	ev->ktime_ns = now;
	if (!pr)
		return;
	ev->cg = pr->cg;
	ev->pidns = pr->pidns;
	ev->mntns = pr->mntns;
	ev->netns = pr->netns;
	ev->pid = ev->tid = pr->pid;
	ev->ppid = pr->ppid;
	ev->nspid = pr->nspid;
	ev->start_ns = pr->start_ns;
	ev->parent_start_ns = pr->parent_start_ns;
	ev->exec_ns = pr->exec_ns;
	ev->uid = pr->uid;
	ev->gid = pr->gid;
	ev->uid_host = pr->uid_host;
	ev->tty = pr->tty;
	ev->flags |= EV_UID | (pr->nspid ? EV_CONTAINER_PID : 0);
	memcpy(ev->comm, pr->comm, sizeof(ev->comm));
}

static struct event *begin_event(struct polling *p, enum event_type type,
				 const struct poll_proc *pr)
{
	struct event *ev = event_begin(&p->ev, type);

	poll_event_of(ev, pr, clock_boot());
	return ev;
}

/* What descriptors 0 to 2 are. A socket's family is not in its name. */
static uint8_t fd_kind(int dirfd, int nr)
{
	static const struct {
		const char *head;
		uint8_t kind;
	} kinds[] = {
		{ "/dev/null", FD_NULL },   { "/dev/pts/", FD_TTY }, { "/dev/tty", FD_TTY },
		{ "/dev/console", FD_TTY }, { "/", FD_FILE },        { "pipe:[", FD_PIPE },
		{ "socket:[", FD_UNKNOWN },
	};
	char name[16], link[256];
	ssize_t n;

	snprintf(name, sizeof(name), "fd/%d", nr);
	n = proc_link(dirfd, name, link, sizeof(link));
	if (n < 0)
		return n == -ENOENT ? FD_CLOSED : FD_UNKNOWN;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!strncmp(link, kinds[i].head, strlen(kinds[i].head)))
			return kinds[i].kind;
	}
	return FD_OTHER;
}

static void tell_exec(struct polling *p, int fd, struct poll_proc *pr,
		      const struct sensor_sink *sink)
{
	char path[1024], argv[ARGV_MAX + 2];
	struct event *ev;
	ssize_t n;

	n = proc_read(fd, "cmdline", argv, sizeof(argv));
	if (n < 0)
		return; /* gone already: the exit tells */
	pr->exec_ns = clock_boot();
	ev = begin_event(p, EVENT_EXEC, pr);
	if (n > ARGV_MAX)
		ev->flags |= EV_ARGV_CUT;
	ev->exec.argv = event_text_add(ev, argv, (size_t)MIN(n, (ssize_t)ARGV_MAX));
	n = proc_exe(fd, path, sizeof(path), NULL);
	if (n >= 0)
		ev->exe = event_text_add(ev, path, (size_t)n);
	if (n >= 0 && !strncmp(path, "/memfd:", 7))
		ev->layer = LAYER_MEMFD;
	n = proc_link(fd, "cwd", path, sizeof(path));
	if (n >= 0)
		ev->cwd = event_text_add(ev, path, (size_t)n);
	for (int i = 0; i < 3; i++)
		ev->fd_kind[i] = fd_kind(fd, i);
	sink->event(sink->ctx, &p->ev);
}

static void tell_exit(struct polling *p, const struct poll_proc *pr, const struct proc_stat *st,
		      const struct sensor_sink *sink)
{
	struct event *ev;

	if (!p->events)
		return;
	ev = begin_event(p, EVENT_EXIT, pr);
	ev->duration_ns = ev->ktime_ns > pr->start_ns ? ev->ktime_ns - pr->start_ns : 0;
	ev->flags |= EV_DURATION;
	ev->exit.code = EXIT_NOT_SEEN;
	if (st && st->exit_code & 0x7f) {
		ev->exit.code = st->exit_code & 0x7f;
		ev->flags |= EV_EXIT_SIGNAL;
	} else if (st) {
		ev->exit.code = st->exit_code >> 8 & 0xff;
	}
	sink->event(sink->ctx, &p->ev);
}

static void tell_task(struct polling *p, const struct poll_proc *pr, const struct proc_stat *st,
		      const struct sensor_sink *sink)
{
	struct task_fact f = {
		.pid = pr->pid,
		.ppid = pr->ppid,
		.nspid = pr->nspid,
		.threads = st->threads,
		.uid = pr->uid,
		.gid = pr->gid,
		.uid_host = pr->uid_host,
		.tty = pr->tty,
		.start_ns = pr->start_ns,
		.parent_start_ns = pr->parent_start_ns,
		.cpu_ns = st->cpu_ns,
		.rss_bytes = st->rss_bytes,
		.cg = pr->cg,
		.mntns = pr->mntns,
		.pidns = pr->pidns,
		.netns = pr->netns,
	};

	if (!p->want_tasks)
		return;
	memcpy(f.comm, pr->comm, sizeof(f.comm));
	sink->task(sink->ctx, &f);
}

static void read_ids(struct polling *p, int fd, struct poll_proc *pr)
{
	char buf[8192], map[2048];
	struct proc_users ids;
	ssize_t n = proc_read(fd, "status", buf, sizeof(buf));

	if (n < 0 || proc_users_parse(buf, (size_t)n, &ids) < 0)
		return;
	pr->nspid = ids.nspid;
	pr->uid = pr->uid_host = ids.uid[1];
	pr->gid = ids.gid[1];
	if (proc_ns(fd, "ns/user") == p->host_userns)
		return;
	n = proc_read(fd, "uid_map", map, sizeof(map));
	if (n > 0)
		pr->uid = proc_map_id(map, (size_t)n, pr->uid);
	n = proc_read(fd, "gid_map", map, sizeof(map));
	if (n > 0)
		pr->gid = proc_map_id(map, (size_t)n, pr->gid);
}

static void read_rest(struct polling *p, int fd, struct poll_proc *pr,
		      const struct sensor_sink *sink)
{
	char buf[8192];
	ssize_t n = proc_read(fd, "cgroup", buf, sizeof(buf));

	if (n > 0)
		pr->cg = poll_cgroup(p, buf, (size_t)n, sink);
	pr->mntns = proc_ns(fd, "ns/mnt");
	pr->pidns = proc_ns(fd, "ns/pid");
	pr->netns = proc_ns(fd, "ns/net");
	read_ids(p, fd, pr);
}

static void drop(struct polling *p, struct poll_proc **at)
{
	struct poll_proc *pr = *at;

	if (p->fd_proc == pr)
		p->fd_proc = NULL;
	*at = pr->next;
	p->n_procs--;
	free(pr);
}

static struct poll_proc *add(struct polling *p, const struct proc_stat *st)
{
	struct poll_proc **at = &p->procs[st->pid % POLL_BUCKETS], *pr, *parent;

	if (p->n_procs >= POLL_PROCS_MAX) {
		p->dropped++;
		return NULL;
	}
	pr = calloc(1, sizeof(*pr));
	if (!pr) {
		p->dropped++;
		return NULL;
	}
	pr->pid = st->pid;
	pr->start_ns = st->start_ns;
	parent = poll_proc_find(p, st->ppid);
	pr->parent_start_ns = parent ? parent->start_ns : 0;
	pr->next = *at;
	*at = pr;
	p->n_procs++;
	return pr;
}

static void take_stat(struct poll_proc *pr, const struct proc_stat *st)
{
	pr->ppid = st->ppid;
	pr->tty = st->tty;
	pr->image[0] = st->code_start;
	pr->image[1] = st->stack_start;
	pr->image[2] = st->arg_start;
	memcpy(pr->comm, st->comm, sizeof(pr->comm));
}

static bool other_image(const struct poll_proc *pr, const struct proc_stat *st)
{
	return st->arg_start && (pr->image[0] != st->code_start ||
				 pr->image[1] != st->stack_start || pr->image[2] != st->arg_start);
}

/* Somebody new. Right after fork it is its parent's copy; anything else has executed a file. */
static struct poll_proc *newcomer(struct polling *p, int fd, const struct proc_stat *st,
				  const struct sensor_sink *sink)
{
	struct poll_proc *pr = add(p, st), *parent;

	if (!pr)
		return NULL;
	take_stat(pr, st);
	read_rest(p, fd, pr, sink);
	if (!p->events || pr->start_ns + proc_tick_ns() <= p->open_ns)
		return pr;
	begin_event(p, EVENT_FORK, pr);
	sink->event(sink->ctx, &p->ev);
	parent = poll_proc_find(p, pr->ppid);
	if (st->arg_start && (!parent || other_image(parent, st)))
		tell_exec(p, fd, pr, sink);
	return pr;
}

static void known(struct polling *p, int fd, struct poll_proc *pr, const struct proc_stat *st,
		  const struct sensor_sink *sink)
{
	bool execed = other_image(pr, st);

	take_stat(pr, st);
	if (execed || (pr->pid + p->pass) % REFRESH == 0)
		read_rest(p, fd, pr, sink);
	if (execed && p->events)
		tell_exec(p, fd, pr, sink);
}

static void look_at(struct polling *p, uint32_t pid, const struct sensor_sink *sink)
{
	char name[16], buf[1024];
	struct poll_proc **at = proc_slot(p, pid), *pr = *at;
	struct proc_stat st;
	ssize_t n;
	int fd;

	snprintf(name, sizeof(name), "%u", pid);
	fd = openat(p->proc_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = proc_read(fd, "stat", buf, sizeof(buf));
	if (n < 0 || proc_stat_parse(buf, (size_t)n, &st) < 0 || st.pid != pid)
		goto out;
	if (pr && pr->start_ns != st.start_ns) { /* the number was used again */
		if (!pr->ended)
			tell_exit(p, pr, NULL, sink);
		drop(p, at);
		pr = NULL;
	}
	/* A leader may be a zombie while its threads go on. */
	if ((st.state == 'Z' || st.state == 'X') && st.threads <= 1) {
		if (pr && !pr->ended)
			tell_exit(p, pr, &st, sink);
		if (pr) {
			pr->ended = true;
			pr->pass = p->pass;
		}
		goto out;
	}
	if (!pr)
		pr = newcomer(p, fd, &st, sink);
	else
		known(p, fd, pr, &st, sink);
	if (!pr)
		goto out;
	pr->pass = p->pass;
	poll_netns_seen(p, pr->netns, pid);
	tell_task(p, pr, &st, sink);
out:
	close(fd);
}

static bool task_step(struct polling *p, const struct sensor_sink *sink)
{
	struct dirent *e = readdir(p->dir);
	uint64_t pid;

	if (!e) {
		if (p->want_tasks)
			sink->task(sink->ctx, &(struct task_fact){ .last = true });
		p->want_tasks = false;
		p->cursor = 0;
		return true;
	}
	if (isdigit((unsigned char)e->d_name[0]) &&
	    proc_u64(e->d_name, e->d_name + strlen(e->d_name), &pid) && pid && pid <= INT32_MAX)
		look_at(p, (uint32_t)pid, sink);
	return false;
}

static bool gone_step(struct polling *p, const struct sensor_sink *sink)
{
	for (unsigned end = p->cursor + 16; p->cursor < end && p->cursor < POLL_BUCKETS;
	     p->cursor++) {
		struct poll_proc **at = &p->procs[p->cursor];

		while (*at) {
			if ((*at)->pass == p->pass) {
				at = &(*at)->next;
				continue;
			}
			if (!(*at)->ended)
				tell_exit(p, *at, NULL, sink);
			drop(p, at);
		}
	}
	return p->cursor >= POLL_BUCKETS;
}

/* When the next one may begin that takes as much work as the last. */
static uint64_t due(uint64_t began, uint64_t least, uint64_t work, uint64_t most)
{
	return began + MIN(MAX(least, work * DUTY), most);
}

static void enter(struct polling *p, enum poll_stage stage)
{
	p->stage = stage;
	p->cursor = 0;
	if (stage == POLL_SOCKS)
		poll_socks_begin(p);
	if (stage == POLL_SOCKS)
		p->net_work_ns = 0;
	if (stage == POLL_IDLE) {
		p->next_ns = due(p->began_ns, PERIOD_NS, p->work_ns, PERIOD_MAX_NS);
		if (p->did_net)
			p->next_net_ns =
				due(p->began_ns, PERIOD_NS, p->net_work_ns, NET_PERIOD_MAX_NS);
		p->did_net = false;
	}
}

static void begin(struct polling *p)
{
	if (p->stage == POLL_IDLE) {
		p->pass++;
		p->began_ns = clock_boot();
		p->work_ns = 0;
	}
	p->n_netns = 0;
	rewinddir(p->dir);
	enter(p, POLL_TASKS);
}

/* One step; true while the pass goes on. */
static bool step(struct polling *p, const struct sensor_sink *sink)
{
	bool net = p->want_socks || (p->events && clock_boot() >= p->next_net_ns);

	switch (p->stage) {
	case POLL_TASKS:
		if (task_step(p, sink))
			enter(p, POLL_GONE);
		break;
	case POLL_GONE:
		if (gone_step(p, sink))
			enter(p, net ? POLL_SOCKS : POLL_CGROUPS);
		p->did_net = p->stage == POLL_SOCKS;
		break;
	case POLL_SOCKS:
		if (poll_socks_step(p))
			enter(p, POLL_HOLDERS);
		break;
	case POLL_HOLDERS:
		if (poll_holders_step(p))
			enter(p, POLL_TELL);
		break;
	case POLL_TELL:
		if (poll_tell_step(p, sink))
			enter(p, POLL_CGROUPS);
		break;
	case POLL_CGROUPS:
		if (poll_cgroup_step(p, sink))
			enter(p, POLL_IDLE);
		break;
	case POLL_IDLE:
		break;
	}
	return p->stage != POLL_IDLE;
}

/*
 * /proc/PID/cgroup is told as the reader's cgroup namespace sees it: in a container of our own we
 * read it as the host does. Where that is refused, what lies outside of it has no path.
 */
static void join_host_cgroupns(struct polling *p)
{
	uint32_t host = proc_ns(p->proc_fd, "1/ns/cgroup");
	int fd;

	p->ns_joined = true;
	if (!host || host == proc_ns(p->proc_fd, "thread-self/ns/cgroup"))
		return;
	fd = openat(p->proc_fd, "1/ns/cgroup", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)setns(fd, CLONE_NEWCGROUP); /* of this thread only */
	close(fd);
}

/* Work until the pass is over, @wanted (NULL: nothing) is told, or time is up. */
static void run(struct polling *p, uint64_t budget_ns, const struct sensor_sink *sink,
		const bool *wanted)
{
	uint64_t until = clock_boot() + MIN(budget_ns, SLICE_NS);
	uint64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID), used;
	bool net = p->stage > POLL_GONE;

	if (!p->ns_joined)
		join_host_cgroupns(p);
	while ((!wanted || *wanted) && step(p, sink)) {
		if (clock_boot() + (p->stage == POLL_SOCKS ? NET_STEP_NS : STEP_NS) >= until)
			break;
	}
	used = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	if (net)
		p->net_work_ns += used;
	else
		p->work_ns += used;
}

static int polling_drain(void *src, uint64_t budget_ns, const struct sensor_sink *sink)
{
	struct polling *p = src;

	p->events = true;
	if (p->stage == POLL_IDLE) {
		if (clock_boot() < p->next_ns)
			return 0;
		begin(p);
	}
	run(p, budget_ns, sink, NULL);
	return p->stage != POLL_IDLE;
}

int polling_picture(void *src, bool sockets, uint64_t budget_ns, const struct sensor_sink *sink)
{
	struct polling *p = src;

	if (!p->full) {
		p->full = p->want_tasks = true;
		p->want_socks = sockets;
		begin(p);
	}
	if (p->want_tasks)
		run(p, budget_ns, sink, &p->want_tasks);
	else if (p->want_socks)
		run(p, budget_ns, sink, &p->want_socks);
	if (p->want_tasks || p->want_socks)
		return 1;
	/* Nobody drains (the ring does the events): end the pass here. */
	if (!p->events && p->stage != POLL_IDLE) {
		run(p, budget_ns, sink, NULL);
		if (p->stage != POLL_IDLE)
			return 1;
	}
	p->full = false;
	return 0;
}

uint64_t polling_dropped(const void *src)
{
	return ((const struct polling *)src)->dropped;
}

static int polling_fd(const void *src)
{
	(void)src;
	return -1;
}

static void polling_close(void *src)
{
	struct polling *p = src;

	if (!p)
		return;
	for (unsigned i = 0; i < POLL_BUCKETS; i++) {
		while (p->procs[i])
			drop(p, &p->procs[i]);
	}
	poll_net_done(p);
	poll_cgroup_done(p);
	if (p->dir)
		closedir(p->dir);
	free(p);
}

int polling_open(const struct sensor_opts *o, void **ret_src, struct sonde_err *err)
{
	const char *root = o->host_root && strcmp(o->host_root, "/") != 0 ? o->host_root : "";
	struct polling *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->net_fd = -1;
	if ((size_t)snprintf(p->proc, sizeof(p->proc), "%s/proc", root) >= sizeof(p->proc)) {
		free(p);
		return sonde_err_set(err, -ENAMETOOLONG, "%s: host root: path too long", root);
	}
	p->dir = opendir(p->proc);
	if (!p->dir) {
		int r = -errno;

		sonde_err_set(err, r, "%s: cannot be read: %s", p->proc, strerror(-r));
		free(p);
		return r;
	}
	p->proc_fd = dirfd(p->dir);
	p->host_userns = proc_ns(p->proc_fd, "self/ns/user");
	p->open_ns = clock_boot();
	poll_cgroup_init(p, root);
	*ret_src = p;
	return 0;
}

const struct source_ops polling_ops = {
	.name = "polling",
	.origin = ORIGIN_POLLING,
	.drain = polling_drain,
	.picture = polling_picture,
	.fd = polling_fd,
	.close = polling_close,
};
