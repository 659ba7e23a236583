/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine: one thread, one loop. engine.c is the way of an event; slots.c counts
 * what was lost on it; jobs.c is what workers do for it. The face (sonde.c, query.c)
 * sees the functions here and the snapshots, never the struct.
 */
#ifndef ENGINE_H
#define ENGINE_H

#include "feed.h"
#include "kv.h"
#include "model/model.h"
#include "sonde/sonde.h"

struct engine;

/*
 * Start the engine's thread. For a capture (o->history) it returns after the file was
 * opened, else at once. Returns 0, what sensor_open() said of the capture, -EAGAIN or -ENOMEM.
 */
int engine_start(const struct sonde_opts *o, struct engine **ret, struct sonde_err *err);
void engine_stop(struct engine *e); /* NULL is fine */

/* The last published snapshot, counted for the caller; asks for a newer one. Never NULL once
 * started. */
struct snapshot *engine_snapshot(struct engine *e);
/* The eventfd of the face: written when there is something new. */
int engine_fd(const struct engine *e);
/* 0, or -ETIMEDOUT. Polling in place of tracing is ready too. */
int engine_wait_ready(struct engine *e, int timeout_ms, struct sonde_err *err);

/* Commands, in order. engine_command() returns when the engine has answered, which is within a
 * turn. */
enum engine_op {
	ENGINE_PROBES = SONDE_TABLES, /* above every sonde_op */
	ENGINE_SUBSCRIBE,             /* stream: from now on */
	ENGINE_STREAM_END,  /* stream: finish it when everything before was delivered (answers at
			       once) */
	ENGINE_UNSUBSCRIBE, /* stream: forget it */
	ENGINE_WATCH,       /* table and ids */
};
struct engine_cmd {
	int op; /* enum sonde_op or enum engine_op */
	const char *arg;
	struct stream *stream;
	enum sonde_table table;
	const sonde_id *ids;
	size_t n;
	/* answer */
	int result;
	struct sonde_err err;
	bool done;
	struct engine_cmd *next;
};
int engine_command(struct engine *e, struct engine_cmd *cmd);

/*
 * Answers that need the disk: the kv block of DOCTOR, DETAIL or LOG, counted, or NULL with
 * *ret_pending while a worker is at it. Asking again after a second refreshes.
 */
struct kv *engine_kv(struct engine *e, enum sonde_table table, sonde_id pod, sonde_id proc,
		     bool *ret_pending);

#endif
