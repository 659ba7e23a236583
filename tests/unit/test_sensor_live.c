/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes, seen by the real kernel: nothing is missed, and what is lost is counted to the last
 * one. */
#include "sensor_fixture.h"

#include <pthread.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define MANY 2000

struct made {
	pid_t *pids; /* shared with the child */
	unsigned n;
	bool args;
};

extern char **environ;

/* MANY short processes; each 20th fails. */
static void many(void *arg)
{
	struct made *m = arg;

	for (unsigned i = 0; i < m->n; i++) {
		const char *file = i % 20 == 19 ? "/bin/false" : "/bin/true";
		char text[16];
		char *argv[] = { (char *)(uintptr_t) "x", text, NULL };
		int status;

		snprintf(text, sizeof(text), "n%u", i);
		if (posix_spawn(&m->pids[i], file, NULL, NULL, argv, environ) ||
		    waitpid(m->pids[i], &status, 0) < 0)
			_exit(2);
	}
}

static struct made made_new(unsigned n)
{
	struct made m = { .n = n };

	m.pids = mmap(NULL, n * sizeof(pid_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	assert_true(m.pids != MAP_FAILED);
	return m;
}

static void each_short_process_is_seen_with_its_end(void **state)
{
	struct fixture *f = *state;
	struct made m = made_new(MANY);
	unsigned char *execs, *exits;

	fixture_open(f, 16384);
	run_beside(f, many, &m, true);
	fixture_drain(f);
	execs = calloc(MANY, 1);
	exits = calloc(MANY, 1);
	for (unsigned i = 0; i < f->n; i++) {
		const struct got *g = &f->got[i];
		unsigned k;

		if (g->type == EVENT_EXEC) {
			k = (unsigned)atoi(g->text + 1);
			assert_in_range(k, 0, MANY - 1);
			assert_int_equal(g->pid, m.pids[k]);
			execs[k]++;
		} else if (g->type == EVENT_EXIT) {
			for (k = 0; k < MANY && (uint32_t)m.pids[k] != g->pid; k++)
				;
			if (k == MANY) /* the one that started them */
				continue;
			assert_int_equal(g->code, k % 20 == 19);
			assert_false(g->flags & EV_EXIT_SIGNAL);
			exits[k]++;
		}
	}
	for (unsigned k = 0; k < MANY; k++) {
		assert_int_equal(execs[k], 1);
		assert_int_equal(exits[k], 1);
	}
	assert_int_equal(count_of(f, EVENT_FORK), MANY);
	free(execs);
	free(exits);
	munmap(m.pids, MANY * sizeof(pid_t));
}

static void a_full_ring_is_counted_to_the_last_record(void **state)
{
	static const enum event_type types[] = { EVENT_FORK, EVENT_EXEC, EVENT_EXIT };
	struct fixture *f = *state;
	struct made m = made_new(600);
	const struct slot_policy p = { .slot = SLOT, .budget = 1000000 };
	struct sensor_loss loss;
	uint64_t lost = 0, received = 0;

	fixture_open(f, 64);
	assert_int_equal(sensor_policy(f->sensor, (struct cgroup_key){ .id = f->cg }, &p), 0);
	run_beside(f, many, &m, true); /* some arrive, however busy the machine is */
	run_inside(f, many, &m);       /* nobody drains */
	fixture_drain(f);
	assert_int_equal(sensor_loss(f->sensor, &loss), 0);
	for (size_t i = 0; i < 3; i++) {
		uint64_t l = sensor_loss_of(f->sensor, SLOT, types[i], LOSS_RING);
		/* the two that started them end in the group as well */
		uint64_t made = 2 * (m.n + (types[i] == EVENT_EXIT));

		assert_int_equal(f->received[types[i]] + l, made);
		assert_int_equal(sensor_loss_of(f->sensor, SLOT, types[i], LOSS_BUDGET), 0);
		lost += l;
		received += f->received[types[i]];
	}
	assert_true(lost > 0);
	assert_true(received > 0);
	assert_true(loss.by_cause[LOSS_RING] >= lost);

	sensor_slot_reset(f->sensor, SLOT);
	assert_int_equal(sensor_loss_of(f->sensor, SLOT, EVENT_EXEC, LOSS_RING), 0);
	munmap(m.pids, m.n * sizeof(pid_t));
}

static void a_budget_holds_back_and_counts(void **state)
{
	struct fixture *f = *state;
	struct made m = made_new(200);
	const struct slot_policy p = { .slot = SLOT, .budget = 5 };
	struct sensor_loss loss;
	uint64_t held;

	fixture_open(f, 4096);
	assert_int_equal(sensor_policy(f->sensor, (struct cgroup_key){ .id = f->cg }, &p), 0);
	run_inside(f, many, &m);
	fixture_drain(f);
	assert_int_equal(sensor_loss(f->sensor, &loss), 0);
	held = sensor_loss_of(f->sensor, SLOT, EVENT_FORK, LOSS_BUDGET);
	assert_true(held > 0);
	assert_int_equal(f->received[EVENT_FORK] + held, m.n);
	/* the reserve is of the same size, and execs and exits share it */
	assert_int_equal(f->received[EVENT_EXEC] + f->received[EVENT_EXIT] +
				 sensor_loss_of(f->sensor, SLOT, EVENT_EXEC, LOSS_BUDGET) +
				 sensor_loss_of(f->sensor, SLOT, EVENT_EXIT, LOSS_BUDGET),
			 2 * m.n + 1);
	munmap(m.pids, m.n * sizeof(pid_t));
}

static void sampling_leaves_out_forks_and_never_execs(void **state)
{
	struct fixture *f = *state;
	struct made m = made_new(500);
	const struct slot_policy p = { .slot = SLOT, .sample = 4 };
	struct sensor_loss loss;

	fixture_open(f, 4096);
	assert_int_equal(sensor_policy(f->sensor, (struct cgroup_key){ .id = f->cg }, &p), 0);
	run_inside(f, many, &m);
	fixture_drain(f);
	assert_int_equal(sensor_loss(f->sensor, &loss), 0);
	assert_int_equal(f->received[EVENT_EXEC], m.n);
	assert_int_equal(f->received[EVENT_EXIT], m.n + 1);
	assert_in_range(f->received[EVENT_FORK], m.n / 8, m.n / 2);
	assert_int_equal(f->received[EVENT_FORK] +
				 sensor_loss_of(f->sensor, SLOT, EVENT_FORK, LOSS_SAMPLED),
			 m.n);
	munmap(m.pids, m.n * sizeof(pid_t));
}

static void inner(void *arg)
{
	struct fixture *f = arg;
	char dir[300];
	pid_t pid;
	int status;

	snprintf(dir, sizeof(dir), "%s/inner", f->dir);
	if (mkdir(dir, 0755) < 0)
		_exit(3);
	pid = fork();
	if (pid == 0) {
		enter(dir);
		execl("/bin/true", "x", "inner", (char *)NULL);
		_exit(4);
	}
	if (waitpid(pid, &status, 0) < 0 || status)
		_exit(5);
	for (int i = 0; i < 200 && rmdir(dir) < 0; i++)
		usleep(5000);
}

static void a_group_made_inside_has_the_policy_at_once(void **state)
{
	struct fixture *f = *state;
	const struct slot_policy p = { .slot = SLOT };

	fixture_open(f, 4096);
	assert_int_equal(sensor_policy(f->sensor, (struct cgroup_key){ .id = f->cg }, &p), 0);
	run_inside(f, inner, f);
	fixture_drain(f);
	assert_int_equal(f->received[EVENT_EXEC], 1);
}

static void one(void *arg)
{
	struct made *m = arg;

	m->n = 1;
	many(m);
}

static void a_set_can_be_taken_off_and_put_back_twice(void **state)
{
	struct fixture *f = *state;
	struct made m = made_new(1);

	fixture_open(f, 1024);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(sensor_set(f->sensor, "process", false, NULL), 0);
		assert_int_equal(sensor_set(f->sensor, "network", false, NULL), 0);
		run_inside(f, one, &m);
		fixture_drain(f);
		assert_int_equal(count_of(f, EVENT_EXEC), round);
		assert_int_equal(sensor_set(f->sensor, "process", true, NULL), 0);
		assert_int_equal(sensor_set(f->sensor, "network", true, NULL), 0);
		run_inside(f, one, &m);
		fixture_drain(f);
		assert_int_equal(count_of(f, EVENT_EXEC), round + 1);
	}
	assert_int_equal(sensor_set(f->sensor, "nonsense", true, NULL), -ENOENT);
	munmap(m.pids, sizeof(pid_t));
}

static void *second(void *arg)
{
	(void)arg;
	usleep(20000); /* so that the first thread is gone for sure: it does not wait for us */
	syscall(SYS_exit_group, 9);
	return NULL;
}

static void leader_first(void *arg)
{
	pid_t pid = fork();
	pthread_t t;
	int status;

	(void)arg;
	if (pid == 0) {
		pthread_create(&t, NULL, second, NULL);
		syscall(SYS_exit, 0); /* the first thread alone */
	}
	if (waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != 9)
		_exit(6);
}

static void a_process_ends_with_its_last_thread(void **state)
{
	struct fixture *f = *state;
	const struct got *fork_ev;

	fixture_open(f, 1024);
	run_inside(f, leader_first, NULL);
	fixture_drain(f);
	assert_int_equal(count_of(f, EVENT_FORK), 1); /* the thread is none */
	fork_ev = find(f, EVENT_FORK, 0, 0);
	assert_int_equal(count_of(f, EVENT_EXIT), 2);
	assert_int_equal(find(f, EVENT_EXIT, fork_ev->pid, 0)->code, 9);
}

static void the_picture_has_this_process_and_its_cgroup(void **state)
{
	struct fixture *f = *state;
	struct sensor_sink sink;
	int r, hold[2];
	pid_t pid;
	char c;

	fixture_open(f, 1024);
	assert_int_equal(pipe(hold), 0);
	pid = fork();
	if (pid == 0) {
		close(hold[1]);
		enter(f->dir);
		(void)!read(hold[0], &c, 1);
		_exit(0);
	}
	close(hold[0]);
	for (int i = 0; i < 200 && !f->found; i++) {
		sink = fixture_sink(f);
		f->lasts = f->tasks = 0;
		do
			r = sensor_picture(f->sensor, true, 100000, &sink);
		while (r == 1);
		assert_int_equal(r, 0);
		assert_int_equal(f->lasts, 2);
		usleep(5000);
	}
	close(hold[1]);
	waitpid(pid, NULL, 0);
	assert_int_equal(f->found & 0xff, 1);
	assert_non_null(strstr(f->found_path, "/sonde-unit-"));
	assert_int_equal(f->self.pid, getpid());
	assert_int_equal(f->self.ppid, getppid());
	assert_true(f->self.cpu_ns > 1000000);
	assert_true(f->self.rss_bytes > 1 << 20);
	assert_true(f->self.start_ns > 0 && f->self.start_ns < clock_boot());
}

#define LIVE(t) cmocka_unit_test_setup_teardown(t, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LIVE(each_short_process_is_seen_with_its_end),
		LIVE(a_full_ring_is_counted_to_the_last_record),
		LIVE(a_budget_holds_back_and_counts),
		LIVE(sampling_leaves_out_forks_and_never_execs),
		LIVE(a_group_made_inside_has_the_policy_at_once),
		LIVE(a_set_can_be_taken_off_and_put_back_twice),
		LIVE(a_process_ends_with_its_last_thread),
		LIVE(the_picture_has_this_process_and_its_cgroup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
