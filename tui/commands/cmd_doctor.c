/* SPDX-License-Identifier: BSD-2-Clause */
/* sonde doctor: what works here and what would mend the rest. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands/common.h"

#define ANSWER_MS 5000

/* Whether the row "tracing" is ok: that is the question behind the exit code. */
static bool tracing_works(struct sonde *s)
{
	const struct sonde_field *state = sonde_field_find(SONDE_DOCTOR, "state");
	struct sonde_query q = { .table = SONDE_DOCTOR, .where = "sonde.check = tracing" };
	struct sonde_rows *rows = NULL;
	bool works = false;

	if (sonde_query(s, &q, &rows, NULL))
		return false;
	for (size_t i = 0; i < sonde_rows_count(rows); i++) {
		struct sonde_value v;

		sonde_rows_value(rows, i, state, &v);
		works = v.kind == SONDE_TEXT && v.text.n == 2 && !memcmp(v.text.p, "ok", 2);
	}
	sonde_rows_unref(rows);
	return works;
}

static int ask(struct sonde *s, const struct options *o, struct sonde_rows **ret)
{
	struct sonde_query q = {
		.table = SONDE_DOCTOR,
		.where = *o->c.where ? o->c.where : NULL,
		.sort = *o->c.sort ? o->c.sort : NULL,
	};
	struct deadline end = deadline_start(ANSWER_MS * 1000000ULL);
	struct pollfd fd = { .fd = sonde_fd(s), .events = POLLIN };
	struct sonde_err err = { 0 };

	for (;;) {
		int r;

		sonde_fd_clear(s);
		r = sonde_query(s, &q, ret, &err);
		if (r) {
			say("%s", *err.text ? err.text : strerror(-r));
			return r == -EINVAL || r == -E2BIG ? EXIT_USAGE : exit_of(r);
		}
		if (!sonde_rows_pending(*ret) || deadline_over(&end))
			return 0;
		sonde_rows_unref(*ret);
		*ret = NULL;
		poll(&fd, 1, deadline_ms(&end, 200));
	}
}

static int print(const struct options *o, struct sonde_rows *rows, const struct columns *cols)
{
	if (!o->c.json)
		return print_rows(o, rows, cols);
	for (size_t i = 0; i < sonde_rows_count(rows); i++) {
		const char *p;
		ptrdiff_t n = sonde_rows_json(rows, i, cols->chosen ? cols->f : NULL, cols->n, &p);

		if (n < 0)
			return (int)n;
		out_line(p, (size_t)n);
	}
	return 0;
}

/* Without root there is no core to ask, but the answer is known. */
static int not_root(const struct options *o)
{
	static const char json[] =
		"{\"check\":\"privilege\",\"state\":\"missing\",\"detail\":\"sonde is not run as "
		"root\","
		"\"mend\":\"run it with sudo; captures can be read without: --history FILE\"}";
	static const char plain[] = "CHECK      STATE    DETAIL                    MEND\n"
				    "privilege  missing  sonde is not run as root  run it with "
				    "sudo; captures can be read "
				    "without: --history FILE";

	if (o->c.json)
		out_line(json, sizeof(json) - 1);
	else
		out_line(plain, sizeof(plain) - 1);
	return out_end(EXIT_REFUSED);
}

int cmd_doctor(struct options *o)
{
	struct sonde_rows *rows = NULL;
	struct columns cols;
	struct sonde *s;
	bool works;
	int r = columns_read(o, SONDE_DOCTOR, &cols);

	if (r)
		return r;
	if (geteuid() != 0)
		return not_root(o);
	stop_catch();
	r = common_open(o, &s);
	if (r)
		return r;
	r = common_ready(s, false);
	if (!r)
		r = ask(s, o, &rows);
	if (!r && print(o, rows, &cols) && !out_failed())
		r = EXIT_FAILED;
	works = tracing_works(s);
	sonde_rows_unref(rows);
	sonde_close(s);
	return out_end(r ? r : works ? EXIT_DONE : EXIT_REFUSED);
}
