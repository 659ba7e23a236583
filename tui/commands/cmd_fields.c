/* SPDX-License-Identifier: BSD-2-Clause */
/* sonde fields: the vocabulary, for people, for programs, and as docs/fields.md. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "commands/common.h"

/* In the order in which a reader meets them. */
static const enum sonde_table shown[] = { SONDE_EVENTS, SONDE_PODS,   SONDE_PROCS,  SONDE_CONNS,
					  SONDE_NODE,   SONDE_DOCTOR, SONDE_DETAIL, SONDE_LOG };

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

static const char *kind_word(enum sonde_kind kind)
{
	static const char *const words[] = { "absent", "null", "bool", "int", "uint",
					     "real",   "text", "time", "list" };

	return words[kind];
}

static const char *unit_word(enum sonde_unit unit)
{
	static const char *const words[] = { "",        "bytes", "per_second", "bytes_per_second",
					     "percent", "ns",    "",           "" };

	return words[unit];
}

static void print_json(enum sonde_table table, const struct sonde_field *f)
{
	line("{\"table\":\"%s\",\"name\":\"%s\",\"key\":\"%s\",\"title\":\"%s\",\"kind\":\"%s\","
	     "\"unit\":\"%s\","
	     "\"json\":%s,\"default\":%s,\"help\":\"%s\"}",
	     sonde_table_name(table), f->name, f->key, f->title, kind_word(f->kind),
	     unit_word(f->unit), f->flags & SONDE_FIELD_JSON ? "true" : "false",
	     f->flags & SONDE_FIELD_DEFAULT ? "true" : "false", f->help);
}

static void print_markdown(enum sonde_table table)
{
	line("%s", "");
	line("## %s", sonde_table_name(table));
	line("%s", "");
	line("| name | key | type | JSON | what it is |");
	line("| --- | --- | --- | --- | --- |");
	for (size_t i = 0; i < sonde_field_count(table); i++) {
		const struct sonde_field *f = sonde_field_at(table, i);
		const char *unit = unit_word(f->unit);

		line("| `%s%s` | `%s` | %s%s%s | %s | %s |", f->name,
		     f->flags & SONDE_FIELD_INDEX ? "[N]" : "", f->key, kind_word(f->kind),
		     *unit ? ", " : "", unit, f->flags & SONDE_FIELD_JSON ? "yes" : "", f->help);
	}
}

static void print_text(enum sonde_table table)
{
	line("%s", sonde_table_name(table));
	for (size_t i = 0; i < sonde_field_count(table); i++) {
		const struct sonde_field *f = sonde_field_at(table, i);

		line("  %-28s %-28s %-5s %s", f->name, strcmp(f->name, f->key) ? f->key : "",
		     kind_word(f->kind), f->help);
	}
}

static const char intro[] =
	"# Fields\n\n"
	"Made by `sonde fields --markdown`; a test compares.\n"
	"A field has a name, for expressions, and a key, for JSON; `--columns` and `--sort` take "
	"both.\n"
	"Names are Falco's where Falco has them.\n\n"
	"## Expressions\n\n"
	"`--where` takes comparisons joined by `and`, `or` and `not`, with parentheses.\n\n"
	"| comparison | of | true when |\n"
	"| --- | --- | --- |\n"
	"| `=` `==` `!=` | all | they are the same; for an address also a network that holds it, "
	"as `10.0.0.0/8` |\n"
	"| `<` `<=` `>` `>=` | numbers, times | they are in that order |\n"
	"| `contains` `icontains` | texts | the text is in it; `icontains` takes big and small "
	"letters as the same |\n"
	"| `startswith` `endswith` | texts | it begins or ends so |\n"
	"| `in (a, b)` | all | it is one of them; for a list: every element is |\n"
	"| `intersects (a, b)` | texts | one element of the list is one of them |\n"
	"| `glob` | texts | the pattern with `*`, `?` and `[a-z]` fits the whole |\n"
	"| `pmatch (a, b)` | texts | one of the paths is it, or a folder above it; each part may "
	"be a glob |\n"
	"| `regex` | texts | the Perl-like pattern fits the whole |\n"
	"| `exists` | all | it is known |\n\n"
	"Values with spaces or brackets stand in `\"` or `'`; there `\\\"`, `\\\\`, `\\n`, `\\t` "
	"and `\\xNN` mean what they do in C.\n"
	"Numbers may end in `k`, `M`, `G`, `T` or `Ki`, `Mi`, `Gi`, `Ti`; durations in `ns`, `us`, "
	"`ms`, `s`, `m`, `h`, `d`.\n"
	"Times are written `2026-01-31T12:00:00Z`.\n"
	"A field that is true or false may stand alone.\n"
	"A comparison with something unknown is false, `!=` too; `not` turns an answer round.\n"
	"A list is compared by its elements: one that fits is enough, but for `in`.";

int cmd_fields(struct options *o)
{
	const char *word = o->n_words ? o->words[0] : NULL;
	bool found = !word;

	for (size_t i = 0; word && i < sizeof(shown) / sizeof(shown[0]); i++)
		found |= !strcmp(word, sonde_table_name(shown[i]));
	if (!found) {
		say("there is no table '%s'; there are events, pods, ps, conns, node, doctor, "
		    "detail and log",
		    word);
		return EXIT_USAGE;
	}
	if (o->c.markdown)
		out_line(intro, sizeof(intro) - 1);
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		if (word && strcmp(word, sonde_table_name(shown[i])))
			continue;
		if (o->c.markdown)
			print_markdown(shown[i]);
		else if (!o->c.json)
			print_text(shown[i]);
		for (size_t k = 0; o->c.json && !o->c.markdown && k < sonde_field_count(shown[i]);
		     k++)
			print_json(shown[i], sonde_field_at(shown[i], k));
	}
	return out_end(EXIT_DONE);
}
