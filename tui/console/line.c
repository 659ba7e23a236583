/* SPDX-License-Identifier: BSD-2-Clause */
/* What can be typed after ":": views, actions, and the few commands that take a word. */
#include <stdio.h>
#include <string.h>

#include "console/app.h"

static void theme_dirs(const struct app *a, const char *dirs[3])
{
	dirs[0] = a->theme_dirs[0];
	dirs[1] = a->theme_dirs[1];
	dirs[2] = NULL;
}

static void line_theme(struct app *a, const char *arg)
{
	struct sonde_err err = { 0 };
	const char *dirs[3];
	struct theme t;

	theme_dirs(a, dirs);
	if (theme_load(arg, dirs, &t, &err) < 0)
		app_say(a, ROLE_BAD, "%s", err.text);
	else
		a->theme = t;
}

static void line_sort(struct app *a, const char *arg)
{
	struct view *v = app_view(a);
	const char *word = *arg == '-' ? arg + 1 : arg;

	if (*word && !sonde_field_find(v->ops->table, word)) {
		app_say(a, ROLE_BAD, "no column '%s'; did you mean '%s'?", word,
			sonde_field_nearest(v->ops->table, word));
		return;
	}
	snprintf(v->sort, sizeof(v->sort), "%s", arg);
	v->flat = *arg && v->ops->tree;
	a->reload = true;
}

static void line_filter(struct app *a, const char *arg)
{
	snprintf(app_view(a)->filter, sizeof(app_view(a)->filter), "%s", arg);
	a->reload = true;
}

static void line_columns(struct app *a, const char *arg)
{
	struct view *v = app_view(a);
	struct sonde_err err = { 0 };

	if (!*arg)
		app_act(a, ACTION_COLUMNS);
	else if (columns_set(&v->columns, v->ops->table,
			     strcmp(arg, "default") ? arg : v->ops->columns, &err) < 0)
		app_say(a, ROLE_BAD, "%s", err.text);
}

static void core_command(struct app *a, enum sonde_op op, const char *arg, const char *done)
{
	struct sonde_err err = { 0 };

	if (sonde_command(a->s, op, arg, &err) < 0)
		app_say(a, ROLE_BAD, "%s", err.text);
	else
		app_say(a, ROLE_GOOD, "%s %s", done, arg);
}

static void line_record(struct app *a, const char *arg)
{
	if (*arg)
		core_command(a, SONDE_OP_RECORD, arg, "recording to");
	else
		app_say(a, ROLE_BAD, "record needs a file: record /tmp/node.cap");
}

static void line_record_end(struct app *a, const char *arg)
{
	core_command(a, SONDE_OP_RECORD_END, arg, "the recording is whole");
}

static void line_repair(struct app *a, const char *arg)
{
	core_command(a, SONDE_OP_REPAIR, arg, "comparing with the kernel's tables");
}

static void line_probes_on(struct app *a, const char *arg)
{
	core_command(a, SONDE_OP_PROBES_ON, arg, "attached");
}

static void line_probes_off(struct app *a, const char *arg)
{
	core_command(a, SONDE_OP_PROBES_OFF, arg, "detached");
}

static const struct {
	const char *name;
	void (*run)(struct app *a, const char *arg);
} lines[] = {
	{ "theme", line_theme },           { "sort", line_sort },
	{ "filter", line_filter },         { "columns", line_columns },
	{ "record", line_record },         { "record-end", line_record_end },
	{ "repair", line_repair },         { "probes-on", line_probes_on },
	{ "probes-off", line_probes_off },
};

#define LINES (sizeof(lines) / sizeof(lines[0]))

static void go_view(struct app *a, const struct view_ops *ops)
{
	if (ops == &view_detail)
		app_act(a, ACTION_DETAILS);
	else if (ops == &view_log)
		app_act(a, ACTION_LOG);
	else if (ops == &view_pods)
		app_act(a, ACTION_PODS);
	else
		app_act(a, ops == &view_procs    ? ACTION_PROCS
			   : ops == &view_conns  ? ACTION_CONNS
			   : ops == &view_events ? ACTION_EVENTS
						 : ACTION_HEALTH);
}

void app_command(struct app *a, const char *line)
{
	size_t n = strcspn(line, " ");
	char word[64];
	const char *arg = line + n + strspn(line + n, " ");

	if (!n || n >= sizeof(word))
		return;
	memcpy(word, line, n);
	word[n] = 0;
	for (size_t i = 0; i < LINES; i++) {
		if (strcmp(lines[i].name, word) == 0) {
			lines[i].run(a, arg);
			return;
		}
	}
	if (strcmp(word, "q") == 0 || strcmp(word, "q!") == 0)
		a->leave = true;
	else if (view_find(word))
		go_view(a, view_find(word));
	else if (action_find(word) != ACTION_NONE)
		app_act(a, action_find(word));
	else
		app_say(a, ROLE_BAD, "there is no command '%s'; Tab shows what there is", word);
}

/* ── Tab ─────────────────────────────────────────────────────────────────── */

#define WORDS_MAX 256

static size_t field_words(const struct view *v, const char **words, size_t n, bool keys)
{
	for (size_t i = 0; i < sonde_field_count(v->ops->table) && n + 1 < WORDS_MAX; i++) {
		const struct sonde_field *f = sonde_field_at(v->ops->table, i);

		words[n++] = keys ? f->key : f->name;
	}
	return n;
}

static size_t command_words(const struct app *a, const char **words)
{
	const char *line = a->prompt.text;
	size_t n = 0;

	if (strncmp(line, "theme ", 6) == 0) {
		for (size_t i = 0; theme_name_at(i); i++)
			words[n++] = theme_name_at(i);
		return n;
	}
	if (strncmp(line, "sort ", 5) == 0 || strncmp(line, "columns ", 8) == 0)
		return field_words(app_view(a), words, 0, true);
	if (strncmp(line, "probes-", 7) == 0 && strchr(line, ' ')) {
		words[n++] = "process";
		words[n++] = "network";
		return n;
	}
	if (strchr(line, ' '))
		return 0;
	for (size_t i = 0; view_at(i); i++)
		words[n++] = view_at(i)->name;
	for (size_t i = 0; i < LINES; i++)
		words[n++] = lines[i].name;
	for (int i = 1; i < ACTIONS; i++) {
		const char *name = action_info((enum action)i)->name;

		if (!view_find(name) || strlen(name) < 2)
			words[n++] = name;
	}
	return n;
}

void app_complete(struct app *a)
{
	const char *words[WORDS_MAX];
	char all[MESSAGE_MAX];
	size_t n = a->prompt.sign == ':' ? command_words(a, words)
					 : field_words(app_view(a), words, 0, false);

	words[n] = NULL;
	prompt_complete(&a->prompt, words, all, sizeof(all));
	if (all[0])
		app_say(a, ROLE_DIM, "%s", all);
	else
		a->message[0] = 0;
}
