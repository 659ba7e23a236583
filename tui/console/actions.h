/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one list of what keys do: keymap, help screen, prompt and docs/keys.md are made
 * from it. Lower case looks, upper case acts.
 */
#ifndef TUI_ACTIONS_H
#define TUI_ACTIONS_H

#include <stddef.h>

#include "sonde/err.h"

/* Where an action works; a key may mean one thing in each context. */
enum { IN_LIST = 1, IN_TREE = 2, IN_TAIL = 4, EVERYWHERE = 7 };

/* X(id, name, keys with blanks between, contexts, help). Order is that of the help screen. */
#define ACTION_LIST(X)                                                                            \
	X(UP, "up", "Up k", EVERYWHERE, "One row up")                                             \
	X(DOWN, "down", "Down j", EVERYWHERE, "One row down")                                     \
	X(PAGE_UP, "page-up", "PgUp Ctrl-b", EVERYWHERE, "One page up")                           \
	X(PAGE_DOWN, "page-down", "PgDn Ctrl-f", EVERYWHERE, "One page down")                     \
	X(TOP, "top", "Home g", EVERYWHERE, "To the first row")                                   \
	X(BOTTOM, "bottom", "End G", EVERYWHERE, "To the last row")                               \
	X(LEFT, "left", "Left h", EVERYWHERE, "Fold the tree; else scroll left")                  \
	X(RIGHT, "right", "Right", EVERYWHERE, "Unfold the tree; else scroll right")              \
	X(OPEN, "open", "Enter", EVERYWHERE, "Open what is selected")                             \
	X(BACK, "back", "Esc Backspace", EVERYWHERE, "Back to where you came from")               \
	X(LAST, "last", "-", EVERYWHERE, "The view before this one, and back again")              \
	X(PODS, "pods", "1", EVERYWHERE, "Pods of the node")                                      \
	X(PROCS, "processes", "2", EVERYWHERE, "Processes of this pod; again: of the node")       \
	X(CONNS, "connections", "3", EVERYWHERE,                                                  \
	  "Connections of this pod or process; again: of the node")                               \
	X(EVENTS, "events", "4", EVERYWHERE,                                                      \
	  "Live events of this pod or process; again: of the node")                               \
	X(HEALTH, "health", "5", EVERYWHERE,                                                      \
	  "What sonde sees here, what it does not, and the mend")                                 \
	X(DETAILS, "details", "d", EVERYWHERE, "One process in full")                             \
	X(LOG, "log", "l", EVERYWHERE, "The container's log, newest lines")                       \
	X(FILTER, "filter", "/", EVERYWHERE,                                                      \
	  "Show only rows with these words, or that match an expression; ! turns it around")      \
	X(COMMAND, "command", ":", EVERYWHERE, "Type a command; Tab completes")                   \
	X(SORT, "sort", "s", EVERYWHERE,                                                          \
	  "Sort: then the letter of a column; again: the other way")                              \
	X(COLUMNS, "columns", "o", EVERYWHERE, "Choose the columns")                              \
	X(FLAT, "flat", "v", EVERYWHERE, "Tree or flat list of processes")                        \
	X(UNFOLD, "unfold", "z", EVERYWHERE, "Unfold the whole tree")                             \
	X(GONE, "gone", "a", EVERYWHERE, "Show or hide what has ended")                           \
	X(PAUSE, "pause", "Space", EVERYWHERE, "Hold the picture, or let it live again")          \
	X(COPY, "copy", "c", EVERYWHERE, "Copy the row's name to the clipboard of your terminal") \
	X(REDRAW, "redraw", "Ctrl-l", EVERYWHERE, "Paint the whole screen again")                 \
	X(HELP, "help", "? F1", EVERYWHERE, "This list")                                          \
	X(QUIT, "quit", "q Ctrl-c", EVERYWHERE, "Leave; probes detach")

enum action {
	ACTION_NONE,
#define X(id, name, keys, where, help) ACTION_##id,
	ACTION_LIST(X)
#undef X
		ACTIONS
};

struct action_info {
	const char *name, *keys, *help;
	unsigned where;
};
const struct action_info *action_info(enum action a);
/* By name; ACTION_NONE when there is none. */
enum action action_find(const char *name);

#define ACTION_KEYS 4
struct keymap {
	int keys[ACTIONS][ACTION_KEYS]; /* 0: none */
};

/* The keys of the list above. */
void keymap_default(struct keymap *k);
/* What @key does; ACTION_NONE. */
enum action keymap_action(const struct keymap *k, int key);

/* "Ctrl-l", "PgUp", "Space", "F1", "x" -> a key of term.h, 0 when it is no key; and back, into
 * @dst. */
int key_parse(const char *s, size_t n);
void key_name(int key, char *dst, size_t size);
/* The keys of an action as people read them: "Up k". */
void keymap_names(const struct keymap *k, enum action a, char *dst, size_t size);

/*
 * Read keys.yaml (a mapping of action to a key or a list of keys) into @k. Returns 0, -ENOENT, or
 * -EINVAL with file:line, and @k as it was: an unknown action or key, or one key for two actions.
 */
int keymap_file(struct keymap *k, const char *path, struct sonde_err *err);

/* The page docs/keys.md. */
size_t actions_markdown(char *dst, size_t size);

#endif
