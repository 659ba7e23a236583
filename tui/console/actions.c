/* SPDX-License-Identifier: BSD-2-Clause */
/* Actions, keys and their names. */
#include "console/actions.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "console/term.h"

static const struct action_info infos[ACTIONS] = {
#define X(id, name, keys, where, help) [ACTION_##id] = { name, keys, help, where },
	ACTION_LIST(X)
#undef X
};

static const struct {
	const char *name;
	int key;
} names[] = {
	{ "Up", TERM_KEY_UP },
	{ "Down", TERM_KEY_DOWN },
	{ "Left", TERM_KEY_LEFT },
	{ "Right", TERM_KEY_RIGHT },
	{ "Home", TERM_KEY_HOME },
	{ "End", TERM_KEY_END },
	{ "PgUp", TERM_KEY_PGUP },
	{ "PgDn", TERM_KEY_PGDN },
	{ "Delete", TERM_KEY_DELETE },
	{ "Enter", TERM_KEY_ENTER },
	{ "Esc", TERM_KEY_ESC },
	{ "Tab", TERM_KEY_TAB },
	{ "Space", ' ' },
	{ "Backspace", TERM_KEY_BACKSPACE },
};

const struct action_info *action_info(enum action a)
{
	return a > ACTION_NONE && a < ACTIONS ? &infos[a] : NULL;
}

enum action action_find(const char *name)
{
	for (int a = 1; a < ACTIONS; a++)
		if (strcmp(infos[a].name, name) == 0)
			return (enum action)a;
	return ACTION_NONE;
}

int key_parse(const char *s, size_t n)
{
	if (n == 1 && (unsigned char)*s > 32 && (unsigned char)*s < 127)
		return *s;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i].name) == n && strncasecmp(names[i].name, s, n) == 0)
			return names[i].key;
	if (n == 6 && strncasecmp(s, "Ctrl-", 5) == 0 && isalpha((unsigned char)s[5]))
		return toupper((unsigned char)s[5]) - 'A' + 1;
	if ((n == 2 || n == 3) && (*s == 'F' || *s == 'f')) {
		int v = s[1] - '0';

		if (n == 3)
			v = v * 10 + s[2] - '0';
		if (v >= 1 && v <= 10)
			return TERM_KEY_F1 + v - 1;
	}
	return 0;
}

void key_name(int key, char *dst, size_t size)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].key == key) {
			snprintf(dst, size, "%s", names[i].name);
			return;
		}
	}
	if (key >= TERM_KEY_F1 && key <= TERM_KEY_F10)
		snprintf(dst, size, "F%d", key - TERM_KEY_F1 + 1);
	else if (key > 0 && key < 27)
		snprintf(dst, size, "Ctrl-%c", key - 1 + 'a');
	else if (key > 32 && key < 127)
		snprintf(dst, size, "%c", key);
	else
		snprintf(dst, size, "?");
}

void keymap_default(struct keymap *k)
{
	*k = (struct keymap){ 0 };
	for (int a = 1; a < ACTIONS; a++) {
		const char *p = infos[a].keys;

		for (int i = 0; i < ACTION_KEYS && *p; i++) {
			size_t n = strcspn(p, " ");

			k->keys[a][i] = key_parse(p, n);
			p += n;
			p += *p == ' ';
		}
	}
}

enum action keymap_action(const struct keymap *k, int key)
{
	for (int a = 1; a < ACTIONS; a++)
		for (int i = 0; i < ACTION_KEYS; i++)
			if (key && k->keys[a][i] == key)
				return (enum action)a;
	return ACTION_NONE;
}

void keymap_names(const struct keymap *k, enum action a, char *dst, size_t size)
{
	size_t at = 0;

	dst[0] = 0;
	for (int i = 0; i < ACTION_KEYS && k->keys[a][i] && at < size; i++) {
		char one[16];

		key_name(k->keys[a][i], one, sizeof(one));
		at += (size_t)snprintf(dst + at, size - at, "%s%s", i ? " " : "", one);
	}
}

size_t actions_markdown(char *dst, size_t size)
{
	size_t at = (size_t)snprintf(
		dst, size,
		"# Keys of the console\n\n"
		"Made from the list of actions (tui/console/actions.h); a test compares. "
		"Each key can be\nchanged in `keys.yaml`, as `action: key` or "
		"`action: [key, key]`.\n\n| key | action | does |\n| --- | --- | --- |\n");

	for (int a = 1; a < ACTIONS && at < size; a++)
		at += (size_t)snprintf(dst + at, size - at, "| `%s` | %s | %s |\n", infos[a].keys,
				       infos[a].name, infos[a].help);
	return at;
}

/* ── keys.yaml ───────────────────────────────────────────────────────────── */

struct reading {
	struct keymap *k;
	const char *path;
	struct sonde_err *err;
	enum action action; /* whose keys follow */
	int n;
};

static int bad(const struct reading *r, const yaml_mark_t *m, const char *what, const char *word)
{
	return sonde_err_set(r->err, -EINVAL, "%s:%zu: %s '%.60s'", r->path, m->line + 1, what,
			     word);
}

static int take_key(struct reading *r, const yaml_event_t *e)
{
	const char *s = (const char *)e->data.scalar.value;
	int key = key_parse(s, strlen(s));
	enum action other;

	if (!key)
		return bad(r, &e->start_mark, "no such key", s);
	if (r->n >= ACTION_KEYS)
		return bad(r, &e->start_mark, "more than four keys for", infos[r->action].name);
	other = keymap_action(r->k, key);
	if (other != ACTION_NONE && other != r->action) {
		/* A key that was another action's by default goes over to this one. */
		for (int i = 0; i < ACTION_KEYS; i++)
			if (r->k->keys[other][i] == key)
				r->k->keys[other][i] = 0;
	}
	r->k->keys[r->action][r->n++] = key;
	return 0;
}

static int take_event(struct reading *r, const yaml_event_t *e, int *depth, bool *is_key)
{
	if (e->type == YAML_MAPPING_START_EVENT || e->type == YAML_SEQUENCE_START_EVENT) {
		++*depth;
		return *depth > 2 ? bad(r, &e->start_mark, "expected", "action: key") : 0;
	}
	if (e->type == YAML_MAPPING_END_EVENT || e->type == YAML_SEQUENCE_END_EVENT) {
		if (--*depth == 1)
			*is_key = true;
		return 0;
	}
	if (e->type != YAML_SCALAR_EVENT)
		return 0;
	if (*depth == 0)
		return bad(r, &e->start_mark, "expected 'action: key' and not",
			   (const char *)e->data.scalar.value);
	if (*depth == 1 && *is_key) {
		r->action = action_find((const char *)e->data.scalar.value);
		if (r->action == ACTION_NONE)
			return bad(r, &e->start_mark, "no such action",
				   (const char *)e->data.scalar.value);
		memset(r->k->keys[r->action], 0, sizeof(r->k->keys[r->action]));
		r->n = 0;
		*is_key = false;
		return 0;
	}
	if (*depth == 1)
		*is_key = true;
	return take_key(r, e);
}

int keymap_file(struct keymap *k, const char *path, struct sonde_err *err)
{
	struct keymap copy = *k;
	struct reading r = { .k = &copy, .path = path, .err = err };
	FILE *f = fopen(path, "re");
	bool is_key = true, end = false;
	yaml_parser_t parser;
	int depth = 0, ret = 0;

	if (!f)
		return -errno;
	if (!yaml_parser_initialize(&parser)) {
		fclose(f);
		return -ENOMEM;
	}
	yaml_parser_set_input_file(&parser, f);
	while (!end && ret == 0) {
		yaml_event_t e;

		if (!yaml_parser_parse(&parser, &e)) {
			ret = sonde_err_set(err, -EINVAL, "%s:%zu: %s", path,
					    parser.problem_mark.line + 1,
					    parser.problem ? parser.problem : "this is no YAML");
			break;
		}
		end = e.type == YAML_STREAM_END_EVENT;
		ret = take_event(&r, &e, &depth, &is_key);
		yaml_event_delete(&e);
	}
	yaml_parser_delete(&parser);
	fclose(f);
	if (ret == 0)
		*k = copy;
	return ret;
}
