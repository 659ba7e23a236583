/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * First picture and repair: reads the kernel's task and file iterators in slices.
 *
 *   IDLE  -> TASKS  picture_step()
 *   TASKS -> FILES  end of the task iterator, when sockets are wanted
 *   TASKS, FILES -> IDLE  its end; the fact with `last` was delivered
 *
 * A process with one thread is told at once. Threads of the others come as records of
 * their own in any order: they are summed in `groups` and told at the end of TASKS.
 * A kernel may leave out a task that holds more capabilities than we do, which init may:
 * what procfs says of it stands in.
 */
#include "sensor/live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/clock.h"
#include "base/macros.h"
#include "iter.skel.h"
#include "sensor/decode.h"
#include "sensor/procfs_raw.h"

#define GROUPS_MAX 65536

enum stage { IDLE, TASKS, FILES };

struct group {
	struct task_fact fact; /* pid 0: free */
	bool leader;           /* the leader's record was seen */
};

struct picture {
	struct bpf_object *obj;
	struct bpf_link *links[2];
	int progs[2];
	enum stage stage;
	bool sockets;
	bool init;      /* process 1 was among the tasks of this pass */
	char proc[256]; /* the node's procfs */
	int fd;
	size_t have;
	char buf[64 << 10];
	struct group *groups; /* open addressing by pid */
	uint32_t n_groups, room;
	uint64_t page;
};

struct picture *picture_open(struct live *l)
{
	static const char *const names[2] = { "dump_task", "dump_file" };
	struct picture *p = calloc(1, sizeof(*p));
	const void *elf;
	size_t n;

	if (!p)
		return NULL;
	snprintf(p->proc, sizeof(p->proc), "%s/proc",
		 l->opts.host_root && strcmp(l->opts.host_root, "/") != 0 ? l->opts.host_root : "");
	p->fd = -1;
	p->page = (uint64_t)sysconf(_SC_PAGESIZE);
	elf = iter_bpf__elf_bytes(&n);
	p->obj = probe_object(&l->maps, &l->cfg, elf, n, "iter");
	if (!p->obj || bpf_object__load(p->obj)) {
		int e = errno;

		picture_close(p);
		errno = e;
		return NULL;
	}
	for (size_t i = 0; i < 2; i++) {
		struct bpf_program *prog = bpf_object__find_program_by_name(p->obj, names[i]);

		p->progs[i] = bpf_program__fd(prog);
		p->links[i] = bpf_program__attach_iter(prog, NULL);
		if (!p->links[i]) {
			int e = errno;

			picture_close(p);
			errno = e;
			return NULL;
		}
	}
	return p;
}

static void end_pass(struct picture *p)
{
	if (p->fd >= 0)
		close(p->fd);
	free(p->groups);
	p->groups = NULL;
	p->n_groups = p->room = 0;
	p->fd = -1;
	p->have = 0;
	p->stage = IDLE;
}

void picture_close(struct picture *p)
{
	if (!p)
		return;
	end_pass(p);
	bpf_link__destroy(p->links[0]);
	bpf_link__destroy(p->links[1]);
	bpf_object__close(p->obj);
	free(p);
}

void picture_stats(const struct picture *p, uint64_t *missed, uint64_t *run_ns, uint64_t *runs)
{
	for (size_t i = 0; p && i < 2; i++) {
		struct bpf_prog_info info = { 0 };
		uint32_t size = sizeof(info);

		if (bpf_obj_get_info_by_fd(p->progs[i], &info, &size))
			continue;
		*missed += info.recursion_misses;
		*run_ns += info.run_time_ns;
		*runs += info.run_cnt;
	}
}

static struct group *slot(struct group *g, uint32_t room, uint32_t pid)
{
	uint32_t at = pid * 2654435761u & (room - 1);

	while (g[at].fact.pid && g[at].fact.pid != pid)
		at = (at + 1) & (room - 1);
	return &g[at];
}

/* The group of @pid, made when there is none. NULL on no memory or too many. */
static struct group *group_of(struct picture *p, uint32_t pid)
{
	struct group *g;

	if (p->n_groups * 2 >= p->room) {
		uint32_t room = p->room ? p->room * 2 : 256;
		struct group *more = room <= GROUPS_MAX * 2 ? calloc(room, sizeof(*more)) : NULL;

		if (!more)
			return NULL;
		for (uint32_t i = 0; i < p->room; i++)
			if (p->groups[i].fact.pid)
				*slot(more, room, p->groups[i].fact.pid) = p->groups[i];
		free(p->groups);
		p->groups = more;
		p->room = room;
	}
	g = slot(p->groups, p->room, pid);
	if (!g->fact.pid) {
		g->fact.pid = pid;
		p->n_groups++;
	}
	return g;
}

static void fill(struct task_fact *f, const struct pic_task *t, uint64_t page)
{
	*f = (struct task_fact){
		.pid = t->h.tgid,
		.ppid = t->h.ppid,
		.nspid = t->ids.nspid,
		.threads = t->ids.threads,
		.uid = t->ids.uid,
		.gid = t->ids.gid,
		.uid_host = t->ids.uid_host,
		.tty = t->ids.tty,
		.start_ns = t->h.start_ns,
		.parent_start_ns = t->ids.parent_start_ns,
		.cpu_ns = t->cpu_ns,
		.rss_bytes = t->rss_pages * page,
		.cg = { .id = t->h.cgroup_id, .hierarchy = t->h.hierarchy },
		.mntns = t->h.mntns,
		.pidns = t->h.pidns,
		.netns = t->h.netns,
	};
	memcpy(f->comm, t->h.comm, sizeof(f->comm));
	f->comm[sizeof(f->comm) - 1] = 0;
}

static void on_task(struct picture *p, const struct pic_task *t, const struct sensor_sink *sink)
{
	struct task_fact f;
	struct group *g;
	uint64_t cpu;

	p->init |= t->leader && t->h.tgid == 1;
	if (t->leader && t->ids.threads <= 1) {
		fill(&f, t, p->page);
		sink->task(sink->ctx, &f);
		return;
	}
	g = t->h.tgid ? group_of(p, t->h.tgid) : NULL;
	if (!g) {
		/* better a process without its other threads' time than none */
		if (t->leader) {
			fill(&f, t, p->page);
			sink->task(sink->ctx, &f);
		}
		return;
	}
	cpu = g->fact.cpu_ns + t->cpu_ns;
	if (t->leader) {
		fill(&g->fact, t, p->page);
		g->leader = true;
	}
	g->fact.cpu_ns = cpu;
}

/* Records in the buffer -> sink; what is not whole stays for the next read. */
static int parse(struct picture *p, const struct sensor_sink *sink)
{
	size_t at = 0;

	while (p->have - at >= sizeof(struct wire_head)) {
		const uint8_t *rec = (const uint8_t *)p->buf + at;
		struct wire_head h;

		memcpy(&h, rec, sizeof(h));
		if (h.size < sizeof(h))
			return -EBADMSG;
		if (h.size > p->have - at)
			break;
		if (h.kind == WIRE_CGROUP) {
			decode_cgroup(rec, h.size, sink);
		} else if (h.kind == WIRE_PIC_TASK && h.size == sizeof(struct pic_task)) {
			struct pic_task t;

			memcpy(&t, rec, sizeof(t));
			on_task(p, &t, sink);
		} else if (h.kind == WIRE_PIC_SOCK && h.size == sizeof(struct net_conn)) {
			struct socket_fact f;
			struct net_conn c;

			memcpy(&c, rec, sizeof(c));
			decode_socket(&c, &f);
			sink->socket(sink->ctx, &f);
		}
		at += h.size;
	}
	memmove(p->buf, p->buf + at, p->have - at);
	p->have -= at;
	return 0;
}

static int begin(struct picture *p, enum stage stage)
{
	p->fd = bpf_iter_create(bpf_link__fd(p->links[stage - TASKS]));
	if (p->fd < 0)
		return -errno;
	p->stage = stage;
	p->init &= stage != TASKS;
	p->have = 0;
	return 0;
}

static void add_init(const struct picture *p, const struct sensor_sink *sink)
{
	char buf[1024];
	struct proc_stat st;
	ssize_t n;
	int fd = proc_open(p->proc, 1);

	if (fd < 0)
		return;
	n = proc_read(fd, "stat", buf, sizeof(buf));
	if (n > 0 && proc_stat_parse(buf, (size_t)n, &st) == 0) {
		struct task_fact f = {
			.pid = 1,
			.nspid = 1,
			.threads = st.threads,
			.start_ns = st.start_ns,
			.cpu_ns = st.cpu_ns,
			.rss_bytes = st.rss_bytes,
		};

		memcpy(f.comm, st.comm, sizeof(f.comm));
		sink->task(sink->ctx, &f);
	}
	close(fd);
}

/* The iterator is at its end: tell what was summed, then that the pass is over. Returns 1 when
 * files are next. */
static int finish(struct picture *p, const struct sensor_sink *sink)
{
	bool more = p->stage == TASKS && p->sockets;

	for (uint32_t i = 0; p->stage == TASKS && i < p->room; i++)
		if (p->groups[i].leader)
			sink->task(sink->ctx, &p->groups[i].fact);
	if (p->stage == TASKS && !p->init)
		add_init(p, sink);
	if (p->stage == TASKS)
		sink->task(sink->ctx, &(struct task_fact){ .last = true });
	else
		sink->socket(sink->ctx, &(struct socket_fact){ .last = true });
	end_pass(p);
	return more;
}

int picture_step(struct picture *p, bool sockets, uint64_t budget_ns,
		 const struct sensor_sink *sink)
{
	uint64_t start = clock_ns(CLOCK_MONOTONIC);
	int r;

	if (p->stage == IDLE) {
		p->sockets = sockets;
		r = begin(p, TASKS);
		if (r < 0)
			return r;
	}
	do {
		ssize_t n = read(p->fd, p->buf + p->have, sizeof(p->buf) - p->have);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		r = n < 0 ? -errno : 0;
		if (n > 0) {
			p->have += (size_t)n;
			r = parse(p, sink);
		}
		if (!r && n == 0) {
			r = finish(p, sink);
			if (!r)
				return 0;
			r = begin(p, FILES);
		}
		if (r < 0) {
			end_pass(p);
			return r;
		}
	} while (clock_ns(CLOCK_MONOTONIC) - start < budget_ns);
	return 1;
}
