/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Capture files: raw ring records and the facts read beside them, so that decoding,
 * identity and model run on a recording as they run on the ring.
 *
 * File: magic, version and header (capture_format.h), then chunks until a CAPTURE_END:
 * {u32 kind, u32 size, u64 ktime_ns}, @size bytes and zeros up to a multiple of 8. Numbers
 * are little-endian, as on every machine that sonde runs on. A chunk of a kind that the
 * reader does not know is skipped. What is read is hostile: every size has a limit, every
 * value is checked.
 */
#ifndef SENSOR_CAPTURE_H
#define SENSOR_CAPTURE_H

#include "sensor/sensor.h"

#define CAPTURE_VERSION 1

/* Part of the format: add at the end. */
enum capture_kind {
	CAPTURE_NONE,
	CAPTURE_RECORD, /* one raw ring record, secrets masked */
	CAPTURE_EVENT,  /* one event block, of a source that has no raw records (polling) */
	CAPTURE_CGROUP,
	CAPTURE_TASK,
	CAPTURE_SOCKET,
	CAPTURE_IDENT, /* identity's own encoding */
	CAPTURE_LOSS,  /* counters so far, struct capture_loss each */
	CAPTURE_END,   /* the recording was ended in order */
	CAPTURE_KINDS
};

#define CAPTURE_CHUNK_MAX (64u << 10) /* bytes of one chunk of a kind that we know */
#define CAPTURE_SKIP_MAX  (1u << 20)  /* and of one that we do not */

/* What was recorded and on what clock. Texts end in NUL. */
struct capture_head {
	char node[64], kernel[64];
	char boot_id[40];
	char sonde[32];      /* version that wrote it */
	int64_t offset_ns;   /* UTC - CLOCK_BOOTTIME */
	uint64_t start_ns;   /* CLOCK_BOOTTIME when the recording began */
	uint32_t origin;     /* enum event_origin of the source */
	uint32_t event_size; /* sizeof(struct event) of the writer; CAPTURE_EVENT is read only when
				equal */
};

struct capture_loss {
	uint32_t slot;  /* 0 with type 0: totals */
	uint16_t type;  /* enum event_type, 0: all */
	uint16_t cause; /* enum loss_cause; LOSS_CAUSES: what was received */
	uint64_t n;
};

/* One chunk as read; @p is aligned to 8 bytes and good until the next call. */
struct raw_record {
	uint32_t kind; /* enum capture_kind */
	uint32_t size;
	uint64_t ktime_ns;
	const void *p;
};

/* Writing. One thread (the engine) adds; a thread of the writer's own waits for the disk. */
struct capture_writer;

/* Fill node, kernel, boot id, clock and version of this machine; the caller sets origin. */
void capture_head_here(const char *host_root, struct capture_head *ret);

/*
 * Create @path (0600; refuses to overwrite, -EEXIST) and start its thread. Returns 0 or -errno with
 * the sentence in @err.
 */
int capture_create(const char *path, const struct capture_head *head, struct capture_writer **ret,
		   struct sonde_err *err);

/*
 * Add one chunk. Never blocks, never allocates: copies into a buffer of fixed size. Returns 0;
 * -ENOBUFS when the disk is too slow (counted, see capture_dropped()); -E2BIG; or the error that
 * the disk gave.
 */
int capture_add(struct capture_writer *w, enum capture_kind kind, uint64_t ktime_ns, const void *p,
		size_t n);

/* The same with secrets masked, and facts in the form of the file. */
int capture_record(struct capture_writer *w, uint64_t ktime_ns, const void *rec, size_t n);
int capture_event(struct capture_writer *w, const struct event *ev);
int capture_cgroup(struct capture_writer *w, const struct cgroup_fact *f);
int capture_task(struct capture_writer *w, uint64_t ktime_ns, const struct task_fact *f);
int capture_socket(struct capture_writer *w, uint64_t ktime_ns, const struct socket_fact *f);
int capture_loss(struct capture_writer *w, uint64_t ktime_ns, const struct capture_loss *l,
		 size_t n);

/* Chunks that were not written so far: count them as queue loss. */
uint64_t capture_dropped(const struct capture_writer *w);

/*
 * Write what waits and the end mark, close, free. Waits 2 s at most for the disk. Returns 0, or the
 * first error with a sentence that says how much is sound. NULL is fine.
 */
int capture_close(struct capture_writer *w, struct sonde_err *err);

/* Reading. */
struct capture_reader;

/* 0; -ENOENT and other errors of open; -EBADMSG no capture; -EPROTONOSUPPORT from a newer sonde;
 * -ENOMEM. */
int capture_open(const char *path, struct capture_reader **ret, struct sonde_err *err);
void capture_reader_free(struct capture_reader *r); /* NULL is fine */
const struct capture_head *capture_reader_head(const struct capture_reader *r);

/*
 * The next chunk, kinds that are not known left out. Returns 1; 0 at the end; -EBADMSG when the
 * rest is cut or not sound (capture_trouble() says where), then always.
 */
int capture_next(struct capture_reader *r, struct raw_record *ret);
/* "" or why reading ended before the end mark, with the offset. */
const char *capture_trouble(const struct capture_reader *r);

/* Check and unpack the payload of a chunk. 0 or -EBADMSG. The fact's path points into the chunk. */
int capture_get_cgroup(const struct raw_record *c, struct cgroup_fact *ret);
int capture_get_task(const struct raw_record *c, struct task_fact *ret);
int capture_get_socket(const struct raw_record *c, struct socket_fact *ret);
int capture_get_event(const struct raw_record *c, union event_buf *ret);

#endif
