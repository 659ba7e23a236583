/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * udp: datagrams with fixed answers.
 *
 *   udp serve PORT                            answers each datagram with "you said N bytes"
 *   udp send [-n TIMES] [-c] ADDRESS PORT TEXT   prints "from LOCALPORT" and the answers; -c
 * connects
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static int serve(unsigned port)
{
	struct sockaddr_in6 me = { .sin6_family = AF_INET6, .sin6_port = htons(port) }, peer;
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	char p[2048];

	if (bind(fd, (struct sockaddr *)&me, sizeof(me)) < 0) {
		perror("bind");
		return 1;
	}
	puts("listening");
	fflush(stdout);
	for (;;) {
		socklen_t len = sizeof(peer);
		ssize_t got = recvfrom(fd, p, sizeof(p), 0, (struct sockaddr *)&peer, &len);
		int n = snprintf(p, sizeof(p), "you said %zd bytes", got);

		if (got >= 0)
			sendto(fd, p, n, 0, (struct sockaddr *)&peer, len);
	}
}

static int send_some(const char *host, unsigned port, const char *text, unsigned times, int conn)
{
	struct sockaddr_in a4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int v6 = inet_pton(AF_INET6, host, &a6.sin6_addr) == 1;
	struct sockaddr *to = v6 ? (struct sockaddr *)&a6 : (struct sockaddr *)&a4;
	socklen_t len = v6 ? sizeof(a6) : sizeof(a4), n;
	int fd = socket(to->sa_family, SOCK_DGRAM, 0), bad = 0;
	struct timeval limit = { .tv_sec = 3 };
	struct sockaddr_in6 me;
	char p[2048];

	if (!v6 && inet_pton(AF_INET, host, &a4.sin_addr) != 1)
		return 2;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (conn && connect(fd, to, len) < 0)
		return 1;
	for (unsigned i = 0; i < times; i++) {
		ssize_t got = conn ? send(fd, text, strlen(text), 0)
				   : sendto(fd, text, strlen(text), 0, to, len);

		if (got >= 0)
			got = recv(fd, p, sizeof(p) - 1, 0);
		if (got < 0) {
			perror("no answer");
			bad = 1;
			continue;
		}
		p[got] = 0;
		n = sizeof(me);
		getsockname(fd, (struct sockaddr *)&me, &n);
		printf("from %u: %s\n", ntohs(me.sin6_port), p);
	}
	close(fd);
	return bad;
}

int main(int argc, char **argv)
{
	unsigned times = 1;
	int c, conn = 0;
	const char *verb = argc > 1 ? argv[1] : "";

	optind = 2;
	while ((c = getopt(argc, argv, "cn:")) != -1) {
		if (c == 'n')
			times = strtoul(optarg, NULL, 10);
		else if (c == 'c')
			conn = 1;
		else
			return 2;
	}
	if (strcmp(verb, "serve") == 0 && argc - optind == 1)
		return serve(strtoul(argv[optind], NULL, 10));
	if (strcmp(verb, "send") == 0 && argc - optind == 3)
		return send_some(argv[optind], strtoul(argv[optind + 1], NULL, 10),
				 argv[optind + 2], times, conn);
	return 2;
}
