/* SPDX-License-Identifier: BSD-2-Clause */
/* Blocks of texts: rows are whole, and a block lives as long as it is counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kv.h"

static void an_unfinished_row_is_dropped(void **state)
{
	struct buf b = { .max = 1024 };
	struct kv *kv;

	(void)state;
	buf_add(&b, "a\0b\0c\0d\0e\0", 10);
	kv = kv_new(&b, 2, 7);
	assert_non_null(kv);
	assert_int_equal(kv->n, 2);
	assert_string_equal(kv->rows[1].col[0], "c");
	assert_string_equal(kv->rows[1].col[1], "d");
	assert_string_equal(kv->rows[1].col[3], "");
	assert_int_equal(kv->at_ns, 7);
	assert_null(b.p);
	kv_unref(kv);
}

static void a_text_without_its_end_is_no_text(void **state)
{
	struct buf b = { .max = 1024 };
	struct kv *kv;

	(void)state;
	buf_add(&b, "key\0cut", 7);
	kv = kv_new(&b, 2, 0);
	assert_int_equal(kv->n, 0);
	kv_unref(kv);
}

static void a_counted_block_stays(void **state)
{
	struct buf b = { .max = 1024 };
	struct kv *kv, *again;

	(void)state;
	buf_add(&b, "x\0", 2);
	kv = kv_new(&b, 1, 0);
	again = kv_ref(kv);
	kv_unref(kv);
	assert_string_equal(again->rows[0].col[0], "x");
	kv_unref(again);
	kv_unref(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unfinished_row_is_dropped),
		cmocka_unit_test(a_text_without_its_end_is_no_text),
		cmocka_unit_test(a_counted_block_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
