/* SPDX-License-Identifier: BSD-2-Clause */
/* Workers do what is posted, give up what hangs, and lose nothing on the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/worker.h"
#include "failalloc.h"

static atomic_int freed;

struct sum_job {
	struct worker_job job;
	int a, b, sum;
};

static void sum_run(struct worker_job *job)
{
	struct sum_job *j = container_of(job, struct sum_job, job);

	j->sum = j->a + j->b;
}

static void count_free(struct worker_job *job)
{
	atomic_fetch_add(&freed, 1);
	free(job);
}

static struct worker_job *sum_new(int a, int b)
{
	struct sum_job *j = calloc(1, sizeof(*j));

	assert_non_null(j);
	j->job = (struct worker_job){ .name = "sum", .run = sum_run, .free = count_free };
	j->a = a;
	j->b = b;
	return &j->job;
}

static struct worker_job *wait_job(struct worker *w)
{
	struct pollfd p = { .fd = worker_fd(w), .events = POLLIN };
	struct worker_job *job;

	while (!(job = worker_take(w)))
		assert_int_equal(poll(&p, 1, 10000), 1);
	return job;
}

static void each_job_comes_back_done(void **state)
{
	struct worker *w = worker_new(2, 100, NULL);
	struct worker_stats st;
	int total = 0;

	(void)state;
	assert_non_null(w);
	assert_null(worker_take(w));
	for (int i = 0; i < 100; i++)
		while (worker_post(w, sum_new(i, i)) < 0)
			fail();
	for (int i = 0; i < 100; i++) {
		struct worker_job *job = wait_job(w);
		struct sum_job *j = container_of(job, struct sum_job, job);

		total += j->sum;
		job->free(job);
	}
	assert_int_equal(total, 9900);
	assert_null(worker_take(w));
	worker_stats(w, &st);
	assert_int_equal(st.done, 100);
	assert_int_equal(st.queued, 0);
	worker_free(w);
}

/* A job that holds its thread until it is let go. */
struct gate_job {
	struct worker_job job;
	sem_t entered, leave;
};

static void gate_run(struct worker_job *job)
{
	struct gate_job *j = container_of(job, struct gate_job, job);

	sem_post(&j->entered);
	while (sem_wait(&j->leave) < 0)
		;
}

static sem_t gate_freed;

static void gate_free(struct worker_job *job)
{
	(void)job; /* on the test's stack */
	sem_post(&gate_freed);
}

static void gate_init(struct gate_job *j, const char *name, uint64_t deadline)
{
	memset(j, 0, sizeof(*j));
	j->job = (struct worker_job){
		.name = name, .deadline_ns = deadline, .run = gate_run, .free = gate_free
	};
	sem_init(&j->entered, 0, 0);
	sem_init(&j->leave, 0, 0);
}

static void a_full_queue_refuses_and_counts(void **state)
{
	struct worker *w = worker_new(1, 2, NULL);
	struct worker_job *left = sum_new(1, 1);
	struct gate_job gate;
	struct worker_stats st;

	(void)state;
	sem_init(&gate_freed, 0, 0);
	gate_init(&gate, "gate", 60 * NS_PER_S);
	assert_int_equal(worker_post(w, &gate.job), 0);
	sem_wait(&gate.entered);
	assert_int_equal(worker_post(w, sum_new(1, 2)), 0);
	assert_int_equal(worker_post(w, sum_new(1, 2)), 0);
	assert_int_equal(worker_post(w, left), -EAGAIN);
	worker_stats(w, &st);
	assert_int_equal(st.refused, 1);
	assert_int_equal(st.queued, 2);
	free(left);
	freed = 0;
	sem_post(&gate.leave);
	worker_free(w); /* what waited or was not taken is freed */
	assert_int_equal(freed, 2);
	assert_int_equal(sem_trywait(&gate_freed), 0);
}

static void a_stuck_job_is_named_and_replaced(void **state)
{
	struct worker *w = worker_new(1, 10, NULL);
	struct worker_job *job;
	struct gate_job gate;
	struct worker_stats st;

	(void)state;
	sem_init(&gate_freed, 0, 0);
	gate_init(&gate, "read of a dead NFS", NS_PER_S);
	assert_int_equal(worker_post(w, &gate.job), 0);
	sem_wait(&gate.entered);
	worker_check(w, clock_boot());
	worker_stats(w, &st);
	assert_int_equal(st.abandoned, 0);
	assert_null(st.stuck);
	/* its second is over as far as the pool is told */
	worker_check(w, clock_boot() + 2 * NS_PER_S);
	worker_stats(w, &st);
	assert_int_equal(st.abandoned, 1);
	assert_string_equal(st.stuck, "read of a dead NFS");
	/* the only thread is stuck, but work goes on */
	assert_int_equal(worker_post(w, sum_new(2, 3)), 0);
	job = wait_job(w);
	assert_int_equal(container_of(job, struct sum_job, job)->sum, 5);
	job->free(job);
	/* what it brings back late is thrown away by its thread */
	sem_post(&gate.leave);
	sem_wait(&gate_freed);
	assert_null(worker_take(w));
	worker_stats(w, &st);
	assert_int_equal(st.done, 1);
	worker_free(w);
}

static void closing_does_not_wait_for_a_stuck_job(void **state)
{
	struct worker *w = worker_new(2, 10, NULL);
	struct gate_job gate;
	uint64_t from;

	(void)state;
	sem_init(&gate_freed, 0, 0);
	gate_init(&gate, "stuck", 20 * NS_PER_MS);
	assert_int_equal(worker_post(w, &gate.job), 0);
	sem_wait(&gate.entered);
	from = clock_boot();
	worker_free(w);
	assert_true(clock_boot() - from < 5 * NS_PER_S);
	assert_int_equal(sem_trywait(&gate_freed), -1);
	sem_post(&gate.leave);
	sem_wait(&gate_freed);
}

static void without_memory_there_is_no_pool(void **state)
{
	struct worker *w;

	(void)state;
	for (long n = 1;; n++) {
		failalloc_at(n);
		w = worker_new(2, 4, NULL);
		if (!failalloc_end())
			break;
		assert_null(w);
	}
	assert_non_null(w);
	worker_free(w);
}

static void a_pool_may_end_unused(void **state)
{
	struct worker *w = worker_new(2, 4, NULL);

	(void)state;
	assert_non_null(w);
	worker_free(w);
	worker_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_job_comes_back_done),
		cmocka_unit_test(a_full_queue_refuses_and_counts),
		cmocka_unit_test(a_stuck_job_is_named_and_replaced),
		cmocka_unit_test(closing_does_not_wait_for_a_stuck_job),
		cmocka_unit_test(without_memory_there_is_no_pool),
		cmocka_unit_test(a_pool_may_end_unused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
