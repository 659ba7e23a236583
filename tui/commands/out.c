/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Standard output for data: whole lines only. Lines are gathered while more are at
 * hand and written when the next would have to be waited for, so a reader never
 * waits for a line that is there and a storm costs no call a line.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/common.h"

static struct {
	char p[64 << 10];
	size_t n;
	int r; /* the first failure; nothing is written after it */
} out;

static int write_all(const char *p, size_t n)
{
	while (n && !out.r) {
		ssize_t done = write(STDOUT_FILENO, p, n);

		if (done < 0 && errno != EINTR)
			out.r = -errno;
		if (done > 0) {
			p += done;
			n -= (size_t)done;
		}
	}
	return out.r;
}

int out_flush(void)
{
	write_all(out.p, out.n);
	out.n = 0;
	return out.r;
}

int out_line(const char *p, size_t n)
{
	if (n + 1 > sizeof(out.p) - out.n)
		out_flush();
	if (n + 1 > sizeof(out.p)) {
		write_all(p, n);
		return write_all("\n", 1);
	}
	memcpy(out.p + out.n, p, n);
	out.p[out.n + n] = '\n';
	out.n += n + 1;
	return out.r;
}

bool out_failed(void)
{
	return out.r != 0;
}

int out_end(int code)
{
	out_flush();
	if (out.r == -EPIPE)
		return EXIT_DONE;
	if (out.r) {
		say("standard output: %s", strerror(-out.r));
		return EXIT_FAILED;
	}
	return code;
}
