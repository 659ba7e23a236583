/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two threads for all that may block: procfs, runtime state, the disk. A job is a
 * value that goes there and comes back; nothing else is shared.
 *
 *   engine: worker_post() ──queue──▶ thread: job->run() ──done list, eventfd──▶ engine:
 * worker_take()
 *
 * A job past its deadline is abandoned: it is named and counted, another thread takes
 * its place, and what it brings back late is thrown away by its thread.
 */
#ifndef BASE_WORKER_H
#define BASE_WORKER_H

#include <stddef.h>
#include <stdint.h>

struct worker;

/* Embed as first member. The poster owns it before post and after take. */
struct worker_job {
	const char *name;                     /* constant text, for logs and doctor */
	int kind;                             /* the poster's own tag */
	uint64_t deadline_ns;                 /* how long run() may take; 0: 5 s */
	void (*run)(struct worker_job *job);  /* in the worker's thread */
	void (*free)(struct worker_job *job); /* when it is not wanted any more */
	struct worker_job *next;              /* the pool's own */
	uint64_t started_ns;                  /* the pool's own */
};

struct worker_stats {
	uint64_t done, refused, abandoned;
	const char *stuck; /* name of the last abandoned job, or NULL */
	size_t queued;
};

/*
 * @threads threads and at most @queue waiting jobs. Each thread calls @begin (may be NULL) first.
 * NULL on failure.
 */
struct worker *worker_new(unsigned threads, size_t queue, void (*begin)(void));
/* Waits for running jobs (those within their deadline), frees the queued ones. NULL is fine. */
void worker_free(struct worker *w);

/* 0, or -EAGAIN when the queue is full (counted; the job stays the caller's). Never blocks. */
int worker_post(struct worker *w, struct worker_job *job);
/* A finished job or NULL. Never blocks. */
struct worker_job *worker_take(struct worker *w);
/* Readable when worker_take() has something; reading clears it, which worker_take() does. */
int worker_fd(const struct worker *w);
/* Look for jobs past their deadline. Called once a second. */
void worker_check(struct worker *w, uint64_t now_boot_ns);
void worker_stats(const struct worker *w, struct worker_stats *ret);

#endif
