/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of processes. */
#include <errno.h>
#include <stdio.h>

#include "model_fixture.h"

static void exec_fills_the_row_and_exit_leaves_it_dimmed(void **state)
{
	struct fixture *f = *state;
	const struct proc_row *p;
	struct snapshot *s;

	fork_of(f, CG_A, 1, 0, 10, 500 * S);
	exec_of(f, CG_A, 10, 500 * S, "/bin/ls", ARGV("ls\0-l"));
	assert_true(f->b.ev.flags & EV_PROC_REF);
	s = model_snapshot(f->m);
	p = shown_proc(s, 10);
	assert_string_equal(p->comm, "ls");
	assert_string_equal(p->exe, "/bin/ls");
	assert_string_equal(p->cwd, "/srv");
	assert_memory_equal(p->argv, "ls\0-l", 6);
	assert_int_equal(p->argv_n, 6);
	assert_int_equal(p->uid, 1000);
	assert_int_equal(p->gone_ns, 0);
	assert_int_equal(shown_pod(s, POD_A)->procs, 1);
	snapshot_unref(s);

	exit_of(f, CG_A, 10, 500 * S, 3);
	assert_true(f->b.ev.flags & EV_DURATION);
	assert_int_equal(f->b.ev.duration_ns, f->now - 500 * S);
	assert_string_equal(f->b.ev.comm, "ls");
	assert_memory_equal(event_text(&f->b.ev, f->b.ev.exe), "/bin/ls", 7);
	s = model_snapshot(f->m);
	p = shown_proc(s, 10);
	assert_int_equal(p->gone_ns, f->now);
	assert_int_equal(p->exit_code, 3);
	assert_int_equal(shown_pod(s, POD_A)->procs, 0);
	snapshot_unref(s);
}

static void a_forked_child_is_its_parents_image_until_it_executes(void **state)
{
	struct fixture *f = *state;
	const struct proc_row *parent, *child;
	struct snapshot *s;

	exec_of(f, CG_A, 10, 500 * S, "/usr/sbin/nginx", ARGV("nginx\0-g\0daemon off;"));
	f->now += S;
	fork_of(f, CG_A, 10, 500 * S, 11, f->now);
	assert_memory_equal(event_text(&f->b.ev, f->b.ev.exe), "/usr/sbin/nginx", 15);
	assert_string_equal(f->b.ev.pcomm, "nginx");
	s = model_snapshot(f->m);
	parent = shown_proc(s, 10);
	child = shown_proc(s, 11);
	assert_ptr_equal(child->argv, parent->argv); /* a prefork server has one command line */
	assert_string_equal(child->comm, "nginx");
	assert_int_equal(child->uid, 1000);
	assert_int_equal(child->parent_id, parent->row.id);
	assert_int_not_equal(child->exec_ns, parent->exec_ns); /* another exec_id */
	snapshot_unref(s);
	exec_of(f, CG_A, 11, child->start_ns, "/bin/sh", ARGV("sh"));
	s = model_snapshot(f->m);
	assert_string_equal(shown_proc(s, 11)->exe, "/bin/sh");
	assert_string_equal(shown_proc(s, 10)->exe, "/usr/sbin/nginx");
	snapshot_unref(s);
}

static void a_pid_given_anew_is_another_process(void **state)
{
	struct fixture *f = *state;
	uint64_t first;
	struct snapshot *s;

	exec_of(f, CG_A, 10, 500 * S, "/bin/old", ARGV("old"));
	first = f->b.ev.proc_id;
	/* the exit record of the first one was lost */
	fork_of(f, CG_B, 1, 0, 10, 900 * S);
	assert_int_not_equal(f->b.ev.proc_id, first);
	s = model_snapshot(f->m);
	assert_int_not_equal(((const struct proc_row *)table_view_at(
				      &s->procs, model_find_id(f->m, SONDE_PROCS, first)))
				     ->gone_ns,
			     0);
	assert_int_equal(shown_proc(s, 10)->gone_ns, 0);
	assert_int_equal(shown_pod(s, POD_A)->procs, 0);
	assert_int_equal(shown_pod(s, POD_B)->procs, 1);
	snapshot_unref(s);
	/* a late record still finds the first one */
	exit_of(f, CG_A, 10, 500 * S, 0);
	assert_int_equal(f->b.ev.proc_id, first);
	assert_int_not_equal(model_find_pid(f->m, 10), TABLE_NONE);
}

static void a_process_whose_leader_ends_first_ends_once_with_its_name(void **state)
{
	struct fixture *f = *state;
	struct event *ev;
	struct snapshot *s;

	exec_of(f, CG_A, 10, 500 * S, "/usr/bin/java", ARGV("java"));
	ev = about(f, EVENT_EXIT, CG_A, 10, 500 * S);
	ev->tid = 17; /* the last thread */
	snprintf(ev->comm, sizeof(ev->comm), "GC Thread#0");
	tell(f);
	assert_string_equal(f->b.ev.comm, "java");
	s = model_snapshot(f->m);
	assert_string_equal(shown_proc(s, 10)->comm, "java");
	assert_int_equal(shown_proc(s, 10)->gone_ns, f->now);
	assert_int_equal(shown_pod(s, POD_A)->procs, 0);
	snapshot_unref(s);
}

static void an_exit_of_an_unknown_process_is_not_missed(void **state)
{
	struct fixture *f = *state;
	struct snapshot *s;

	assert_int_equal(exit_of(f, CG_A, 10, 900 * S, 1), 0);
	s = model_snapshot(f->m);
	assert_non_null(shown_proc(s, 10));
	assert_int_equal(shown_proc(s, 10)->gone_ns, f->now);
	assert_int_equal(shown_pod(s, POD_A)->procs, 0);
	assert_int_equal(s->node.procs, 0);
	snapshot_unref(s);
	assert_int_equal(model_find_pid(f->m, 10), TABLE_NONE);
}

static void an_exec_before_its_fork_record_is_one_process(void **state)
{
	struct fixture *f = *state;
	uint64_t id;
	struct snapshot *s;

	exec_of(f, CG_A, 10, 500 * S, "/bin/sh", ARGV("sh"));
	exec_of(f, CG_A, 11, 900 * S, "/bin/ls", ARGV("ls"));
	id = f->b.ev.proc_id;
	fork_of(f, CG_A, 10, 500 * S, 11, 900 * S);
	assert_int_equal(f->b.ev.proc_id, id);
	s = model_snapshot(f->m);
	assert_string_equal(shown_proc(s, 11)->exe, "/bin/ls");
	assert_int_equal(s->node.procs, 2);
	snapshot_unref(s);
}

static void orphans_go_to_whom_the_kernel_gives_them(void **state)
{
	struct fixture *f = *state;
	struct task_fact t = { .pid = 20, .ppid = 5, .start_ns = 800 * S, .threads = 1 };
	struct snapshot *s;

	exec_of(f, CG_HOST, 1, 1 * S, "/sbin/init", ARGV("init"));
	fork_of(f, CG_HOST, 1, 1 * S, 5, 600 * S);
	exec_of(f, CG_HOST, 5, 600 * S, "/bin/shim", ARGV("shim"));
	fork_of(f, CG_HOST, 5, 600 * S, 6, 700 * S);
	fork_of(f, CG_HOST, 6, 700 * S, 20, 800 * S);
	exit_of(f, CG_HOST, 6, 700 * S, 0);
	s = model_snapshot(f->m);
	assert_int_equal(shown_proc(s, 20)->ppid, 1); /* the best guess */
	snapshot_unref(s);
	model_pass_begin(f->m, false, false, f->now += S);
	model_task(f->m, &t); /* the shim is a subreaper */
	s = model_snapshot(f->m);
	assert_int_equal(shown_proc(s, 20)->ppid, 5);
	assert_int_equal(shown_proc(s, 20)->parent_id, shown_proc(s, 5)->row.id);
	snapshot_unref(s);
}

static void secrets_in_arguments_are_masked_before_they_are_kept(void **state)
{
	struct fixture *f = *state;
	struct snapshot *s;

	exec_of(f, CG_A, 10, 500 * S, "/bin/x", ARGV("x\0--password=hunter2"));
	assert_null(memmem(&f->b, f->b.ev.size, "hunter2", 7));
	s = model_snapshot(f->m);
	assert_null(memmem(shown_proc(s, 10)->argv, shown_proc(s, 10)->argv_n, "hunter2", 7));
	snapshot_unref(s);
}

static void whoever_came_from_outside_brings_its_children_along(void **state)
{
	struct fixture *f = *state;
	struct event *ev = about(f, EVENT_EXEC, CG_A, 10, 500 * S);
	struct snapshot *s;

	snprintf(ev->comm, sizeof(ev->comm), "sh");
	identity_event(f->identity, ev);
	ev->flags |= EV_OUTSIDE;
	model_event(f->m, &f->b);
	fork_of(f, CG_A, 10, 500 * S, 11, 900 * S);
	exec_of(f, CG_A, 11, 900 * S, "/bin/id", ARGV("id"));
	assert_true(f->b.ev.flags & EV_OUTSIDE);
	exec_of(f, CG_A, 12, 901 * S, "/bin/own", ARGV("own"));
	assert_false(f->b.ev.flags & EV_OUTSIDE);
	s = model_snapshot(f->m);
	assert_true(shown_proc(s, 11)->flags & EV_OUTSIDE);
	snapshot_unref(s);
}

static void the_gone_leave_after_a_minute(void **state)
{
	struct fixture *f = *state;
	struct snapshot *s;

	exec_of(f, CG_A, 10, 500 * S, "/bin/a", ARGV("a"));
	exit_of(f, CG_A, 10, 500 * S, 0);
	model_second(f->m, f->now += 59 * S);
	s = model_snapshot(f->m);
	assert_non_null(shown_proc(s, 10));
	snapshot_unref(s);
	model_second(f->m, f->now += 2 * S);
	s = model_snapshot(f->m);
	assert_null(shown_proc(s, 10));
	snapshot_unref(s);
}

static void a_full_table_drops_the_oldest_gone_and_counts_newcomers_without_room(void **state)
{
	struct fixture *f = *state;
	uint64_t oldest = 0;
	struct snapshot *s;

	for (uint32_t i = 0; i < 64 << 10; i++)
		assert_int_equal(fork_of(f, CG_A, 1, 0, 100 + i, 500 * S + i), 0);
	assert_int_equal(fork_of(f, CG_A, 1, 0, 99, 500 * S), -ENOSPC);
	s = model_snapshot(f->m);
	assert_int_equal(s->procs.used, 64 << 10);
	assert_non_null(strstr(s->incomplete, "full"));
	snapshot_unref(s);
	exit_of(f, CG_A, 100, 500 * S, 0);
	oldest = f->b.ev.proc_id;
	exit_of(f, CG_A, 101, 500 * S + 1, 0);
	assert_int_equal(fork_of(f, CG_A, 1, 0, 99, 500 * S), 0);
	assert_int_equal(model_find_id(f->m, SONDE_PROCS, oldest), TABLE_NONE);
	assert_int_not_equal(model_find_pid(f->m, 99), TABLE_NONE);
	s = model_snapshot(f->m);
	assert_non_null(shown_proc(s, 101));
	snapshot_unref(s);
}

static void a_pass_mends_what_was_missed(void **state)
{
	struct fixture *f = *state;
	struct task_fact t = { .threads = 3, .rss_bytes = 4096, .cg.id = CG_A };
	const struct proc_row *p;
	struct snapshot *s;

	exec_of(f, CG_A, 10, 500 * S, "/bin/stays", ARGV("stays"));
	exec_of(f, CG_A, 11, 501 * S, "/bin/went", ARGV("went"));
	model_pass_begin(f->m, false, false, f->now += S);
	t.pid = 10, t.start_ns = 500 * S, t.cpu_ns = S;
	strcpy(t.comm, "stays");
	model_task(f->m, &t);
	t.pid = 12, t.start_ns = 502 * S;
	strcpy(t.comm, "missed");
	model_task(f->m, &t);
	model_task(f->m, &(struct task_fact){ .last = true });
	s = model_snapshot(f->m);
	p = shown_proc(s, 12);
	assert_true(p->flags & EV_REPAIRED);
	assert_string_equal(p->comm, "missed");
	assert_int_equal(shown_proc(s, 11)->gone_ns, f->now);
	assert_true(shown_proc(s, 11)->flags & EV_REPAIRED);
	assert_false(shown_proc(s, 10)->flags & EV_REPAIRED);
	assert_int_equal(s->node.repaired_rows, 2);
	assert_int_equal(s->node.repaired_ns, f->now);
	assert_int_equal(shown_pod(s, POD_A)->procs, 2);
	snapshot_unref(s);
	/* its own record comes after all: then nothing was missed */
	exit_of(f, CG_A, 11, 501 * S, 7);
	s = model_snapshot(f->m);
	assert_false(shown_proc(s, 11)->flags & EV_REPAIRED);
	assert_int_equal(shown_proc(s, 11)->exit_code, 7);
	assert_int_equal(s->node.repaired_rows, 1);
	snapshot_unref(s);
}

static void a_pass_that_is_older_than_an_exit_does_not_bring_it_back(void **state)
{
	struct fixture *f = *state;
	struct task_fact t = { .pid = 10, .start_ns = 500 * S, .threads = 1, .cg.id = CG_A };

	exec_of(f, CG_A, 10, 500 * S, "/bin/a", ARGV("a"));
	model_pass_begin(f->m, false, false, f->now += S);
	exit_of(f, CG_A, 10, 500 * S, 0);
	model_task(f->m, &t);
	assert_int_equal(model_find_pid(f->m, 10), TABLE_NONE);
}

static void the_first_picture_marks_nothing_as_repaired(void **state)
{
	struct fixture *f = *state;
	struct task_fact t = { .pid = 10, .ppid = 9, .start_ns = 500 * S, .threads = 1 };
	struct snapshot *s;

	model_pass_begin(f->m, true, false, f->now += S);
	model_task(f->m, &t); /* the child is delivered before its parent */
	t.pid = 9, t.ppid = 1;
	model_task(f->m, &t);
	s = model_snapshot(f->m);
	assert_false(s->node.picture_done);
	assert_non_null(strstr(s->incomplete, "picture"));
	snapshot_unref(s);
	model_task(f->m, &(struct task_fact){ .last = true });
	s = model_snapshot(f->m);
	assert_true(s->node.picture_done);
	assert_string_equal(s->incomplete, "");
	assert_false(shown_proc(s, 10)->flags & EV_REPAIRED);
	assert_int_equal(shown_proc(s, 10)->parent_id, shown_proc(s, 9)->row.id);
	snapshot_unref(s);
}

static void cpu_share_is_what_was_used_between_two_passes(void **state)
{
	struct fixture *f = *state;
	struct task_fact t = { .pid = 10, .start_ns = 500 * S, .threads = 1, .cpu_ns = 40 * S };
	struct snapshot *s;

	model_pass_begin(f->m, true, false, f->now);
	model_task(f->m, &t);
	model_task(f->m, &(struct task_fact){ .last = true });
	s = model_snapshot(f->m);
	assert_true(shown_proc(s, 10)->cpu_pct < 0);
	snapshot_unref(s);
	model_pass_begin(f->m, false, false, f->now + 2 * S);
	t.cpu_ns += S;
	model_task(f->m, &t);
	model_task(f->m, &(struct task_fact){ .last = true });
	s = model_snapshot(f->m);
	assert_true(shown_proc(s, 10)->cpu_pct > 49.9 && shown_proc(s, 10)->cpu_pct < 50.1);
	snapshot_unref(s);
}

static void a_start_in_clock_ticks_names_the_same_process(void **state)
{
	struct fixture *f = *state;
	struct task_fact t = { .pid = 10, .start_ns = 500 * S + 20 * MS, .threads = 1 };
	uint64_t id;
	struct snapshot *s;

	exec_of(f, CG_HOST, 10, 500 * S + 23456789, "/bin/a", ARGV("a"));
	id = f->b.ev.proc_id;
	model_pass_begin(f->m, false, false, f->now += S);
	model_task(f->m, &t);
	s = model_snapshot(f->m);
	assert_int_equal(shown_proc(s, 10)->row.id, id);
	snapshot_unref(s);
}

static void procfs_fills_in_what_no_record_told(void **state)
{
	struct fixture *f = *state;
	struct task_fact t = { .pid = 10, .start_ns = 500 * S, .threads = 1 };
	struct proc_facts p = { .fds = 5, .threads = 2, .argv.max = 4096 };
	const struct proc_row *row;
	struct snapshot *s;
	bool fds;

	model_pass_begin(f->m, true, false, f->now);
	model_task(f->m, &t);
	model_task(f->m, &(struct task_fact){ .last = true });
	assert_true(model_next_proc(f->m, f->now + S, &p.pid, &p.start_ns, &fds));
	assert_int_equal(p.pid, 10);
	assert_int_equal(p.start_ns, 500 * S);
	buf_add(&p.argv, ARGV("a\0--token=abcdefgh"));
	strcpy(p.exe, "/bin/a");
	strcpy(p.cwd, "/");
	model_proc_facts(f->m, &p);
	s = model_snapshot(f->m);
	row = shown_proc(s, 10);
	assert_string_equal(row->exe, "/bin/a");
	assert_string_equal(row->argv, "a");
	assert_null(memmem(row->argv, row->argv_n, "abcdefgh", 8));
	assert_int_equal(row->fds, 5);
	snapshot_unref(s);
	proc_facts_done(&p);
}

static void watched_processes_are_read_each_second(void **state)
{
	struct fixture *f = *state;
	uint32_t pid, asked = 0;
	uint64_t start, now, id;
	bool fds;

	for (uint32_t i = 0; i < 50; i++)
		exec_of(f, CG_A, 10 + i, 500 * S, "/bin/a", ARGV("a"));
	id = f->b.ev.proc_id;
	model_watch(f->m, SONDE_PROCS, &id, 1);
	now = f->now;
	for (int i = 0; i < 50; i++, now += 100 * MS) {
		while (model_next_proc(f->m, now, &pid, &start, &fds))
			asked += pid == 59;
	}
	assert_in_range(asked, 5, 6);
}

static void one_that_lives_a_second_is_looked_at_once(void **state)
{
	struct fixture *f = *state;
	uint32_t pid, asked = 0;
	uint64_t start, now;
	bool fds;

	exec_of(f, CG_A, 10, 500 * S, "/bin/stays", ARGV("stays"));
	exec_of(f, CG_A, 11, 500 * S, "/bin/goes", ARGV("goes"));
	assert_false(model_next_proc(f->m, f->now + 200 * MS, &pid, &start, &fds));
	exit_of(f, CG_A, 11, 500 * S, 0);
	for (now = f->now; now < f->now + 20 * S; now += 100 * MS) {
		while (model_next_proc(f->m, now, &pid, &start, &fds)) {
			assert_int_equal(pid, 10);
			assert_true(fds);
			assert_in_range(now, f->now + 900 * MS, f->now + 1100 * MS);
			asked++;
		}
	}
	assert_int_equal(asked, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MODEL_TEST(exec_fills_the_row_and_exit_leaves_it_dimmed),
		MODEL_TEST(a_forked_child_is_its_parents_image_until_it_executes),
		MODEL_TEST(a_pid_given_anew_is_another_process),
		MODEL_TEST(a_process_whose_leader_ends_first_ends_once_with_its_name),
		MODEL_TEST(an_exit_of_an_unknown_process_is_not_missed),
		MODEL_TEST(an_exec_before_its_fork_record_is_one_process),
		MODEL_TEST(orphans_go_to_whom_the_kernel_gives_them),
		MODEL_TEST(secrets_in_arguments_are_masked_before_they_are_kept),
		MODEL_TEST(whoever_came_from_outside_brings_its_children_along),
		MODEL_TEST(the_gone_leave_after_a_minute),
		MODEL_TEST(a_full_table_drops_the_oldest_gone_and_counts_newcomers_without_room),
		MODEL_TEST(a_pass_mends_what_was_missed),
		MODEL_TEST(a_pass_that_is_older_than_an_exit_does_not_bring_it_back),
		MODEL_TEST(the_first_picture_marks_nothing_as_repaired),
		MODEL_TEST(cpu_share_is_what_was_used_between_two_passes),
		MODEL_TEST(a_start_in_clock_ticks_names_the_same_process),
		MODEL_TEST(procfs_fills_in_what_no_record_told),
		MODEL_TEST(one_that_lives_a_second_is_looked_at_once),
		MODEL_TEST(watched_processes_are_read_each_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
