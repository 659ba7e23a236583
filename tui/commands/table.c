/* SPDX-License-Identifier: BSD-2-Clause */
/* The one table of commands. */
#include <limits.h>
#include <string.h>

#include "commands/commands.h"

#define MANY "json where columns sort follow for history standalone"

static const struct command commands[] = {
	{ "", "", 0, 0, "history standalone", "The console: every pod of the node, live",
	  cmd_console },
	{ "doctor", "", 0, 0, "json where columns sort",
	  "Say what this kernel, runtime and access allow, line by line, with the mend",
	  cmd_doctor },
	{ "pods", "[POD]", 0, 1, MANY, "Print the pods, and what runs outside of pods", cmd_table },
	{ "ps", "[POD]", 0, 1, MANY, "Print the processes", cmd_table },
	{ "conns", "[POD]", 0, 1, MANY, "Print the connections and listeners", cmd_table },
	{ "events", "[POD]", 0, 1, "json where columns for history standalone",
	  "Print events as they happen, or those of a capture", cmd_events },
	{ "record", "FILE", 1, 1, "json for standalone", "Write a capture that --history reads",
	  cmd_record },
	{ "fields", "[TABLE]", 0, 1, "json markdown",
	  "List the fields for --where, --columns and --sort", cmd_fields },
	{ "help", "[COMMAND|keys]", 0, 1, "json",
	  "List commands and options, or the keys of the console", cmd_help },
};

#define COUNT (sizeof(commands) / sizeof(commands[0]))

const struct command *command_at(size_t i)
{
	return i < COUNT ? &commands[i] : NULL;
}

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < COUNT; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

/* Edit distance; the core has one too, but that is not on its face. */
static unsigned unlike(const char *a, const char *b)
{
	unsigned row[32], na = (unsigned)strnlen(a, 31), nb = (unsigned)strnlen(b, 31);

	for (unsigned j = 0; j <= nb; j++)
		row[j] = j;
	for (unsigned i = 1; i <= na; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= nb; j++) {
			unsigned change = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j - 1] + 1 < change)
				change = row[j - 1] + 1;
			row[j] = row[j] + 1 < change ? row[j] + 1 : change;
		}
	}
	return row[nb];
}

const char *command_nearest(const char *name)
{
	unsigned best = UINT_MAX;
	const char *ret = "";

	for (size_t i = 1; i < COUNT; i++) {
		unsigned d = unlike(name, commands[i].name);

		if (d < best) {
			best = d;
			ret = commands[i].name;
		}
	}
	return ret;
}

bool command_takes(const struct command *c, const char *option)
{
	const struct sonde_option *o = sonde_option_find(option);
	size_t n = strlen(option);

	if (o && (o->flags & SONDE_OPTION_EVERY))
		return true;
	for (const char *p = c->options; *p; p += strcspn(p, " "), p += *p == ' ')
		if (strcspn(p, " ") == n && !memcmp(p, option, n))
			return true;
	return false;
}
