/* SPDX-License-Identifier: BSD-2-Clause */
/* Hostile texts: nothing unsafe passes, columns are counted right, cuts stay inside their room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/macros.h"
#include "base/text.h"

static const struct {
	const char *in;
	size_t n; /* 0: strlen */
	const char *out;
	size_t cells;
} shown[] = {
	{ "plain", 0, "plain", 5 },
	{ "", 0, "", 0 },
	{ "a\0b", 3, "a\\u0000b", 8 },
	{ "\x1b[2J", 0, "\\u001b[2J", 9 },
	{ "\x7f", 0, "\\u007f", 6 },
	{ "a\nb\tc", 0, "a\\u000ab\\u0009c", 15 },
	{ "\xc2\x9b"
	  "1m",
	  0, "\\u009b1m", 8 }, /* C1 CSI */
	{ "\xe2\x80\xae"
	  "fdp.exe",
	  0, "\\u202efdp.exe", 13 },                               /* right-to-left override */
	{ "\xe2\x81\xa6x\xe2\x81\xa9", 0, "\\u2066x\\u2069", 13 }, /* isolates */
	{ "\xe2\x80\x8b", 0, "\\u200b", 6 },                       /* zero width space */
	{ "\xe2\x80\xa8", 0, "\\u2028", 6 },                       /* line separator */
	{ "\xef\xbb\xbf", 0, "\\ufeff", 6 },                       /* byte order mark */
	{ "\xee\x80\x80", 0, "\\ue000", 6 },                       /* private use */
	{ "\xf3\xa0\x81\x81", 0, "\\u{e0041}", 9 },                /* tag */
	{ "\xff\xfe", 0, "\\xff\\xfe", 8 },
	{ "\xc3", 0, "\\xc3", 4 },                             /* cut short */
	{ "\xc0\xaf", 0, "\\xc0\\xaf", 8 },                    /* overlong slash */
	{ "\xed\xa0\x80", 0, "\\xed\\xa0\\x80", 12 },          /* surrogate */
	{ "\xf4\x90\x80\x80", 0, "\\xf4\\x90\\x80\\x80", 16 }, /* past the last code point */
	{ "h\xc3\xa4usle", 0, "h\xc3\xa4usle", 6 },
	{ "\xe4\xbd\xa0\xe5\xa5\xbd", 0, "\xe4\xbd\xa0\xe5\xa5\xbd", 4 }, /* wide */
	{ "e\xcc\x81x", 0, "e\xcc\x81x", 2 },                             /* combining acute */
	{ "\xcc\x81x", 0, "\\u0301x", 7 },                                /* no base to stand on */
	{ "e\xcc\x81\xcc\x82\xcc\x83x", 0, "e\xcc\x81\xcc\x82\\u0303x", 8 },   /* a third mark */
	{ "\xf0\x9f\x87\xa9\xf0\x9f\x87\xaa", 0, "\\u{1f1e9}\\u{1f1ea}", 18 }, /* a flag */
	{ "x\xef\xb8\x8f", 0, "x\\ufe0f", 7 }, /* variation selector */
	{ "\xe3\x85\xa4", 0, "\\u3164", 6 },   /* a filler that shows nothing */
};

static void what_steers_a_terminal_becomes_an_escape(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shown); i++) {
		size_t n = shown[i].n ? shown[i].n : strlen(shown[i].in);
		char out[128];

		assert_int_equal(sonde_text_show(out, sizeof(out), 100, shown[i].in, n, 0),
				 shown[i].cells);
		assert_string_equal(out, shown[i].out);
		assert_int_equal(sonde_text_cells(shown[i].in, n, 0), shown[i].cells);
	}
}

static void ascii_shows_everything_beyond_it_as_escapes(void **state)
{
	char out[64];

	(void)state;
	assert_int_equal(sonde_text_show(out, sizeof(out), 60, "h\xc3\xa4", 3, SONDE_TEXT_ASCII),
			 7);
	assert_string_equal(out, "h\\u00e4");
	assert_int_equal(sonde_text_show(out, sizeof(out), 3, "abcdef", 6, SONDE_TEXT_ASCII), 3);
	assert_string_equal(out, "ab~");
}

static const struct {
	const char *in;
	size_t size, cells;
	const char *out;
	size_t used;
} cuts[] = {
	{ "abcdef", 64, 6, "abcdef", 6 },
	{ "abcdef", 64, 5, "abcd…", 5 },
	{ "abcdef", 64, 1, "…", 1 },
	{ "abcdef", 64, 0, "", 0 },
	{ "abcdef", 7, 6, "abcdef", 6 },
	{ "abcdef", 6, 6, "ab…", 3 }, /* room for 5 bytes, "…" takes 3 */
	{ "abcdef", 3, 6, "", 0 },
	{ "abcdef", 1, 6, "", 0 },
	{ "\xe4\xbd\xa0\xe5\xa5\xbd", 64, 3, "\xe4\xbd\xa0…", 3 },
	{ "\xe4\xbd\xa0\xe5\xa5\xbd", 64, 2, "…", 1 }, /* half a glyph is none */
	{ "ab\x1b", 64, 5, "ab…", 3 },                 /* an escape is shown whole or not at all */
	{ "e\xcc\x81"
	  "bc",
	  64, 2, "e\xcc\x81…", 2 },
};

static void a_cut_keeps_whole_glyphs_and_says_so(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cuts); i++) {
		char out[64];

		memset(out, 'Z', sizeof(out));
		assert_int_equal(sonde_text_show(out, cuts[i].size, cuts[i].cells, cuts[i].in,
						 strlen(cuts[i].in), 0),
				 cuts[i].used);
		assert_string_equal(out, cuts[i].out);
		for (size_t k = cuts[i].size; k < sizeof(out); k++)
			assert_int_equal(out[k], 'Z');
	}
}

static void no_byte_sequence_gets_through_unseen(void **state)
{
	char in[3], out[64];

	(void)state;
	for (unsigned a = 0; a < 256; a++) {
		for (unsigned b = 0; b < 256; b++) {
			size_t used;

			in[0] = (char)a;
			in[1] = (char)b;
			in[2] = 'x';
			used = sonde_text_show(out, sizeof(out), 60, in, 3, 0);
			assert_true(used >= 1 && used <= 24);
			for (const char *p = out; *p; p++)
				assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
			/* what is shown is safe itself: shown again it stays as it is */
			assert_int_equal(sonde_text_cells(out, strlen(out), 0), used);
		}
	}
}

static const struct {
	const char *in;
	size_t n;
	const char *out;
	bool escaped;
} json[] = {
	{ "plain \"x\" \\", 0, "\"plain \\\"x\\\" \\\\\"", false },
	{ "a\0b", 3, "\"a\\u0000b\"", false },
	{ "\n\t", 0, "\"\\u000a\\u0009\"", false },
	{ "\x7f\xc2\x85", 0, "\"\\u007f\\u0085\"", false },
	{ "\xe2\x80\xae", 0, "\"\\u202e\"", false },
	{ "\xf3\xa0\x80\x81", 0, "\"\\udb40\\udc01\"", false },
	{ "\xff", 0, "\"\\\\xff\"", true },
	{ "h\xc3\xa4", 0, "\"h\xc3\xa4\"", false },
	{ "", 0, "\"\"", false },
};

static void json_strings_carry_no_control_and_tell_of_bad_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(json); i++) {
		struct buf b = { .max = 256 };
		bool escaped = false;

		assert_int_equal(text_json_told(&b, json[i].in,
						json[i].n ? json[i].n : strlen(json[i].in),
						&escaped),
				 0);
		assert_string_equal(b.p, json[i].out);
		assert_int_equal(escaped, json[i].escaped);
		buf_done(&b);
	}
}

static void times_have_nanoseconds_and_end_in_z(void **state)
{
	char out[64];

	(void)state;
	text_time(1700000000000000001ULL, out, sizeof(out));
	assert_string_equal(out, "2023-11-14T22:13:20.000000001Z");
	text_time(UINT64_MAX, out, sizeof(out)); /* whatever comes, it is a text */
	assert_string_equal(out, "2554-07-21T23:34:33.709551615Z");
}

static void the_distance_of_words_counts_what_a_finger_does(void **state)
{
	(void)state;
	assert_int_equal(text_distance("pod", "pod", 9), 0);
	assert_int_equal(text_distance("pid", "pod", 9), 1);
	assert_int_equal(text_distance("dop", "dpo", 9), 1);
	assert_int_equal(text_distance("", "pod", 9), 3);
	assert_int_equal(text_distance("namespace", "x", 4), 4);
}

static void base64_is_that_of_the_rfc(void **state)
{
	static const char *const pairs[][2] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
		{ "\xff\xfe\xfd", "//79" },
	};
	char out[BASE64_SIZE(6)];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		assert_int_equal(base64_encode(out, pairs[i][0], strlen(pairs[i][0])),
				 strlen(pairs[i][1]));
		assert_string_equal(out, pairs[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_steers_a_terminal_becomes_an_escape),
		cmocka_unit_test(ascii_shows_everything_beyond_it_as_escapes),
		cmocka_unit_test(a_cut_keeps_whole_glyphs_and_says_so),
		cmocka_unit_test(no_byte_sequence_gets_through_unseen),
		cmocka_unit_test(json_strings_carry_no_control_and_tell_of_bad_bytes),
		cmocka_unit_test(times_have_nanoseconds_and_end_in_z),
		cmocka_unit_test(the_distance_of_words_counts_what_a_finger_does),
		cmocka_unit_test(base64_is_that_of_the_rfc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
