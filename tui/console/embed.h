/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that travel in the binary. */
#ifndef TUI_EMBED_H
#define TUI_EMBED_H

struct embed {
	const char *name; /* NULL ends the list */
	const char *begin, *end;
};

extern const struct embed embedded_themes[];

#endif
