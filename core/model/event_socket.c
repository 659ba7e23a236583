/* SPDX-License-Identifier: BSD-2-Clause */
/* With whom: the socket's two ends, what went over it, names that were asked for. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

#include "base/macros.h"
#include "field/value.h"
#include "model/event_inner.h"

static bool has_socket(const struct event *ev)
{
	return ev->type >= EVENT_CONNECT && ev->type <= EVENT_TLS;
}

/* A socket that the kernel will bind later has no address yet: that is not known, not 0.0.0.0:0. */
static bool is_known(const struct event_addr *a)
{
	if (a->family == AF_INET)
		return a->port || a->v4.s_addr;
	return a->family == AF_INET6 && (a->port || !IN6_IS_ADDR_UNSPECIFIED(&a->v6));
}

static bool is_mapped(const struct event_addr *a)
{
	return a->family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&a->v6);
}

static bool is_v6(const struct event_addr *a)
{
	return a->family == AF_INET6 && !is_mapped(a);
}

/* The address alone; IPv4 in IPv6 dress is shown as the IPv4 that is on the wire. */
static void addr_text(const struct event_addr *a, char *dst, size_t size)
{
	const void *bytes = a->family == AF_INET ? (const void *)&a->v4
			    : is_mapped(a)       ? (const void *)&a->v6.s6_addr[12]
						 : (const void *)&a->v6;

	if (!inet_ntop(is_v6(a) ? AF_INET6 : AF_INET, bytes, dst, (socklen_t)size))
		dst[0] = 0;
}

/* "10.0.0.1:443", "[::1]:443". Returns the length. */
static size_t end_text(const struct event_addr *a, char *dst, size_t size)
{
	char addr[INET6_ADDRSTRLEN];
	int n;

	addr_text(a, addr, sizeof(addr));
	n = snprintf(dst, size, is_v6(a) ? "[%s]:%u" : "%s:%u", addr, a->port);
	return n < 0 ? 0 : MIN((size_t)n, size - 1);
}

/* A listener has no other end. */
static bool has_end(const struct event *ev, bool remote)
{
	return has_socket(ev) && !(remote && ev->type == EVENT_LISTEN);
}

static const struct event_addr *end_of(const struct event *ev, bool remote)
{
	return remote ? &ev->sock.remote : &ev->sock.local;
}

/* Whether the server is the other side. */
static bool server_is_remote(const struct event *ev)
{
	return !ev->sock.server && ev->type != EVENT_LISTEN && ev->type != EVENT_ACCEPT;
}

static void show_end(struct field_ctx *ctx, const struct event *ev, bool remote,
		     struct sonde_value *v)
{
	const struct event_addr *a;

	if (!has_end(ev, remote)) {
		value_absent(v);
		return;
	}
	a = end_of(ev, remote);
	value_null(v);
	if (is_known(a))
		value_bytes(v, ctx->scratch, end_text(a, ctx->scratch, 80));
}

static void show_ip(struct field_ctx *ctx, const struct event *ev, bool remote,
		    struct sonde_value *v)
{
	const struct event_addr *a;

	if (!has_end(ev, remote)) {
		value_absent(v);
		return;
	}
	a = end_of(ev, remote);
	value_null(v);
	if (is_known(a)) {
		addr_text(a, ctx->scratch, INET6_ADDRSTRLEN);
		value_text(v, ctx->scratch);
	}
}

static void show_port(const struct event *ev, bool remote, struct sonde_value *v)
{
	if (!has_end(ev, remote))
		value_absent(v);
	else if (is_known(end_of(ev, remote)))
		value_uint(v, end_of(ev, remote)->port);
	else
		value_null(v);
}

GETTER(event_proto)
{
	const struct event *ev = row;

	(void)ctx;
	value_null(v);
	if (!has_socket(ev))
		value_absent(v);
	else if (ev->sock.proto == IPPROTO_TCP)
		value_text(v, "tcp");
	else if (ev->sock.proto == IPPROTO_UDP)
		value_text(v, "udp");
}

GETTER(event_local)
{
	show_end(ctx, row, false, v);
}

GETTER(event_remote)
{
	show_end(ctx, row, true, v);
}

GETTER(event_lip)
{
	show_ip(ctx, row, false, v);
}

GETTER(event_rip)
{
	show_ip(ctx, row, true, v);
}

GETTER(event_sip)
{
	show_ip(ctx, row, server_is_remote(row), v);
}

GETTER(event_cip)
{
	show_ip(ctx, row, !server_is_remote(row), v);
}

GETTER(event_lport)
{
	(void)ctx;
	show_port(row, false, v);
}

GETTER(event_rport)
{
	(void)ctx;
	show_port(row, true, v);
}

GETTER(event_sport)
{
	(void)ctx;
	show_port(row, server_is_remote(row), v);
}

GETTER(event_cport)
{
	(void)ctx;
	show_port(row, !server_is_remote(row), v);
}

/* Both ends as a list, so that one comparison asks either. */
static void both_ends(struct field_ctx *ctx, const struct event *ev, bool ports,
		      struct sonde_value *v)
{
	size_t at = 0;

	value_absent(v);
	for (int remote = 0; remote < 2; remote++) {
		const struct event_addr *a = end_of(ev, remote);

		if (!has_end(ev, remote) || !is_known(a))
			continue;
		if (ports)
			snprintf(ctx->scratch + at, INET6_ADDRSTRLEN, "%u", a->port);
		else
			addr_text(a, ctx->scratch + at, INET6_ADDRSTRLEN);
		at += strlen(ctx->scratch + at) + 1;
	}
	if (at)
		value_list(v, ctx->scratch, at);
}

GETTER(event_ips)
{
	both_ends(ctx, row, false, v);
}

GETTER(event_ports)
{
	both_ends(ctx, row, true, v);
}

GETTER(event_remote_name)
{
	const struct event *ev = row;

	(void)ctx;
	if (!has_end(ev, true))
		value_absent(v);
	else
		value_bytes(v, event_text(ev, ev->sock.name), ev->sock.name.len);
}

GETTER(event_name_source)
{
	static const char *const names[] = {
		[NAME_DNS] = "dns",
		[NAME_SNI] = "sni",
		[NAME_POD] = "pod",
		[NAME_SERVICE] = "service",
	};
	const struct event *ev = row;

	(void)ctx;
	if (has_end(ev, true) && ev->sock.name.off && ev->sock.name_source < ARRAY_SIZE(names) &&
	    names[ev->sock.name_source])
		value_text(v, names[ev->sock.name_source]);
	else
		value_absent(v);
}

static void bytes(const struct event *ev, uint64_t n, struct sonde_value *v)
{
	if (has_socket(ev) && (ev->flags & EV_BYTES))
		value_uint(v, n);
	else if (ev->type == EVENT_CLOSE)
		value_null(v);
	else
		value_absent(v);
}

GETTER(event_bytes_in)
{
	const struct event *ev = row;

	(void)ctx;
	bytes(ev, has_socket(ev) ? ev->sock.bytes_in : 0, v);
}

GETTER(event_bytes_out)
{
	const struct event *ev = row;

	(void)ctx;
	bytes(ev, has_socket(ev) ? ev->sock.bytes_out : 0, v);
}

GETTER(event_ret)
{
	const struct event *ev = row;

	(void)ctx;
	if (has_socket(ev) && (ev->flags & EV_RET))
		value_int(v, ev->sock.ret);
	else if (ev->type == EVENT_CONNECT)
		value_null(v);
	else
		value_absent(v);
}

/* ── names that were asked for ───────────────────────────────────────────── */

GETTER(event_query)
{
	const struct event *ev = row;

	(void)ctx;
	if (ev->type == EVENT_DNS)
		value_bytes(v, event_text(ev, ev->name.query), ev->name.query.len);
	else
		value_absent(v);
}

GETTER(event_sni)
{
	const struct event *ev = row;

	(void)ctx;
	if (ev->type == EVENT_TLS)
		value_bytes(v, event_text(ev, ev->name.query), ev->name.query.len);
	else
		value_absent(v);
}

GETTER(event_answers)
{
	const struct event *ev = row;
	const char *p = event_text(ev, ev->name.answers);

	(void)ctx;
	if (ev->type == EVENT_DNS)
		value_list(v, p ? p : "", p ? ev->name.answers.len : 0);
	else
		value_absent(v);
}

struct code_name {
	uint16_t code;
	const char *name;
};

/* IANA's names; what has none here is shown by its number, as RFC 3597 has it. */
static void show_code(struct field_ctx *ctx, const struct code_name *list, size_t n, unsigned code,
		      const char *prefix, struct sonde_value *v)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i].code == code) {
			value_text(v, list[i].name);
			return;
		}
	}
	snprintf(ctx->scratch, 32, "%s%u", prefix, code);
	value_text(v, ctx->scratch);
}

GETTER(event_qtype)
{
	static const struct code_name types[] = {
		{ 1, "A" },      { 2, "NS" },    { 5, "CNAME" },   { 6, "SOA" },   { 12, "PTR" },
		{ 15, "MX" },    { 16, "TXT" },  { 28, "AAAA" },   { 33, "SRV" },  { 35, "NAPTR" },
		{ 41, "OPT" },   { 43, "DS" },   { 48, "DNSKEY" }, { 64, "SVCB" }, { 65, "HTTPS" },
		{ 252, "AXFR" }, { 255, "ANY" }, { 257, "CAA" },
	};
	const struct event *ev = row;

	if (ev->type == EVENT_DNS)
		show_code(ctx, types, ARRAY_SIZE(types), ev->name.qtype, "TYPE", v);
	else
		value_absent(v);
}

GETTER(event_rcode)
{
	static const struct code_name codes[] = {
		{ 0, "NOERROR" }, { 1, "FORMERR" }, { 2, "SERVFAIL" }, { 3, "NXDOMAIN" },
		{ 4, "NOTIMP" },  { 5, "REFUSED" }, { 6, "YXDOMAIN" }, { 7, "YXRRSET" },
		{ 8, "NXRRSET" }, { 9, "NOTAUTH" }, { 10, "NOTZONE" },
	};
	const struct event *ev = row;

	if (ev->type == EVENT_DNS)
		show_code(ctx, codes, ARRAY_SIZE(codes), ev->name.rcode, "RCODE", v);
	else
		value_absent(v);
}

/* ── Falco's view ────────────────────────────────────────────────────────── */

/* "client->server", or the one end of a listener. */
GETTER(event_fd_name)
{
	const struct event *ev = row;
	bool flip;
	size_t n;

	value_absent(v);
	if (!has_socket(ev))
		return;
	if (ev->type == EVENT_LISTEN) {
		show_end(ctx, ev, false, v);
		return;
	}
	value_null(v);
	if (!is_known(&ev->sock.local) || !is_known(&ev->sock.remote))
		return;
	flip = !server_is_remote(ev);
	n = end_text(end_of(ev, flip), ctx->scratch, 80);
	memcpy(ctx->scratch + n, "->", 2);
	n += 2;
	n += end_text(end_of(ev, !flip), ctx->scratch + n, 80);
	value_bytes(v, ctx->scratch, n);
}

GETTER(event_fd_type)
{
	const struct event *ev = row;

	(void)ctx;
	value_null(v);
	if (!has_socket(ev))
		value_absent(v);
	else if (is_known(&ev->sock.local))
		value_text(v, ev->sock.local.family == AF_INET ? "ipv4" : "ipv6");
}

GETTER(event_fd_typechar)
{
	const struct event *ev = row;

	(void)ctx;
	value_null(v);
	if (!has_socket(ev))
		value_absent(v);
	else if (is_known(&ev->sock.local))
		value_text(v, ev->sock.local.family == AF_INET ? "4" : "6");
}

/* Only the other side has a name that we learned. */
static void side_name(const struct event *ev, bool remote, struct sonde_value *v)
{
	value_absent(v);
	if (has_end(ev, true) && remote)
		value_bytes(v, event_text(ev, ev->sock.name), ev->sock.name.len);
}

GETTER(event_server_name)
{
	(void)ctx;
	side_name(row, server_is_remote(row), v);
}

GETTER(event_client_name)
{
	(void)ctx;
	side_name(row, !server_is_remote(row), v);
}

GETTER(event_is_server)
{
	const struct event *ev = row;

	(void)ctx;
	if (has_socket(ev))
		value_bool(v, !server_is_remote(ev));
	else
		value_absent(v);
}
