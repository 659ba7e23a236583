/* SPDX-License-Identifier: BSD-2-Clause */
/* Values as people read them: the same on the screen and in printed tables. */
#ifndef TUI_FORMAT_H
#define TUI_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "sonde/field.h"

/*
 * Write @v to @dst as plain text by its unit: 1.2M, 3.4 ms, 12%, 5m12s, 14:03:59.123. Texts are
 * copied as they are, so the result still has to pass sonde_text_show(). Unknown is "?", what does
 * not apply is "". @now_ns is for ages. Returns the length, cut to @size - 1.
 */
size_t format_value(char *dst, size_t size, const struct sonde_value *v,
		    const struct sonde_field *f, uint64_t now_ns);

/* 1234567 as "1.2M"; with @unit "B" "1.2MB". */
size_t format_count(char *dst, size_t size, double n, const char *unit);
/* 83 s as "1m23s", 1500000 ns as "1.5ms". */
size_t format_span(char *dst, size_t size, uint64_t ns);

#endif
