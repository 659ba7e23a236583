/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loads for the bench, in a network namespace and a cgroup of their own:
 *
 *   storm forks CGROUP_ROOT SECONDS   fork + exec + TCP connect and close, one at a time
 *   storm bulk CGROUP_ROOT SECONDS    one established TCP connection, as fast as it goes
 *   storm pings CGROUP_ROOT SECONDS   the same with one byte back and forth: packets
 *
 * Prints one line of JSON: rounds or bytes, seconds, CPU time of the cgroup in ns.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char group[PATH_MAX];
static int procs_fd = -1; /* of the group that we came from: cgroup.procs */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what)
{
	fprintf(stderr, "storm: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Runs at every end of the first process, so that no group is left. */
static void leave_group(void)
{
	if (procs_fd < 0)
		return;
	(void)!write(procs_fd, "0", 1);
	for (int i = 0; i < 100 && rmdir(group) < 0 && errno == EBUSY; i++)
		usleep(10000);
}

static void enter_group(const char *root)
{
	char path[PATH_MAX + 16];
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.procs", root);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		die(path);
	snprintf(group, sizeof(group), "%s/sonde-bench-%d", root, (int)getpid());
	if (mkdir(group, 0755) < 0)
		die(group);
	procs_fd = fd;
	atexit(leave_group);
	snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		die(path);
	close(fd);
}

static void own_network(void)
{
	struct ifreq r = { .ifr_name = "lo" };
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		die("a network namespace");
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	r.ifr_flags = IFF_UP | IFF_RUNNING;
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &r) < 0)
		die("loopback");
	close(fd);
}

/* CPU time of the group in ns: everything that ran in it, ended or not. */
static unsigned long long group_cpu(void)
{
	char path[PATH_MAX + 16];
	unsigned long long us = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/cpu.stat", group);
	f = fopen(path, "r");
	if (!f || fscanf(f, "usage_usec %llu", &us) != 1)
		die(path);
	fclose(f);
	return us * 1000;
}

static int listener(struct sockaddr_in *a)
{
	socklen_t n = sizeof(*a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*a = (struct sockaddr_in){ .sin_family = AF_INET };
	a->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)a, n) < 0 || listen(fd, 128) < 0 ||
	    getsockname(fd, (struct sockaddr *)a, &n) < 0)
		die("listen");
	return fd;
}

static int dial(const struct sockaddr_in *a)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)a, sizeof(*a)) < 0)
		die("connect");
	return fd;
}

/* What the storm executes: connect, wait for the other side to close, end. */
static int child(const char *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	char c;
	int fd;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	fd = dial(&a);
	return read(fd, &c, 1) != 0;
}

static unsigned long long forks(double until)
{
	struct sockaddr_in a;
	int fd = listener(&a), status;
	unsigned long long n = 0;
	char port[8];

	snprintf(port, sizeof(port), "%u", ntohs(a.sin_port));
	while (now() < until) {
		pid_t pid = fork();
		int c;

		if (pid == 0) {
			execl("/proc/self/exe", "storm", "child", port, "--of=bench", NULL);
			_exit(127);
		}
		c = pid < 0 ? -1 : accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		if (c < 0)
			die("a round");
		close(c);
		if (waitpid(pid, &status, 0) != pid || status != 0)
			die("a child");
		n++;
	}
	return n;
}

static void echo(int fd)
{
	char c;

	while (read(fd, &c, 1) == 1)
		if (write(fd, &c, 1) != 1)
			break;
	_exit(0);
}

static void swallow(int fd)
{
	static char buf[1 << 18];

	while (read(fd, buf, sizeof(buf)) > 0)
		;
	_exit(0);
}

static unsigned long long established(double until, int small)
{
	static char buf[1 << 17];
	struct sockaddr_in a;
	int l = listener(&a), fd, one = 1, status;
	unsigned long long n = 0;
	pid_t pid = fork();

	if (pid == 0) {
		fd = accept4(l, NULL, NULL, SOCK_CLOEXEC);
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		if (small)
			echo(fd);
		swallow(fd);
	}
	fd = pid < 0 ? -1 : dial(&a);
	if (fd < 0)
		die("fork");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	while (now() < until) {
		ssize_t k = write(fd, buf, small ? 1 : sizeof(buf));

		if (k <= 0 || (small && read(fd, buf, 1) != 1))
			die("the connection");
		n += small ? 2 : (unsigned long long)k;
	}
	close(fd);
	waitpid(pid, &status, 0);
	return n;
}

int main(int argc, char **argv)
{
	unsigned long long n, cpu;
	double start;

	if (argc == 4 && !strcmp(argv[1], "child"))
		return child(argv[2]);
	if (argc != 4)
		return 2;
	enter_group(argv[2]);
	own_network();
	start = now();
	if (!strcmp(argv[1], "forks"))
		n = forks(start + strtod(argv[3], NULL));
	else
		n = established(start + strtod(argv[3], NULL), !strcmp(argv[1], "pings"));
	cpu = group_cpu();
	printf("{\"n\":%llu,\"seconds\":%.3f,\"cpu_ns\":%llu}\n", n, now() - start, cpu);
	return 0;
}
