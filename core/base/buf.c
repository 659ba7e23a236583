/* SPDX-License-Identifier: BSD-2-Clause */
/* Growing byte buffers with a limit. */
#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"

static int fail(struct buf *b, int r)
{
	b->failed = true;
	return r;
}

int buf_room(struct buf *b, size_t n)
{
	size_t need, cap;
	char *p;

	if (n > b->max || b->n > b->max - n)
		return fail(b, -E2BIG);
	need = b->n + n + 1;
	if (need <= b->cap)
		return 0;
	cap = MAX(need, MIN(b->cap * 2, b->max + 1));
	cap = MAX(cap, (size_t)64);
	p = realloc(b->p, cap);
	if (!p)
		return fail(b, -ENOMEM);
	b->p = p;
	b->cap = cap;
	return 0;
}

int buf_add(struct buf *b, const void *p, size_t n)
{
	int r = buf_room(b, n);

	if (r < 0)
		return r;
	if (n)
		memcpy(b->p + b->n, p, n);
	b->n += n;
	b->p[b->n] = 0;
	return 0;
}

int buf_str(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

int buf_char(struct buf *b, char c)
{
	return buf_add(b, &c, 1);
}

int buf_fmt(struct buf *b, const char *fmt, ...)
{
	char small[256];
	va_list ap;
	int n, r;

	va_start(ap, fmt);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (n < 0)
		return fail(b, -EINVAL);
	if ((size_t)n < sizeof(small))
		return buf_add(b, small, (size_t)n);
	r = buf_room(b, (size_t)n);
	if (r < 0)
		return r;
	va_start(ap, fmt);
	vsnprintf(b->p + b->n, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
	return 0;
}

void buf_clear(struct buf *b)
{
	b->n = 0;
	b->failed = false;
	if (b->p)
		b->p[0] = 0;
}

void buf_done(struct buf *b)
{
	if (!b)
		return;
	free(b->p);
	b->p = NULL;
	b->n = b->cap = 0;
	b->failed = false;
}

static int read_all(struct buf *b, int fd)
{
	for (;;) {
		ssize_t got;
		int r = buf_room(b, 4096 <= b->max - b->n ? 4096 : b->max - b->n);

		if (r < 0)
			return r;
		if (b->n == b->max) { /* full: is there more? */
			char c;

			got = read(fd, &c, 1);
			return got > 0 ? fail(b, -E2BIG) : got < 0 ? -errno : 0;
		}
		got = read(fd, b->p + b->n,
			   b->cap - 1 - b->n < b->max - b->n ? b->cap - 1 - b->n : b->max - b->n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		b->n += (size_t)got;
		b->p[b->n] = 0;
		if (!got)
			return 0;
	}
}

int buf_file(struct buf *b, int dirfd, const char *path)
{
	/* O_NONBLOCK: a FIFO put there by somebody else must not hold us up. */
	int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int r;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		r = -errno;
	else if (!S_ISREG(st.st_mode))
		r = -EINVAL;
	else
		r = read_all(b, fd);
	close(fd);
	return r;
}
