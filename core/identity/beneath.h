/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening and reading files in folders that others write, without being led out of them. */
#ifndef IDENTITY_BENEATH_H
#define IDENTITY_BENEATH_H

#include <jansson.h>

/*
 * Open @path below @dirfd. Links may be followed only as long as they stay below; magic links
 * never. Returns a descriptor or -errno: -EXDEV for a way out, -ELOOP for links in a circle (or any
 * link where the kernel offers no openat2). Never blocks on a FIFO.
 */
int beneath_open(int dirfd, const char *path, int flags);

/*
 * The same where absolute links count from @dirfd, as after a chroot: for the roots that an
 * administrator sets.
 */
int beneath_root(int dirfd, const char *path, int flags);

/*
 * Read the regular file @path below @dirfd, at most 1 MiB. *@ret is NUL-terminated, the caller
 * frees it. 0 or -errno; -EINVAL for another kind of file, -EFBIG for a larger one.
 */
int beneath_read(int dirfd, const char *path, char **ret, size_t *ret_n);

/*
 * Parse it as a JSON object of sound depth and size. 0, what beneath_read() returns, -ENOMEM or
 * -EBADMSG.
 */
int beneath_json(int dirfd, const char *path, json_t **ret);
int beneath_parse(const char *p, size_t n, json_t **ret);

#endif
