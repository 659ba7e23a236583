/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine's beginning and end, and what other threads may ask of it. */
#include "engine_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/caps.h"
#include "base/clock.h"
#include "base/macros.h"

#define TICK_NS       (20 * NS_PER_MS)
#define FRESH_NS      (250 * NS_PER_MS)
#define FRESH_WAIT_NS (100 * NS_PER_MS)

static int copy_text(const char **ret, const char *s)
{
	if (!s)
		return 0;
	*ret = strdup(s);
	return *ret ? 0 : -ENOMEM;
}

/* The caller's options with texts of our own. */
static int copy_opts(struct sonde_opts *to, const struct sonde_opts *o)
{
	int r = 0;

	*to = *o;
	to->state_dir = to->run_dir = to->bpf_dir = NULL;
	to->host_root = to->history = to->runtime_roots = NULL;
	r |= copy_text(&to->state_dir, o->state_dir);
	r |= copy_text(&to->run_dir, o->run_dir);
	r |= copy_text(&to->bpf_dir, o->bpf_dir);
	r |= copy_text(&to->host_root, o->host_root);
	r |= copy_text(&to->history, o->history);
	r |= copy_text(&to->runtime_roots, o->runtime_roots);
	return r ? -ENOMEM : 0;
}

static void free_opts(struct sonde_opts *o)
{
	free((char *)o->state_dir);
	free((char *)o->run_dir);
	free((char *)o->bpf_dir);
	free((char *)o->host_root);
	free((char *)o->history);
	free((char *)o->runtime_roots);
}

/* In a debug pod the node's root is mounted at /host; recognised by a procfs of its own there. */
static bool host_is_mounted(void)
{
	return access("/host/proc/1/stat", R_OK) == 0 && access("/host/etc", R_OK) == 0;
}

static int make_fds(struct engine *e)
{
	struct itimerspec tick = { .it_interval.tv_nsec = (long)TICK_NS,
				   .it_value.tv_nsec = (long)TICK_NS };
	const int *watched[] = { &e->timer, &e->cmd_fd };

	e->ep = epoll_create1(EPOLL_CLOEXEC);
	e->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	e->cmd_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	e->face_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (e->ep < 0 || e->timer < 0 || e->cmd_fd < 0 || e->face_fd < 0 ||
	    timerfd_settime(e->timer, 0, &tick, NULL) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(watched); i++) {
		struct epoll_event ev = { .events = EPOLLIN, .data.fd = *watched[i] };

		if (epoll_ctl(e->ep, EPOLL_CTL_ADD, *watched[i], &ev) < 0)
			return -errno;
	}
	return 0;
}

static void drop_caps(void)
{
	(void)caps_keep(caps_of_engine());
}

static int make_parts(struct engine *e)
{
	e->slots = calloc(SENSOR_SLOTS, sizeof(*e->slots));
	e->slot_high = 1;
	e->epoch = epoch_new();
	e->identity = e->epoch ? identity_new(e->epoch) : NULL;
	e->model = e->identity ? model_new(e->epoch, e->identity) : NULL;
	e->feed = feed_new();
	e->workers = worker_new(2, 256, drop_caps);
	e->roots = runtime_roots_new(e->o.host_root ? e->o.host_root : "/", e->o.runtime_roots);
	if (!e->slots || !e->model || !e->feed || !e->workers || !e->roots)
		return -ENOMEM;
	return 0;
}

/* Everything but the thread, which has ended or was never made. */
static void engine_free(struct engine *e)
{
	if (!e)
		return;
	worker_free(e->workers);
	sensor_close(e->sensor);
	for (unsigned i = 0; i < KV_CACHE; i++)
		kv_unref(e->kv[i].kv);
	kv_unref(e->doctor);
	snapshot_unref(e->snap);
	feed_free(e->feed);
	model_free(e->model);
	identity_free(e->identity);
	epoch_free(e->epoch);
	runtime_roots_free(e->roots);
	free(e->slots);
	free_opts(&e->o);
	if (e->ep >= 0)
		close(e->ep);
	if (e->timer >= 0)
		close(e->timer);
	if (e->cmd_fd >= 0)
		close(e->cmd_fd);
	if (e->face_fd >= 0)
		close(e->face_fd);
	pthread_cond_destroy(&e->cond);
	pthread_mutex_destroy(&e->lock);
	free(e);
}

static void init_lock(struct engine *e)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&e->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&e->cond, &attr);
	pthread_condattr_destroy(&attr);
}

int engine_start(const struct sonde_opts *o, struct engine **ret, struct sonde_err *err)
{
	struct engine *e = calloc(1, sizeof(*e));
	int r;

	if (!e)
		return sonde_err_set(err, -ENOMEM, "not enough memory to start");
	e->ep = e->timer = e->cmd_fd = e->face_fd = -1;
	init_lock(e);
	r = copy_opts(&e->o, o);
	if (r == 0 && !e->o.host_root && host_is_mounted())
		r = copy_text(&e->o.host_root, "/host");
	if (r == 0)
		r = make_fds(e);
	if (r == 0)
		r = make_parts(e);
	if (r == 0)
		r = -pthread_create(&e->thread, NULL, engine_main, e);
	if (r < 0) {
		engine_free(e);
		return sonde_err_set(err, r, "the engine cannot start: %s", strerror(-r));
	}
	pthread_mutex_lock(&e->lock);
	/* A live node never fails to open; a capture may, and its reason belongs to the caller. */
	while (!e->snap || (e->o.history && !e->opened))
		pthread_cond_wait(&e->cond, &e->lock);
	r = e->opened ? e->open_result : 0;
	if (r < 0 && err)
		*err = e->open_err;
	pthread_mutex_unlock(&e->lock);
	if (r < 0) {
		engine_stop(e);
		return r;
	}
	drop_caps(); /* the caller's thread reads snapshots and needs no more than the workers */
	*ret = e;
	return 0;
}

void engine_stop(struct engine *e)
{
	uint64_t one = 1;

	if (!e)
		return;
	pthread_mutex_lock(&e->lock);
	e->stop = true;
	pthread_mutex_unlock(&e->lock);
	(void)!write(e->cmd_fd, &one, sizeof(one));
	pthread_join(e->thread, NULL);
	engine_free(e);
}

void engine_set_ready(struct engine *e)
{
	pthread_mutex_lock(&e->lock);
	e->ready = true;
	pthread_cond_broadcast(&e->cond);
	pthread_mutex_unlock(&e->lock);
}

int engine_wait_ready(struct engine *e, int timeout_ms, struct sonde_err *err)
{
	struct timespec until;
	int r = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += (long)(timeout_ms % 1000) * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	pthread_mutex_lock(&e->lock);
	e->started = true;
	while (!e->ready && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&e->cond, &e->lock, &until);
	if (!e->ready)
		r = sonde_err_set(err, -ETIMEDOUT, "the first picture is not complete after %d ms",
				  timeout_ms);
	else
		r = 0;
	pthread_mutex_unlock(&e->lock);
	return r;
}

int engine_fd(const struct engine *e)
{
	return e->face_fd;
}

/* Nobody asked for a while, so the last snapshot is old: wait a moment for a new one. Under lock.
 */
static void wait_fresh(struct engine *e)
{
	const struct snapshot *old = e->snap;
	struct timespec until;
	uint64_t one = 1;
	int r = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long)FRESH_WAIT_NS;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	(void)!write(e->cmd_fd, &one, sizeof(one));
	while (e->snap == old && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&e->cond, &e->lock, &until);
}

struct snapshot *engine_snapshot(struct engine *e)
{
	struct snapshot *s;

	pthread_mutex_lock(&e->lock);
	e->wanted = true;
	e->started = true;
	if (clock_boot() > e->snap_ns + FRESH_NS)
		wait_fresh(e);
	s = snapshot_ref(e->snap);
	pthread_mutex_unlock(&e->lock);
	return s;
}

/* The cache entry of a question, or the one longest unused for it. Under lock. */
static struct kv_entry *kv_entry(struct engine *e, enum sonde_table table, sonde_id pod,
				 sonde_id proc)
{
	struct kv_entry *oldest = &e->kv[0];

	for (unsigned i = 0; i < KV_CACHE; i++) {
		struct kv_entry *k = &e->kv[i];

		if (k->table == table && k->pod == pod && k->proc == proc)
			return k;
		if (k->used_ns < oldest->used_ns)
			oldest = k;
	}
	kv_unref(oldest->kv);
	*oldest = (struct kv_entry){ .table = table, .pod = pod, .proc = proc };
	return oldest;
}

struct kv *engine_kv(struct engine *e, enum sonde_table table, sonde_id pod, sonde_id proc,
		     bool *ret_pending)
{
	uint64_t now = clock_boot(), one = 1;
	struct kv_entry *k;
	struct kv *kv;
	bool wake = false;

	pthread_mutex_lock(&e->lock);
	e->started = true;
	if (table == SONDE_DOCTOR) {
		kv = kv_ref(e->doctor);
		*ret_pending = !kv;
	} else {
		k = kv_entry(e, table, pod, proc);
		k->used_ns = now;
		if (!k->asked && (!k->kv || now > k->kv->at_ns + NS_PER_S))
			k->asked = k->wanted = wake = true;
		kv = kv_ref(k->kv);
		*ret_pending = !kv;
	}
	pthread_mutex_unlock(&e->lock);
	if (wake)
		(void)!write(e->cmd_fd, &one, sizeof(one));
	return kv;
}
