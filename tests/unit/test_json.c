/* SPDX-License-Identifier: BSD-2-Clause */
/* Every kind of value, at its edges, as JSON. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/macros.h"
#include "field/value.h"
#include "field/field.h"

/* A row is the one value that its field shows. */
static void get(struct field_ctx *ctx, const void *row, struct sonde_value *v)
{
	(void)ctx;
	*v = *(const struct sonde_value *)row;
}

static const struct field_def field = { .pub = { .name = "test.x", .key = "x" }, .get = get };

#define LIST_OF(all)                                                 \
	{                                                            \
		.kind = SONDE_LIST, .text = { all, sizeof(all) - 1 } \
	}

static const struct {
	struct sonde_value v;
	const char *json;
} cases[] = {
	{ { .kind = SONDE_ABSENT }, "{}" },
	{ { .kind = SONDE_NULL }, "{\"x\":null}" },
	{ { .kind = SONDE_BOOL, .b = true }, "{\"x\":true}" },
	{ { .kind = SONDE_BOOL, .b = false }, "{\"x\":false}" },
	{ { .kind = SONDE_INT, .i = 0 }, "{\"x\":0}" },
	{ { .kind = SONDE_INT, .i = INT64_MIN }, "{\"x\":-9223372036854775808}" },
	{ { .kind = SONDE_INT, .i = INT64_MAX }, "{\"x\":9223372036854775807}" },
	{ { .kind = SONDE_UINT, .u = UINT64_MAX }, "{\"x\":18446744073709551615}" },
	{ { .kind = SONDE_REAL, .d = 0.125 }, "{\"x\":0.12}" },
	{ { .kind = SONDE_REAL, .d = -1e9 }, "{\"x\":-1000000000.00}" },
	{ { .kind = SONDE_REAL, .d = NAN }, "{\"x\":null}" },
	{ { .kind = SONDE_REAL, .d = INFINITY }, "{\"x\":null}" },
	{ { .kind = SONDE_TIME, .u = 1 }, "{\"x\":\"1970-01-01T00:00:00.000000001Z\"}" },
	{ { .kind = SONDE_TEXT, .text = { NULL, 0 } }, "{\"x\":\"\"}" },
	{ { .kind = SONDE_TEXT, .text = { "\"\\/", 3 } }, "{\"x\":\"\\\"\\\\/\"}" },
	{ { .kind = SONDE_TEXT, .text = { "\xff", 1 } },
	  "{\"x\":\"\\\\xff\",\"escaped\":[\"x\"]}" },
	{ LIST_OF(""), "{\"x\":[]}" },
	{ LIST_OF("a\0"), "{\"x\":[\"a\"]}" },
	{ LIST_OF("a\0\0b\0"), "{\"x\":[\"a\",\"\",\"b\"]}" },
	{ LIST_OF("cut\0sho"), "{\"x\":[\"cut\",\"sho\"]}" },
	{ LIST_OF("\0"), "{\"x\":[\"\"]}" },
};

static void each_kind_has_its_form(void **state)
{
	const struct sonde_field *const fields[] = { &field.pub };
	static struct field_ctx ctx;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct buf b = { .max = 4096 };
		json_t *j;

		assert_int_equal(field_json(&ctx, &cases[i].v, SONDE_EVENTS, fields, 1, &b), 0);
		assert_string_equal(b.p, cases[i].json);
		if (cases[i].v.kind != SONDE_UINT) { /* jansson has no unsigned 64 bit */
			j = json_loads(b.p, 0, NULL);
			assert_non_null(j);
			json_decref(j);
		}
		buf_done(&b);
	}
}

static void columns_come_in_the_order_that_was_asked_for(void **state)
{
	const struct field_def two[] = {
		{ .pub = { .name = "test.b", .key = "b" }, .get = get },
		{ .pub = { .name = "test.a", .key = "a" }, .get = get },
	};
	const struct sonde_field *const mine[] = { &two[0].pub, &two[1].pub };
	struct sonde_value v = { .kind = SONDE_TEXT, .text = { "\xfe", 1 } };
	struct buf b = { .max = 4096 };
	static struct field_ctx ctx;

	(void)state;
	assert_int_equal(field_json(&ctx, &v, SONDE_DOCTOR, mine, 2, &b), 0);
	assert_string_equal(b.p, "{\"b\":\"\\\\xfe\",\"a\":\"\\\\xfe\",\"escaped\":[\"b\",\"a\"]}");
	buf_done(&b);
}

static void what_does_not_fit_is_an_error_not_half_an_object(void **state)
{
	const struct sonde_field *const fields[] = { &field.pub };
	struct sonde_value v = { .kind = SONDE_TEXT, .text = { "0123456789", 10 } };
	static struct field_ctx ctx;

	(void)state;
	for (size_t max = 0; max < 18; max++) {
		struct buf b = { .max = max };

		assert_int_equal(field_json(&ctx, &v, SONDE_EVENTS, fields, 1, &b), -E2BIG);
		buf_done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_has_its_form),
		cmocka_unit_test(columns_come_in_the_order_that_was_asked_for),
		cmocka_unit_test(what_does_not_fit_is_an_error_not_half_an_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
