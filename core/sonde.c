/* SPDX-License-Identifier: BSD-2-Clause */
/* What include/sonde/sonde.h promises, on an engine in this process. */
#include "sonde/sonde.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/macros.h"
#include "base/text.h"
#include "engine.h"
#include "query.h"
#include "sensor/sensor.h"

#define PUBLIC __attribute__((visibility("default")))

#define JSON_MAX    (1u << 20)
#define SUMMARY_MAX (8u << 20)

struct sonde {
	struct engine *engine;
};

struct sonde_stream {
	struct sonde *s;
	struct stream *stream;
	struct expr *where;
	uint64_t printed;
	sonde_id pod, proc;
	struct field_ctx ctx;
	struct buf json, summary;
};

PUBLIC const char *sonde_version(void)
{
	return SONDE_VERSION;
}

PUBLIC int sonde_open(const struct sonde_opts *opts, struct sonde **ret, struct sonde_err *err)
{
	struct sonde *s;
	int r;

	if (!opts->history && geteuid() != 0)
		return sonde_err_set(err, -EPERM,
				     "sonde looks into every process of the node and must be root; "
				     "run it with sudo, or open a capture with --history FILE");
	s = calloc(1, sizeof(*s));
	if (!s)
		return sonde_err_set(err, -ENOMEM, "not enough memory to start");
	r = engine_start(opts, &s->engine, err);
	if (r < 0) {
		free(s);
		return r;
	}
	*ret = s;
	return 0;
}

PUBLIC void sonde_close(struct sonde *s)
{
	if (!s)
		return;
	engine_stop(s->engine);
	free(s);
}

PUBLIC int sonde_fd(const struct sonde *s)
{
	return engine_fd(s->engine);
}

PUBLIC void sonde_fd_clear(struct sonde *s)
{
	uint64_t v;

	(void)!read(engine_fd(s->engine), &v, sizeof(v));
}

PUBLIC int sonde_ready(struct sonde *s, int timeout_ms, struct sonde_err *err)
{
	return engine_wait_ready(s->engine, timeout_ms, err);
}

PUBLIC int sonde_query(struct sonde *s, const struct sonde_query *q, struct sonde_rows **ret,
		       struct sonde_err *err)
{
	struct kv *kv = NULL;
	bool pending = false;

	if (q->table >= SONDE_TABLES)
		return sonde_err_set(err, -EINVAL, "there is no table %d", (int)q->table);
	if (q->table == SONDE_DETAIL && !q->proc)
		return sonde_err_set(err, -EINVAL, "details are of one process: name it");
	if (q->table == SONDE_DOCTOR || q->table == SONDE_DETAIL || q->table == SONDE_LOG)
		kv = engine_kv(s->engine, q->table, q->pod, q->proc, &pending);
	return query_rows(q, engine_snapshot(s->engine), kv, pending, ret, err);
}

PUBLIC void sonde_watch(struct sonde *s, enum sonde_table table, const sonde_id *ids, size_t n)
{
	struct engine_cmd c = { .op = ENGINE_WATCH, .table = table, .ids = ids, .n = n };

	(void)engine_command(s->engine, &c);
}

PUBLIC int sonde_command(struct sonde *s, enum sonde_op op, const char *arg, struct sonde_err *err)
{
	struct engine_cmd c = { .op = (int)op, .arg = arg };
	int r = engine_command(s->engine, &c);

	if (r < 0 && err)
		*err = c.err;
	return r;
}

/* ── streams ────────── */

static int stream_command(struct sonde_stream *st, int op)
{
	struct engine_cmd c = { .op = op, .stream = st->stream };

	return engine_command(st->s->engine, &c);
}

PUBLIC int sonde_subscribe(struct sonde *s, const struct sonde_query *q, struct sonde_stream **ret,
			   struct sonde_err *err)
{
	struct sonde_stream *st = calloc(1, sizeof(*st));
	int r = 0;

	if (!st)
		return sonde_err_set(err, -ENOMEM, "not enough memory for a stream");
	st->s = s;
	st->json.max = JSON_MAX;
	st->summary.max = SUMMARY_MAX;
	st->proc = q->proc;
	st->stream = stream_new();
	if (!st->stream)
		r = sonde_err_set(err, -ENOMEM, "not enough memory for a stream");
	if (r == 0 && q->where && *q->where)
		r = expr_compile(q->where, SONDE_EVENTS, &st->where, err);
	if (r == 0)
		r = stream_command(st, ENGINE_SUBSCRIBE);
	if (r < 0) {
		stream_free(st->stream);
		st->stream = NULL;
		sonde_stream_free(st);
		return r;
	}
	*ret = st;
	return 0;
}

PUBLIC void sonde_stream_free(struct sonde_stream *st)
{
	if (!st)
		return;
	if (st->stream) {
		(void)stream_command(st, ENGINE_UNSUBSCRIBE);
		stream_free(st->stream);
	}
	expr_free(st->where);
	buf_done(&st->json);
	buf_done(&st->summary);
	free(st);
}

PUBLIC void sonde_stream_end(struct sonde_stream *st)
{
	(void)stream_command(st, ENGINE_STREAM_END);
}

PUBLIC int sonde_stream_next(struct sonde_stream *st, int timeout_ms)
{
	uint64_t until = timeout_ms > 0 ? clock_boot() + (uint64_t)timeout_ms * NS_PER_MS : 0, now;

	for (;;) {
		const struct snapshot *snap;
		int r = stream_next(st->stream, timeout_ms);

		if (r != 1)
			return r;
		snap = stream_snapshot(st->stream);
		st->ctx.snap = snap;
		st->ctx.now_ns = snap->time_ns;
		st->ctx.node = snap->node.node;
		st->ctx.boot = snap->node.run;
		if ((!st->proc || st->stream->ev->proc_id == st->proc) &&
		    (!st->where || expr_match(st->where, &st->ctx, st->stream->ev))) {
			st->printed++;
			return 1;
		}
		/* events that do not match are no reason to wait longer */
		if (timeout_ms > 0) {
			now = clock_boot();
			if (now >= until)
				return 0;
			timeout_ms = (int)((until - now) / NS_PER_MS);
		}
	}
}

PUBLIC void sonde_stream_value(const struct sonde_stream *st, const struct sonde_field *field,
			       struct sonde_value *ret)
{
	struct field_ctx *ctx = query_ctx(stream_snapshot(st->stream));

	if (st->stream->ev)
		field_def_of(field)->get(ctx, st->stream->ev, ret);
	else
		ret->kind = SONDE_ABSENT;
}

PUBLIC ptrdiff_t sonde_stream_json(struct sonde_stream *st, const struct sonde_field *const *fields,
				   size_t n, const char **ret)
{
	int r;

	if (!st->stream->ev)
		return -EINVAL;
	buf_clear(&st->json);
	r = field_json(&st->ctx, st->stream->ev, SONDE_EVENTS, fields, n, &st->json);
	if (r < 0)
		return r;
	*ret = st->json.p;
	return (ptrdiff_t)st->json.n;
}

/* ── the summary ────────── */

static const char *const cause_names[LOSS_CAUSES] = {
	[LOSS_RING] = "ring",     [LOSS_BUDGET] = "budget", [LOSS_QUEUE] = "queue",
	[LOSS_MISSED] = "missed", [LOSS_MAP] = "map",       [LOSS_SAMPLED] = "sampled_out",
};

static void summary_entry(struct buf *b, const struct loss_entry *e)
{
	buf_str(b, "{\"pod\":");
	if (e->pod[0])
		text_json(b, e->pod, strlen(e->pod));
	else
		buf_str(b, "null");
	buf_str(b, ",\"pod_uid\":");
	if (e->pod_uid[0])
		text_json(b, e->pod_uid, strlen(e->pod_uid));
	else
		buf_str(b, "null");
	buf_fmt(b, ",\"type\":\"%s\",\"cause\":\"%s\",\"n\":%llu}",
		event_type_name(e->type) ? event_type_name(e->type) : "other",
		cause_names[e->cause], (unsigned long long)e->n);
}

PUBLIC ptrdiff_t sonde_stream_summary(struct sonde_stream *st, const char **ret)
{
	struct buf *b = &st->summary;
	const struct loss_report *r = &st->stream->report;
	bool ended;

	pthread_mutex_lock(&st->stream->lock);
	ended = st->stream->ended;
	pthread_mutex_unlock(&st->stream->lock);
	if (!ended)
		return -EBUSY;
	buf_clear(b);
	buf_fmt(b,
		"{\"type\":\"summary\",\"received\":%llu,\"printed\":%llu,\"sampled_out\":%llu,"
		"\"lost\":{",
		(unsigned long long)r->received, (unsigned long long)st->printed,
		(unsigned long long)r->by_cause[LOSS_SAMPLED]);
	for (unsigned c = 0; c < LOSS_SAMPLED; c++)
		buf_fmt(b, "%s\"%s\":%llu", c ? "," : "", cause_names[c],
			(unsigned long long)r->by_cause[c]);
	buf_str(b, "},\"lost_by\":[");
	for (size_t i = 0; i < r->n; i++) {
		if (i)
			buf_char(b, ',');
		summary_entry(b, &r->entries[i]);
	}
	buf_str(b, "],\"from\":");
	text_json_time(b, r->from_ns);
	buf_str(b, ",\"to\":");
	text_json_time(b, r->to_ns);
	buf_char(b, '}');
	if (b->failed)
		return -ENOMEM;
	*ret = b->p;
	return (ptrdiff_t)b->n;
}
