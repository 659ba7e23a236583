/* SPDX-License-Identifier: BSD-2-Clause */
/* Hostile bytes inside the core: what sonde/text.h is for terminals, this is for JSON. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "sonde/text.h"

/*
 * Read one code point of at most @n bytes (n > 0). Returns its length and sets *@ret_cp, or
 * returns 1 with *@ret_cp = -1 when the first byte begins no UTF-8 (surrogates and overlong forms
 * count as that).
 */
size_t text_decode(const char *p, size_t n, int32_t *ret_cp);

/* Whether a code point must never reach a screen as it is: it moves, hides, reorders or has no
 * shape. */
bool text_is_unsafe(int32_t cp);

/*
 * Add @n bytes as a JSON string with its quotes. Unsafe code points become \u escapes; bytes that
 * are not UTF-8 become the text \xNN. 0 or what buf_add() returned.
 */
int text_json(struct buf *out, const char *p, size_t n);
/* The same; *@ret_escaped is set (never cleared) when there were such bytes. */
int text_json_told(struct buf *out, const char *p, size_t n, bool *ret_escaped);

/* "2026-01-31T12:00:00.000000001Z" for ns since 1970. Returns the length, as snprintf does. */
int text_time(uint64_t ns, char *dst, size_t size);
/* That as a JSON string with its quotes. */
int text_json_time(struct buf *out, uint64_t ns);

/*
 * Edit distance (insert, remove, change, swap of neighbours), @limit or more counts as @limit.
 * For "did you mean"; words beyond 64 bytes are cut.
 */
unsigned text_distance(const char *a, const char *b, unsigned limit);

#endif
