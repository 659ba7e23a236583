/* SPDX-License-Identifier: BSD-2-Clause */
/* Options from files and environment: what counts, what is refused, and how it is told. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "config_inner.h"
#include "failalloc.h"

static int parse(struct sonde_config *c, const char *text)
{
	return config_parse(c, "sonde.yaml", text, strlen(text));
}

static void all_options_have_a_default_and_a_help(void **state)
{
	struct sonde_config c;

	(void)state;
	assert_int_equal(sonde_config_init(&c), 0);
	assert_string_equal(c.state_dir, "/var/lib/sonde");
	assert_int_equal(c.ring_kib, 8192);
	assert_int_equal(c.span, 0);
	assert_false(c.no_bpf);
	for (size_t i = 0; sonde_option_at(i); i++) {
		const struct sonde_option *o = sonde_option_at(i);

		assert_ptr_equal(sonde_option_find(o->name), o);
		assert_true(strlen(o->help) > 10 && o->help[strlen(o->help) - 1] != '.');
		assert_null(strpbrk(o->help, "\"\\"));
		assert_int_equal(!!*o->arg, o->type != SONDE_OPTION_BOOL);
	}
	assert_null(sonde_option_find("no-such"));
	assert_string_equal(sonde_option_nearest("ring-kb"), "ring-kib");
	sonde_config_done(&c);
}

static void a_file_sets_what_it_names(void **state)
{
	struct sonde_config c;

	(void)state;
	assert_int_equal(sonde_config_init(&c), 0);
	assert_int_equal(parse(&c, "# ours\n"
				   "state-dir: /tmp/state\n"
				   "ring-kib: 1024\n"
				   "no-names: yes\n"
				   "theme: 'light'\n"
				   "runtime:\n"
				   "  roots:\n"
				   "    - /run/a\n"
				   "    - /run/b\n"),
			 0);
	assert_int_equal(c.n_warnings, 0);
	assert_string_equal(c.state_dir, "/tmp/state");
	assert_int_equal(c.ring_kib, 1024);
	assert_true(c.no_names);
	assert_string_equal(c.theme, "light");
	assert_string_equal(c.runtime_roots, "/run/a:/run/b");
	assert_int_equal(parse(&c, "runtime: {roots: []}\nring-kib: 64\n"), 0);
	assert_string_equal(c.runtime_roots, "");
	assert_int_equal(c.ring_kib, 64);
	assert_int_equal(parse(&c, ""), 0);
	assert_int_equal(parse(&c, "# nothing\n"), 0);
	assert_int_equal(parse(&c, "---\n"), 0);
	assert_int_equal(c.n_warnings, 0);
	sonde_config_done(&c);
}

static const struct {
	const char *text, *warning;
	int r;
} wrong[] = {
	{ "ring-kib: 1000\n", "sonde.yaml:1: ring-kib is a power of two, not 1000", 0 },
	{ "theme: x\nring-kib: lots\n",
	  "sonde.yaml:2: ring-kib is a number from 64 to 1048576, not 'lots'", 0 },
	{ "ring-kib: 64k\n", "sonde.yaml:1: ring-kib is a number", 0 },
	{ "ring-kib: [64]\n", "sonde.yaml:1: ring-kib is one value, not a list", 0 },
	{ "no-bpf: maybe\n", "sonde.yaml:1: no-bpf is true or false, not 'maybe'", 0 },
	{ "\nring-kb: 64\n", "sonde.yaml:2: there is no option 'ring-kb', did you mean 'ring-kib'?",
	  0 },
	{ "runtime:\n  root: /x\n",
	  "sonde.yaml:2: there is no option 'runtime.root', did you mean 'runtime.roots'?", 0 },
	{ "where: x\n", "sonde.yaml:1: there is no option 'where'", 0 }, /* a flag is no key */
	{ "theme: a\x1b[2J\n", "sonde.yaml:1: ", -EINVAL },
	{ "ring-kib: 64\n\tbad\n", "sonde.yaml:2: ", -EINVAL },
	{ "ring-kib: 64\n- x\n", "sonde.yaml:2: ", -EINVAL },
	{ "- a\n- b\n", "sonde.yaml:1: expected 'key: value'", -EINVAL },
	{ "just words\n", "sonde.yaml:1: expected 'key: value'", -EINVAL },
	{ "a: &x 1\nb: *x\n", "sonde.yaml:2: anchors and aliases are not read here", -EINVAL },
	{ "? [a]\n: b\n", "sonde.yaml:1: a key is a plain word", -EINVAL },
	{ "a: {b: {c: {d: {e: {f: 1}}}}}\n", "sonde.yaml:1: this is nested too deeply", -EINVAL },
	{ "runtime: {roots: [[a]]}\n", "sonde.yaml:1: a list holds plain values", -EINVAL },
	{ "theme: \"a\\0b\"\n", "sonde.yaml:1: a value holds no NUL", -EINVAL },
};

static void an_error_is_told_by_its_line_and_changes_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct sonde_config c;

		assert_int_equal(sonde_config_init(&c), 0);
		assert_int_equal(parse(&c, wrong[i].text), wrong[i].r);
		assert_int_equal(c.ring_kib, 8192); /* also what stood before the error */
		assert_int_equal(c.n_warnings, 1);
		if (strncmp(c.warnings[0], wrong[i].warning, strlen(wrong[i].warning)))
			fail_msg("'%s' gives '%s', not '%s'", wrong[i].text, c.warnings[0],
				 wrong[i].warning);
		assert_null(strchr(c.warnings[0], '\x1b'));
		sonde_config_done(&c);
	}
}

static void warnings_are_bounded(void **state)
{
	struct sonde_config c;
	char text[64 * 16 + 1] = "";

	(void)state;
	for (size_t i = 0; i < 64; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "bad%zu: 1\n", i);
	assert_int_equal(sonde_config_init(&c), 0);
	assert_int_equal(parse(&c, text), 0);
	assert_int_equal(c.n_warnings, ARRAY_SIZE(c.warnings));
	sonde_config_done(&c);
}

/* A file of our own in a folder of our own. */
static void write_file(char *path, const char *text, mode_t mode)
{
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void a_file_that_others_may_write_is_refused_to_root(void **state)
{
	static const mode_t modes[] = { 0666, 0664, 0602 };
	struct sonde_config c;

	(void)state;
	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		char path[] = "/tmp/sonde-test-config-XXXXXX";

		write_file(path, "ring-kib: 64\n", modes[i]);
		assert_int_equal(sonde_config_init(&c), 0);
		assert_int_equal(sonde_config_file(&c, path), -EPERM);
		assert_int_equal(c.ring_kib, 8192);
		assert_int_equal(c.n_warnings, 1);
		assert_non_null(strstr(c.warnings[0], "others may write this file"));
		assert_int_equal(chmod(path, 0644), 0);
		assert_int_equal(sonde_config_file(&c, path), 0);
		assert_int_equal(c.ring_kib, 64);
		assert_int_equal(chown(path, 12345, 0), 0);
		assert_int_equal(sonde_config_file(&c, path), -EPERM);
		unlink(path);
		sonde_config_done(&c);
	}
}

static void what_is_no_file_is_not_read(void **state)
{
	struct sonde_config c;

	(void)state;
	assert_int_equal(sonde_config_init(&c), 0);
	assert_int_equal(sonde_config_file(&c, "/tmp/sonde-no-such-folder/sonde.yaml"), -ENOENT);
	assert_int_equal(c.n_warnings, 0);
	assert_int_equal(sonde_config_file(&c, "/dev/zero"), -EPERM);
	assert_int_equal(sonde_config_file(&c, "/tmp"), -EPERM);
	assert_int_equal(c.n_warnings, 2);
	sonde_config_done(&c);
}

static void the_environment_sets_by_upper_case_names(void **state)
{
	struct sonde_config c;
	struct sonde_err err;

	(void)state;
	assert_int_equal(sonde_config_init(&c), 0);
	setenv("SONDE_STATE_DIR", "/tmp/env", 1);
	setenv("SONDE_RING_KIB", "128", 1);
	setenv("SONDE_WHERE", "pid = 1", 1); /* a flag only */
	assert_int_equal(sonde_config_env(&c, &err), 0);
	assert_string_equal(c.state_dir, "/tmp/env");
	assert_int_equal(c.ring_kib, 128);
	assert_string_equal(c.where, "");
	setenv("SONDE_RING_KIB", "x", 1);
	assert_int_equal(sonde_config_env(&c, &err), -EINVAL);
	assert_non_null(strstr(err.text, "SONDE_RING_KIB: ring-kib is a number"));
	unsetenv("SONDE_STATE_DIR");
	unsetenv("SONDE_RING_KIB");
	unsetenv("SONDE_WHERE");
	sonde_config_done(&c);
}

static void spans_are_times_with_a_unit(void **state)
{
	static const struct {
		const char *text;
		unsigned long long ns;
	} cases[] = {
		{ "500ms", 500 * NS_PER_MS },
		{ "10s", 10 * NS_PER_S },
		{ "10", 10 * NS_PER_S },
		{ "5m", 300 * NS_PER_S },
		{ "1h", 3600 * NS_PER_S },
		{ "0", 0 },
		{ "-1s", 0 },
		{ "1x", 0 },
		{ "99999999999h", 0 },
		{ "", 0 },
	};
	const struct sonde_option *o = sonde_option_find("for");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sonde_config c;
		int r;

		assert_int_equal(sonde_config_init(&c), 0);
		r = sonde_config_set(&c, o, cases[i].text, NULL);
		assert_int_equal(r, cases[i].ns ? 0 : -EINVAL);
		if (!r)
			assert_true(c.span == cases[i].ns);
		sonde_config_done(&c);
	}
}

static void reading_survives_the_loss_of_any_allocation(void **state)
{
	static const char text[] = "ring-kib: 64\nruntime:\n  roots: [/a, /b]\nno-such: 1\n";
	unsigned failures = 0;

	(void)state;
	failalloc_each({
		struct sonde_config c;
		int r = sonde_config_init(&c);

		if (!r)
			r = parse(&c, text);
		assert_true(r == 0 || r == -ENOMEM);
		failures += r != 0;
		sonde_config_done(&c);
	});
	assert_true(failures > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_options_have_a_default_and_a_help),
		cmocka_unit_test(a_file_sets_what_it_names),
		cmocka_unit_test(an_error_is_told_by_its_line_and_changes_nothing),
		cmocka_unit_test(warnings_are_bounded),
		cmocka_unit_test(a_file_that_others_may_write_is_refused_to_root),
		cmocka_unit_test(what_is_no_file_is_not_read),
		cmocka_unit_test(the_environment_sets_by_upper_case_names),
		cmocka_unit_test(spans_are_times_with_a_unit),
		cmocka_unit_test(reading_survives_the_loss_of_any_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
