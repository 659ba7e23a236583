/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose socket is it: the descriptors of the processes that may hold one without a
 * holder yet, in portions; what a pass did not come to, the next one goes on with.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sensor/polling.h"

/* So many passes a holder is looked for, then every RETRY passes. */
#define TRIES    3
#define RETRY    20
/* Descriptors that are looked at in one pass; the next one goes on behind them. */
#define FDS_PASS 65536

static bool wanted(const struct polling *p, const struct poll_sock *k)
{
	return k->pass == p->pass && !k->pid && k->inode &&
	       (k->tries < TRIES || p->pass % RETRY == 0);
}

/* Count what has no holder yet, so that only processes that may be one are looked at. */
static void count_unresolved(struct polling *p, struct poll_sock *k)
{
	struct poll_proc *pr = k->pid ? poll_proc_find(p, k->pid) : NULL;
	struct poll_netns *ns;

	if (k->pid && k->pass == p->pass && (!pr || pr->start_ns != k->start_ns))
		k->pid = 0; /* it lives on in somebody else's hands */
	if (!wanted(p, k))
		return;
	if (k->tries)
		p->holders_all = true;
	if (k->tries < TRIES)
		k->tries++;
	ns = poll_netns_find(p, k->netns);
	if (ns)
		ns->unresolved++;
	p->n_unresolved++;
}

static void holder(struct polling *p, struct poll_proc *pr, uint64_t inode)
{
	struct poll_sock *k = p->inodes[inode % POLL_BUCKETS];
	struct poll_netns *ns;

	while (k && k->inode != inode)
		k = k->next_inode;
	if (!k || k->pid || k->pass != p->pass)
		return;
	k->pid = pr->pid;
	k->start_ns = pr->start_ns;
	k->cg = pr->cg;
	memcpy(k->comm, pr->comm, sizeof(k->comm));
	if (p->n_unresolved)
		p->n_unresolved--;
	ns = poll_netns_find(p, k->netns);
	if (ns && ns->unresolved)
		ns->unresolved--;
}

static bool may_hold(struct polling *p, const struct poll_proc *pr)
{
	struct poll_netns *ns;

	if (pr->ended || pr->pass != p->pass)
		return false;
	if (p->holders_all)
		return true;
	ns = poll_netns_find(p, pr->netns);
	return ns && ns->unresolved;
}

static void open_fds(struct polling *p, struct poll_proc *pr)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "%u/fd", pr->pid);
	fd = openat(p->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	p->fd_dir = fdopendir(fd);
	if (!p->fd_dir)
		close(fd);
}

/* Some descriptors of the process at hand. */
static void read_fds(struct polling *p, struct poll_proc *pr)
{
	for (int i = 0; i < 32; i++) {
		struct dirent *e = readdir(p->fd_dir);
		char link[64];
		uint64_t inode;

		p->fds_left--;
		if (!e || !p->n_unresolved) {
			closedir(p->fd_dir);
			p->fd_dir = NULL;
			return;
		}
		if (proc_link(dirfd(p->fd_dir), e->d_name, link, sizeof(link)) > 8 &&
		    !memcmp(link, "socket:[", 8) && proc_u64(link + 8, link + strlen(link), &inode))
			holder(p, pr, inode);
	}
}

_Static_assert(POLL_BUCKETS % 64 == 0, "buckets are counted in 64s");

/* The next process from where the last pass stopped; NULL when all were looked at. */
static struct poll_proc *next_holder(struct polling *p)
{
	struct poll_proc *pr = p->fd_proc ? p->fd_proc->next : NULL;

	while (!pr || !may_hold(p, pr)) {
		if (pr) {
			pr = pr->next;
			continue;
		}
		if (p->cursor++ >= 2 * POLL_BUCKETS)
			return NULL;
		p->holder_bucket = (p->holder_bucket + 1) % POLL_BUCKETS;
		pr = p->procs[p->holder_bucket];
	}
	return pr;
}

bool poll_holders_step(struct polling *p)
{
	if (!p->cursor) {
		p->n_unresolved = 0;
		p->holders_all = false;
		p->fds_left = FDS_PASS;
		p->fd_proc = NULL;
	}
	if (p->cursor < POLL_BUCKETS) { /* first the sockets, then the processes */
		for (unsigned end = p->cursor + 64; p->cursor < end; p->cursor++) {
			for (struct poll_sock *k = p->socks[p->cursor]; k; k = k->next)
				count_unresolved(p, k);
		}
		return false;
	}
	if (p->fd_dir) {
		read_fds(p, p->fd_proc);
		return false;
	}
	if (!p->n_unresolved || p->fds_left <= 0)
		return true;
	p->fd_proc = next_holder(p);
	if (!p->fd_proc)
		return true;
	open_fds(p, p->fd_proc);
	return false;
}
