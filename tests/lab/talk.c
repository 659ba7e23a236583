/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * talk: a TCP client that says what the kernel answered. Connects, sends some bytes,
 * reads as many back when asked to, keeps the connection open for a while, again and
 * again if wanted. Prints "connected LOCALPORT", "got N" and "closed", or "failed ERRNO".
 *
 *   talk [-n TIMES] [-i MS between] [-b BYTES] [-k MS kept open] [-e read them back] ADDRESS PORT
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct plan {
	unsigned times, pause_ms, bytes, keep_ms;
	int echo;
};

static void nap(unsigned ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000l };

	nanosleep(&t, NULL);
}

static void say(int fd, const struct plan *p)
{
	char buf[4096];
	unsigned got = 0;

	memset(buf, 'x', sizeof(buf));
	for (unsigned left = p->bytes; left;) {
		unsigned n = left < sizeof(buf) ? left : sizeof(buf);
		ssize_t put = write(fd, buf, n);

		if (put <= 0)
			break;
		left -= put;
		/* Read as we go, else both ends wait with full buffers. */
		while (p->echo && got < p->bytes - left) {
			ssize_t r = read(fd, buf, sizeof(buf));

			if (r <= 0)
				break;
			got += r;
		}
	}
	printf("got %u\n", got);
	fflush(stdout);
}

static int once(const char *host, unsigned port, const struct plan *p)
{
	struct sockaddr_in a4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int v6 = inet_pton(AF_INET6, host, &a6.sin6_addr) == 1;
	struct sockaddr_storage me;
	socklen_t n = sizeof(me);
	int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);

	if (!v6 && inet_pton(AF_INET, host, &a4.sin_addr) != 1)
		return 2;
	if (connect(fd, v6 ? (struct sockaddr *)&a6 : (struct sockaddr *)&a4,
		    v6 ? sizeof(a6) : sizeof(a4)) < 0) {
		printf("failed %d\n", errno);
		fflush(stdout);
		close(fd);
		return 1;
	}
	getsockname(fd, (struct sockaddr *)&me, &n);
	printf("connected %u\n", ntohs(v6 ? ((struct sockaddr_in6 *)&me)->sin6_port
					  : ((struct sockaddr_in *)&me)->sin_port));
	fflush(stdout);
	say(fd, p);
	nap(p->keep_ms);
	close(fd);
	puts("closed");
	fflush(stdout);
	return 0;
}

int main(int argc, char **argv)
{
	struct plan p = { .times = 1 };
	int c, r = 0;

	while ((c = getopt(argc, argv, "n:i:b:k:e")) != -1) {
		if (c == 'n')
			p.times = strtoul(optarg, NULL, 10);
		else if (c == 'i')
			p.pause_ms = strtoul(optarg, NULL, 10);
		else if (c == 'b')
			p.bytes = strtoul(optarg, NULL, 10);
		else if (c == 'k')
			p.keep_ms = strtoul(optarg, NULL, 10);
		else if (c == 'e')
			p.echo = 1;
		else
			return 2;
	}
	if (argc - optind != 2)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	for (unsigned i = 0; i < p.times; i++) {
		if (i)
			nap(p.pause_ms);
		r = once(argv[optind], strtoul(argv[optind + 1], NULL, 10), &p);
	}
	return r;
}
