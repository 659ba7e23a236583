/* SPDX-License-Identifier: BSD-2-Clause */
/* What user space needs to know of the probe set "process". */
#include "sensor/probe.h"

#include "base/macros.h"
#include "process.skel.h"

/* mark_victim hands over a task since 6.9, before that a pid: one program for each. */
static bool victim_is_task(const struct probe_hook *h)
{
	bool pointer = false;

	return probe_has_tracepoint(h->tracepoint, &pointer) && pointer;
}

static bool victim_is_pid(const struct probe_hook *h)
{
	return !victim_is_task(h);
}

static const struct probe_hook hooks[] = {
	{ "on_fork", "process: sched_process_fork", "new processes",
	  "Processes show up with their exec or the next sweep", "sched_process_fork", NULL },
	{ "on_exec", "process: sched_process_exec", "executed programs with their arguments",
	  "Processes that live under a second are missed", "sched_process_exec", NULL },
	{ "on_exit", "process: sched_process_exit", "ends of processes with code or signal",
	  "Ends are seen by the next sweep, without code", "sched_process_exit", NULL },
	{ "on_victim", "process: oom mark_victim", "victims of the OOM killer",
	  "OOM kills show as signal 9 only", "mark_victim", victim_is_task },
	{ "on_victim_pid", "process: oom mark_victim", "victims of the OOM killer",
	  "OOM kills show as signal 9 only", "mark_victim", victim_is_pid },
	{ "on_mkdir", "process: cgroup_mkdir", "containers before their first process",
	  "Containers are found with their first process", "cgroup_mkdir", NULL },
	{ "on_rmdir", "process: cgroup_rmdir", "ends of containers",
	  "Ends of containers are seen by the next sweep", "cgroup_rmdir", NULL },
};

const struct probe probe_process = {
	.set = "process",
	.object = "process",
	.elf = process_bpf__elf_bytes,
	.hooks = hooks,
	.n = ARRAY_SIZE(hooks),
};
