/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns: a name server with fixed answers, and a client for it.
 *
 *   dns serve [-p PORT] NAME=ADDRESS…   A and AAAA; NXDOMAIN for the rest
 *   dns ask [-p PORT] [-6] [-c] SERVER NAME   prints the addresses; -c connects first
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/time.h>
#include <unistd.h>

enum { A = 1, AAAA = 28, NXDOMAIN = 3 };

/* "a.b" from the wire form at @p; the number of bytes it took, 0 when not sound. */
static size_t name_read(const unsigned char *p, size_t n, char *dst, size_t size)
{
	size_t at = 0, out = 0;

	while (at < n && p[at]) {
		size_t len = p[at++];

		if (len > 63 || at + len >= n || out + len + 2 > size)
			return 0;
		if (out)
			dst[out++] = '.';
		memcpy(dst + out, p + at, len);
		out += len;
		at += len;
	}
	dst[out] = 0;
	return at < n ? at + 1 : 0;
}

static size_t name_write(unsigned char *p, const char *name)
{
	size_t at = 0;

	while (*name) {
		size_t len = strcspn(name, ".");

		p[at++] = len;
		memcpy(p + at, name, len);
		at += len;
		name += len + (name[len] == '.');
	}
	p[at++] = 0;
	return at;
}

/* Add the answers that fit; returns how many. */
static unsigned answer(unsigned char *p, size_t *n, const char *name, unsigned type, char **map)
{
	size_t len = strlen(name);
	unsigned found = 0;

	for (; *map; map++) {
		unsigned char addr[16];
		int v6 = strchr(*map + strcspn(*map, "="), ':') != NULL;

		if (strncasecmp(*map, name, len) != 0 || (*map)[len] != '=' ||
		    type != (v6 ? AAAA : A) ||
		    inet_pton(v6 ? AF_INET6 : AF_INET, *map + len + 1, addr) != 1 || *n > 400)
			continue;
		memcpy(p + *n,
		       (unsigned char[]){ 0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, v6 ? 16 : 4 },
		       12);
		memcpy(p + *n + 12, addr, v6 ? 16 : 4);
		*n += 12 + (v6 ? 16 : 4);
		found++;
	}
	return found;
}

static int known(const char *name, char **map)
{
	size_t len = strlen(name);

	for (; *map; map++)
		if (strncasecmp(*map, name, len) == 0 && (*map)[len] == '=')
			return 1;
	return 0;
}

static int serve(unsigned port, char **map)
{
	struct sockaddr_in6 me = { .sin6_family = AF_INET6, .sin6_port = htons(port) }, peer;
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	unsigned char p[600];
	char name[256];

	if (bind(fd, (struct sockaddr *)&me, sizeof(me)) < 0) {
		perror("bind");
		return 1;
	}
	puts("listening");
	fflush(stdout);
	for (;;) {
		socklen_t plen = sizeof(peer);
		ssize_t got = recvfrom(fd, p, 512, 0, (struct sockaddr *)&peer, &plen);
		size_t used, n;

		if (got < 17)
			continue;
		used = name_read(p + 12, got - 12, name, sizeof(name));
		n = 12 + used + 4;
		if (!used || n > (size_t)got)
			continue;
		p[2] = 0x85;
		p[3] = known(name, map) ? 0 : NXDOMAIN;
		memset(p + 6, 0, 6);
		p[7] = answer(p, &n, name, p[12 + used + 1], map);
		sendto(fd, p, n, 0, (struct sockaddr *)&peer, plen);
	}
}

/* Print each address of an answer; the response code. */
static int show(const unsigned char *p, size_t n, size_t at)
{
	char text[64];

	for (unsigned i = 0; i < p[7] && at + 12 <= n; i++) {
		size_t len = p[at + 11];

		if (at + 12 + len > n)
			break;
		if (p[at + 3] == A || p[at + 3] == AAAA)
			puts(inet_ntop(len == 16 ? AF_INET6 : AF_INET, p + at + 12, text,
				       sizeof(text)));
		at += 12 + len;
	}
	return p[3] & 15;
}

static int ask(const char *server, unsigned port, const char *name, unsigned type, int conn)
{
	struct sockaddr_in a4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int v6 = inet_pton(AF_INET6, server, &a6.sin6_addr) == 1;
	struct sockaddr *to = v6 ? (struct sockaddr *)&a6 : (struct sockaddr *)&a4;
	socklen_t len = v6 ? sizeof(a6) : sizeof(a4);
	unsigned char p[600] = { 0x50, 0x0d, 1, 0, 0, 1 };
	struct timeval limit = { .tv_sec = 3 };
	int fd = socket(to->sa_family, SOCK_DGRAM, 0);
	size_t n = 12;
	ssize_t got;

	if ((!v6 && inet_pton(AF_INET, server, &a4.sin_addr) != 1) || strlen(name) > 250)
		return 2;
	n += name_write(p + n, name);
	memcpy(p + n, (unsigned char[]){ 0, type, 0, 1 }, 4);
	n += 4;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (conn ? connect(fd, to, len) < 0 || write(fd, p, n) < 0
		 : sendto(fd, p, n, 0, to, len) < 0) {
		perror("send");
		return 1;
	}
	got = recv(fd, p, sizeof(p), 0);
	if (got < (ssize_t)n) {
		perror("no answer");
		return 1;
	}
	return show(p, got, n) ? 1 : 0;
}

int main(int argc, char **argv)
{
	unsigned port = 53, type = A;
	int c, conn = 0;
	const char *verb = argc > 1 ? argv[1] : "";

	optind = 2;
	while ((c = getopt(argc, argv, "6cp:")) != -1) {
		if (c == 'p')
			port = strtoul(optarg, NULL, 10);
		else if (c == '6')
			type = AAAA;
		else if (c == 'c')
			conn = 1;
		else
			return 2;
	}
	if (strcmp(verb, "serve") == 0)
		return serve(port, argv + optind);
	if (strcmp(verb, "ask") == 0 && argc - optind == 2)
		return ask(argv[optind], port, argv[optind + 1], type, conn);
	return 2;
}
