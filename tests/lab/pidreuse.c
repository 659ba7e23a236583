/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pidreuse: different processes under one number, one after another, in every pid
 * namespace up to the node's. Needs CAP_CHECKPOINT_RESTORE. Prints "pid N" (the node's).
 *
 *   pidreuse [-n TIMES] [-u MICROSECONDS] MARKER
 */
#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* @pid in our own namespace and in the one above. */
static pid_t clone_as(pid_t pid)
{
	pid_t want[2] = { pid, pid };
	struct clone_args a = { .exit_signal = SIGCHLD,
				.set_tid = (uintptr_t)want,
				.set_tid_size = 2 };
	long r = syscall(SYS_clone3, &a, sizeof(a));

	return r < 0 ? -errno : r;
}

int main(int argc, char **argv)
{
	unsigned times = 3, tries = 0;
	const char *us = "20000";
	pid_t pid = 23000 + getpid() % 1000, got;
	char seq[16];
	int c;

	while ((c = getopt(argc, argv, "n:u:")) != -1) {
		if (c == 'n')
			times = strtoul(optarg, NULL, 10);
		else if (c == 'u')
			us = optarg;
		else
			return 2;
	}
	if (argc - optind != 1)
		return 2;
	for (unsigned i = 0; i < times; i++) {
		char *child[] = { (char *)"blink", (char *)us, argv[optind], seq, NULL };

		snprintf(seq, sizeof(seq), "%u", i);
		/* Before the first, any free number will do. */
		while ((got = clone_as(pid)) == -EEXIST && ++tries < 1000)
			i == 0 ? (void)pid++ : (void)usleep(1000);
		if (got == 0) {
			execve("/bin/blink", child, environ);
			_exit(127);
		}
		if (got < 0) {
			errno = -got;
			perror("clone3");
			return 1;
		}
		waitpid(got, NULL, 0);
	}
	printf("pid %d\n", pid);
	return 0;
}
