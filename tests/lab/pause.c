/* SPDX-License-Identifier: BSD-2-Clause */
/* pause: the first process of a pod's sandbox. Holds its namespaces and reaps orphans. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void leave(int sig)
{
	(void)sig;
	_exit(0);
}

int main(void)
{
	struct sigaction sa = { .sa_handler = SIG_IGN, .sa_flags = SA_NOCLDWAIT };

	sigaction(SIGCHLD, &sa, NULL);
	signal(SIGINT, leave);
	signal(SIGTERM, leave);
	for (;;)
		pause();
}
