/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * leader: processes that end in unusual order.
 *
 *   leader exit MS CODE   the first thread ends at once, the other ends the process with CODE
 *   leader last MS        the same, but nobody calls exit: the last thread just returns
 *   leader exec MS [ARG]…     a thread that is not the first becomes /bin/blink MS ARG…
 *   leader kill MS        the first thread ends, then SIGKILL comes from the other
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;
static char **args;

static void *other(void *unused)
{
	(void)unused;
	usleep(strtoul(args[2], NULL, 10) * 1000);
	if (strcmp(args[1], "exit") == 0)
		syscall(SYS_exit_group, args[3] ? (int)strtoul(args[3], NULL, 10) : 0);
	if (strcmp(args[1], "kill") == 0)
		kill(getpid(), SIGKILL);
	if (strcmp(args[1], "exec") == 0) {
		args[1] = (char *)"blink";
		execve("/bin/blink", args + 1, environ);
	}
	/* The bare system call: no library code may turn this into an exit of all. */
	syscall(SYS_exit, 0);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t;

	if (argc < 3)
		return 2;
	args = argv;
	if (pthread_create(&t, NULL, other, NULL) != 0)
		return 1;
	if (strcmp(argv[1], "exec") == 0)
		pause();
	syscall(SYS_exit, 0);
	return 1;
}
