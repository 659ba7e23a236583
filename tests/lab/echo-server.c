/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * echo-server: a prefork TCP server. The parent listens and accepts nothing; each of
 * its workers accepts and sends back what it reads, so the process that serves a
 * connection is not the one that listens. A worker first tells the peer its number:
 * "worker N\n".
 *
 *   echo-server [-6] [-w WORKERS] [-q] PORT
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int quiet;

static void serve(int fd, unsigned n)
{
	char buf[4096];
	ssize_t got;

	if (!quiet)
		dprintf(fd, "worker %u\n", n);
	while ((got = read(fd, buf, sizeof(buf))) > 0)
		for (ssize_t done = 0, put; done < got; done += put) {
			put = write(fd, buf + done, got - done);
			if (put <= 0)
				return;
		}
}

/* One connection at a time, so which worker has it is plain. */
static void worker(int listener, unsigned n)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0) {
			if (errno == EINTR || errno == ECONNABORTED)
				continue;
			_exit(1);
		}
		serve(fd, n);
		close(fd);
	}
}

static int listen_on(int v6, unsigned port)
{
	struct sockaddr_in a4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr *a = v6 ? (struct sockaddr *)&a6 : (struct sockaddr *)&a4;
	int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, a, v6 ? sizeof(a6) : sizeof(a4)) < 0 || listen(fd, 64) < 0)
		return -1;
	return fd;
}

int main(int argc, char **argv)
{
	unsigned workers = 2;
	int v6 = 0, c, fd;

	while ((c = getopt(argc, argv, "6qw:")) != -1) {
		if (c == '6')
			v6 = 1;
		else if (c == 'q')
			quiet = 1;
		else if (c == 'w')
			workers = strtoul(optarg, NULL, 10);
		else
			return 2;
	}
	if (argc - optind != 1)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	fd = listen_on(v6, strtoul(argv[optind], NULL, 10));
	if (fd < 0) {
		perror("listen");
		return 1;
	}
	for (unsigned i = 0; i < workers; i++) {
		pid_t pid = fork();

		if (pid == 0)
			worker(fd, i);
		printf("worker %u pid %d\n", i, pid);
	}
	puts("listening");
	fflush(stdout);
	while (wait(NULL) > 0 || errno == EINTR)
		;
	return 0;
}
