/* SPDX-License-Identifier: BSD-2-Clause */
/* sonde without a command: the console. */
#include <stdio.h>
#include <unistd.h>

#include "commands/common.h"
#include "console/console.h"

/* NEEDSWORK: weak until the console is in the tree. */
extern int console_run(struct sonde *s, const struct options *o) __attribute__((weak));

int cmd_console(struct options *o)
{
	struct sonde *s;
	int r;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		say("the console needs a terminal; for scripts there are commands, see sonde help");
		return EXIT_USAGE;
	}
	r = common_open(o, &s);
	if (r)
		return r;
	r = console_run ? console_run(s, o) : EXIT_FAILED;
	sonde_close(s);
	return r;
}
