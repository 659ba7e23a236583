/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine: one thread, one loop, the way of an event. Included by engine.c and the face only. */
#ifndef ENGINE_H
#define ENGINE_H

#include "model/model.h"
#include "sonde/sonde.h"

struct engine;
struct stream;

int engine_start(const struct sonde_opts *o, struct engine **ret, struct sonde_err *err);
void engine_stop(struct engine *e);

/* The last published snapshot, counted for the caller. NULL before the first. Any thread. */
struct snapshot *engine_snapshot(struct engine *e);
/* The eventfd of the face. */
int engine_fd(const struct engine *e);

#endif
