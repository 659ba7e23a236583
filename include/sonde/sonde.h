/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The face of sonde's core: a handle, a file descriptor that becomes readable when
 * something changed, and calls that answer with counted, immutable rows. The
 * console, each command and every test drive sonde through this header and no
 * other. Only ids and field values cross it, so that the engine may be in this
 * process or behind a socket.
 *
 * One thread uses a handle; sonde's own threads never call back. Rows may be read
 * by any thread as long as they are counted.
 */
#ifndef SONDE_H
#define SONDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "field.h"

struct sonde;
struct sonde_rows;
struct sonde_stream;

/* How to open; all zero is a good start. Texts are copied. */
struct sonde_opts {
	const char *state_dir;     /* NULL: /var/lib/sonde */
	const char *run_dir;       /* NULL: /run/sonde */
	const char *bpf_dir;       /* NULL: /sys/fs/bpf/sonde */
	const char *host_root;     /* NULL: found by itself (/host in a debug pod), else / */
	const char *history;       /* a capture to read instead of the live node */
	const char *runtime_roots; /* ":"-separated runtime state folders before the stock ones, or
				      NULL */
	unsigned ring_kib;         /* 0: 8192; a power of two, 64 at least */
	unsigned budget;           /* events a second and pod; 0: 10000 */
	bool no_bpf;               /* poll procfs even where BPF works */
	bool no_names;             /* leave the DNS and SNI observers out */
};

/*
 * Start an engine (or open a capture) and return once its first picture is under
 * way. Probes attach in the background; sonde_ready() tells.
 *
 * A live engine keeps only the capabilities that it uses (the doctor table names them), in
 * its threads and in the calling thread.
 *
 * On success *@ret is the caller's, who ends it with sonde_close(). A kernel that
 * refuses BPF is no failure: sonde polls, and the NODE and DOCTOR tables say so.
 *
 * Returns 0; -EPERM not root; -ENOENT, -EINVAL, -EBADMSG for a capture that is not
 * there, foreign or newer; -ENOMEM. @err (may be NULL) holds the sentence.
 */
int sonde_open(const struct sonde_opts *opts, struct sonde **ret, struct sonde_err *err);

/* Detach the probes, end all threads, free everything but rows still counted. NULL is fine. */
void sonde_close(struct sonde *s);

/* Readable (poll it, do not read it) after a new snapshot, streamed events, or an answer that was
 * pending. */
int sonde_fd(const struct sonde *s);

/* Forget the readability: call it before asking again. */
void sonde_fd_clear(struct sonde *s);

/*
 * Wait at most @timeout_ms until probes are attached (or polling has begun) and the
 * first picture is complete. Returns 0 (also when sonde polls because live tracing cannot
 * work here: the NODE and DOCTOR tables tell) or -ETIMEDOUT.
 */
int sonde_ready(struct sonde *s, int timeout_ms, struct sonde_err *err);

struct sonde_query {
	enum sonde_table table;
	const char *where; /* an expression (docs/fields.md), or NULL */
	const char *match; /* plain words as typed after "/": any shown text contains them; "!…"
			      inverse; or NULL */
	const char *sort; /* a field by name or key, "-" before it for descending; NULL: the table's
			     own order */
	sonde_id pod;     /* only rows of this pod row (PODS id), 0: all */
	sonde_id proc;    /* only rows of this process (PROCS id), 0: all; DETAIL needs it */
	bool no_gone;     /* leave out what is gone but still remembered */
	bool tree;        /* PROCS: parents before children, sonde_rows_depth() tells the level */
};

/*
 * Ask for rows. Filters and sorts on the last published snapshot in the caller's
 * thread: O(rows of the table), under 10 ms at 50,000 rows. What needs the disk or
 * procfs (DETAIL, LOG) is fetched by a worker: the first answer may be empty with
 * sonde_rows_pending() true, and sonde_fd() becomes readable when it is there.
 *
 * *@ret is counted once for the caller. Returns 0; -EINVAL with column and mend in
 * @err for a bad expression or field; -ENOMEM.
 */
int sonde_query(struct sonde *s, const struct sonde_query *q, struct sonde_rows **ret,
		struct sonde_err *err);

struct sonde_rows *sonde_rows_ref(struct sonde_rows *rows);
void sonde_rows_unref(struct sonde_rows *rows);

size_t sonde_rows_count(const struct sonde_rows *rows);
size_t sonde_rows_total(const struct sonde_rows *rows); /* before where and match */
bool sonde_rows_pending(const struct sonde_rows *rows);
uint64_t sonde_rows_time(const struct sonde_rows *rows); /* ns since 1970 of the snapshot */
sonde_id sonde_rows_id(const struct sonde_rows *rows, size_t i);
bool sonde_rows_gone(const struct sonde_rows *rows, size_t i);      /* ended, still remembered */
unsigned sonde_rows_depth(const struct sonde_rows *rows, size_t i); /* tree level, 0 is a root */

/* Why this table is incomplete right now, as a sentence, or NULL when nothing is missing. */
const char *sonde_rows_incomplete(const struct sonde_rows *rows);

/* Where @id stands in @rows, or -1. O(1) on average. */
ptrdiff_t sonde_rows_find(const struct sonde_rows *rows, sonde_id id);

/*
 * One value. Cheap: call it just for what is painted. A text is valid until the eighth next call of
 * this function in the same thread (some are built on the way): copy what is kept.
 */
void sonde_rows_value(const struct sonde_rows *rows, size_t i, const struct sonde_field *field,
		      struct sonde_value *ret);

/*
 * Row @i as one JSON object without a newline: of @fields (n of them), or of all
 * SONDE_FIELD_JSON fields when @fields is NULL. *@ret points into @rows and is valid until
 * the next call. Returns the length or -ENOMEM.
 */
ptrdiff_t sonde_rows_json(struct sonde_rows *rows, size_t i,
			  const struct sonde_field *const *fields, size_t n, const char **ret);

/* Tell the engine which rows a person sees, so that rates and details of them are fresh (once a
 * second). */
void sonde_watch(struct sonde *s, enum sonde_table table, const sonde_id *ids, size_t n);

/*
 * Stream events from now on (or from the capture's start). @q->where filters. A reader
 * that is too slow loses events, counted as "queue". End it with sonde_stream_free().
 */
int sonde_subscribe(struct sonde *s, const struct sonde_query *q, struct sonde_stream **ret,
		    struct sonde_err *err);
void sonde_stream_free(struct sonde_stream *st);

/*
 * Move to the next event, waiting at most @timeout_ms (-1: forever). Returns 1 with an
 * event, 0 on timeout, -ENODATA when a capture or an ended stream is at its end.
 */
int sonde_stream_next(struct sonde_stream *st, int timeout_ms);

/*
 * No new events for this stream: what happened until now is still drained, named and delivered,
 * then sonde_stream_next() returns -ENODATA and sonde_stream_summary() is exact. Call it when --for
 * is over.
 */
void sonde_stream_end(struct sonde_stream *st);

/* A value, or the whole, of the event that sonde_stream_next() moved to; valid until the next move.
 */
void sonde_stream_value(const struct sonde_stream *st, const struct sonde_field *field,
			struct sonde_value *ret);
ptrdiff_t sonde_stream_json(struct sonde_stream *st, const struct sonde_field *const *fields,
			    size_t n, const char **ret);

/*
 * The summary line of DESIGN's event contract as JSON, of all this stream saw. Valid until freed.
 * -EBUSY before sonde_stream_next() has returned -ENODATA.
 */
ptrdiff_t sonde_stream_summary(struct sonde_stream *st, const char **ret);

/* Commands to the engine. Each is logged; answers come with the next snapshot. */
enum sonde_op {
	SONDE_OP_PROBES_ON, /* arg: set name ("process", "network") */
	SONDE_OP_PROBES_OFF,
	SONDE_OP_RECORD, /* arg: capture file to write; refuses to overwrite */
	SONDE_OP_RECORD_END,
	SONDE_OP_REPAIR, /* compare the model with the kernel's tables now */
};

/* Returns 0 when it was done, or a negative errno with the sentence in @err. Waits for the engine,
 * 2 s at most. */
int sonde_command(struct sonde *s, enum sonde_op op, const char *arg, struct sonde_err *err);

/* The version of this library and of the node it runs on. */
const char *sonde_version(void);

#endif
