/* SPDX-License-Identifier: BSD-2-Clause */
/* What an event says in a few words, for people: the last column of the live view. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "field/value.h"
#include "model/event_detail.h"

/* The text while it grows in the context's scratch; what does not fit is left out. */
struct detail {
	char p[sizeof(((struct field_ctx *)0)->scratch)];
	size_t n;
};

static void add(struct detail *d, const char *p, size_t n)
{
	n = MIN(n, sizeof(d->p) - d->n);
	if (n)
		memcpy(d->p + d->n, p, n);
	d->n += n;
}

__attribute__((format(printf, 2, 3))) static void say(struct detail *d, const char *fmt, ...)
{
	char text[128];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n > 0)
		add(d, text, MIN((size_t)n, sizeof(text) - 1));
}

/* What a getter says, with @before in front of it; nothing when it has nothing to say. */
static void ask(struct detail *d, struct field_ctx *ctx, const struct event *ev,
		void (*get)(struct field_ctx *, const void *, struct sonde_value *),
		const char *before)
{
	struct sonde_value v = { .kind = SONDE_NULL };

	ctx->index = 0;
	get(ctx, ev, &v);
	if (v.kind != SONDE_TEXT && v.kind != SONDE_LIST)
		return;
	add(d, before, strlen(before));
	for (size_t i = 0; i < v.text.n; i++) {
		bool last = v.kind == SONDE_LIST && i + 1 == v.text.n && !v.text.p[i];

		if (!last)
			add(d, v.text.p[i] ? v.text.p + i : " ", 1);
	}
}

static void say_duration(struct detail *d, const struct event *ev, const char *before)
{
	double s = (double)ev->duration_ns / 1e9;

	if (!(ev->flags & EV_DURATION))
		return;
	if (s < 1)
		say(d, "%s%.1f ms", before, s * 1e3);
	else if (s < 120)
		say(d, "%s%.1f s", before, s);
	else
		say(d, "%s%.0f min", before, s / 60);
}

static void say_bytes(struct detail *d, uint64_t n, const char *after)
{
	static const char units[] = " kMGT";
	double v = (double)n;
	size_t i = 0;

	while (v >= 1000 && i + 1 < sizeof(units) - 1) {
		v /= 1000;
		i++;
	}
	if (i)
		say(d, "%.1f%cB%s", v, units[i], after);
	else
		say(d, "%lluB%s", (unsigned long long)n, after);
}

static void say_exec(struct detail *d, struct field_ctx *ctx, const struct event *ev)
{
	if (ev->exec.argv.off)
		ask(d, ctx, ev, event_argv, "");
	else
		ask(d, ctx, ev, event_exe, "");
	if (ev->flags & EV_ARGV_CUT)
		say(d, " [cut]");
}

static void say_exit(struct detail *d, const struct event *ev)
{
	const char *name = sigabbrev_np((int)ev->exit.code);

	if (ev->exit.code == EXIT_NOT_SEEN)
		say(d, "ended");
	else if (!(ev->flags & EV_EXIT_SIGNAL))
		say(d, "code %u", ev->exit.code);
	else if (name)
		say(d, "signal %s", name);
	else
		say(d, "signal %u", ev->exit.code);
	say_duration(d, ev, ", lived ");
}

static void say_socket(struct detail *d, struct field_ctx *ctx, const struct event *ev)
{
	bool server = ev->sock.server || ev->type == EVENT_ACCEPT;

	ask(d, ctx, ev, event_proto, "");
	if (ev->type == EVENT_LISTEN) {
		ask(d, ctx, ev, event_local, " ");
		return;
	}
	if (server)
		ask(d, ctx, ev, event_local, " ");
	ask(d, ctx, ev, event_remote, server ? " <- " : " -> ");
	ask(d, ctx, ev, event_remote_name, " ");
	if (ev->flags & EV_BYTES) {
		say(d, " ");
		say_bytes(d, ev->sock.bytes_in, " in ");
		say_bytes(d, ev->sock.bytes_out, " out");
	}
	if ((ev->flags & EV_RET) && ev->sock.ret < 0) {
		const char *name = strerrorname_np(-ev->sock.ret);

		say(d, " %s", name ? name : "failed");
	}
	say_duration(d, ev, " ");
}

static void say_dns(struct detail *d, struct field_ctx *ctx, const struct event *ev)
{
	ask(d, ctx, ev, event_qtype, "");
	ask(d, ctx, ev, event_query, " ");
	if (ev->name.rcode)
		ask(d, ctx, ev, event_rcode, " = ");
	else
		ask(d, ctx, ev, event_answers, " = ");
	ask(d, ctx, ev, event_remote, " from ");
}

void event_detail(struct field_ctx *ctx, const void *row, struct sonde_value *v)
{
	const struct event *ev = row;
	struct detail d;

	d.n = 0;
	switch (ev->type) {
	case EVENT_FORK:
		ask(&d, ctx, ev, event_pname, "by ");
		break;
	case EVENT_EXEC:
		say_exec(&d, ctx, ev);
		break;
	case EVENT_EXIT:
		say_exit(&d, ev);
		break;
	case EVENT_DNS:
		say_dns(&d, ctx, ev);
		break;
	case EVENT_TLS:
		ask(&d, ctx, ev, event_sni, "");
		ask(&d, ctx, ev, event_remote, " at ");
		break;
	case EVENT_CONTAINER_START:
	case EVENT_CONTAINER_STOP:
		ask(&d, ctx, ev, event_image, "");
		break;
	case EVENT_LOST:
		say(&d, "%llu %s", (unsigned long long)ev->lost.n,
		    event_type_name(ev->lost.lost_type) ? event_type_name(ev->lost.lost_type)
							: "events");
		break;
	default:
		if (ev->type >= EVENT_CONNECT && ev->type <= EVENT_UDP)
			say_socket(&d, ctx, ev);
	}
	memcpy(ctx->scratch, d.p, d.n);
	value_bytes(v, ctx->scratch, d.n);
}
