/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What may block, done by workers for the engine: runtime state, procfs, cgroup
 * figures, a process in full, a log. Each job is a value: it is filled here, run in a
 * worker on nothing but itself, and taken back here.
 */
#include "engine_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macros.h"

enum job_kind { JOB_FACTS, JOB_PROC, JOB_POD, JOB_NODE, JOB_KV };

#define FACTS_AT_ONCE 32
#define PROC_BATCH    32
#define PROC_JOBS     2
#define POD_BATCH     64
#define POD_JOBS      2
#define KV_MAX        (1u << 20)
#define LOG_LINES     500

struct facts_job {
	struct worker_job job;
	const struct runtime_roots *roots;
	struct identity_need need;
	struct container_facts facts;
};

struct proc_job {
	struct worker_job job;
	char proc_dir[256];
	unsigned n;
	bool fds[PROC_BATCH];
	struct proc_facts facts[PROC_BATCH];
};

struct pod_job {
	struct worker_job job;
	char root[256];
	unsigned n;
	struct {
		uint32_t index;
		uint64_t id;
		char path[1024];
		struct cgroup_sample sample;
		int result;
	} pod[POD_BATCH];
};

struct node_job {
	struct worker_job job;
	char root[256];
	struct node_sample sample;
	int result;
};

struct kv_job {
	struct worker_job job;
	enum sonde_table table;
	sonde_id pod, proc;
	char root[256];
	uint32_t pid;
	uint64_t start_ns;
	unsigned n_logs;
	struct {
		char dir[512];
		char container[256];
	} log[16];
	struct buf out;
	unsigned columns;
};

static const char *root_of(const struct engine *e)
{
	return e->o.host_root && strcmp(e->o.host_root, "/") != 0 ? e->o.host_root : "";
}

/* Counters of jobs under way; an abandoned job may have been counted off already. */
static void one_less(unsigned *n)
{
	if (*n)
		--*n;
}

/* ── runtime state ────────── */

static void facts_run(struct worker_job *job)
{
	struct facts_job *j = container_of(job, struct facts_job, job);

	(void)runtime_read(j->roots, &j->need, &j->facts); /* the reason is in the facts */
}

static void facts_free(struct worker_job *job)
{
	struct facts_job *j = container_of(job, struct facts_job, job);

	container_facts_done(&j->facts);
	free(j);
}

static void post_facts(struct engine *e, uint64_t now)
{
	struct identity_need need;

	while (e->jobs_facts < FACTS_AT_ONCE && identity_next_need(e->identity, now, &need)) {
		struct facts_job *j = calloc(1, sizeof(*j));

		if (!j)
			return;
		j->job = (struct worker_job){ .name = "runtime state",
					      .kind = JOB_FACTS,
					      .run = facts_run,
					      .free = facts_free };
		j->roots = e->roots;
		j->need = need;
		if (worker_post(e->workers, &j->job) < 0) {
			facts_free(&j->job);
			return;
		}
		e->jobs_facts++;
	}
}

static void take_facts(struct engine *e, struct facts_job *j)
{
	struct buf packed = { .max = 64 << 10 };

	one_less(&e->jobs_facts);
	(void)identity_facts(e->identity, &j->facts);
	if (e->recording && identity_pack(&j->facts, &packed) == 0)
		(void)sensor_record_ident(e->sensor, packed.p, packed.n);
	buf_done(&packed);
}

/* ── processes ────────── */

static void proc_run(struct worker_job *job)
{
	struct proc_job *j = container_of(job, struct proc_job, job);

	for (unsigned i = 0; i < j->n; i++)
		j->facts[i].error = procfs_proc(j->proc_dir, &j->facts[i], j->fds[i]);
}

static void proc_free(struct worker_job *job)
{
	struct proc_job *j = container_of(job, struct proc_job, job);

	for (unsigned i = 0; i < j->n; i++)
		proc_facts_done(&j->facts[i]);
	free(j);
}

static void post_procs(struct engine *e, uint64_t now)
{
	uint64_t start_ns;
	uint32_t pid;
	bool fds;

	while (e->jobs_proc < PROC_JOBS && model_next_proc(e->model, now, &pid, &start_ns, &fds)) {
		struct proc_job *j = calloc(1, sizeof(*j));

		if (!j)
			return;
		do {
			j->facts[j->n].pid = pid;
			j->facts[j->n].start_ns = start_ns;
			j->fds[j->n++] = fds;
		} while (j->n < PROC_BATCH &&
			 model_next_proc(e->model, now, &pid, &start_ns, &fds));
		snprintf(j->proc_dir, sizeof(j->proc_dir), "%s/proc", root_of(e));
		j->job = (struct worker_job){
			.name = "procfs", .kind = JOB_PROC, .run = proc_run, .free = proc_free
		};
		if (worker_post(e->workers, &j->job) < 0) {
			proc_free(&j->job);
			return;
		}
		e->jobs_proc++;
	}
}

/* ── pods and the node ────────── */

static void pod_run(struct worker_job *job)
{
	struct pod_job *j = container_of(job, struct pod_job, job);

	for (unsigned i = 0; i < j->n; i++)
		j->pod[i].result = procfs_cgroup(j->root, j->pod[i].path, &j->pod[i].sample);
}

static void pod_free(struct worker_job *job)
{
	free(container_of(job, struct pod_job, job));
}

static void post_pods(struct engine *e, uint64_t now)
{
	const char *path;
	uint32_t index;
	uint64_t id;

	while (e->jobs_pod < POD_JOBS && model_next_pod(e->model, now, &index, &id, &path)) {
		struct pod_job *j = calloc(1, sizeof(*j));

		if (!j)
			return;
		do {
			j->pod[j->n].index = index;
			j->pod[j->n].id = id;
			snprintf(j->pod[j->n].path, sizeof(j->pod[j->n].path), "%s", path);
			j->n++;
		} while (j->n < POD_BATCH && model_next_pod(e->model, now, &index, &id, &path));
		snprintf(j->root, sizeof(j->root), "%s", root_of(e));
		j->job = (struct worker_job){
			.name = "cgroup figures", .kind = JOB_POD, .run = pod_run, .free = pod_free
		};
		if (worker_post(e->workers, &j->job) < 0) {
			free(j);
			return;
		}
		e->jobs_pod++;
	}
}

static void node_run(struct worker_job *job)
{
	struct node_job *j = container_of(job, struct node_job, job);

	j->result = procfs_node(j->root, &j->sample);
}

static void node_free(struct worker_job *job)
{
	free(container_of(job, struct node_job, job));
}

static void post_node(struct engine *e)
{
	struct node_job *j;

	if (e->jobs_node)
		return;
	j = calloc(1, sizeof(*j));
	if (!j)
		return;
	snprintf(j->root, sizeof(j->root), "%s", root_of(e));
	j->job = (struct worker_job){
		.name = "node figures", .kind = JOB_NODE, .run = node_run, .free = node_free
	};
	if (worker_post(e->workers, &j->job) < 0)
		free(j);
	else
		e->jobs_node++;
}

/* ── one process in full, and logs ────────── */

/* Copies the texts of @in (@from columns a row) behind a first column. */
static void with_first(struct buf *out, const char *first, const struct buf *in)
{
	size_t at = 0;

	while (at < in->n) {
		(void)buf_add(out, first, strlen(first) + 1);
		for (unsigned c = 0; c < 3 && at < in->n; c++) {
			size_t n = strnlen(in->p + at, in->n - at) + 1;

			(void)buf_add(out, in->p + at, n);
			at += n;
		}
	}
}

static void kv_run(struct worker_job *job)
{
	struct kv_job *j = container_of(job, struct kv_job, job);

	if (j->table == SONDE_DETAIL) {
		char dir[272];

		snprintf(dir, sizeof(dir), "%s/proc", j->root);
		j->columns = 3;
		(void)procfs_detail(dir, j->pid, j->start_ns, &j->out);
		return;
	}
	j->columns = 4; /* container, time, stream, text */
	for (unsigned i = 0; i < j->n_logs; i++) {
		struct buf one = { .max = KV_MAX / 4 };

		(void)procfs_log(j->root, j->log[i].dir, j->log[i].container, LOG_LINES, &one);
		with_first(&j->out, j->log[i].container, &one);
		buf_done(&one);
	}
}

static void kv_job_free(struct worker_job *job)
{
	struct kv_job *j = container_of(job, struct kv_job, job);

	buf_done(&j->out);
	free(j);
}

/* The log folders of the containers of a pod row (or of the container of a process). */
static void name_logs(struct engine *e, struct kv_job *j, const struct snapshot *s)
{
	uint32_t pod_index = j->pod ? model_find_id(e->model, SONDE_PODS, j->pod) : TABLE_NONE;
	uint32_t proc = j->proc ? model_find_id(e->model, SONDE_PROCS, j->proc) : TABLE_NONE;
	const struct pod_row *pod = table_view_at(&s->pods, pod_index);
	const struct proc_row *pr = table_view_at(&s->procs, proc);

	for (uint32_t i = 0; i < s->idents.high && j->n_logs < ARRAY_SIZE(j->log); i++) {
		const struct ident_row *r = table_view_at(&s->idents, i);

		if (!r || r->kind != IDENT_CONTAINER || !r->log_dir || !r->container)
			continue;
		if (pr ? pr->ident != i : !pod || (r->pod != pod->ident && i != pod->ident))
			continue;
		snprintf(j->log[j->n_logs].dir, sizeof(j->log[0].dir), "%s", r->log_dir);
		snprintf(j->log[j->n_logs].container, sizeof(j->log[0].container), "%s",
			 r->container);
		j->n_logs++;
	}
}

static int kv_fill(struct engine *e, struct kv_job *j, const struct kv_entry *want)
{
	j->table = want->table;
	j->pod = want->pod;
	j->proc = want->proc;
	j->out.max = KV_MAX;
	snprintf(j->root, sizeof(j->root), "%s", root_of(e));
	if (j->table == SONDE_DETAIL) {
		uint32_t index = model_find_id(e->model, SONDE_PROCS, j->proc);
		struct snapshot *s = model_snapshot(e->model);
		const struct proc_row *p = s ? table_view_at(&s->procs, index) : NULL;
		int r = p && !p->gone_ns ? 0 : -ESRCH;

		if (r == 0) {
			j->pid = p->pid;
			j->start_ns = p->start_ns;
		}
		snapshot_unref(s);
		return r;
	} else {
		struct snapshot *s = model_snapshot(e->model);

		if (!s)
			return -ENOMEM;
		name_logs(e, j, s);
		snapshot_unref(s);
	}
	return 0;
}

/* Put @out (its memory is taken) where engine_kv() finds it. */
static void kv_answer(struct engine *e, const struct kv_entry *want, struct buf *out,
		      unsigned columns)
{
	struct kv *kv = kv_new(out, columns, clock_boot()), *old = kv;
	uint64_t one = 1;

	pthread_mutex_lock(&e->lock);
	for (unsigned i = 0; i < KV_CACHE; i++) {
		struct kv_entry *k = &e->kv[i];

		if (k->table != want->table || k->pod != want->pod || k->proc != want->proc)
			continue;
		k->asked = false;
		old = k->kv;
		k->kv = kv;
		break;
	}
	pthread_mutex_unlock(&e->lock);
	kv_unref(old);
	(void)!write(e->face_fd, &one, sizeof(one));
}

static void post_kv(struct engine *e)
{
	struct kv_entry want;

	for (unsigned i = 0; i < KV_CACHE; i++) {
		struct kv_job *j;
		struct buf none = { .max = 1 };

		pthread_mutex_lock(&e->lock);
		want = e->kv[i];
		e->kv[i].wanted = false;
		pthread_mutex_unlock(&e->lock);
		if (!want.wanted)
			continue;
		j = calloc(1, sizeof(*j));
		if (!j || e->replaying || kv_fill(e, j, &want) < 0) {
			free(j);
			kv_answer(e, &want, &none, 1);
			continue;
		}
		j->job = (struct worker_job){
			.name = "details", .kind = JOB_KV, .run = kv_run, .free = kv_job_free
		};
		if (worker_post(e->workers, &j->job) < 0) {
			kv_job_free(&j->job);
			kv_answer(e, &want, &none, 1);
		}
	}
}

void jobs_doctor(struct engine *e)
{
	static const char *const states[] = { "ok", "degraded", "missing" };
	struct buf b = { .max = KV_MAX };
	struct sensor_check c;
	struct kv *kv, *old;
	char found[256];

	for (size_t i = 0; sensor_check(e->sensor, i, &c); i++) {
		(void)buf_add(&b, c.check, strlen(c.check) + 1);
		(void)buf_add(&b, states[c.state], strlen(states[c.state]) + 1);
		(void)buf_add(&b, c.detail, strlen(c.detail) + 1);
		(void)buf_add(&b, c.mend, strlen(c.mend) + 1);
	}
	runtime_found(e->roots, found, sizeof(found));
	(void)buf_add(&b, "runtime", sizeof("runtime"));
	(void)buf_fmt(&b, "%s%c%s%c%s%c", found[0] ? "ok" : "degraded", 0,
		      found[0] ? found : "no runtime state folder found", 0,
		      found[0] ? "" : "name it with --runtime-roots; pods are shown by their UID",
		      0);
	kv = kv_new(&b, 4, clock_boot());
	buf_done(&b);
	if (!kv)
		return;
	pthread_mutex_lock(&e->lock);
	old = e->doctor;
	e->doctor = kv;
	pthread_mutex_unlock(&e->lock);
	kv_unref(old);
}

/* ── both ways ────────── */

void jobs_post(struct engine *e, uint64_t now, bool second)
{
	post_kv(e);
	if (e->replaying)
		return;
	post_facts(e, now);
	post_procs(e, now);
	post_pods(e, now);
	if (second)
		post_node(e);
}

bool jobs_idle(const struct engine *e)
{
	return !e->jobs_facts && !e->jobs_proc && !e->jobs_pod && !e->jobs_node;
}

/* An abandoned job never comes back: its place must be free again. */
void jobs_abandoned(struct engine *e)
{
	e->jobs_facts = e->jobs_proc = e->jobs_pod = e->jobs_node = 0;
}

void jobs_take(struct engine *e)
{
	struct worker_job *job;

	while ((job = worker_take(e->workers))) {
		if (job->kind == JOB_FACTS) {
			take_facts(e, container_of(job, struct facts_job, job));
		} else if (job->kind == JOB_PROC) {
			struct proc_job *j = container_of(job, struct proc_job, job);

			one_less(&e->jobs_proc);
			for (unsigned i = 0; i < j->n; i++)
				model_proc_facts(e->model, &j->facts[i]);
		} else if (job->kind == JOB_POD) {
			struct pod_job *j = container_of(job, struct pod_job, job);

			one_less(&e->jobs_pod);
			for (unsigned i = 0; i < j->n; i++)
				if (j->pod[i].result == 0)
					model_pod_sample(e->model, j->pod[i].index, j->pod[i].id,
							 &j->pod[i].sample);
		} else if (job->kind == JOB_NODE) {
			struct node_job *j = container_of(job, struct node_job, job);

			one_less(&e->jobs_node);
			if (j->result == 0)
				model_node_sample(e->model, &j->sample);
		} else {
			struct kv_job *j = container_of(job, struct kv_job, job);
			const struct kv_entry want = { .table = j->table,
						       .pod = j->pod,
						       .proc = j->proc };

			kv_answer(e, &want, &j->out, j->columns);
		}
		job->free(job);
	}
}
