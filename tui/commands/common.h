/* SPDX-License-Identifier: BSD-2-Clause */
/* What commands share: opening, saying, ending in time. */
#ifndef TUI_COMMON_H
#define TUI_COMMON_H

#include "commands/commands.h"

/* Print "sonde: …" on standard error, made safe for it. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The exit code for a negative errno of the core. */
int exit_of(int r);

/* Open the core for a command; 0 or the exit code, the reason then said. */
int common_open(const struct options *o, struct sonde **ret);

/* Wait for probes and first picture; what does not work is said. Prints "ready" when @ready. 0 or
 * the exit code. */
int common_ready(struct sonde *s, bool ready);

/*
 * Find the pod row that a word names: namespace/name, a pod UID, a container id, or 8 hex digits or
 * more of an id. 0, or the exit code with the reason said. *@ret is 0 for no word.
 */
int common_pod(struct sonde *s, const char *word, sonde_id *ret);

/* SIGINT and SIGTERM ask for an end; a second one ends at once. */
void stop_catch(void);
bool stop_asked(void);

/* The end of --for: call deadline_start() at its begin, then ask how many ms are left (at most
 * @most). */
struct deadline {
	unsigned long long at_ns; /* CLOCK_MONOTONIC, 0: never */
};
struct deadline deadline_start(unsigned long long span_ns);
bool deadline_over(const struct deadline *d);
int deadline_ms(const struct deadline *d, int most);

/* Fields chosen by --columns, or those of default. 0 or EXIT_USAGE with the reason said. */
struct columns {
	const struct sonde_field *f[64];
	size_t n;
	bool chosen;
};
int columns_read(const struct options *o, enum sonde_table table, struct columns *ret);

/* ── output: whole lines, written when nobody waits for more ── */
/* 0, or -EPIPE when the reader went away, or another -errno; kept until asked by out_end(). */
int out_line(const char *p, size_t n);
int out_flush(void);
bool out_failed(void);
/* Flush; the exit code that output allows: @code, EXIT_DONE after a broken pipe, EXIT_FAILED else.
 */
int out_end(int code);

/* ── tables for people (print.c) ── */
/* One table of all @rows at once, aligned. All of these return what out_line() does. */
int print_rows(const struct options *o, struct sonde_rows *rows, const struct columns *cols);
/* A stream's head, then its lines: widths are those of the fields, the last column takes what is
 * left. */
int print_stream_head(const struct options *o, const struct columns *cols);
int print_stream_event(const struct columns *cols, struct sonde_stream *st);
int print_stream_row(const struct columns *cols, struct sonde_rows *rows, size_t row);
/* Columns of the terminal on standard output, 0 when it is none. */
size_t print_width(void);

#endif
