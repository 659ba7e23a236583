/* SPDX-License-Identifier: BSD-2-Clause */
/* The program: reads the call and picks the command. */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "commands/common.h"

int main(int argc, char **argv)
{
	struct sonde_err err = { 0 };
	struct options o;
	int r;

	setlocale(LC_CTYPE, "");
	signal(SIGPIPE,
	       SIG_IGN); /* a reader that went away is an error of write(), told by out_end() */
	r = options_read(&o, argc, argv, &err);
	for (size_t i = 0; i < o.c.n_warnings; i++)
		say("%s", o.c.warnings[i]);
	if (r) {
		say("%s", err.text);
		options_done(&o);
		return r == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
	}
	if (*o.c.node_name)
		setenv("NODE_NAME", o.c.node_name, 1);
	if (o.c.version) {
		printf("sonde %s\n", sonde_version());
		r = EXIT_DONE;
	} else if (o.c.help) {
		r = cmd_help(&o);
	} else {
		r = o.command->run(&o);
	}
	options_done(&o);
	return r;
}
