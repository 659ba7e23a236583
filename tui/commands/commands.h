/* SPDX-License-Identifier: BSD-2-Clause */
/* The one table of commands: dispatch, help and manual are made from it. */
#ifndef TUI_COMMANDS_H
#define TUI_COMMANDS_H

#include "options.h"

/* How a command ends: the exit codes of the contract. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_REFUSED = 3 };

struct command {
	const char *name;    /* "" is the console */
	const char *words;   /* what it takes beside options, for the help: "[POD]", "FILE" */
	size_t least, most;  /* how many of them */
	const char *options; /* names of the options that it takes beside those of every command */
	const char *help;    /* one sentence without a full stop */
	int (*run)(struct options *o); /* returns an exit code */
};

/* The @i-th command, NULL past the end. */
const struct command *command_at(size_t i);
const struct command *command_find(const char *name);
const char *command_nearest(const char *name);
bool command_takes(const struct command *c, const char *option);

/* cmd_<name>.c */
int cmd_console(struct options *o);
int cmd_doctor(struct options *o);
int cmd_table(struct options *o); /* pods, ps, conns: the table is that of the command's name */
int cmd_events(struct options *o);
int cmd_record(struct options *o);
int cmd_fields(struct options *o);
int cmd_help(struct options *o);

#endif
