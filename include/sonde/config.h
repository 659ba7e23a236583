/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Options: one list gives the flags, the environment, the keys of sonde.yaml, the
 * help and the manual. Later sources win, key by key: built in, the folder's
 * sonde.yaml (/etc/sonde), the user's ($XDG_CONFIG_HOME/sonde), the environment, flags.
 */
#ifndef SONDE_CONFIG_H
#define SONDE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

enum sonde_option_type {
	SONDE_OPTION_TEXT,
	SONDE_OPTION_BOOL,
	SONDE_OPTION_UINT,
	SONDE_OPTION_SPAN, /* 500ms, 10s, 5m, 1h; kept in ns */
	SONDE_OPTION_LIST, /* in the file a sequence, elsewhere with ":" between */
};

enum {
	SONDE_OPTION_FLAG = 1,  /* --name */
	SONDE_OPTION_FILE = 2,  /* a key of sonde.yaml, and SONDE_NAME in the environment */
	SONDE_OPTION_EVERY = 4, /* every command takes it */
	SONDE_OPTION_POWER = 8, /* UINT: a power of two */
};

/*
 * X(member, name, key in sonde.yaml, type, argument, least, most, default, flags, help)
 * The order is that of the help.
 */
#define SONDE_OPTIONS_EVERY(X)                                                                 \
	X(config, "config", "", TEXT, "DIR", 0, 0, "/etc/sonde", 1 | 4,                        \
	  "Folder of sonde.yaml, keys.yaml and themes/; the user's own is then not read")      \
	X(state_dir, "state-dir", "state-dir", TEXT, "DIR", 0, 0, "/var/lib/sonde", 1 | 2 | 4, \
	  "Where history and findings are kept")                                               \
	X(run_dir, "run-dir", "run-dir", TEXT, "DIR", 0, 0, "/run/sonde", 1 | 2 | 4,           \
	  "Where the socket of a running engine is")                                           \
	X(bpf_dir, "bpf-dir", "bpf-dir", TEXT, "DIR", 0, 0, "/sys/fs/bpf/sonde", 1 | 2 | 4,    \
	  "Where BPF objects are pinned")                                                      \
	X(host_root, "host-root", "host-root", TEXT, "DIR", 0, 0, "", 1 | 2 | 4,               \
	  "The node's root as seen from here; found by itself at /host")                       \
	X(runtime_roots, "runtime-roots", "runtime.roots", LIST, "DIRS", 0, 0, "", 1 | 2 | 4,  \
	  "Folders with container runtime state, looked at before the stock ones")             \
	X(node_name, "node-name", "node-name", TEXT, "NAME", 0, 0, "", 1 | 2 | 4,              \
	  "Name of the node; else NODE_NAME, else the host's name")                            \
	X(ring_kib, "ring-kib", "ring-kib", UINT, "KIB", 64, 1048576, "8192", 1 | 2 | 4 | 8,   \
	  "Size of the ring between kernel and sonde, a power of two")                         \
	X(budget, "budget", "budget", UINT, "N", 1, 10000000, "10000", 1 | 2 | 4,              \
	  "Events a second that one pod may cause before they are sampled")                    \
	X(no_bpf, "no-bpf", "no-bpf", BOOL, "", 0, 0, "false", 1 | 2 | 4,                      \
	  "Poll /proc even where BPF works")                                                   \
	X(no_names, "no-names", "no-names", BOOL, "", 0, 0, "false", 1 | 2 | 4,                \
	  "Do not look at DNS answers and TLS server names")                                   \
	X(theme, "theme", "theme", TEXT, "NAME", 0, 0, "", 1 | 2 | 4,                          \
	  "Theme of the console: default, light, high-contrast, mono or one of your own")      \
	X(ascii, "ascii", "ascii", BOOL, "", 0, 0, "false", 1 | 2 | 4,                         \
	  "Draw and print with ASCII only")                                                    \
	X(no_mouse, "no-mouse", "no-mouse", BOOL, "", 0, 0, "false", 1 | 2 | 4,                \
	  "Leave the mouse to the terminal")                                                   \
	X(help, "help", "", BOOL, "", 0, 0, "false", 1 | 4, "Say what can be said, and end")   \
	X(version, "version", "", BOOL, "", 0, 0, "false", 1 | 4, "Say the version, and end")

#define SONDE_OPTIONS_SOME(X)                                                           \
	X(history, "history", "", TEXT, "FILE", 0, 0, "", 1,                            \
	  "Read a capture instead of the live node")                                    \
	X(standalone, "standalone", "", BOOL, "", 0, 0, "false", 1,                     \
	  "Be an engine of its own, even beside a running one")                         \
	X(json, "json", "", BOOL, "", 0, 0, "false", 1, "Print JSON, an object a line") \
	X(where, "where", "", TEXT, "EXPR", 0, 0, "", 1,                                \
	  "Only what matches, as 'proc.name = nginx and fd.rport in (80, 443)'")        \
	X(columns, "columns", "", TEXT, "LIST", 0, 0, "", 1,                            \
	  "Fields to print, by key or name, with commas between")                       \
	X(sort, "sort", "", TEXT, "FIELD", 0, 0, "", 1,                                 \
	  "Sort by this field; -FIELD: the largest first")                              \
	X(follow, "follow", "", BOOL, "", 0, 0, "false", 1,                             \
	  "Go on: print what changes, until interrupted")                               \
	X(span, "for", "", SPAN, "TIME", 0, 0, "", 1,                                   \
	  "Go on for so long, as 500ms, 10s, 5m or 1h")                                 \
	X(markdown, "markdown", "", BOOL, "", 0, 0, "false", 1, "Print docs/fields.md")

#define SONDE_OPTIONS(X) SONDE_OPTIONS_EVERY(X) SONDE_OPTIONS_SOME(X)

#define SONDE_MEMBER_TEXT char *
#define SONDE_MEMBER_LIST char *
#define SONDE_MEMBER_BOOL bool
#define SONDE_MEMBER_UINT unsigned long long
#define SONDE_MEMBER_SPAN unsigned long long

/* The options as they stand. Texts are never NULL, "" is not given. */
struct sonde_config {
#define X(member, name, key, type, arg, least, most, def, flags, help) SONDE_MEMBER_##type member;
	SONDE_OPTIONS(X)
#undef X
	char *warnings[16]; /* sentences with file:line, n_warnings of them */
	size_t n_warnings;
};

struct sonde_option {
	const char *name, *key, *arg, *def, *help;
	enum sonde_option_type type;
	unsigned long long least, most;
	unsigned flags;
	size_t offset; /* of the member */
};

/* The @i-th option, NULL past the end. */
const struct sonde_option *sonde_option_at(size_t i);
/* By the name of its flag; NULL when there is none. The nearest right name is never NULL. */
const struct sonde_option *sonde_option_find(const char *name);
const char *sonde_option_nearest(const char *name);

/* All at their defaults. 0 or -ENOMEM. Ended by sonde_config_done(), also after a failure. */
int sonde_config_init(struct sonde_config *c);
void sonde_config_done(struct sonde_config *c);

/* Set one option from its text. 0, -EINVAL with what is right in @err, or -ENOMEM. */
int sonde_config_set(struct sonde_config *c, const struct sonde_option *o, const char *text,
		     struct sonde_err *err);

/*
 * Read one sonde.yaml. What is wrong in it becomes a warning with file:line and the value stays as
 * it was; a file that is no YAML changes nothing. When root runs sonde, a file that others may
 * write is refused.
 *
 * Returns 0, -ENOENT when there is no such file, another -errno with a warning when none of it was
 * used, or -ENOMEM.
 */
int sonde_config_file(struct sonde_config *c, const char *path);

/* Take SONDE_STATE_DIR and the like from the environment. 0, -EINVAL with the variable in @err, or
 * -ENOMEM. */
int sonde_config_env(struct sonde_config *c, struct sonde_err *err);

#endif
