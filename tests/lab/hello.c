/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hello: sends a TLS ClientHello with a server name, as a browser would begin, and
 * keeps the connection open. Whoever answers need not speak TLS.
 *
 *   hello [-k MS kept open] [-p BYTES of padding] ADDRESS PORT SERVER-NAME
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned char out[4096];
static size_t at;

static void put(unsigned v, unsigned bytes)
{
	while (bytes--)
		out[at++] = v >> 8 * bytes;
}

/* A length of @bytes that is filled in when what it counts is there. */
static size_t open_length(unsigned bytes)
{
	put(0, bytes);
	return at;
}

static void close_length(size_t from, unsigned bytes)
{
	size_t n = at - from, end = at;

	at = from - bytes;
	put(n, bytes);
	at = end;
}

static void build(const char *name, unsigned padding)
{
	size_t record, hello, exts, ext, list;

	put(0x160301, 3);
	record = open_length(2);
	put(1, 1);
	hello = open_length(3);
	put(0x0303, 2);
	for (unsigned i = 0; i < 32; i++)
		put(i * 7 + 1, 1);
	put(32, 1); /* session id */
	for (unsigned i = 0; i < 32; i++)
		put(0xa0 + i, 1);
	put(6, 2); /* cipher suites */
	put(0x13011302, 4);
	put(0x1303, 2);
	put(0x0100, 2); /* no compression */
	exts = open_length(2);
	put(0x0a0a0000, 4); /* a reserved one first, as Chrome sends */
	put(0x002b, 2);     /* supported_versions */
	put(3, 2);
	put(2, 1);
	put(0x0304, 2);
	put(0, 2); /* server_name */
	ext = open_length(2);
	list = open_length(2);
	put(0, 1);
	put(strlen(name), 2);
	memcpy(out + at, name, strlen(name));
	at += strlen(name);
	close_length(list, 2);
	close_length(ext, 2);
	put(21, 2); /* padding */
	put(padding, 2);
	at += padding;
	close_length(exts, 2);
	close_length(hello, 3);
	close_length(record, 2);
}

int main(int argc, char **argv)
{
	struct sockaddr_in a4 = { .sin_family = AF_INET };
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6 };
	unsigned keep = 0, padding = 300;
	int c, fd, v6;

	while ((c = getopt(argc, argv, "k:p:")) != -1) {
		if (c == 'k')
			keep = strtoul(optarg, NULL, 10);
		else if (c == 'p')
			padding = strtoul(optarg, NULL, 10);
		else
			return 2;
	}
	if (argc - optind != 3 || padding > 2500 || strlen(argv[optind + 2]) > 253)
		return 2;
	v6 = inet_pton(AF_INET6, argv[optind], &a6.sin6_addr) == 1;
	if (!v6 && inet_pton(AF_INET, argv[optind], &a4.sin_addr) != 1)
		return 2;
	a4.sin_port = a6.sin6_port = htons(strtoul(argv[optind + 1], NULL, 10));
	build(argv[optind + 2], padding);
	fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
	if (connect(fd, v6 ? (struct sockaddr *)&a6 : (struct sockaddr *)&a4,
		    v6 ? sizeof(a6) : sizeof(a4)) < 0 ||
	    write(fd, out, at) != (ssize_t)at) {
		perror("connect");
		return 1;
	}
	printf("sent %zu\n", at);
	fflush(stdout);
	usleep(keep * 1000);
	return 0;
}
