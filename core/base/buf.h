/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A growing byte buffer that is born with its limit, so that no input can grow
 * memory without bound. After a failed add the buffer is unchanged and `failed`
 * stays set, so a writer may add many times and ask once.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Set @max, zero the rest: struct buf b = { .max = 64 << 10 }; */
struct buf {
	char *p; /* @n bytes and a NUL byte after them once something was added; NULL before */
	size_t n;
	size_t cap;
	size_t max; /* never more bytes than this */
	bool failed;
};

/* All adds return 0, -E2BIG past max, or -ENOMEM. Amortised O(n). */
int buf_add(struct buf *b, const void *p, size_t n);
int buf_str(struct buf *b, const char *s);
int buf_char(struct buf *b, char c);
int buf_fmt(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Make room for @n more bytes at b->p + b->n; the caller writes and moves b->n. */
int buf_room(struct buf *b, size_t n);

/* Back to empty, memory and limit kept. */
void buf_clear(struct buf *b);

/* Free the memory; the buffer can be used again. NULL and zeroed are fine. */
void buf_done(struct buf *b);

/*
 * Add the whole file at @dirfd/@path (dirfd AT_FDCWD for none), which must be a regular file.
 * Returns 0, -errno of open or read, -EINVAL for another kind of file, -E2BIG past max.
 */
int buf_file(struct buf *b, int dirfd, const char *path);

#endif
