/* SPDX-License-Identifier: BSD-2-Clause */
/* sonde record: a capture of everything until the end is asked for. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "commands/common.h"

#define SLICE_MS 100
#define DRAIN_MS 10000

/* Let the stream run dry unprinted: its summary tells what the capture holds and lacks. */
static int wait_for_end(const struct options *o, struct sonde_stream *st)
{
	struct deadline end = deadline_start(o->c.span), drain;
	int r = 0;

	while (r >= 0 && !stop_asked() && !deadline_over(&end))
		r = sonde_stream_next(st, deadline_ms(&end, SLICE_MS));
	sonde_stream_end(st);
	drain = deadline_start(DRAIN_MS * 1000000ULL);
	while (r >= 0 && !deadline_over(&drain))
		r = sonde_stream_next(st, SLICE_MS);
	return r == -ENODATA ? 0 : EXIT_FAILED;
}

static int summary(const struct options *o, struct sonde_stream *st)
{
	const char *p;
	ptrdiff_t n = sonde_stream_summary(st, &p);

	if (n < 0) {
		say("there is no summary: %s", strerror((int)-n));
		return EXIT_FAILED;
	}
	if (o->c.json)
		out_line(p, (size_t)n);
	else
		say("%.*s", (int)n, p);
	return 0;
}

static int record(struct sonde *s, const struct options *o)
{
	struct sonde_query q = { .table = SONDE_EVENTS };
	struct sonde_stream *st = NULL;
	struct sonde_err err = { 0 };
	int code = 0, r;

	/* The file first: it holds at least what the summary counts. */
	r = sonde_command(s, SONDE_OP_RECORD, o->words[0], &err);
	if (!r)
		r = sonde_subscribe(s, &q, &st, &err);
	if (r) {
		say("%s", *err.text ? err.text : strerror(-r));
		sonde_stream_free(st);
		return exit_of(r);
	}
	fputs("ready\n", stderr);
	code = wait_for_end(o, st);
	r = sonde_command(s, SONDE_OP_RECORD_END, NULL, &err);
	if (r) {
		say("%s: %s", o->words[0], *err.text ? err.text : strerror(-r));
		code = EXIT_FAILED;
	}
	if (!code)
		code = summary(o, st);
	sonde_stream_free(st);
	return code;
}

int cmd_record(struct options *o)
{
	struct sonde *s;
	int r;

	stop_catch();
	r = common_open(o, &s);
	if (r)
		return r;
	r = common_ready(s, false);
	if (!r)
		r = record(s, o);
	sonde_close(s);
	return out_end(r);
}
