/* SPDX-License-Identifier: BSD-2-Clause */
/* The call is read right or refused with the right word; help and manual tell of the same things.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/buf.h"
#include "base/macros.h"
#include "commands/common.h"
#include "failalloc.h"
#include "format.h"

/* Split @call at spaces and read it as options. */
static int read_call(struct options *o, const char *call, struct sonde_err *err)
{
	static char text[512];
	char *argv[32], *save = NULL;
	int argc = 0;

	snprintf(text, sizeof(text), "sonde %s --config /tmp/sonde-no-such-folder", call);
	for (char *p = strtok_r(text, " ", &save); p; p = strtok_r(NULL, " ", &save))
		argv[argc++] = p;
	return options_read(o, argc, argv, err);
}

static void options_stand_anywhere_and_take_both_forms(void **state)
{
	struct sonde_err err = { 0 };
	struct options o;

	(void)state;
	assert_int_equal(
		read_call(&o, "--json events --for=2s shop/web --where pid=1 --ring-kib 64", &err),
		0);
	assert_string_equal(o.command->name, "events");
	assert_true(o.c.json);
	assert_true(o.c.span == 2 * NS_PER_S);
	assert_string_equal(o.c.where, "pid=1");
	assert_int_equal(o.c.ring_kib, 64);
	assert_int_equal(o.n_words, 1);
	assert_string_equal(o.words[0], "shop/web");
	options_done(&o);

	assert_int_equal(read_call(&o, "", &err), 0);
	assert_string_equal(o.command->name, "");
	options_done(&o);
	assert_int_equal(read_call(&o, "record -h", &err), 0); /* its FILE is not missed then */
	assert_true(o.c.help);
	options_done(&o);
}

static const struct {
	const char *call, *error;
} refused[] = {
	{ "pots", "there is no command 'pots', did you mean 'pods'?" },
	{ "evnets", "there is no command 'evnets', did you mean 'events'?" },
	{ "ps --colums pid", "there is no option '--colums', did you mean '--columns'?" },
	{ "ps -x", "there is no option '-x'" },
	{ "doctor --follow", "sonde doctor takes no --follow" },
	{ "--where x", "the console takes no --where" },
	{ "events a b", "'b' is one word too many for 'events'" },
	{ "doctor x", "'x' is one word too many for 'doctor'" },
	{ "record", "sonde record wants FILE" },
	{ "ps --ring-kib 65", "--ring-kib is a power of two, not 65" },
	{ "ps --ring-kib 32", "--ring-kib is a number from 64" },
	{ "events --for soon", "--for is a time like" },
	{ "events --json=perhaps", "--json is true or false" },
};

static void a_wrong_call_is_refused_with_the_right_word(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct sonde_err err = { 0 };
		struct options o;

		assert_int_equal(read_call(&o, refused[i].call, &err), -EINVAL);
		if (strncmp(err.text, refused[i].error, strlen(refused[i].error)))
			fail_msg("'%s' gives '%s', not '%s'", refused[i].call, err.text,
				 refused[i].error);
		options_done(&o);
	}
}

static void an_option_without_its_argument_is_refused(void **state)
{
	char *argv[] = { (char *)"sonde", (char *)"ps", (char *)"--where" };
	struct sonde_err err = { 0 };
	struct options o;

	(void)state;
	assert_int_equal(options_read(&o, 3, argv, &err), -EINVAL);
	assert_string_equal(err.text, "--where wants EXPR behind it");
	options_done(&o);
}

static void words_behind_two_dashes_are_no_options(void **state)
{
	char *argv[] = { (char *)"sonde", (char *)"record", (char *)"--", (char *)"--json" };
	struct sonde_err err = { 0 };
	struct options o;

	(void)state;
	assert_int_equal(options_read(&o, 4, argv, &err), 0);
	assert_string_equal(o.words[0], "--json");
	assert_false(o.c.json);
	options_done(&o);
}

static void a_flag_wins_over_the_environment_and_that_over_the_file(void **state)
{
	char dir[] = "/tmp/sonde-test-commands-XXXXXX", path[64];
	struct sonde_err err = { 0 };
	struct options o;
	FILE *f;
	char *argv[] = { (char *)"sonde",     (char *)"ps",   (char *)"--config", dir,
			 (char *)"--run-dir", (char *)"/flag" };

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/sonde.yaml", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("state-dir: /file\nrun-dir: /file\nbpf-dir: /file\nring-kib: no\n", f);
	fclose(f);
	setenv("SONDE_RUN_DIR", "/env", 1);
	setenv("SONDE_BPF_DIR", "/env", 1);
	assert_int_equal(options_read(&o, 6, argv, &err), 0);
	assert_string_equal(o.c.state_dir, "/file");
	assert_string_equal(o.c.bpf_dir, "/env");
	assert_string_equal(o.c.run_dir, "/flag");
	assert_int_equal(o.c.ring_kib, 8192);
	assert_int_equal(o.c.n_warnings, 1);
	assert_non_null(strstr(o.c.warnings[0], "/sonde.yaml:4: ring-kib"));
	options_done(&o);
	unsetenv("SONDE_RUN_DIR");
	unsetenv("SONDE_BPF_DIR");
	unlink(path);
	rmdir(dir);
}

static void reading_a_call_survives_the_loss_of_any_allocation(void **state)
{
	(void)state;
	failalloc_each({
		struct sonde_err err = { 0 };
		struct options o;
		int r = read_call(&o, "ps --json --where pid=1 --columns pid,name", &err);

		assert_true(r == 0 || r == -ENOMEM);
		options_done(&o);
	});
}

static void chosen_columns_are_fields_by_either_word(void **state)
{
	struct sonde_err err = { 0 };
	struct columns cols;
	struct options o;

	(void)state;
	assert_int_equal(read_call(&o, "ps --columns pid,proc.name", &err), 0);
	assert_int_equal(columns_read(&o, SONDE_PROCS, &cols), 0);
	assert_true(cols.chosen);
	assert_int_equal(cols.n, 2);
	assert_string_equal(cols.f[1]->key, "name");
	options_done(&o);
	assert_int_equal(read_call(&o, "ps --columns pid,nmae", &err), 0);
	assert_int_equal(columns_read(&o, SONDE_PROCS, &cols), EXIT_USAGE);
	options_done(&o);
	assert_int_equal(read_call(&o, "ps", &err), 0);
	assert_int_equal(columns_read(&o, SONDE_PROCS, &cols), 0);
	assert_false(cols.chosen);
	assert_true(cols.n > 3);
	options_done(&o);
}

/* ── help and manual ─────────────────────────────────────────────────────── */

static void run_help(struct options *o, struct buf *out)
{
	char path[] = "/tmp/sonde-test-help-XXXXXX";
	int fd = mkstemp(path), keep = dup(STDOUT_FILENO);

	assert_true(fd >= 0 && keep >= 0);
	fflush(stdout);
	assert_true(dup2(fd, STDOUT_FILENO) >= 0);
	assert_int_equal(cmd_help(o), EXIT_DONE);
	dup2(keep, STDOUT_FILENO);
	close(keep);
	close(fd);
	assert_int_equal(buf_file(out, AT_FDCWD, path), 0);
	unlink(path);
}

/* How often @word stands in @text with no letter or dash behind it. */
static unsigned count_word(const char *text, const char *word)
{
	unsigned n = 0;

	for (const char *p = text; (p = strstr(p, word)); p += strlen(word)) {
		char next = p[strlen(word)];

		n += !(next == '\\' && p[strlen(word) + 1] == '-') && !(next >= 'a' && next <= 'z');
	}
	return n;
}

/* An option as the page writes it: its dashes are real ones. */
static void manual_option(const char *name, char *dst)
{
	dst += sprintf(dst, "\\-\\-");
	for (; *name; name++) {
		if (*name == '-')
			*dst++ = '\\';
		*dst++ = *name;
	}
	*dst = 0;
}

static void help_as_json_lists_what_the_manual_lists(void **state)
{
	struct buf help = { .max = 1 << 20 }, page = { .max = 1 << 20 };
	unsigned commands = 0, options = 0;
	struct sonde_err err = { 0 };
	struct options o;
	char *save = NULL;

	(void)state;
	assert_int_equal(read_call(&o, "help --json", &err), 0);
	run_help(&o, &help);
	options_done(&o);
	assert_int_equal(buf_file(&page, AT_FDCWD, "docs/manual/sonde.8"), 0);
	for (char *line = strtok_r(help.p, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		json_t *j = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		const char *command, *option;
		char word[128];

		if (!j)
			fail_msg("no JSON: %s", line);
		command = json_string_value(json_object_get(j, "command"));
		option = json_string_value(json_object_get(j, "option"));
		if (command) {
			commands++;
			snprintf(word, sizeof(word), *command ? "sonde %s" : "B sonde%s", command);
			assert_true(json_array_size(json_object_get(j, "options")) > 5);
		} else {
			assert_non_null(option);
			options++;
			manual_option(option + 2, word);
		}
		if (!count_word(page.p, word))
			fail_msg("docs/manual/sonde.8 does not tell of '%s'", word);
		json_decref(j);
	}
	for (size_t i = 0; command_at(i); i++)
		commands--;
	for (size_t i = 0; sonde_option_at(i); i++)
		options--;
	assert_int_equal(commands, 0);
	assert_int_equal(options, 0);
	buf_done(&help);
	buf_done(&page);
}

static void the_manual_tells_of_no_option_that_is_none(void **state)
{
	struct buf page = { .max = 1 << 20 };

	(void)state;
	assert_int_equal(buf_file(&page, AT_FDCWD, "docs/manual/sonde.8"), 0);
	for (const char *p = page.p; (p = strstr(p, "\\-\\-"));) {
		char name[64];
		size_t n = 0;

		for (p += 4; n + 1 < sizeof(name) &&
			     ((*p >= 'a' && *p <= 'z') || (*p == '\\' && p[1] == '-'));
		     p++)
			if (*p != '\\')
				name[n++] = *p;
			else if (*++p)
				name[n++] = '-';
		name[n] = 0;
		if (!sonde_option_find(name))
			fail_msg("docs/manual/sonde.8 tells of --%s, which is no option", name);
	}
	buf_done(&page);
}

static void every_option_of_a_command_exists(void **state)
{
	(void)state;
	for (size_t i = 0; command_at(i); i++) {
		char list[256], *save = NULL;

		snprintf(list, sizeof(list), "%s", command_at(i)->options);
		for (char *p = strtok_r(list, " ", &save); p; p = strtok_r(NULL, " ", &save)) {
			assert_non_null(sonde_option_find(p));
			assert_true(command_takes(command_at(i), p));
		}
	}
}

/* ── values for people ───────────────────────────────────────────────────── */

static const struct {
	struct sonde_value v;
	enum sonde_unit unit;
	const char *text;
} shown[] = {
	{ { .kind = SONDE_NULL }, SONDE_PLAIN, "?" },
	{ { .kind = SONDE_ABSENT }, SONDE_PLAIN, "" },
	{ { .kind = SONDE_BOOL, .b = true }, SONDE_PLAIN, "yes" },
	{ { .kind = SONDE_INT, .i = -111 }, SONDE_PLAIN, "-111" },
	{ { .kind = SONDE_UINT, .u = UINT64_MAX }, SONDE_PLAIN, "18446744073709551615" },
	{ { .kind = SONDE_UINT, .u = 0 }, SONDE_BYTES, "0B" },
	{ { .kind = SONDE_UINT, .u = 999 }, SONDE_BYTES, "999B" },
	{ { .kind = SONDE_UINT, .u = 1234567 }, SONDE_BYTES, "1.2MB" },
	{ { .kind = SONDE_UINT, .u = 999999 }, SONDE_BYTES, "1.0MB" },
	{ { .kind = SONDE_UINT, .u = UINT64_MAX }, SONDE_BYTES, "18EB" },
	{ { .kind = SONDE_REAL, .d = 12.34 }, SONDE_PERCENT, "12.3%" },
	{ { .kind = SONDE_REAL, .d = 400 }, SONDE_PERCENT, "400%" },
	{ { .kind = SONDE_REAL, .d = 0.5 }, SONDE_RATE, "0.5" },
	{ { .kind = SONDE_UINT, .u = 1500000 }, SONDE_NANOS, "1.5ms" },
	{ { .kind = SONDE_UINT, .u = 83 * NS_PER_S }, SONDE_NANOS, "1m23s" },
	{ { .kind = SONDE_UINT, .u = 90000 * NS_PER_S }, SONDE_NANOS, "1d01h" },
	{ { .kind = SONDE_TIME, .u = 1700000000123456789ULL }, SONDE_CLOCK, "22:13:20.123456" },
	{ { .kind = SONDE_TIME, .u = 1699999990ULL * NS_PER_S }, SONDE_AGE, "10s" },
	{ { .kind = SONDE_TIME, .u = 1800000000ULL * NS_PER_S }, SONDE_AGE, "0s" }, /* not yet */
	{ { .kind = SONDE_TEXT, .text = { "a\x1b", 2 } }, SONDE_PLAIN, "a\x1b" },
	{ { .kind = SONDE_LIST, .text = { "a\0\0b c\0", 7 } }, SONDE_PLAIN, "a '' b c" },
};

static void values_are_written_by_their_unit(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shown); i++) {
		struct sonde_field f = { .unit = shown[i].unit };
		char out[64], tiny[4];

		assert_int_equal(
			format_value(out, sizeof(out), &shown[i].v, &f, 1700000000ULL * NS_PER_S),
			strlen(shown[i].text));
		assert_string_equal(out, shown[i].text);
		assert_true(format_value(tiny, sizeof(tiny), &shown[i].v, &f, 0) < sizeof(tiny));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_stand_anywhere_and_take_both_forms),
		cmocka_unit_test(a_wrong_call_is_refused_with_the_right_word),
		cmocka_unit_test(an_option_without_its_argument_is_refused),
		cmocka_unit_test(words_behind_two_dashes_are_no_options),
		cmocka_unit_test(a_flag_wins_over_the_environment_and_that_over_the_file),
		cmocka_unit_test(reading_a_call_survives_the_loss_of_any_allocation),
		cmocka_unit_test(chosen_columns_are_fields_by_either_word),
		cmocka_unit_test(help_as_json_lists_what_the_manual_lists),
		cmocka_unit_test(the_manual_tells_of_no_option_that_is_none),
		cmocka_unit_test(every_option_of_a_command_exists),
		cmocka_unit_test(values_are_written_by_their_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
