/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The worker pool. A job is in exactly one place: waiting, running in a slot, done,
 * or abandoned (its thread alone knows it then).
 *
 *   waiting -> running      next_job()
 *   running -> done         finish()
 *   running -> abandoned    worker_check(), worker_free(): past its deadline
 *
 * Invariants: everything in struct worker is guarded by its lock. A thread whose job
 * was abandoned owns that job and a reference of the pool, and touches nothing else;
 * the last one to leave frees the pool.
 */
#include "base/worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macros.h"

#define DEADLINE_NS (5 * NS_PER_S)
/* So many stuck threads at once at most; more would be a leak with a name. */
#define STUCK_MAX   32

struct slot {
	struct worker *w;
	struct worker_job *job; /* running, NULL: waiting for one */
	bool lost;              /* its job was abandoned: another slot took its place */
	struct slot *next;
};

struct worker {
	pthread_mutex_t lock;
	pthread_cond_t wake; /* a job waits, or closing */
	pthread_cond_t idle; /* a slot ended its job or left */
	struct worker_job *head, **tail;
	struct worker_job *done, **done_tail;
	struct slot *slots; /* those that are not lost */
	size_t limit;
	void (*begin)(void);
	unsigned refs;  /* the owner and each thread */
	unsigned stuck; /* lost threads that still run */
	int fd;
	bool closing;
	struct worker_stats stats;
};

static void unref_unlock(struct worker *w)
{
	bool last = --w->refs == 0;

	pthread_mutex_unlock(&w->lock);
	if (!last)
		return;
	close(w->fd);
	pthread_cond_destroy(&w->wake);
	pthread_cond_destroy(&w->idle);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

static void free_job(struct worker_job *job)
{
	if (job->free)
		job->free(job);
}

/* With the lock held: the next job for @s, or NULL when the pool closes. */
static struct worker_job *next_job(struct slot *s)
{
	struct worker *w = s->w;
	struct worker_job *job;

	while (!w->head && !w->closing)
		pthread_cond_wait(&w->wake, &w->lock);
	if (w->closing)
		return NULL;
	job = w->head;
	w->head = job->next;
	if (!w->head)
		w->tail = &w->head;
	w->stats.queued--;
	job->next = NULL;
	job->started_ns = clock_boot();
	s->job = job;
	return job;
}

static void finish(struct worker *w, struct worker_job *job)
{
	uint64_t one = 1;
	ssize_t r;

	*w->done_tail = job;
	w->done_tail = &job->next;
	w->stats.done++;
	r = write(w->fd, &one, sizeof(one));
	(void)r; /* it fails only when it is readable already */
}

static void slot_unlink(struct worker *w, struct slot *s)
{
	struct slot **at = &w->slots;

	while (*at && *at != s)
		at = &(*at)->next;
	if (*at)
		*at = s->next;
}

static void *thread_main(void *arg)
{
	struct slot *s = arg;
	struct worker *w = s->w;
	struct worker_job *job;

	if (w->begin)
		w->begin();
	pthread_mutex_lock(&w->lock);
	while ((job = next_job(s))) {
		pthread_mutex_unlock(&w->lock);
		job->run(job);
		pthread_mutex_lock(&w->lock);
		if (s->lost) {
			pthread_mutex_unlock(&w->lock);
			free_job(job);
			pthread_mutex_lock(&w->lock);
			w->stuck--;
			break;
		}
		s->job = NULL;
		finish(w, job);
		pthread_cond_broadcast(&w->idle);
	}
	if (!s->lost)
		slot_unlink(w, s);
	free(s);
	pthread_cond_broadcast(&w->idle);
	unref_unlock(w);
	return NULL;
}

/* With the lock held. Signals are for the main thread, so the new one blocks them all. */
static int slot_start(struct worker *w)
{
	struct slot *s = calloc(1, sizeof(*s));
	pthread_attr_t attr;
	sigset_t all, old;
	pthread_t t;
	int r;

	if (!s)
		return -ENOMEM;
	s->w = w;
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&t, &attr, thread_main, s);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	if (r) {
		free(s);
		return -r;
	}
	s->next = w->slots;
	w->slots = s;
	w->refs++;
	return 0;
}

static void init_cond(pthread_cond_t *c)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(c, &attr);
	pthread_condattr_destroy(&attr);
}

struct worker *worker_new(unsigned threads, size_t queue, void (*begin)(void))
{
	struct worker *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->fd < 0) {
		free(w);
		return NULL;
	}
	pthread_mutex_init(&w->lock, NULL);
	init_cond(&w->wake);
	init_cond(&w->idle);
	w->tail = &w->head;
	w->done_tail = &w->done;
	w->limit = queue;
	w->begin = begin;
	w->refs = 1;
	pthread_mutex_lock(&w->lock);
	for (unsigned i = 0; i < threads; i++) {
		if (slot_start(w) < 0) {
			pthread_mutex_unlock(&w->lock);
			worker_free(w);
			return NULL;
		}
	}
	pthread_mutex_unlock(&w->lock);
	return w;
}

static uint64_t deadline_of(const struct worker_job *job)
{
	return job->started_ns + (job->deadline_ns ? job->deadline_ns : DEADLINE_NS);
}

/* With the lock held: give up what is past its deadline. */
static void abandon(struct worker *w, uint64_t now, bool replace)
{
	struct slot **at = &w->slots;

	while (*at) {
		struct slot *s = *at;

		if (!s->job || now < deadline_of(s->job)) {
			at = &s->next;
			continue;
		}
		/* Without room for its successor the pool would shrink: let it hold its slot. */
		if (replace && (w->stuck >= STUCK_MAX || slot_start(w) < 0)) {
			at = &s->next;
			continue;
		}
		slot_unlink(w, s);
		s->lost = true;
		w->stuck++;
		w->stats.abandoned++;
		w->stats.stuck = s->job->name;
		at = &w->slots;
	}
}

static void free_list(struct worker_job *job)
{
	while (job) {
		struct worker_job *next = job->next;

		free_job(job);
		job = next;
	}
}

/* With the lock held: true when a job runs; *@ret_ns is the nearest deadline then. */
static bool running(const struct worker *w, uint64_t *ret_ns)
{
	bool any = false;

	for (const struct slot *s = w->slots; s; s = s->next) {
		if (!s->job)
			continue;
		*ret_ns = any ? MIN(*ret_ns, deadline_of(s->job)) : deadline_of(s->job);
		any = true;
	}
	return any;
}

void worker_free(struct worker *w)
{
	struct worker_job *queued, *done;
	uint64_t until;

	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->closing = true;
	queued = w->head;
	w->head = NULL;
	w->tail = &w->head;
	w->stats.queued = 0;
	pthread_cond_broadcast(&w->wake);
	while (running(w, &until)) {
		uint64_t now = clock_boot();
		struct timespec ts;
		uint64_t at;

		abandon(w, now, false);
		if (until <= now)
			continue;
		at = clock_ns(CLOCK_MONOTONIC) + (until - now);
		ts.tv_sec = (time_t)(at / NS_PER_S);
		ts.tv_nsec = (long)(at % NS_PER_S);
		pthread_cond_timedwait(&w->idle, &w->lock, &ts);
	}
	/* Idle threads leave at once; a lost one leaves when its job lets go of it. */
	while (w->slots)
		pthread_cond_wait(&w->idle, &w->lock);
	done = w->done;
	w->done = NULL;
	unref_unlock(w);
	free_list(queued);
	free_list(done);
}

int worker_post(struct worker *w, struct worker_job *job)
{
	int r = 0;

	pthread_mutex_lock(&w->lock);
	if (w->stats.queued >= w->limit || w->closing) {
		w->stats.refused++;
		r = -EAGAIN;
	} else {
		job->next = NULL;
		*w->tail = job;
		w->tail = &job->next;
		w->stats.queued++;
		pthread_cond_signal(&w->wake);
	}
	pthread_mutex_unlock(&w->lock);
	return r;
}

struct worker_job *worker_take(struct worker *w)
{
	struct worker_job *job;
	uint64_t n;
	ssize_t r;

	pthread_mutex_lock(&w->lock);
	job = w->done;
	if (job) {
		w->done = job->next;
		if (!w->done)
			w->done_tail = &w->done;
		job->next = NULL;
	}
	if (!w->done) {
		r = read(w->fd, &n, sizeof(n));
		(void)r; /* empty already is as good */
	}
	pthread_mutex_unlock(&w->lock);
	return job;
}

int worker_fd(const struct worker *w)
{
	return w->fd;
}

void worker_check(struct worker *w, uint64_t now_boot_ns)
{
	pthread_mutex_lock(&w->lock);
	abandon(w, now_boot_ns, true);
	pthread_mutex_unlock(&w->lock);
}

void worker_stats(const struct worker *w, struct worker_stats *ret)
{
	struct worker *lockable = (struct worker *)w;

	pthread_mutex_lock(&lockable->lock);
	*ret = w->stats;
	pthread_mutex_unlock(&lockable->lock);
}
