/* SPDX-License-Identifier: BSD-2-Clause */
/* Base64 (RFC 4648, with padding): exec ids. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stddef.h>

/* Room that @n bytes need, with the NUL. */
#define BASE64_SIZE(n) (((n) + 2) / 3 * 4 + 1)

/* Write @n bytes at @p to @dst, which has room for BASE64_SIZE(n). Returns the length. */
size_t base64_encode(char *dst, const void *p, size_t n);

#endif
