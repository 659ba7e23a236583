/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one sanitizer. Whatever a workload chose (argv, paths, names, DNS) passes
 * here before a terminal, JSON or HTML sees it.
 */
#ifndef SONDE_TEXT_H
#define SONDE_TEXT_H

#include <stddef.h>
#include <stdint.h>

enum {
	SONDE_TEXT_ASCII = 1, /* show what is beyond ASCII as \u{…} too */
};

/*
 * Make @n bytes at @p safe for a terminal and write at most @cells columns of it
 * to @dst (room for @size bytes, always NUL-terminated). Control characters (C0,
 * C1, DEL), bidi and other format characters, line and paragraph separators and
 * private-use or unassigned code points become \u escapes; bytes that are not
 * UTF-8 become \xNN. Combining marks stay with their base, at most 2 a cell. A
 * text that does not fit ends in "…" ("~" with SONDE_TEXT_ASCII).
 *
 * Returns the number of columns used. Never fails, never allocates; O(n).
 */
size_t sonde_text_show(char *dst, size_t size, size_t cells, const char *p, size_t n,
		       unsigned flags);

/* Columns that the whole text would take when shown, without a limit. */
size_t sonde_text_cells(const char *p, size_t n, unsigned flags);

#endif
