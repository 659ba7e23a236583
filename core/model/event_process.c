/* SPDX-License-Identifier: BSD-2-Clause */
/* Which process: numbers, image, command line, how it ended. */
#include <netinet/in.h>
#include <stdio.h>
#include <sys/sysmacros.h>

#include "base/base64.h"
#include "base/macros.h"
#include "field/value.h"
#include "model/event_inner.h"

#define ANCESTORS 32 /* deeper lines of descent are cut: they loop or nobody reads them */

static bool has_process(const struct event *ev)
{
	return ev->pid || ev->comm[0];
}

/* The model's row of the process, when the snapshot has the process table and it is still there. */
static const struct proc_row *proc_of(const struct field_ctx *ctx, const struct event *ev)
{
	const struct snapshot *snap = ctx->snap;
	const struct proc_row *p;

	if (!snap || !(ev->flags & EV_PROC_REF))
		return NULL;
	p = table_view_at(&snap->procs, ev->proc_index);
	return p && p->row.id == ev->proc_id ? p : NULL;
}

static void number(const struct event *ev, uint64_t n, struct sonde_value *v)
{
	if (!has_process(ev))
		value_absent(v);
	else if (!n)
		value_null(v);
	else
		value_uint(v, n);
}

GETTER(event_pid)
{
	const struct event *ev = row;

	(void)ctx;
	number(ev, ev->pid, v);
}

/* 0 is the kernel itself, which starts 1 and 2 and nothing else. */
GETTER(event_ppid)
{
	const struct event *ev = row;

	(void)ctx;
	if (!ev->ppid && (ev->pid == 1 || ev->pid == 2))
		value_uint(v, 0);
	else
		number(ev, ev->ppid, v);
}

GETTER(event_tid)
{
	const struct event *ev = row;

	(void)ctx;
	if (ev->tid)
		value_uint(v, ev->tid);
	else
		value_absent(v);
}

GETTER(event_vpid)
{
	const struct event *ev = row;

	(void)ctx;
	number(ev, ev->nspid, v);
}

static void exec_id(struct field_ctx *ctx, uint64_t exec_ns, uint32_t pid, struct sonde_value *v)
{
	char plain[128];
	int n;

	value_null(v);
	if (!exec_ns || !pid)
		return;
	n = snprintf(plain, sizeof(plain), "%.80s:%llu:%u", ctx->node ? ctx->node : "",
		     (unsigned long long)exec_ns, pid);
	base64_encode(ctx->scratch, plain, (size_t)n);
	value_text(v, ctx->scratch);
}

GETTER(event_exec_id)
{
	const struct event *ev = row;

	if (has_process(ev))
		exec_id(ctx, ev->exec_ns, ev->pid, v);
	else
		value_absent(v);
}

GETTER(event_parent_exec_id)
{
	const struct event *ev = row;

	if (has_process(ev))
		exec_id(ctx, ev->parent_exec_ns, ev->ppid, v);
	else
		value_absent(v);
}

static void user(const struct event *ev, uint32_t id, struct sonde_value *v)
{
	if (!has_process(ev))
		value_absent(v);
	else if (ev->flags & EV_UID)
		value_uint(v, id);
	else
		value_null(v);
}

GETTER(event_uid)
{
	const struct event *ev = row;

	(void)ctx;
	user(ev, ev->uid, v);
}

GETTER(event_gid)
{
	const struct event *ev = row;

	(void)ctx;
	user(ev, ev->gid, v);
}

GETTER(event_uid_host)
{
	const struct event *ev = row;

	(void)ctx;
	user(ev, ev->uid_host, v);
}

static void comm(const struct event *ev, const char *text, size_t size, struct sonde_value *v)
{
	if (!has_process(ev))
		value_absent(v);
	else
		value_bytes(v, text[0] ? text : NULL, strnlen(text, size));
}

GETTER(event_name)
{
	const struct event *ev = row;

	(void)ctx;
	comm(ev, ev->comm, sizeof(ev->comm), v);
}

GETTER(event_pname)
{
	const struct event *ev = row;

	(void)ctx;
	comm(ev, ev->pcomm, sizeof(ev->pcomm), v);
}

static void path(const struct event *ev, struct etext t, const char *from_row,
		 struct sonde_value *v)
{
	if (!has_process(ev))
		value_absent(v);
	else if (t.off)
		value_bytes(v, event_text(ev, t), t.len);
	else
		value_text(v, from_row);
}

GETTER(event_exe)
{
	const struct event *ev = row;
	const struct proc_row *p = proc_of(ctx, ev);

	path(ev, ev->exe, p ? p->exe : NULL, v);
}

GETTER(event_cwd)
{
	const struct event *ev = row;
	const struct proc_row *p = proc_of(ctx, ev);

	path(ev, ev->cwd, p ? p->cwd : NULL, v);
}

/* The kernel's device numbers: 136 to 143 are Unix98 terminals, 4 the consoles and serial lines. */
GETTER(event_tty)
{
	const struct event *ev = row;
	unsigned major = ev->tty >> 20, minor = ev->tty & 0xfffff;
	char *s = ctx->scratch;

	if (!ev->tty) {
		value_absent(v);
		return;
	}
	if (major >= 136 && major <= 143)
		snprintf(s, 32, "pts/%u", (major - 136) * 256 + minor);
	else if (major == 4 && minor < 64)
		snprintf(s, 32, "tty%u", minor);
	else if (major == 4)
		snprintf(s, 32, "ttyS%u", minor - 64);
	else if (major == 5 && minor == 1)
		snprintf(s, 32, "console");
	else
		snprintf(s, 32, "%u:%u", major, minor);
	value_text(v, s);
}

/* Falco's number is the old encoding, and 0 means none. */
GETTER(event_tty_number)
{
	const struct event *ev = row;

	(void)ctx;
	if (has_process(ev))
		value_uint(v, (ev->tty >> 20) << 8 | (ev->tty & 0xff));
	else
		value_absent(v);
}

GETTER(event_layer)
{
	static const char *const names[] = {
		[LAYER_IMAGE] = "image", [LAYER_WRITABLE] = "writable", [LAYER_MEMFD] = "memfd",
		[LAYER_TMPFS] = "tmpfs", [LAYER_VOLUME] = "volume",
	};
	const struct event *ev = row;

	(void)ctx;
	if (ev->layer < ARRAY_SIZE(names) && names[ev->layer])
		value_text(v, names[ev->layer]);
	else if (ev->type == EVENT_EXEC && ev->layer == LAYER_UNKNOWN)
		value_null(v);
	else
		value_absent(v);
}

/* The arguments: of the event when it is an exec, else of the process now. False: not known. */
static bool argv_of(const struct field_ctx *ctx, const struct event *ev, const char **p, size_t *n)
{
	const struct proc_row *proc;

	if (ev->type == EVENT_EXEC && ev->exec.argv.off) {
		*p = event_text(ev, ev->exec.argv);
		*n = ev->exec.argv.len;
		return true;
	}
	proc = proc_of(ctx, ev);
	*p = proc ? proc->argv : NULL;
	*n = proc ? proc->argv_n : 0;
	return *p;
}

GETTER(event_argv)
{
	const struct event *ev = row;
	const char *p;
	size_t n;

	if (ev->type != EVENT_EXEC)
		value_absent(v);
	else if (argv_of(ctx, ev, &p, &n))
		value_list(v, p, n);
	else
		value_null(v);
}

GETTER(event_argv_cut)
{
	const struct event *ev = row;

	(void)ctx;
	if (ev->type == EVENT_EXEC)
		value_bool(v, ev->flags & EV_ARGV_CUT);
	else
		value_absent(v);
}

GETTER(event_argv0)
{
	const char *p;
	size_t n;

	value_null(v);
	if (argv_of(ctx, row, &p, &n))
		value_bytes(v, p, strnlen(p, n));
}

/* Arguments from the second on, a space between, after @at bytes that stand in scratch already. */
static void join_args(struct field_ctx *ctx, size_t at, const char *p, size_t n,
		      struct sonde_value *v)
{
	size_t first = strnlen(p, n) + 1;

	for (size_t i = first; i < n && at < sizeof(ctx->scratch); i++) {
		char c = p[i];

		if (i == first && at)
			ctx->scratch[at++] = ' ';
		if (!c && i + 1 == n)
			break;
		if (at < sizeof(ctx->scratch))
			ctx->scratch[at++] = c ? c : ' ';
	}
	value_bytes(v, ctx->scratch, at);
}

GETTER(event_args)
{
	const char *p;
	size_t n;

	value_null(v);
	if (argv_of(ctx, row, &p, &n))
		join_args(ctx, 0, p, n, v);
}

/* As Falco has it: the name, then the arguments. */
GETTER(event_cmdline)
{
	const struct event *ev = row;
	size_t at = strnlen(ev->comm, sizeof(ev->comm)), n;
	const char *p;

	value_null(v);
	if (!argv_of(ctx, ev, &p, &n))
		return;
	memcpy(ctx->scratch, ev->comm, at);
	join_args(ctx, at, p, n, v);
}

GETTER(event_exit_code)
{
	const struct event *ev = row;

	(void)ctx;
	if (ev->type != EVENT_EXIT || ev->flags & EV_EXIT_SIGNAL)
		value_absent(v);
	else if (ev->exit.code == EXIT_NOT_SEEN)
		value_null(v);
	else
		value_uint(v, ev->exit.code);
}

GETTER(event_signal)
{
	const struct event *ev = row;

	(void)ctx;
	if (ev->type == EVENT_EXIT && (ev->flags & EV_EXIT_SIGNAL))
		value_uint(v, ev->exit.code);
	else
		value_absent(v);
}

GETTER(event_duration)
{
	const struct event *ev = row;

	(void)ctx;
	if (ev->flags & EV_DURATION)
		value_uint(v, ev->duration_ns);
	else if (ev->type == EVENT_EXIT || ev->type == EVENT_CLOSE)
		value_null(v);
	else
		value_absent(v);
}

GETTER(event_upper_layer)
{
	const struct event *ev = row;

	(void)ctx;
	if (ev->layer == LAYER_UNKNOWN)
		value_null(v);
	else
		value_bool(v, ev->layer == LAYER_WRITABLE);
}

GETTER(event_from_memfd)
{
	const struct event *ev = row;

	(void)ctx;
	if (ev->layer == LAYER_UNKNOWN)
		value_null(v);
	else
		value_bool(v, ev->layer == LAYER_MEMFD);
}

GETTER(event_fds)
{
	static const char *const names[] = {
		[FD_UNKNOWN] = "unknown",  [FD_CLOSED] = "closed", [FD_FILE] = "file",
		[FD_TTY] = "tty",          [FD_PIPE] = "pipe",     [FD_SOCKET_INET] = "inet",
		[FD_SOCKET_UNIX] = "unix", [FD_NULL] = "null",     [FD_OTHER] = "other",
	};
	const struct event *ev = row;
	size_t at = 0;

	if (ev->type != EVENT_EXEC) {
		value_absent(v);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(ev->fd_kind); i++) {
		unsigned k = ev->fd_kind[i] < ARRAY_SIZE(names) ? ev->fd_kind[i] : FD_OTHER;
		size_t n = strlen(names[k]) + 1;

		memcpy(ctx->scratch + at, names[k], n);
		at += n;
	}
	if (ctx->index && ctx->index <= ARRAY_SIZE(ev->fd_kind)) {
		const char *p = ctx->scratch;

		for (unsigned i = 1; i < ctx->index; i++)
			p += strlen(p) + 1;
		value_text(v, p);
	} else {
		value_list(v, ctx->scratch, at);
	}
}

/* ── ancestors: proc.aname[1] is the parent ──────────────────────────────── */

struct line {
	struct field_ctx *ctx;
	struct sonde_value *v;
	size_t at;
	unsigned level; /* of the next one; 0 is the process itself */
	bool done;
};

/* One ancestor more: kept when the whole list is asked for, or when it is the one asked for. */
static void line_add(struct line *l, const char *text, size_t n)
{
	unsigned wanted = l->ctx->index;

	if (wanted ? l->level + 1 == wanted : l->level > 0) {
		if (l->at + n + 1 <= sizeof(l->ctx->scratch)) {
			memcpy(l->ctx->scratch + l->at, text, n);
			l->at += n;
			l->ctx->scratch[l->at++] = 0;
		}
		if (wanted) {
			value_bytes(l->v, l->ctx->scratch, n);
			l->done = true;
		}
	}
	l->level++;
}

static void line_add_pid(struct line *l, uint32_t pid)
{
	char text[16];

	line_add(l, text, (size_t)snprintf(text, sizeof(text), "%u", pid));
}

static void line_walk(struct line *l, const struct event *ev, bool pids)
{
	const struct snapshot *snap = l->ctx->snap;
	const struct proc_row *p = proc_of(l->ctx, ev);

	if (pids)
		line_add_pid(l, ev->pid);
	else
		line_add(l, ev->comm, strnlen(ev->comm, sizeof(ev->comm)));
	if (!p && !l->done && (pids ? ev->ppid != 0 : ev->pcomm[0] != 0)) {
		if (pids)
			line_add_pid(l, ev->ppid);
		else
			line_add(l, ev->pcomm, strnlen(ev->pcomm, sizeof(ev->pcomm)));
	}
	for (unsigned i = 0; p && i < ANCESTORS && !l->done; i++) {
		uint64_t id = p->parent_id;

		p = id ? table_view_at(&snap->procs, p->parent_index) : NULL;
		if (!p || p->row.id != id)
			break;
		if (pids)
			line_add_pid(l, p->pid);
		else
			line_add(l, p->comm, strnlen(p->comm, sizeof(p->comm)));
	}
}

static void ancestors(struct field_ctx *ctx, const struct event *ev, bool pids,
		      struct sonde_value *v)
{
	struct line l = { .ctx = ctx, .v = v };

	value_null(v);
	if (!has_process(ev)) {
		value_absent(v);
		return;
	}
	line_walk(&l, ev, pids);
	if (!ctx->index && l.at)
		value_list(v, ctx->scratch, l.at);
}

GETTER(event_aname)
{
	ancestors(ctx, row, false, v);
}

GETTER(event_apid)
{
	ancestors(ctx, row, true, v);
}
