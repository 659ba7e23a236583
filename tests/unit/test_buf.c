/* SPDX-License-Identifier: BSD-2-Clause */
/* Buffers keep their limit and stay whole after a refused add. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"

static void a_refused_add_leaves_the_buffer_as_it_was(void **state)
{
	struct buf b = { .max = 8 };

	(void)state;
	assert_int_equal(buf_str(&b, "12345678"), 0);
	assert_int_equal(buf_char(&b, '9'), -E2BIG);
	assert_true(b.failed);
	assert_int_equal(b.n, 8);
	assert_string_equal(b.p, "12345678");
	buf_clear(&b);
	assert_false(b.failed);
	assert_int_equal(buf_fmt(&b, "%d", 7), 0);
	assert_string_equal(b.p, "7");
	buf_done(&b);
}

static void a_long_format_is_not_cut(void **state)
{
	struct buf b = { .max = 4096 };

	(void)state;
	assert_int_equal(buf_fmt(&b, "%0*d", 1000, 1), 0);
	assert_int_equal(b.n, 1000);
	assert_int_equal(strlen(b.p), 1000);
	buf_done(&b);
}

static void a_file_is_read_whole_or_refused(void **state)
{
	char path[] = "/tmp/sonde-test-buf-XXXXXX";
	int fd = mkstemp(path);
	struct buf b = { .max = 10000 }, small = { .max = 9999 };

	(void)state;
	assert_true(fd >= 0);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(write(fd, "0123456789", 10), 10);
	close(fd);
	assert_int_equal(buf_file(&b, AT_FDCWD, path), 0);
	assert_int_equal(b.n, 10000);
	assert_int_equal(buf_file(&small, AT_FDCWD, path), -E2BIG);
	assert_int_equal(buf_file(&small, AT_FDCWD, "/dev/null"), -EINVAL);
	unlink(path);
	assert_int_equal(buf_file(&small, AT_FDCWD, path), -ENOENT);
	buf_done(&b);
	buf_done(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refused_add_leaves_the_buffer_as_it_was),
		cmocka_unit_test(a_long_format_is_not_cut),
		cmocka_unit_test(a_file_is_read_whole_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
