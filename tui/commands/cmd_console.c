/* SPDX-License-Identifier: BSD-2-Clause */
/* sonde without a command: the console. */
#include <stdio.h>
#include <unistd.h>

#include "commands/common.h"
#include "console/console.h"

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
	r = console_run(s, o);
	sonde_close(s);
	return r;
}
