/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spawn: a storm of short processes. Each carries a marker, a name and a number in
 * its argv, so that whoever watches can be asked whether one is missing and whether
 * each was given to the right pod. Prints how many it made, "made N".
 *
 *   spawn [-n COUNT] [-u MICROSECONDS] [-r PER_SECOND] [-j PARALLEL] [-w FIFO] [-s] MARKER NAME
 *
 * With -s it stays when it is done, so that what was made is all that ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static unsigned long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

/* Opening a fifo waits for its writer: so many storms start in the same moment. */
static void wait_for_start(const char *fifo)
{
	int fd;
	char c;

	if (!fifo)
		return;
	fd = open(fifo, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		perror(fifo);
		exit(1);
	}
	while (read(fd, &c, 1) > 0)
		;
	close(fd);
}

/* vfork: nothing of ours is copied, so a storm is as fast as the kernel lets it. */
static int make_one(char *const argv[])
{
	pid_t pid = vfork();

	if (pid == 0) {
		execve("/bin/blink", argv, environ);
		_exit(127);
	}
	return pid < 0 ? -errno : 0;
}

static void reap(unsigned *alive, unsigned limit, unsigned *bad)
{
	int status;

	while (*alive > limit) {
		if (wait(&status) < 0)
			return;
		(*alive)--;
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			(*bad)++;
	}
}

int main(int argc, char **argv)
{
	unsigned count = 1, rate = 0, jobs = 1, alive = 0, bad = 0, made = 0;
	int stay = 0;
	const char *fifo = NULL, *us = "1000";
	char seq[16];
	unsigned long long start;
	int c;

	while ((c = getopt(argc, argv, "n:u:r:j:w:s")) != -1) {
		if (c == 'n')
			count = strtoul(optarg, NULL, 10);
		else if (c == 'u')
			us = optarg;
		else if (c == 'r')
			rate = strtoul(optarg, NULL, 10);
		else if (c == 'j')
			jobs = strtoul(optarg, NULL, 10);
		else if (c == 'w')
			fifo = optarg;
		else if (c == 's')
			stay = 1;
		else
			return 2;
	}
	if (argc - optind != 2 || jobs == 0)
		return 2;
	char *child[] = { (char *)"blink", (char *)us, argv[optind], argv[optind + 1], seq, NULL };

	wait_for_start(fifo);
	start = now_ns();
	for (unsigned i = 0; i < count; i++) {
		snprintf(seq, sizeof(seq), "%u", i);
		while (rate && now_ns() - start < i * 1000000000ull / rate)
			usleep(200);
		reap(&alive, jobs - 1, &bad);
		if (make_one(child) < 0) { /* counted: what was not made cannot be missed */
			bad++;
			continue;
		}
		alive++;
		made++;
	}
	reap(&alive, 0, &bad);
	printf("made %u bad %u in %llu us\n", made, bad, (now_ns() - start) / 1000);
	fflush(stdout);
	while (stay)
		pause();
	return bad ? 1 : 0;
}
