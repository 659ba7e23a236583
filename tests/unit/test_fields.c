/* SPDX-License-Identifier: BSD-2-Clause */
/* The registry: words are found, wrong ones lead to right ones, docs/fields.md says the same. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "commands/commands.h"
#include "field/field.h"
#include "sonde/text.h"

static void every_field_is_found_by_both_words_and_says_what_it_is(void **state)
{
	(void)state;
	for (int t = 0; t < SONDE_TABLES; t++) {
		enum sonde_table table = (enum sonde_table)t;

		assert_non_null(sonde_table_name(table));
		assert_true(sonde_field_count(table) > 0);
		for (size_t i = 0; i < sonde_field_count(table); i++) {
			const struct sonde_field *f = sonde_field_at(table, i);

			assert_ptr_equal(sonde_field_find(table, f->name), f);
			assert_ptr_equal(sonde_field_find(table, f->key), f);
			assert_in_range(sonde_text_cells(f->title, strlen(f->title), 0), 1, 12);
			assert_in_range(f->rank, 1, 9);
			assert_true(strlen(f->help) > 5 && f->help[strlen(f->help) - 1] != '.');
			assert_null(strpbrk(f->help, "\"\\|"));
			assert_non_null(field_def_of(f)->get);
		}
		assert_null(sonde_field_at(table, sonde_field_count(table)));
	}
	assert_null(sonde_table_name(SONDE_TABLES));
	assert_int_equal(sonde_field_count(SONDE_TABLES), 0);
}

static void one_name_means_one_thing_in_all_tables(void **state)
{
	(void)state;
	for (int t = 0; t < SONDE_TABLES; t++) {
		for (size_t i = 0; i < sonde_field_count((enum sonde_table)t); i++) {
			const struct sonde_field *f = sonde_field_at((enum sonde_table)t, i), *e;

			e = sonde_field_find(SONDE_EVENTS, f->name);
			if (e && t <= SONDE_CONNS && strcmp(e->name, f->name) == 0 &&
			    e->kind != f->kind)
				fail_msg("%s is of another type in %s", f->name,
					 sonde_table_name((enum sonde_table)t));
		}
	}
}

/* The rows of the contract, in its order: other programs are written against them. */
static const struct {
	enum sonde_table table;
	const char *keys;
} contract[] = {
	{ SONDE_EVENTS, "v time seq boot type node origin pod pod_uid pod_reason namespace "
			"workload container container_id image "
			"unit pid ppid tid exec_id parent_exec_id uid gid name exe cwd tty outside "
			"layer argv argv_cut exit_code "
			"signal proto local remote remote_name name_source bytes_in bytes_out "
			"duration_ns ret query qtype answers "
			"rcode sni" },
	{ SONDE_PODS, "pod pod_uid phase containers processes conns events_per_s cpu_pct "
		      "cpu_throttled_pct rss_bytes memory_limit "
		      "restarts oom risk lost first_seen gone_at" },
	{ SONDE_PROCS, "exec_id pid ppid pod container name exe argv uid cpu_pct rss_bytes threads "
		       "fds start gone_at" },
	{ SONDE_CONNS, "id pod pid name proto state local remote remote_name bytes_in bytes_out "
		       "in_per_s out_per_s start gone_at" },
	{ SONDE_DOCTOR, "check state detail mend" },
};

static void json_keys_are_those_of_the_contract_in_its_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(contract) / sizeof(contract[0]); i++) {
		const char *p = contract[i].keys;
		size_t at = 0;

		for (size_t k = 0; *p && k < sonde_field_count(contract[i].table); k++) {
			const struct sonde_field *f = sonde_field_at(contract[i].table, k);
			size_t n = strcspn(p, " ");

			if (!(f->flags & SONDE_FIELD_JSON) || strlen(f->key) != n ||
			    strncmp(f->key, p, n))
				continue;
			p += n + (p[n] == ' ');
			at++;
		}
		if (*p)
			fail_msg("%s: key %zu of the contract is missing or out of order: %s",
				 sonde_table_name(contract[i].table), at, p);
	}
}

static void a_wrong_word_leads_to_the_nearest_right_one(void **state)
{
	(void)state;
	assert_null(sonde_field_find(SONDE_EVENTS, "porc.name"));
	assert_string_equal(sonde_field_nearest(SONDE_EVENTS, "porc.name"), "proc.name");
	assert_string_equal(sonde_field_nearest(SONDE_PROCS, "pidd"), "pid");
	assert_non_null(sonde_field_nearest(SONDE_EVENTS, ""));
}

static void values_have_an_order_with_the_unknown_first(void **state)
{
	const struct sonde_value rising[] = {
		{ .kind = SONDE_NULL },
		{ .kind = SONDE_BOOL, .b = false },
		{ .kind = SONDE_BOOL, .b = true },
		{ .kind = SONDE_INT, .i = -5 },
		{ .kind = SONDE_INT, .i = 5 },
		{ .kind = SONDE_UINT, .u = 1 },
		{ .kind = SONDE_UINT, .u = UINT64_MAX },
		{ .kind = SONDE_REAL, .d = -0.5 },
		{ .kind = SONDE_REAL, .d = 1e300 },
		{ .kind = SONDE_TEXT, .text = { NULL, 0 } },
		{ .kind = SONDE_TEXT, .text = { "a", 1 } },
		{ .kind = SONDE_TEXT, .text = { "a\0", 2 } },
		{ .kind = SONDE_TEXT, .text = { "\xff", 1 } },
		{ .kind = SONDE_TIME, .u = 1 },
	};
	const size_t n = sizeof(rising) / sizeof(rising[0]);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < n; k++) {
			int r = field_compare(&rising[i], &rising[k]);

			assert_int_equal(r < 0 ? -1 : r > 0, i < k ? -1 : i > k);
		}
	}
}

/* Runs a command with its standard output in @out. */
static void output_of(int (*run)(struct options *), struct options *o, struct buf *out)
{
	char path[] = "/tmp/sonde-test-fields-XXXXXX";
	int fd = mkstemp(path), keep = dup(STDOUT_FILENO);

	assert_true(fd >= 0 && keep >= 0);
	fflush(stdout);
	assert_true(dup2(fd, STDOUT_FILENO) >= 0);
	assert_int_equal(run(o), EXIT_DONE);
	dup2(keep, STDOUT_FILENO);
	close(keep);
	close(fd);
	assert_int_equal(buf_file(out, AT_FDCWD, path), 0);
	unlink(path);
}

static void the_page_of_fields_is_what_the_registry_says(void **state)
{
	struct buf want = { .max = 1 << 20 }, have = { .max = 1 << 20 };
	struct options o = { .command = command_find("fields") };

	(void)state;
	assert_int_equal(sonde_config_init(&o.c), 0);
	o.c.markdown = true;
	output_of(cmd_fields, &o, &want);
	assert_int_equal(buf_file(&have, AT_FDCWD, "docs/fields.md"), 0);
	if (want.n != have.n || memcmp(want.p, have.p, want.n))
		fail_msg("docs/fields.md is not what the registry says; read what changed, then: "
			 "build/sonde fields --markdown >docs/fields.md");
	buf_done(&want);
	buf_done(&have);
	options_done(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_is_found_by_both_words_and_says_what_it_is),
		cmocka_unit_test(one_name_means_one_thing_in_all_tables),
		cmocka_unit_test(json_keys_are_those_of_the_contract_in_its_order),
		cmocka_unit_test(a_wrong_word_leads_to_the_nearest_right_one),
		cmocka_unit_test(values_have_an_order_with_the_unknown_first),
		cmocka_unit_test(the_page_of_fields_is_what_the_registry_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
