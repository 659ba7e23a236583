/* SPDX-License-Identifier: BSD-2-Clause */
/* The list keeps its row, the columns fit, the prompt edits what it should. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "console/prompt.h"
#include "console/term.h"
#include "widgets/columns.h"
#include "widgets/list.h"

static void a_selected_row_stays_selected_at_its_height_when_it_moves(void **state)
{
	struct list l = { .index = 5, .top = 3, .selected = 1, .moved = true };

	(void)state;
	list_settle(&l, 25, 100, 10);
	assert_int_equal(l.index, 25);
	assert_int_equal(l.top, 23);
}

static void when_the_row_is_gone_its_neighbour_is_selected(void **state)
{
	struct list l = { .index = 9, .top = 0, .selected = 1, .moved = true };

	(void)state;
	list_settle(&l, -1, 10, 5);
	assert_int_equal(l.index, 9);
	list_settle(&l, -1, 4, 5);
	assert_int_equal(l.index, 3);
	list_settle(&l, -1, 0, 5);
	assert_int_equal(l.index, -1);
}

static void the_end_is_followed_until_somebody_moves_up(void **state)
{
	struct list l = { .index = 0, .at_end = true };

	(void)state;
	list_settle(&l, 0, 50, 10);
	assert_int_equal(l.index, 49);
	assert_int_equal(l.top, 40);
	list_move(&l, -1, 50, 10);
	assert_false(l.at_end);
	list_settle(&l, 48, 60, 10);
	assert_int_equal(l.index, 48);
}

static int shown(const struct columns *c)
{
	int n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += c->col[i].width > 0;
	return n;
}

static void columns_drop_by_rank_and_never_pass_the_edge(void **state)
{
	struct columns c = { 0 };
	int before = 1000;

	(void)state;
	assert_int_equal(columns_set(&c, SONDE_PODS, NULL, NULL), 0);
	for (int cells = 240; cells >= 1; cells--) {
		const struct column *last = NULL;

		if (cells == 59) /* here names are cut shorter, so that more fits again */
			before = 1000;
		columns_fit(&c, cells, NULL);
		for (size_t i = 0; i < c.n; i++)
			if (c.col[i].width)
				last = &c.col[i];
		assert_non_null(last);
		assert_true(last->x + last->width <= cells);
		assert_true(shown(&c) <= before);
		before = shown(&c);
	}
	assert_int_equal(before, 1);
}

static void a_wrong_column_is_answered_with_the_right_one(void **state)
{
	struct columns c = { 0 };
	struct sonde_err err = { 0 };

	(void)state;
	assert_int_equal(columns_set(&c, SONDE_PROCS, "pid nmae", &err), -EINVAL);
	assert_non_null(strstr(err.text, "name"));
	assert_int_equal(columns_set(&c, SONDE_PROCS, "pid,name", &err), 0);
	assert_int_equal(c.n, 2);
	columns_toggle(&c, c.col[0].field);
	columns_toggle(&c, c.col[0].field);
	assert_int_equal(c.n, 1); /* the last one stays */
}

static void type(struct prompt *p, const char *s)
{
	for (; *s; s++)
		assert_int_equal(prompt_key(p, *s), PROMPT_CHANGED);
}

static void the_prompt_edits_whole_characters(void **state)
{
	struct prompt p = { 0 };

	(void)state;
	prompt_open(&p, ':', "");
	type(&p, "ab");
	assert_int_equal(prompt_key(&p, 0x1f600), PROMPT_CHANGED);
	assert_int_equal(p.n, 6);
	assert_int_equal(prompt_key(&p, TERM_KEY_BACKSPACE), PROMPT_CHANGED);
	assert_string_equal(p.text, "ab");
	prompt_key(&p, TERM_KEY_HOME);
	type(&p, "x");
	assert_string_equal(p.text, "xab");
	assert_int_equal(prompt_key(&p, TERM_KEY_ENTER), PROMPT_DONE);
	prompt_open(&p, '/', "");
	assert_int_equal(prompt_key(&p, TERM_KEY_BACKSPACE), PROMPT_LEFT);
	prompt_done(&p);
}

static void a_line_too_long_is_not_taken(void **state)
{
	struct prompt p = { 0 };

	(void)state;
	prompt_open(&p, ':', "");
	for (int i = 0; i < 2 * PROMPT_MAX; i++)
		(void)prompt_key(&p, 'a');
	assert_int_equal(p.n, PROMPT_MAX - 1);
	prompt_done(&p);
}

static void tab_completes_as_far_as_all_agree(void **state)
{
	static const char *const words[] = { "probes-on", "probes-off", "pods", NULL };
	struct prompt p = { 0 };
	char all[64];

	(void)state;
	prompt_open(&p, ':', "pr");
	prompt_complete(&p, words, all, sizeof(all));
	assert_string_equal(p.text, "probes-o");
	assert_string_equal(all, "probes-on probes-off");
	prompt_open(&p, ':', "po");
	prompt_complete(&p, words, all, sizeof(all));
	assert_string_equal(p.text, "pods ");
	assert_string_equal(all, "");
	prompt_done(&p);
}

static void history_comes_back_and_forgets_the_oldest(void **state)
{
	struct prompt p = { 0 };
	char line[16];

	(void)state;
	for (int i = 0; i < PROMPT_HISTORY + 5; i++) {
		snprintf(line, sizeof(line), "cmd %d", i);
		prompt_remember(&p, line);
	}
	prompt_remember(&p, line);
	assert_int_equal(p.n_history, PROMPT_HISTORY);
	assert_string_equal(p.history[0], "cmd 5");
	prompt_open(&p, ':', "");
	assert_int_equal(prompt_key(&p, TERM_KEY_UP), PROMPT_CHANGED);
	assert_string_equal(p.text, line);
	assert_int_equal(prompt_key(&p, TERM_KEY_DOWN), PROMPT_CHANGED);
	assert_string_equal(p.text, "");
	prompt_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_selected_row_stays_selected_at_its_height_when_it_moves),
		cmocka_unit_test(when_the_row_is_gone_its_neighbour_is_selected),
		cmocka_unit_test(the_end_is_followed_until_somebody_moves_up),
		cmocka_unit_test(columns_drop_by_rank_and_never_pass_the_edge),
		cmocka_unit_test(a_wrong_column_is_answered_with_the_right_one),
		cmocka_unit_test(the_prompt_edits_whole_characters),
		cmocka_unit_test(a_line_too_long_is_not_taken),
		cmocka_unit_test(tab_completes_as_far_as_all_agree),
		cmocka_unit_test(history_comes_back_and_forgets_the_oldest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
