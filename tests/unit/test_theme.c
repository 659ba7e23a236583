/* SPDX-License-Identifier: BSD-2-Clause */
/* Themes: those that ship are whole, a wrong one is named with its line. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "console/embed.h"
#include "console/theme.h"

static void every_shipped_theme_sets_every_role(void **state)
{
	unsigned n = 0;

	(void)state;
	for (const struct embed *e = embedded_themes; e->name; e++, n++) {
		struct theme t;

		if (theme_roles_set(e->begin, (size_t)(e->end - e->begin)) != (1ul << ROLES) - 1)
			fail_msg("%s lacks a role", e->name);
		assert_true(theme_builtin(e->name, &t));
	}
	assert_int_equal(n, 4);
}

static void a_wrong_line_is_named_with_file_and_number(void **state)
{
	static const char *const lines[] = { "nosuch = red\n", "text red\n", "text = mauve\n",
					     "text = red 300\n", "text = red blue loud\n" };
	struct theme t = { 0 };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct sonde_err err = { 0 };
		char text[128];

		snprintf(text, sizeof(text), "# a theme\n\n%s", lines[i]);
		assert_int_equal(theme_parse("my.theme", text, strlen(text), &t, &err), -EINVAL);
		assert_int_equal(strncmp(err.text, "my.theme:3: ", 12), 0);
	}
}

static void colours_and_attributes_come_out_as_written(void **state)
{
	static const char text[] = "bad = bright-red 17 bold underline # act\r\ngone = default";
	struct theme t = { 0 };

	(void)state;
	assert_int_equal(theme_parse("x", text, sizeof(text) - 1, &t, NULL), 0);
	assert_int_equal(t.styles[ROLE_BAD].fg, 9);
	assert_int_equal(t.styles[ROLE_BAD].bg, 17);
	assert_int_equal(t.styles[ROLE_BAD].attrs, TERM_BOLD | TERM_UNDERLINE);
	assert_int_equal(t.styles[ROLE_GONE].fg, -1);
}

static void a_file_of_the_same_name_overrides_and_a_path_is_no_name(void **state)
{
	char dir[] = "/tmp/sonde-themes-XXXXXX", path[64];
	const char *dirs[2] = { dir, NULL };
	struct sonde_err err = { 0 };
	struct theme t;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/light.theme", dir);
	f = fopen(path, "we");
	fputs("text = 42\n", f);
	fclose(f);
	assert_int_equal(theme_load("light", dirs, &t, &err), 0);
	assert_int_equal(t.styles[ROLE_TEXT].fg, 42);
	assert_int_equal(theme_load("../light", dirs, &t, &err), -ENOENT);
	assert_non_null(strstr(err.text, "high-contrast"));
	assert_string_equal(t.name, "default");
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_shipped_theme_sets_every_role),
		cmocka_unit_test(a_wrong_line_is_named_with_file_and_number),
		cmocka_unit_test(colours_and_attributes_come_out_as_written),
		cmocka_unit_test(a_file_of_the_same_name_overrides_and_a_path_is_no_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
