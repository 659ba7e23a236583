/* SPDX-License-Identifier: BSD-2-Clause */
/* One list of actions: no two share a key, the page agrees with it, keys.yaml may change it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "console/actions.h"
#include "console/term.h"

static void no_key_does_two_things(void **state)
{
	struct keymap k;

	(void)state;
	keymap_default(&k);
	for (int a = 1; a < ACTIONS; a++)
		for (int i = 0; i < ACTION_KEYS && k.keys[a][i]; i++)
			for (int b = a + 1; b < ACTIONS; b++)
				for (int j = 0; j < ACTION_KEYS; j++)
					if (k.keys[a][i] == k.keys[b][j])
						fail_msg("%s and %s share a key",
							 action_info((enum action)a)->name,
							 action_info((enum action)b)->name);
}

static void every_key_of_the_list_is_a_key(void **state)
{
	struct keymap k;

	(void)state;
	keymap_default(&k);
	for (int a = 1; a < ACTIONS; a++) {
		char names[64];

		keymap_names(&k, (enum action)a, names, sizeof(names));
		assert_string_equal(names, action_info((enum action)a)->keys);
	}
}

static void the_page_of_keys_is_that_of_the_list(void **state)
{
	static char want[16384], have[16384];
	FILE *f = fopen("docs/keys.md", "re");
	size_t n;

	(void)state;
	if (!f)
		fail_msg("docs/keys.md is not there; run from the top of the tree");
	n = fread(have, 1, sizeof(have) - 1, f);
	fclose(f);
	have[n] = 0;
	actions_markdown(want, sizeof(want));
	assert_string_equal(have, want);
}

static void write_keys(char *path, const char *text)
{
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void a_file_moves_keys_and_takes_them_from_others(void **state)
{
	char path[] = "/tmp/sonde-keys-XXXXXX";
	struct sonde_err err = { 0 };
	struct keymap k;

	(void)state;
	keymap_default(&k);
	write_keys(path, "help: F2\nlog: [q, Ctrl-g]\n");
	assert_int_equal(keymap_file(&k, path, &err), 0);
	unlink(path);
	assert_int_equal(keymap_action(&k, TERM_KEY_F1 + 1), ACTION_HELP);
	assert_int_equal(keymap_action(&k, '?'), ACTION_NONE);
	assert_int_equal(keymap_action(&k, 'q'), ACTION_LOG);
	assert_int_equal(keymap_action(&k, 7), ACTION_LOG);
	assert_int_equal(keymap_action(&k, 'l'), ACTION_NONE);
	assert_int_equal(keymap_action(&k, 3), ACTION_QUIT); /* Ctrl-c is left */
}

static void a_wrong_file_is_named_with_its_line_and_changes_nothing(void **state)
{
	static const char *const files[] = { "pods: 1\nhlep: F2\n", "pods: 1\nhelp: F99\n",
					     "pods: 1\n  - x\n: : [\n" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char path[] = "/tmp/sonde-keys-XXXXXX";
		struct sonde_err err = { 0 };
		struct keymap k, before;

		keymap_default(&k);
		before = k;
		write_keys(path, files[i]);
		assert_int_equal(keymap_file(&k, path, &err), -EINVAL);
		unlink(path);
		assert_non_null(strstr(err.text, path));
		if (i < 2)
			assert_non_null(strstr(err.text, ":2:"));
		assert_memory_equal(&k, &before, sizeof(k));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_key_does_two_things),
		cmocka_unit_test(every_key_of_the_list_is_a_key),
		cmocka_unit_test(the_page_of_keys_is_that_of_the_list),
		cmocka_unit_test(a_file_moves_keys_and_takes_them_from_others),
		cmocka_unit_test(a_wrong_file_is_named_with_its_line_and_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
