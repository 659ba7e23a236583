/* SPDX-License-Identifier: BSD-2-Clause */
/* The fields of connection rows. */
#include "model/fields.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "base/macros.h"

#define ROW const struct conn_row *c = row

static const struct ident_row *id_of(const struct field_ctx *ctx, const void *row)
{
	ROW;
	return ctx_ident(ctx, c->ident, c->ident_id);
}

IDENT_GETTERS(IDENT_GETTER_OF_ROW)

#define GETTER(what, expr)                                                                      \
	static void get_##what(struct field_ctx *ctx, const void *row, struct sonde_value *ret) \
	{                                                                                       \
		ROW;                                                                            \
		(void)ctx;                                                                      \
		expr;                                                                           \
	}

static bool is_udp(const struct conn_row *c)
{
	return c->proto == IPPROTO_UDP;
}

static bool listens(const struct conn_row *c)
{
	return !is_udp(c) && c->state == TCP_LISTEN;
}

static void value_pid(struct sonde_value *ret, uint32_t pid)
{
	if (pid)
		value_uint(ret, pid);
	else
		value_null(ret);
}

/* What a listener and an unconnected socket do not have. */
static bool has_peer(const struct conn_row *c, struct sonde_value *ret)
{
	if (c->remote.port)
		return true;
	value_absent(ret);
	return false;
}

GETTER(id, value_uint(ret, c->row.id))
GETTER(pid, value_pid(ret, c->pid))
GETTER(name, value_bytes(ret, c->comm[0] ? c->comm : NULL, strnlen(c->comm, sizeof(c->comm))))
GETTER(proto, value_text(ret, is_udp(c) ? "udp" : "tcp"))
GETTER(local, value_end(ctx, ret, &c->local, 0))
GETTER(remote, if (has_peer(c, ret)) value_end(ctx, ret, &c->remote, 0))
GETTER(in_per_s, value_figure(ret, c->in_per_s))
GETTER(out_per_s, value_figure(ret, c->out_per_s))
GETTER(start, value_boot(ctx, ret, c->start_ns))
GETTER(gone_at, value_boot(ctx, ret, c->gone_ns))
GETTER(repaired, value_bool(ret, c->flags &EV_REPAIRED))
GETTER(is_server, value_bool(ret, c->server || listens(c)))
GETTER(lip, value_ip(ctx, ret, &c->local, 0))
GETTER(lport, value_port(ret, &c->local))
GETTER(rip, if (has_peer(c, ret)) value_ip(ctx, ret, &c->remote, 0))
GETTER(rport, if (has_peer(c, ret)) value_port(ret, &c->remote))
GETTER(type, value_text(ret, c->local.family == AF_INET6 ? "ipv6" : "ipv4"))

/* The side that dialled and the side that was dialled. */
static const struct event_addr *client(const struct conn_row *c)
{
	return c->server || listens(c) ? &c->remote : &c->local;
}

static const struct event_addr *server(const struct conn_row *c)
{
	return c->server || listens(c) ? &c->local : &c->remote;
}

GETTER(cip, if (has_peer(c, ret)) value_ip(ctx, ret, client(c), 0))
GETTER(cport, if (has_peer(c, ret)) value_port(ret, client(c)))
GETTER(sip, value_ip(ctx, ret, server(c), 0))
GETTER(sport, value_port(ret, server(c)))

/* Bytes are counted for TCP connections alone. */
GETTER(bytes_in, if (is_udp(c) || listens(c)) value_null(ret); else value_uint(ret, c->bytes_in))
GETTER(bytes_out, if (is_udp(c) || listens(c)) value_null(ret); else value_uint(ret, c->bytes_out))

static void get_state(struct field_ctx *ctx, const void *row, struct sonde_value *ret)
{
	static const char *const names[] = {
		[TCP_ESTABLISHED] = "ESTABLISHED",
		[TCP_SYN_SENT] = "SYN_SENT",
		[TCP_SYN_RECV] = "SYN_RECV",
		[TCP_FIN_WAIT1] = "FIN_WAIT1",
		[TCP_FIN_WAIT2] = "FIN_WAIT2",
		[TCP_TIME_WAIT] = "TIME_WAIT",
		[TCP_CLOSE] = "CLOSED",
		[TCP_CLOSE_WAIT] = "CLOSE_WAIT",
		[TCP_LAST_ACK] = "LAST_ACK",
		[TCP_LISTEN] = "LISTEN",
		[TCP_CLOSING] = "CLOSING",
	};
	ROW;

	(void)ctx;
	if (c->gone_ns)
		value_text(ret, c->ret < 0 ? "FAILED" : "CLOSED");
	else if (is_udp(c))
		value_text(ret, "OPEN");
	else
		value_text(ret, c->state < ARRAY_SIZE(names) ? names[c->state] : NULL);
}

/* "ns/name" of the pod at the other end in scratch. Its length, 0 when there is none or no name. */
static size_t peer_name(struct field_ctx *ctx, const struct conn_row *c)
{
	const struct ident_row *id = c->peer_id ? ctx_ident(ctx, c->peer, c->peer_id) : NULL;

	return id && id->ns && id->pod_name ? ident_path(ctx, id) : 0;
}

static void get_remote_name(struct field_ctx *ctx, const void *row, struct sonde_value *ret)
{
	size_t n;
	ROW;

	if (!has_peer(c, ret))
		return;
	n = peer_name(ctx, c);
	if (n)
		value_bytes(ret, ctx->scratch, n);
	else
		value_text(ret, c->name);
}

static void get_name_source(struct field_ctx *ctx, const void *row, struct sonde_value *ret)
{
	static const char *const names[] = {
		[NAME_DNS] = "dns",
		[NAME_SNI] = "sni",
		[NAME_POD] = "pod",
		[NAME_SERVICE] = "service",
	};
	ROW;

	if (!has_peer(c, ret))
		return;
	if (peer_name(ctx, c))
		value_text(ret, "pod");
	else
		value_text(ret, c->name && c->name_source < ARRAY_SIZE(names)
					? names[c->name_source]
					: NULL);
}

/* The name of whoever was dialled: of the other side unless that dialled us. */
static void get_sip_name(struct field_ctx *ctx, const void *row, struct sonde_value *ret)
{
	ROW;

	if (c->server || listens(c))
		value_absent(ret);
	else
		get_remote_name(ctx, row, ret);
}

/* As Falco writes it: from the client to the server. */
static void get_fd_name(struct field_ctx *ctx, const void *row, struct sonde_value *ret)
{
	size_t n;
	ROW;

	if (!c->remote.port) {
		value_end(ctx, ret, &c->local, 0);
		return;
	}
	n = value_end(ctx, ret, client(c), 0);
	memcpy(ctx->scratch + n, "->", 2);
	n += 2;
	n += value_end(ctx, ret, server(c), n);
	value_bytes(ret, ctx->scratch, n);
}

static void get_direction(struct field_ctx *ctx, const void *row, struct sonde_value *ret)
{
	ROW;

	(void)ctx;
	value_text(ret, listens(c)        ? "listen"
			: !c->remote.port ? "open"
			: c->server       ? "in"
					  : "out");
}

static void get_ret(struct field_ctx *ctx, const void *row, struct sonde_value *ret)
{
	ROW;

	(void)ctx;
	if (c->ret)
		value_int(ret, c->ret);
	else
		value_absent(ret);
}

/* A connection from before sonde has no start, and so no length. */
static void get_duration(struct field_ctx *ctx, const void *row, struct sonde_value *ret)
{
	uint64_t end;
	ROW;

	end = c->gone_ns ? c->gone_ns : ctx->snap ? ctx_snap(ctx)->boot_ns : 0;
	if (c->start_ns && end >= c->start_ns)
		value_uint(ret, end - c->start_ns);
	else
		value_null(ret);
}

#define TEXT(name, key, title, width, rank, flags, get, help) \
	FIELD(name, key, title, SONDE_TEXT, SONDE_PLAIN, width, rank, flags, get, help)
#define NUM(name, key, title, unit, width, rank, flags, get, help) \
	FIELD(name, key, title, SONDE_UINT, unit, width, rank, RIGHT | (flags), get, help)
#define IP(name, get, help) \
	FIELD(name, name, "IP", SONDE_TEXT, SONDE_PLAIN, 15, 9, SONDE_FIELD_ADDR, get, help)
#define PORT(name, get, help) \
	FIELD(name, name, "PORT", SONDE_UINT, SONDE_PLAIN, 5, 9, RIGHT, get, help)

static const struct field_def fields[] = {
	NUM("sonde.conn.id", "id", "ID", SONDE_PLAIN, 12, 9, JSON, get_id,
	    "Id of this row, never used again within one run"),
	TEXT("sonde.owner", "owner", "POD", 20, 2, COLUMN, get_owner,
	     "Pod as namespace/name, else its UID, the container, the unit or host"),
	TEXT("sonde.pod", "pod", "POD", 24, 5, JSON, get_pod, "Pod as namespace/name"),
	NUM("proc.pid", "pid", "PID", SONDE_PLAIN, 7, 6, COLUMN | JSON, get_pid,
	    "Process id on the node of whoever holds it"),
	TEXT("proc.name", "name", "PROCESS", 12, 3, COLUMN | JSON, get_name, "Name of the process"),
	TEXT("fd.l4proto", "proto", "PROTO", 5, 5, COLUMN | JSON, get_proto, "tcp or udp"),
	TEXT("sonde.state", "state", "STATE", 11, 4, COLUMN | JSON, get_state,
	     "State of the socket; OPEN for UDP, FAILED for what did not come about"),
	TEXT("sonde.local", "local", "LOCAL", 21, 5, COLUMN | JSON, get_local,
	     "Address and port on this side"),
	TEXT("sonde.remote", "remote", "REMOTE", 21, 1, COLUMN | JSON, get_remote,
	     "Address and port of the other side"),
	TEXT("fd.rip.name", "remote_name", "NAME", 0, 1, COLUMN | JSON, get_remote_name,
	     "Name of the other side: its pod when that is here, else as SNI or DNS claim"),
	NUM("sonde.bytes_in", "bytes_in", "IN", SONDE_BYTES, 6, 4, COLUMN | JSON, get_bytes_in,
	    "Bytes received so far"),
	NUM("sonde.bytes_out", "bytes_out", "OUT", SONDE_BYTES, 6, 4, COLUMN | JSON, get_bytes_out,
	    "Bytes sent so far"),
	FIELD("sonde.in_per_s", "in_per_s", "IN/S", SONDE_REAL, SONDE_BYTE_RATE, 6, 6,
	      RIGHT | COLUMN | JSON, get_in_per_s, "Bytes received a second"),
	FIELD("sonde.out_per_s", "out_per_s", "OUT/S", SONDE_REAL, SONDE_BYTE_RATE, 6, 6,
	      RIGHT | COLUMN | JSON, get_out_per_s, "Bytes sent a second"),
	FIELD("sonde.conn.start", "start", "AGE", SONDE_TIME, SONDE_AGE, 6, 5,
	      RIGHT | COLUMN | JSON, get_start, "When it began"),
	FIELD("sonde.gone_at", "gone_at", "GONE", SONDE_TIME, SONDE_CLOCK, 8, 9, JSON, get_gone_at,
	      "When it ended"),
	TEXT("sonde.name_source", "name_source", "BY", 7, 8, JSON, get_name_source,
	     "Who says the name: dns, sni or pod"),
	TEXT("sonde.direction", "direction", "DIR", 6, 8, JSON, get_direction,
	     "out, in, listen, or open for a UDP socket without peer"),
	FIELD("evt.rawres", "ret", "RET", SONDE_INT, SONDE_PLAIN, 5, 8, RIGHT | JSON, get_ret,
	      "Why it failed, as a negative error number"),
	NUM("sonde.duration", "duration_ns", "LENGTH", SONDE_NANOS, 8, 8, 0, get_duration,
	    "How long it has lasted, or did"),
	FIELD("sonde.repaired", "repaired", "MENDED", SONDE_BOOL, SONDE_PLAIN, 6, 9, JSON,
	      get_repaired, "Whether it was found by comparing, not by its own record"),
	TEXT("fd.name", "fd.name", "TUPLE", 44, 9, 0, get_fd_name, "client:port->server:port"),
	TEXT("fd.type", "fd.type", "TYPE", 4, 9, 0, get_type, "ipv4 or ipv6"),
	FIELD("fd.is_server", "fd.is_server", "SERVER", SONDE_BOOL, SONDE_PLAIN, 6, 9, 0,
	      get_is_server, "Whether this side listens or accepted"),
	TEXT("fd.sip.name", "fd.sip.name", "SERVER NAME", 24, 9, 0, get_sip_name,
	     "Name of the server, of a connection that this side made"),
	IP("fd.sip", get_sip, "Address of the server"),
	PORT("fd.sport", get_sport, "Port of the server"),
	IP("fd.cip", get_cip, "Address of the client"),
	PORT("fd.cport", get_cport, "Port of the client"),
	IP("fd.lip", get_lip, "Address on this side"),
	PORT("fd.lport", get_lport, "Port on this side"),
	IP("fd.rip", get_rip, "Address of the other side"),
	PORT("fd.rport", get_rport, "Port of the other side"),
	TEXT("sonde.container", "container", "CONTAINER", 12, 8, JSON, get_container,
	     "Name of the container"),
	TEXT("k8s.pod.uid", "pod_uid", "POD UID", 36, 9, JSON, get_pod_uid, "UID of the pod"),
	IDENT_FIELDS,
};

const struct field_table model_conns_fields = {
	.name = "conns",
	.fields = fields,
	.n = ARRAY_SIZE(fields),
};
