/* SPDX-License-Identifier: BSD-2-Clause */
/* What the sensor's own files share: a source is a table of functions; sensor.c picks one. */
#ifndef SENSOR_SOURCE_H
#define SENSOR_SOURCE_H

#include "sensor/sensor.h"

struct capture_writer; /* sensor/capture.h */

/* ring (BPF), polling (procfs) and replay (a capture) each offer one of these. */
struct source_ops {
	const char *name;
	enum event_origin origin;
	int (*drain)(void *src, uint64_t budget_ns, const struct sensor_sink *sink);
	int (*picture)(void *src, bool sockets, uint64_t budget_ns, const struct sensor_sink *sink);
	int (*fd)(const void *src);
	void (*close)(void *src);
};

/* polling.c: compares two passes over procfs every 500 ms and feeds what changed. */
int polling_open(const struct sensor_opts *o, void **ret_src, struct sonde_err *err);
extern const struct source_ops polling_ops;
/* Processes, sockets and cgroups that found no room so far, counted again in each pass. */
uint64_t polling_dropped(const void *src);
/* One pass of tasks (and sockets) from procfs for the first picture; the ring source uses it when
 * iterators are refused. */
int polling_picture(void *src, bool sockets, uint64_t budget_ns, const struct sensor_sink *sink);

/* replay.c: reads a capture and feeds it through decode_record(). */
int replay_open(const struct sensor_opts *o, void **ret_src, struct sonde_err *err);
extern const struct source_ops replay_ops;
/* What sensor_replay() answers, and the counters that the capture holds: n of (slot, type, cause);
 * cause LOSS_CAUSES: received. */
void replay_state(const void *src, struct sensor_replay *ret);
uint64_t replay_loss(const void *src, uint32_t slot, enum event_type type, unsigned cause);

/*
 * decode.c: one raw ring record -> the sink. The only reader of bpf/wire.h layouts. @scratch is
 * where the event is built. Records come from a ring or from a capture, so they are checked as
 * hostile. Returns 0, -EBADMSG for a record that is no record (counted by the caller), -ENOENT for
 * an unknown kind.
 */
int decode_record(const void *rec, size_t n, enum event_origin origin, union event_buf *scratch,
		  const struct sensor_sink *sink);
/* Mask secrets in a raw record in place (base/mask.h); the length stays. */
void decode_mask(void *rec, size_t n);

#endif
