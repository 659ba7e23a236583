/* SPDX-License-Identifier: BSD-2-Clause */
/* sonde help: commands and options from their tables. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "commands/common.h"
#include "console/actions.h"

__attribute__((format(printf, 1, 2))) static void line(const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n >= 0)
		out_line(text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1);
}

static const char *type_word(enum sonde_option_type type)
{
	static const char *const words[] = { "text", "bool", "uint", "span", "list" };

	return words[type];
}

/* All texts of the tables are our own and need no escape beyond the quote, which none has. */
static void option_json(const struct sonde_option *o)
{
	char commands[256] = "";
	size_t at = 0;

	for (size_t i = 0; command_at(i); i++) {
		const struct command *c = command_at(i);
		int n;

		if (!command_takes(c, o->name))
			continue;
		n = snprintf(commands + at, sizeof(commands) - at, "%s\"%s\"", at ? "," : "",
			     c->name);
		at += n > 0 ? (size_t)n : 0;
	}
	line("{\"option\":\"--%s\",\"type\":\"%s\",\"argument\":\"%s\",\"default\":\"%s\",\"key\":"
	     "\"%s\","
	     "\"commands\":[%s],\"help\":\"%s\"}",
	     o->name, type_word(o->type), o->arg, o->def, o->key, commands, o->help);
}

static void command_json(const struct command *c)
{
	char options[512] = "";
	size_t at = 0;

	for (size_t i = 0; sonde_option_at(i); i++) {
		int n;

		if (!command_takes(c, sonde_option_at(i)->name))
			continue;
		n = snprintf(options + at, sizeof(options) - at, "%s\"--%s\"", at ? "," : "",
			     sonde_option_at(i)->name);
		at += n > 0 ? (size_t)n : 0;
	}
	line("{\"command\":\"%s\",\"words\":\"%s\",\"options\":[%s],\"help\":\"%s\"}", c->name,
	     c->words, options, c->help);
}

static void option_line(const struct sonde_option *o)
{
	char left[64];

	snprintf(left, sizeof(left), "--%s%s%s", o->name, *o->arg ? " " : "", o->arg);
	if (*o->def && o->type != SONDE_OPTION_BOOL)
		line("  %-22s %s (%s)", left, o->help, o->def);
	else
		line("  %-22s %s", left, o->help);
}

static void command_line(const struct command *c)
{
	char left[64];

	snprintf(left, sizeof(left), "sonde%s%s%s%s", *c->name ? " " : "", c->name,
		 *c->words ? " " : "", c->words);
	line("  %-22s %s", left, c->help);
}

static void help_all(void)
{
	line("sonde %s: a live investigation console for one Kubernetes node", sonde_version());
	line("%s", "");
	for (size_t i = 0; command_at(i); i++)
		command_line(command_at(i));
	line("%s", "");
	line("Options of every command:");
	for (size_t i = 0; sonde_option_at(i); i++)
		if (sonde_option_at(i)->flags & SONDE_OPTION_EVERY)
			option_line(sonde_option_at(i));
	line("%s", "");
	line("Options of some:");
	for (size_t i = 0; sonde_option_at(i); i++)
		if (!(sonde_option_at(i)->flags & SONDE_OPTION_EVERY))
			option_line(sonde_option_at(i));
	line("%s", "");
	line("POD is namespace/name, a pod UID or a container id; 8 digits of an id are enough.");
	line("Exit: 0 done, 1 it failed, 2 the call was wrong, 3 not permitted or not supported "
	     "here.");
	line("sonde help COMMAND tells more; sonde fields lists what --where, --columns and --sort "
	     "know.");
}

static void help_one(const struct command *c)
{
	command_line(c);
	line("%s", "");
	for (size_t i = 0; sonde_option_at(i); i++)
		if (command_takes(c, sonde_option_at(i)->name) &&
		    !(sonde_option_at(i)->flags & SONDE_OPTION_EVERY))
			option_line(sonde_option_at(i));
	line("  and the options of every command: sonde help");
}

/* docs/keys.md, as the console's own list of actions tells it. */
static void keys_page(void)
{
	char page[16384];

	size_t n = actions_markdown(page, sizeof(page));

	(void)out_line(page, n ? n - 1 : 0); /* it brings its own last newline */
}

int cmd_help(struct options *o)
{
	/* "sonde ps --help" comes here with ps as its command. */
	const struct command *one = strcmp(o->command->name, "help") ? o->command : NULL;

	if (!one && o->n_words && strcmp(o->words[0], "keys") == 0) {
		keys_page();
		return out_end(EXIT_DONE);
	}
	if (!one && o->n_words) {
		one = command_find(o->words[0]);
		if (!one) {
			say("there is no command '%s', did you mean '%s'?", o->words[0],
			    command_nearest(o->words[0]));
			return EXIT_USAGE;
		}
	}
	if (o->c.json) {
		for (size_t i = 0; command_at(i); i++)
			if (!one || one == command_at(i))
				command_json(command_at(i));
		for (size_t i = 0; sonde_option_at(i); i++)
			if (!one || command_takes(one, sonde_option_at(i)->name))
				option_json(sonde_option_at(i));
	} else if (one && *one->name) {
		help_one(one);
	} else {
		help_all();
	}
	return out_end(EXIT_DONE);
}
