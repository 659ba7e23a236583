/* SPDX-License-Identifier: BSD-2-Clause */
/* The console's one entry. */
#ifndef TUI_CONSOLE_H
#define TUI_CONSOLE_H

#include "options.h"

/* Run the console on the terminal until it is left. Returns the exit code. */
int console_run(struct sonde *s, const struct options *o);

#endif
