/* SPDX-License-Identifier: BSD-2-Clause */
/* What the call said: options and words. Made once by main(), read by commands and console. */
#ifndef TUI_OPTIONS_H
#define TUI_OPTIONS_H

#include "sonde/config.h"
#include "sonde/sonde.h"

struct command;

struct options {
	struct sonde_config c;         /* all sources merged */
	const struct command *command; /* commands/commands.h; its name "" is the console */
	const char *words[8];          /* what was no option, n_words of them, after the command */
	size_t n_words;
};

/*
 * Read flags, environment and files into @o. Returns 0, or -EINVAL (-ENOMEM) with a sentence that
 * names the nearest right word. Ended by options_done(), also after a failure.
 */
int options_read(struct options *o, int argc, char **argv, struct sonde_err *err);
void options_done(struct options *o);

/* The folder with sonde.yaml, keys.yaml and themes/ of the user; "" when there is none or --config
 * was given. */
void options_user_dir(const struct options *o, char *dst, size_t size);

/* How to open the core, from the options. The texts stay @o's. */
struct sonde_opts options_open(const struct options *o);

#endif
