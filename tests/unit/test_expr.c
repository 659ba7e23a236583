/* SPDX-License-Identifier: BSD-2-Clause */
/* Expressions over one event: what matches, what does not, and where errors point. */
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/macros.h"
#include "event_fixture.h"
#include "failalloc.h"
#include "field/expr.h"

static int set_up(void **state)
{
	static struct event_fixture f;
	struct event *ev;

	fixture_init(&f);
	ev = fixture_event(&f, EVENT_CONNECT, 2);
	ev->sock.proto = IPPROTO_TCP;
	fixture_addr(&ev->sock.local, "10.0.0.1", 40000);
	fixture_addr(&ev->sock.remote, "192.168.7.9", 443);
	ev->sock.name = event_text_add(ev, "db.shop", 7);
	ev->sock.ret = -ECONNREFUSED;
	ev->flags |= EV_RET | EV_DURATION;
	ev->duration_ns = 1500000;
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	fixture_done(*state);
	return 0;
}

static bool matches(struct event_fixture *f, const char *text)
{
	struct sonde_err err = { 0 };
	struct expr *e;
	bool r;

	if (expr_compile(text, SONDE_EVENTS, &e, &err))
		fail_msg("%s: %s", text, err.text);
	r = expr_match(e, &f->ctx, &f->buf.ev);
	expr_free(e);
	return r;
}

static const char *const truths[] = {
	"type = connect",
	"type == connect",
	"sonde.type=connect",
	"evt.type = connect and proc.name = nginx",
	"type = exec or proc.pid = 4242",
	"not type = exec",
	"not not type = connect",
	"not (type = exec or proc.pid = 1)",
	"type != exec",
	"(((type = connect)))",
	"type = exec or type = exit or type = connect",
	"type = exec and pid = 1 or type = connect",
	"type = connect and (pid = 1 or pid = 4242) and name = nginx",
	"pid > 4241 and pid >= 4242 and pid < 4243 and pid <= 4242",
	"pid in (1, 2, 4242)",
	"pid = 0x1092",
	"pid < 4.2425k and pid > 4Ki",
	"proc.name in (sh, nginx, \"a b\")",
	"proc.name not in (sh, bash)",
	"proc.name contains gin",
	"proc.name icontains GIN",
	"proc.name startswith ng and proc.name endswith nx",
	"proc.name glob 'n*x'",
	"proc.name glob '[a-n]?in[!a]'",
	"proc.name regex 'n[a-z]+x'",
	"proc.exepath pmatch (/etc, /usr/sbin)",
	"proc.exepath pmatch (/usr/*/nginx)",
	"proc.exepath pmatch (/)",
	"exe startswith /usr",
	"pod = shop/web-1",
	"k8s.ns.name = \"shop\"",
	"container.id = 4f0e64c1a2b3",
	"ret < 0",
	"ret = -111",
	"evt.failed",
	"evt.failed = true and not outside",
	"outside=false",
	"fd.sip = 192.168.7.9",
	"fd.sip = 192.168.0.0/16",
	"fd.snet in (10.0.0.0/8, 192.168.7.8/30)",
	"fd.sip in (::1, 192.168.7.9)",
	"fd.sip != 10.0.0.0/8",
	"fd.net = 10.0.0.0/8 and fd.net = 192.168.0.0/16",
	"fd.sport = 443 and fd.cport = 40000",
	"fd.port = 443",
	"fd.sip.name = db.shop",
	"duration_ns > 1ms and duration_ns < 2ms and duration_ns = 1500us",
	"time > 2023-11-14T22:13:20Z and time < 2023-11-14T22:13:21Z",
	"time = 2023-11-14T22:13:20.000000001Z",
	"evt.rawtime = 1700000000000000001",
	"proc.aname[1] = sh",
	"proc.aname = sh",
	"proc.apid[1] = 4000",
	"pod exists and not unit exists",
	"name = 'nginx'\n\tand\r\n pid=4242",
};

static void these_are_true(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(truths); i++)
		if (!matches(*state, truths[i]))
			fail_msg("should match: %s", truths[i]);
}

static const char *const lies[] = {
	"type = exec",
	"type = connect and pid = 1",
	"not type = connect",
	"pid != 4242",
	"pid not in (4242)",
	"proc.name contains gim",
	"proc.name startswith inx",
	"proc.name endswith nginxx",
	"proc.name glob 'n*y'",
	"proc.name glob ngin",
	"proc.name regex gin",          /* the whole has to fit */
	"proc.exepath pmatch (/usr/s)", /* not a component */
	"proc.exepath pmatch (/usr/sbin/nginx/more)",
	"fd.sip = 10.0.0.0/8",
	"fd.sip in (::/0)",
	"fd.rport in (80, 8080)",
	"pid > 4242",
	"ret >= 0",
	"time < 2023-11-14T22:13:20Z",
	/* unknown and absent: neither it nor its opposite */
	"unit = ssh.service",
	"unit != ssh.service",
	"cwd = /",
	"cwd != /",
	"cwd contains ''",
	"unit in (a)",
	"exit_code < 1",
	"cwd exists",
	"outside",
	"proc.aname[9] = sh",
};

static void these_are_false(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(lies); i++)
		if (matches(*state, lies[i]))
			fail_msg("should not match: %s", lies[i]);
}

static void lists_are_asked_by_their_elements(void **state)
{
	struct event_fixture *f = *state;
	struct event *ev = fixture_event(f, EVENT_EXEC, 2);

	ev->exec.argv = event_text_add(ev, "curl\0-k\0http://x\0", 17);
	assert_true(matches(f, "argv = -k"));
	assert_true(matches(f, "argv != -v"));
	assert_false(matches(f, "argv != -k"));
	assert_true(matches(f, "argv contains http"));
	assert_true(matches(f, "argv intersects (-k, -v)"));
	assert_false(matches(f, "argv in (-k, curl)"));
	assert_true(matches(f, "argv in (-k, curl, http://x)"));
	assert_true(matches(f, "proc.cmdline contains \"-k http://x\""));
	assert_true(matches(f, "proc.args startswith \"-k \""));
}

static void escapes_in_quotes_make_any_byte(void **state)
{
	struct event_fixture *f = *state;

	strcpy(f->buf.ev.comm, "a\xff\t\"'\\d");
	assert_true(matches(f, "name = \"a\\xff\\t\\\"'\\\\d\""));
	assert_true(matches(f, "name = 'a\\xff\\t\"\\'\\d'"));
	assert_true(matches(f, "name regex 'a\\xff\\t\"\\'\\\\d'"));
	assert_true(matches(f, "name glob 'a*\\\\d'"));
}

static const struct {
	const char *text;
	const char *error; /* the begin of it */
} errors[] = {
	{ "", "column 1: expected a field" },
	{ "   ", "column 4: expected a field" },
	{ "pod", "column 4: a comparison is missing here" },
	{ "pdo = x", "column 1: there is no field 'pdo', did you mean 'pod'?" },
	{ "type = exec and porc.name = x",
	  "column 17: there is no field 'porc.name', did you mean 'proc.name'?" },
	{ "name contians x", "column 6: 'contians' is no comparison, did you mean 'contains'?" },
	{ "name =", "column 7: a value is missing here" },
	{ "name = (a)", "column 8: a value is missing here" },
	{ "name in a", "column 9: 'in' wants a list in parentheses" },
	{ "name in (a b)", "column 12: expected ',' or ')' in the list" },
	{ "name in (", "column 10: a value is missing here" },
	{ "name = 'a", "column 8: this quote is not closed" },
	{ "name = 'a\\'", "column 8: this quote is not closed" },
	{ "(name = a", "column 1: this '(' is not closed" },
	{ "(name = a x", "column 11: expected 'and', 'or' or ')'" },
	{ "name = a)", "column 9: expected 'and', 'or' or the end, found ')'" },
	{ "name = a name = b", "column 10: expected 'and', 'or' or the end, found 'name'" },
	{ "name < 3", "column 6: '<' cannot be asked of proc.name, which is a text" },
	{ "pid contains 3", "column 5: 'contains' cannot be asked of proc.pid, which is a number" },
	{ "pid = abc", "column 7: 'abc' is not a number" },
	{ "pid = 99999999999999999999", "column 7: '99999999999999999999' is not a number" },
	{ "pid = 1.", "column 7: '1.' is not a number" },
	{ "duration_ns > 3Mi", "column 15: '3Mi' is not a number with a unit" },
	{ "time > yesterday", "column 8: 'yesterday' is not a time" },
	{ "outside = maybe", "column 11: sonde.outside is true or false, not 'maybe'" },
	{ "fd.sip = web", "column 10: 'web' is not an address" },
	{ "fd.sip = 10.0.0.0/33", "column 10: '10.0.0.0/33' is not an address" },
	{ "name regex '('", "column 14: missing closing parenthesis" },
	{ "proc.name[1] = x", "column 1: there is no field 'proc.name[1]'" },
	{ "proc.aname[x] = x", "column 1: there is no field 'proc.aname[x]'" },
	{ "h\xc3\xa4\xc3\xa4 = \xc3\xa4 x", "column 1: there is no field" },
	{ "name = \xc3\xa4\xc3\xa4 x", "column 11: expected" },
	{ "name = a and", "column 13: expected a field" },
	{ "not", "column 4: expected a field" },
};

static void errors_point_at_the_column_and_name_the_mend(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		struct sonde_err err = { 0 };
		struct expr *e = NULL;

		assert_int_equal(expr_compile(errors[i].text, SONDE_EVENTS, &e, &err), -EINVAL);
		assert_null(e);
		if (strncmp(err.text, errors[i].error, strlen(errors[i].error)))
			fail_msg("'%s' gives '%s', not '%s'", errors[i].text, err.text,
				 errors[i].error);
		/* and without a place to put it */
		assert_int_equal(expr_compile(errors[i].text, SONDE_EVENTS, &e, NULL), -EINVAL);
	}
}

static char *repeat(const char *unit, size_t times, const char *end)
{
	size_t n = strlen(unit);
	char *p = malloc(n * times + strlen(end) + 1);

	for (size_t i = 0; i < times; i++)
		memcpy(p + i * n, unit, n);
	strcpy(p + n * times, end);
	return p;
}

static void what_is_too_much_is_refused(void **state)
{
	static const struct {
		const char *unit, *end;
		size_t times;
		int r;
	} cases[] = {
		{ "pid=1 or ", "pid=4242", 400, 0 }, { "pid=1 or ", "pid=4242", 600, -E2BIG },
		{ "(", "pid=1", 101, -E2BIG },       { "not ", "pid=1", 5000, 0 },
		{ "x", "", 70000, -E2BIG },          { "(", "", 50, -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *text = repeat(cases[i].unit, cases[i].times, cases[i].end);
		struct expr *e = NULL;

		assert_int_equal(expr_compile(text, SONDE_EVENTS, &e, NULL), cases[i].r);
		expr_free(e);
		free(text);
	}
}

static void a_regex_that_explodes_is_cut_off(void **state)
{
	struct event_fixture *f = *state;
	struct event *ev = fixture_event(f, EVENT_EXEC, 2);
	char *a = repeat("a", 4000, "!");

	ev->exe = event_text_add(ev, a, strlen(a));
	assert_false(matches(f, "exe regex '(a+)+b'"));
	assert_false(matches(f, "exe regex '(a|aa)*b'"));
	assert_true(matches(f, "exe regex 'a*!'"));
	free(a);
}

static void compiling_survives_the_loss_of_any_allocation(void **state)
{
	struct event_fixture *f = *state;
	unsigned failures = 0;

	failalloc_each({
		struct expr *e = NULL;
		int r = expr_compile(
			"type = connect and (pid in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10) or name regex "
			"'n.*' or a_long_word = 1 or pid = 1 or pid = 2 or pid = 3)",
			SONDE_EVENTS, &e, NULL);

		assert_true(r == -EINVAL || r == -ENOMEM);
		assert_null(e);
	});
	failalloc_each({
		struct expr *e = NULL;
		int r = expr_compile(
			"type = connect and (pid in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10) or name regex "
			"'n.*' or pid = 1 or pid = 2 or pid = 3 or pid = 4)",
			SONDE_EVENTS, &e, NULL);

		if (r) {
			assert_int_equal(r, -ENOMEM);
			failures++;
		} else {
			assert_true(expr_match(e, &f->ctx, &f->buf.ev));
		}
		expr_free(e);
	});
	assert_true(failures >= 5);
}

static void matching_allocates_nothing(void **state)
{
	struct event_fixture *f = *state;
	struct expr *e;

	assert_int_equal(expr_compile("(name regex 'n.*x' and fd.sip in (192.168.0.0/16)) and "
				      "(proc.exepath pmatch (/usr) and pod = shop/web-1)",
				      SONDE_EVENTS, &e, NULL),
			 0);
	failalloc_at(1);
	assert_true(expr_match(e, &f->ctx, &f->buf.ev));
	assert_false(failalloc_end());
	expr_free(e);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(these_are_true),
		T(these_are_false),
		T(lists_are_asked_by_their_elements),
		T(escapes_in_quotes_make_any_byte),
		T(errors_point_at_the_column_and_name_the_mend),
		T(what_is_too_much_is_refused),
		T(a_regex_that_explodes_is_cut_off),
		T(compiling_survives_the_loss_of_any_allocation),
		T(matching_allocates_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
