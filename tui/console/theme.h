/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Themes: code names a role, a text file gives it colours. Built-in themes and a
 * user's own go through one parser; a file of the same name overrides.
 */
#ifndef TUI_THEME_H
#define TUI_THEME_H

#include "console/term.h"
#include "sonde/err.h"

/* name in the file; what it is for */
#define ROLE_LIST(X)                                                  \
	X(TEXT, "text", "what is normal")                             \
	X(DIM, "dim", "labels, and what matters less")                \
	X(TITLE, "title", "the bar at the top")                       \
	X(TITLE_NAME, "title.name", "the node in it")                 \
	X(CRUMB, "crumb", "where you are")                            \
	X(HEADER, "header", "column titles")                          \
	X(HEADER_SORT, "header.sort", "the one it is sorted by")      \
	X(CURSOR, "cursor", "the selected row")                       \
	X(GONE, "gone", "what has ended")                             \
	X(NEW, "new", "what has just begun")                          \
	X(GOOD, "good", "as it should be")                            \
	X(WARN, "warn", "look at this")                               \
	X(BAD, "bad", "act on this")                                  \
	X(LOST, "lost", "events were lost")                           \
	X(POD, "pod", "names of pods")                                \
	X(HOST, "host", "what is in no pod")                          \
	X(OUTSIDE, "outside", "came into the container from outside") \
	X(NETWORK, "network", "addresses and names of peers")         \
	X(TREE, "tree", "lines of the process tree")                  \
	X(SPARK, "spark", "sparklines")                               \
	X(KEY, "key", "keys in hints and help")                       \
	X(PROMPT, "prompt", "the line you type in")                   \
	X(MATCH, "match", "filter in force")                          \
	X(BOX, "box", "frames of windows")

enum role {
#define X(id, name, help) ROLE_##id,
	ROLE_LIST(X)
#undef X
		ROLES
};

struct theme {
	char name[64];
	struct term_style styles[ROLES];
};

/* The built-in theme @name; false when there is none. */
bool theme_builtin(const char *name, struct theme *ret);
/* Names of the built-in themes, NULL past the end. */
const char *theme_name_at(size_t i);

/*
 * Load @name: from @dirs (NULL-ended list of folders with NAME.theme), else built in. Returns 0;
 * -ENOENT with the names that there are; -EINVAL with file:line, and *@ret is the default.
 */
int theme_load(const char *name, const char *const *dirs, struct theme *ret, struct sonde_err *err);

/*
 * Parse @n bytes of a theme file. Roles that it lacks stay as they are in @ret. -EINVAL with
 * "@file:line: …".
 */
int theme_parse(const char *file, const char *p, size_t n, struct theme *ret,
		struct sonde_err *err);

/* Which roles a text sets, for the test that shipped themes lack none: bit i is role i. */
unsigned long theme_roles_set(const char *p, size_t n);

#endif
