/* SPDX-License-Identifier: BSD-2-Clause */
/* The fields of process rows. */
#include "model/fields.h"

#include <stdio.h>

#include "base/base64.h"
#include "base/macros.h"
#include "model/event_inner.h"

#define ANCESTORS 32 /* as far up as proc.aname and exec ids of parents look */
#define ROW       const struct proc_row *p = row

static const struct ident_row *id_of(const struct field_ctx *ctx, const void *row)
{
	ROW;
	return ctx_ident(ctx, p->ident, p->ident_id);
}

IDENT_GETTERS(IDENT_GETTER_OF_ROW)

#undef GETTER
#define GETTER(what, expr)                                                                      \
	static void get_##what(struct field_ctx *ctx, const void *row, struct sonde_value *ret) \
	{                                                                                       \
		ROW;                                                                            \
		(void)ctx;                                                                      \
		expr;                                                                           \
	}

/* Null when the credentials were never told. */
static void value_uid(struct sonde_value *ret, const struct proc_row *p, uint32_t id)
{
	if (p->flags & EV_UID)
		value_uint(ret, id);
	else
		value_null(ret);
}

static void value_nonzero(struct sonde_value *ret, uint64_t u)
{
	if (u)
		value_uint(ret, u);
	else
		value_null(ret);
}

GETTER(pid, value_uint(ret, p->pid))
GETTER(ppid, value_uint(ret, p->ppid))
GETTER(nspid, value_nonzero(ret, p->nspid))
GETTER(name, value_bytes(ret, p->comm[0] ? p->comm : NULL, strnlen(p->comm, sizeof(p->comm))))
GETTER(exe, value_text(ret, p->exe))
GETTER(cwd, value_text(ret, p->cwd))
GETTER(argv, value_list(ret, p->argv, p->argv_n))
GETTER(tty_number, value_uint(ret, p->tty))
GETTER(uid, value_uid(ret, p, p->uid))
GETTER(gid, value_uid(ret, p, p->gid))
GETTER(uid_host, value_uid(ret, p, p->uid_host))
GETTER(cpu_pct, value_figure(ret, p->cpu_pct))
GETTER(cpu_ns, value_nonzero(ret, p->cpu_ns))
GETTER(rss_bytes, value_nonzero(ret, p->rss_bytes))
GETTER(threads, value_nonzero(ret, p->threads))
GETTER(fds, value_count(ret, p->fds == UINT32_MAX ? UINT64_MAX : p->fds))
GETTER(conns, value_uint(ret, p->conns))
GETTER(start, value_boot(ctx, ret, p->start_ns))
GETTER(exec_at, value_boot(ctx, ret, p->exec_ns))
GETTER(gone_at, value_boot(ctx, ret, p->gone_ns))
GETTER(outside, value_bool(ret, p->flags &EV_OUTSIDE))
GETTER(repaired, value_bool(ret, p->flags &EV_REPAIRED))
GETTER(argv_cut, value_bool(ret, p->flags &EV_ARGV_CUT))

static const struct proc_row *parent_of(const struct field_ctx *ctx, const struct proc_row *p)
{
	const struct proc_row *q = NULL;

	if (p->parent_id && ctx->snap)
		q = table_view_at(&ctx_snap(ctx)->procs, p->parent_index);
	return q && q->row.id == p->parent_id ? q : NULL;
}

static void value_exec_id(struct field_ctx *ctx, const struct proc_row *p, struct sonde_value *ret)
{
	const char *node = ctx->node ? ctx->node : ctx->snap ? ctx_snap(ctx)->node.node : "";
	char plain[160];
	int n;

	if (!p || !p->exec_ns) {
		value_null(ret);
		return;
	}
	n = snprintf(plain, sizeof(plain), "%.64s:%llu:%u", node, (unsigned long long)p->exec_ns,
		     p->pid);
	value_bytes(ret, ctx->scratch, base64_encode(ctx->scratch, plain, (size_t)n));
}

static void get_exec_id(struct field_ctx *ctx, const void *row, struct sonde_value *ret)
{
	value_exec_id(ctx, row, ret);
}

static void get_parent_exec_id(struct field_ctx *ctx, const void *row, struct sonde_value *ret)
{
	value_exec_id(ctx, parent_of(ctx, row), ret);
}

static void get_pname(struct field_ctx *ctx, const void *row, struct sonde_value *ret)
{
	const struct proc_row *p = parent_of(ctx, row);

	value_bytes(ret, p ? p->comm : NULL, p ? strnlen(p->comm, sizeof(p->comm)) : 0);
}

/* proc.aname[0] is the process itself, [1] its parent; without an index all from the parent on. */
static void get_aname(struct field_ctx *ctx, const void *row, struct sonde_value *ret)
{
	const struct proc_row *p = row;
	size_t n = 0;

	for (unsigned i = 1; ctx->index && i < ctx->index && i <= ANCESTORS && p; i++)
		p = parent_of(ctx, p);
	if (ctx->index) {
		if (!p || ctx->index > ANCESTORS + 1)
			value_null(ret);
		else
			value_bytes(ret, p->comm, strnlen(p->comm, sizeof(p->comm)));
		return;
	}
	for (unsigned i = 0; i < ANCESTORS && (p = parent_of(ctx, p)); i++) {
		size_t len = strnlen(p->comm, sizeof(p->comm));

		memcpy(ctx->scratch + n, p->comm, len);
		ctx->scratch[n + len] = 0;
		n += len + 1;
	}
	value_list(ret, ctx->scratch, n);
}

/* The arguments with spaces between them, from the byte @at on. */
static void value_words(struct field_ctx *ctx, const struct proc_row *p, size_t at,
			struct sonde_value *ret)
{
	size_t n = MIN((size_t)p->argv_n - at, sizeof(ctx->scratch));

	memcpy(ctx->scratch, p->argv + at, n);
	if (n && !ctx->scratch[n - 1])
		n--;
	for (size_t i = 0; i < n; i++)
		if (!ctx->scratch[i])
			ctx->scratch[i] = ' ';
	value_bytes(ret, ctx->scratch, n);
}

/* What has no arguments (kernel threads) is its name in brackets. */
static void get_cmdline(struct field_ctx *ctx, const void *row, struct sonde_value *ret)
{
	ROW;
	int n;

	if (p->argv && p->argv_n) {
		value_words(ctx, p, 0, ret);
		return;
	}
	n = snprintf(ctx->scratch, sizeof(ctx->scratch), "[%.*s]", (int)sizeof(p->comm), p->comm);
	value_bytes(ret, p->comm[0] ? ctx->scratch : NULL, (size_t)n);
}

static void get_args(struct field_ctx *ctx, const void *row, struct sonde_value *ret)
{
	ROW;
	size_t first = p->argv ? strnlen(p->argv, p->argv_n) : 0;

	if (!p->argv)
		value_null(ret);
	else if (first + 1 >= p->argv_n)
		value_bytes(ret, "", 0);
	else
		value_words(ctx, p, first + 1, ret);
}

/* Terminals are named as in events. */
static void get_tty(struct field_ctx *ctx, const void *row, struct sonde_value *ret)
{
	ROW;
	struct event ev = { .tty = p->tty };

	event_tty(ctx, &ev, ret);
}

static void get_layer(struct field_ctx *ctx, const void *row, struct sonde_value *ret)
{
	static const char *const names[] = {
		[LAYER_IMAGE] = "image", [LAYER_WRITABLE] = "writable", [LAYER_MEMFD] = "memfd",
		[LAYER_TMPFS] = "tmpfs", [LAYER_VOLUME] = "volume",     [LAYER_HOST] = "host",
	};
	ROW;

	(void)ctx;
	value_text(ret, p->layer < ARRAY_SIZE(names) ? names[p->layer] : NULL);
}

/* What ended it does not apply to what runs, and is not known of what was only missed. */
static bool ended(const struct proc_row *p, struct sonde_value *ret)
{
	if (!p->gone_ns)
		value_absent(ret);
	else if (p->flags & EV_REPAIRED)
		value_null(ret);
	else
		return true;
	return false;
}

static void get_exit_code(struct field_ctx *ctx, const void *row, struct sonde_value *ret)
{
	ROW;

	(void)ctx;
	if (!ended(p, ret))
		return;
	if (p->flags & EV_EXIT_SIGNAL)
		value_absent(ret);
	else if (p->exit_code == EXIT_NOT_SEEN)
		value_null(ret);
	else
		value_uint(ret, p->exit_code);
}

static void get_signal(struct field_ctx *ctx, const void *row, struct sonde_value *ret)
{
	ROW;

	(void)ctx;
	if (!ended(p, ret))
		return;
	if (p->flags & EV_EXIT_SIGNAL)
		value_uint(ret, p->exit_code);
	else
		value_absent(ret);
}

static void get_duration(struct field_ctx *ctx, const void *row, struct sonde_value *ret)
{
	uint64_t end;
	ROW;

	end = p->gone_ns ? p->gone_ns : ctx->snap ? ctx_snap(ctx)->boot_ns : 0;
	if (p->start_ns && end >= p->start_ns)
		value_uint(ret, end - p->start_ns);
	else
		value_null(ret);
}

#define TEXT(name, key, title, width, rank, flags, get, help) \
	FIELD(name, key, title, SONDE_TEXT, SONDE_PLAIN, width, rank, flags, get, help)
#define NUM(name, key, title, unit, width, rank, flags, get, help) \
	FIELD(name, key, title, SONDE_UINT, unit, width, rank, RIGHT | (flags), get, help)
#define BOOL(name, key, title, flags, get, help) \
	FIELD(name, key, title, SONDE_BOOL, SONDE_PLAIN, 7, 9, flags, get, help)

static const struct field_def fields[] = {
	TEXT("sonde.exec_id", "exec_id", "EXEC ID", 32, 9, JSON, get_exec_id,
	     "Id of this image: node, time of the exec and pid in base64"),
	NUM("proc.pid", "pid", "PID", SONDE_PLAIN, 7, 1, COLUMN | JSON, get_pid,
	    "Process id on the node"),
	NUM("proc.ppid", "ppid", "PPID", SONDE_PLAIN, 7, 8, JSON, get_ppid,
	    "Process id of the parent"),
	TEXT("sonde.owner", "owner", "POD", 24, 4, COLUMN, get_owner,
	     "Pod as namespace/name, else its UID, the container, the unit or host"),
	TEXT("sonde.pod", "pod", "POD", 24, 5, JSON, get_pod, "Pod as namespace/name"),
	TEXT("sonde.container", "container", "CONTAINER", 12, 8, COLUMN | JSON, get_container,
	     "Name of the container"),
	TEXT("proc.name", "name", "NAME", 15, 2, COLUMN | JSON, get_name,
	     "Name of the process, at most 15 bytes"),
	TEXT("proc.exepath", "exe", "EXE", 30, 8, JSON, get_exe, "Path of the executed file"),
	FIELD("sonde.argv", "argv", "ARGV", SONDE_LIST, SONDE_PLAIN, 40, 8,
	      JSON | SONDE_FIELD_INDEX, get_argv, "Arguments, the first is the program's own name"),
	NUM("user.uid", "uid", "UID", SONDE_PLAIN, 6, 6, COLUMN | JSON, get_uid,
	    "User id, in the user namespace of the process"),
	FIELD("sonde.cpu_pct", "cpu_pct", "CPU%", SONDE_REAL, SONDE_PERCENT, 6, 2,
	      RIGHT | COLUMN | JSON, get_cpu_pct,
	      "CPU use over the last two seconds; 100 is one core"),
	NUM("sonde.rss_bytes", "rss_bytes", "RSS", SONDE_BYTES, 6, 3, COLUMN | JSON, get_rss_bytes,
	    "Resident memory"),
	NUM("proc.nthreads", "threads", "THR", SONDE_PLAIN, 4, 7, COLUMN | JSON, get_threads,
	    "Threads"),
	NUM("proc.fdopencount", "fds", "FDS", SONDE_PLAIN, 5, 7, COLUMN | JSON, get_fds,
	    "Open file descriptors"),
	FIELD("proc.pid.ts", "start", "AGE", SONDE_TIME, SONDE_AGE, 6, 5, RIGHT | COLUMN | JSON,
	      get_start, "When the process began"),
	FIELD("sonde.gone_at", "gone_at", "GONE", SONDE_TIME, SONDE_CLOCK, 8, 9, JSON, get_gone_at,
	      "When it ended"),
	TEXT("proc.cmdline", "cmdline", "COMMAND", 0, 1, COLUMN, get_cmdline,
	     "The arguments with spaces between them"),
	TEXT("proc.args", "args", "ARGS", 40, 9, 0, get_args,
	     "Arguments after the first, with spaces between"),
	TEXT("proc.cwd", "cwd", "CWD", 24, 9, JSON, get_cwd, "Working directory"),
	TEXT("proc.pname", "pname", "PARENT", 15, 8, 0, get_pname, "Name of the parent"),
	FIELD("proc.aname", "aname", "ANCESTORS", SONDE_LIST, SONDE_PLAIN, 30, 9,
	      SONDE_FIELD_INDEX | SONDE_FIELD_ANY, get_aname,
	      "Names of the ancestors; [1] is the parent, [0] the process itself"),
	TEXT("sonde.parent_exec_id", "parent_exec_id", "PARENT ID", 32, 9, JSON, get_parent_exec_id,
	     "Id of the parent's image"),
	NUM("group.gid", "gid", "GID", SONDE_PLAIN, 6, 9, JSON, get_gid,
	    "Group id, in the user namespace of the process"),
	NUM("sonde.uid.host", "uid_host", "HOST UID", SONDE_PLAIN, 8, 9, JSON, get_uid_host,
	    "User id as the node sees it"),
	NUM("proc.vpid", "nspid", "NSPID", SONDE_PLAIN, 7, 9, JSON, get_nspid,
	    "Process id in its own pid namespace"),
	TEXT("sonde.tty", "tty", "TTY", 8, 8, JSON, get_tty, "Controlling terminal"),
	NUM("proc.tty", "proc.tty", "TTY NUMBER", SONDE_PLAIN, 8, 9, 0, get_tty_number,
	    "Number of the controlling terminal, 0 for none"),
	NUM("sonde.cpu_ns", "cpu_ns", "TIME", SONDE_NANOS, 8, 8, JSON, get_cpu_ns,
	    "CPU time used so far"),
	NUM("sonde.proc.conns", "conns", "CONNS", SONDE_PLAIN, 5, 8, JSON, get_conns,
	    "Open sockets"),
	NUM("sonde.duration", "duration_ns", "LIFE", SONDE_NANOS, 8, 8, 0, get_duration,
	    "How long it has lived, or did"),
	FIELD("sonde.exec_at", "exec_at", "EXEC", SONDE_TIME, SONDE_AGE, 6, 9, RIGHT | JSON,
	      get_exec_at, "When the present image was executed"),
	NUM("sonde.exit_code", "exit_code", "EXIT", SONDE_PLAIN, 4, 8, JSON, get_exit_code,
	    "Exit code"),
	NUM("sonde.signal", "signal", "SIGNAL", SONDE_PLAIN, 6, 8, JSON, get_signal,
	    "Signal that ended it"),
	TEXT("sonde.layer", "layer", "LAYER", 8, 9, JSON, get_layer,
	     "Where the executed file comes from: image, writable, memfd, tmpfs, volume or host"),
	BOOL("sonde.outside", "outside", "OUTSIDE", JSON, get_outside,
	     "Whether it entered the container from outside"),
	BOOL("sonde.repaired", "repaired", "MENDED", JSON, get_repaired,
	     "Whether it was found by comparing, not by its own record"),
	BOOL("sonde.argv.cut", "argv_cut", "ARGV CUT", JSON, get_argv_cut,
	     "Whether there were more arguments than were kept"),
	TEXT("k8s.pod.uid", "pod_uid", "POD UID", 36, 9, JSON, get_pod_uid, "UID of the pod"),
	IDENT_FIELDS,
};

const struct field_table model_procs_fields = {
	.name = "ps",
	.fields = fields,
	.n = ARRAY_SIZE(fields),
};
