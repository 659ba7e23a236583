/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The event list: one row gives a column, a word in expressions and a key of the
 * event JSON. The order here is the order of the JSON.
 */
#include <stdio.h>

#include "base/macros.h"
#include "field/value.h"
#include "model/event_detail.h"
#include "sensor/sensor.h"

static GETTER(event_v)
{
	(void)ctx;
	(void)row;
	value_int(v, 1);
}

static GETTER(event_time)
{
	const struct event *ev = row;

	(void)ctx;
	if (ev->time_ns)
		value_time(v, ev->time_ns);
	else
		value_null(v);
}

static GETTER(event_rawtime)
{
	const struct event *ev = row;

	(void)ctx;
	value_uint(v, ev->time_ns);
}

static GETTER(event_seq)
{
	const struct event *ev = row;

	(void)ctx;
	value_uint(v, ev->seq);
}

static GETTER(event_boot)
{
	(void)row;
	value_null(v);
	if (!ctx->boot)
		return;
	snprintf(ctx->scratch, 32, "%016llx", (unsigned long long)ctx->boot);
	value_text(v, ctx->scratch);
}

static GETTER(event_type)
{
	const struct event *ev = row;

	(void)ctx;
	value_text(v, event_type_name(ev->type));
}

/* Falco's names are those of system calls, where an event is one. */
static GETTER(event_evt_type)
{
	static const char *const names[EVENT_TYPES] = {
		[EVENT_FORK] = "clone",
		[EVENT_EXEC] = "execve",
		[EVENT_EXIT] = "procexit",
		[EVENT_CONNECT] = "connect",
		[EVENT_ACCEPT] = "accept4",
		[EVENT_LISTEN] = "listen",
		[EVENT_CLOSE] = "close",
		[EVENT_UDP] = "sendto",
		[EVENT_CONTAINER_START] = "container",
		[EVENT_LOST] = "drop",
	};
	const struct event *ev = row;

	(void)ctx;
	value_text(v, ev->type < EVENT_TYPES && names[ev->type] ? names[ev->type]
								: event_type_name(ev->type));
}

static GETTER(event_node)
{
	(void)row;
	value_text(v, ctx->node && *ctx->node ? ctx->node : NULL);
}

static GETTER(event_origin)
{
	static const char *const names[] = {
		[ORIGIN_RING] = "ring",
		[ORIGIN_PICTURE] = "picture",
		[ORIGIN_POLLING] = "polling",
		[ORIGIN_REPLAY] = "replay",
	};
	const struct event *ev = row;

	(void)ctx;
	value_text(v, ev->origin < ARRAY_SIZE(names) ? names[ev->origin] : NULL);
}

static bool has_ret(const struct event *ev)
{
	return ev->type >= EVENT_CONNECT && ev->type <= EVENT_TLS && (ev->flags & EV_RET);
}

static GETTER(event_failed)
{
	const struct event *ev = row;

	(void)ctx;
	value_bool(v, has_ret(ev) && ev->sock.ret < 0);
}

static GETTER(event_res)
{
	const struct event *ev = row;

	(void)ctx;
	if (!has_ret(ev))
		value_absent(v);
	else
		value_text(v, ev->sock.ret < 0 ? strerrorname_np(-ev->sock.ret) : "SUCCESS");
}

static GETTER(event_lost_cause)
{
	static const char *const names[LOSS_CAUSES] = {
		[LOSS_RING] = "ring",     [LOSS_BUDGET] = "budget", [LOSS_QUEUE] = "queue",
		[LOSS_MISSED] = "missed", [LOSS_MAP] = "map",       [LOSS_SAMPLED] = "sampled_out",
	};
	const struct event *ev = row;

	(void)ctx;
	value_absent(v);
	if (ev->type == EVENT_LOST)
		value_text(v, ev->lost.cause < LOSS_CAUSES ? names[ev->lost.cause] : NULL);
}

static GETTER(event_lost_type)
{
	const struct event *ev = row;

	(void)ctx;
	value_absent(v);
	if (ev->type == EVENT_LOST)
		value_text(v, ev->lost.lost_type ? event_type_name(ev->lost.lost_type) : NULL);
}

static GETTER(event_lost_n)
{
	const struct event *ev = row;

	(void)ctx;
	value_absent(v);
	if (ev->type == EVENT_LOST)
		value_uint(v, ev->lost.n);
}

#define D SONDE_FIELD_DEFAULT
#define J SONDE_FIELD_JSON
#define R SONDE_FIELD_RIGHT
#define I SONDE_FIELD_INDEX
#define A SONDE_FIELD_ANY
#define N SONDE_FIELD_ADDR
#define F(name_, key_, title_, kind_, unit_, width_, rank_, flags_, get_, help_) \
	{                                                                        \
		.pub = { .name = name_,                                          \
			 .key = key_,                                            \
			 .title = title_,                                        \
			 .help = help_,                                          \
			 .kind = SONDE_##kind_,                                  \
			 .unit = SONDE_##unit_,                                  \
			 .width = width_,                                        \
			 .rank = rank_,                                          \
			 .flags = flags_ },                                      \
		.get = get_                                                      \
	}

static const struct field_def fields[] = {
	F("sonde.v", "v", "V", INT, PLAIN, 2, 9, J, event_v, "Version of the event format"),
	F("evt.time", "time", "TIME", TIME, CLOCK, 15, 3, D | J, event_time,
	  "When it happened, UTC with nanoseconds"),
	F("evt.num", "seq", "SEQ", UINT, PLAIN, 9, 9, R | J, event_seq,
	  "Number of the event in this engine run"),
	F("sonde.boot", "boot", "BOOT", TEXT, PLAIN, 16, 9, J, event_boot,
	  "Names the engine run that numbered it"),
	F("sonde.type", "type", "TYPE", TEXT, PLAIN, 9, 1, D | J, event_type,
	  "What happened: exec, exit, connect, accept, close, dns and so on"),
	F("evt.hostname", "node", "NODE", TEXT, PLAIN, 16, 9, J, event_node,
	  "The node it happened on"),
	F("sonde.origin", "origin", "ORIGIN", TEXT, PLAIN, 8, 9, J, event_origin,
	  "How it was seen: ring, picture, polling or replay"),
	F("sonde.owner", "owner", "POD", TEXT, PLAIN, 30, 2, D, event_owner,
	  "Pod as namespace/name, else its UID, the container, the unit or host"),
	F("sonde.pod", "pod", "POD", TEXT, PLAIN, 30, 9, J, event_pod,
	  "Namespace and name of the pod, with a slash between"),
	F("k8s.pod.uid", "pod_uid", "POD UID", TEXT, PLAIN, 36, 9, J, event_pod_uid,
	  "UID of the pod, known from its cgroup at once"),
	F("sonde.pod.reason", "pod_reason", "POD REASON", TEXT, PLAIN, 30, 9, J, event_pod_reason,
	  "Why the pod is not known"),
	F("k8s.ns.name", "namespace", "NAMESPACE", TEXT, PLAIN, 16, 7, J, event_namespace,
	  "Namespace of the pod"),
	F("sonde.workload", "workload", "WORKLOAD", TEXT, PLAIN, 24, 8, J, event_workload,
	  "What made the pod, as Deployment/web"),
	F("sonde.container", "container", "CONTAINER", TEXT, PLAIN, 14, 5, D | J, event_container,
	  "Name of the container in its pod, POD for the sandbox"),
	F("container.full_id", "container_id", "CONTAINER ID", TEXT, PLAIN, 64, 9, J,
	  event_container_id, "The whole id of the container"),
	F("container.image", "image", "IMAGE", TEXT, PLAIN, 40, 9, J, event_image,
	  "Image of the container, as the runtime names it"),
	F("sonde.unit", "unit", "UNIT", TEXT, PLAIN, 20, 7, J, event_unit,
	  "The systemd unit, for what is in no container"),
	F("proc.pid", "pid", "PID", UINT, PLAIN, 8, 3, D | R | J, event_pid,
	  "Process id on the node"),
	F("proc.ppid", "ppid", "PPID", UINT, PLAIN, 8, 8, R | J, event_ppid,
	  "Process id of the parent on the node"),
	F("thread.tid", "tid", "TID", UINT, PLAIN, 8, 9, R | J, event_tid, "Thread id on the node"),
	F("sonde.exec_id", "exec_id", "EXEC ID", TEXT, PLAIN, 40, 9, J, event_exec_id,
	  "Names one image of one process, new at every exec"),
	F("sonde.parent_exec_id", "parent_exec_id", "PARENT ID", TEXT, PLAIN, 40, 9, J,
	  event_parent_exec_id, "The exec_id of the parent"),
	F("user.uid", "uid", "UID", UINT, PLAIN, 6, 7, R | J, event_uid,
	  "User id in the process's own user namespace"),
	F("group.gid", "gid", "GID", UINT, PLAIN, 6, 8, R | J, event_gid,
	  "Group id in the process's own user namespace"),
	F("proc.name", "name", "PROCESS", TEXT, PLAIN, 15, 2, D | J, event_name,
	  "Name of the process, at most 15 bytes"),
	F("proc.exepath", "exe", "EXE", TEXT, PLAIN, 30, 8, J, event_exe,
	  "Path of the executed file, as the container sees it"),
	F("proc.cwd", "cwd", "CWD", TEXT, PLAIN, 20, 9, J, event_cwd, "Working directory"),
	F("sonde.tty", "tty", "TTY", TEXT, PLAIN, 8, 8, J, event_tty, "Controlling terminal"),
	F("sonde.outside", "outside", "OUTSIDE", BOOL, PLAIN, 7, 8, J, event_outside,
	  "Whether it entered the container from outside, as nsenter does"),
	F("sonde.layer", "layer", "LAYER", TEXT, PLAIN, 9, 7, J, event_layer,
	  "Where the executed file lies: image, writable, memfd, tmpfs or volume"),
	F("sonde.argv", "argv", "ARGV", LIST, PLAIN, 0, 6, J, event_argv,
	  "exec: the arguments, the first is the program's own name"),
	F("sonde.argv.cut", "argv_cut", "CUT", BOOL, PLAIN, 5, 9, J, event_argv_cut,
	  "exec: whether there were more arguments than were taken"),
	F("sonde.exit_code", "exit_code", "CODE", UINT, PLAIN, 5, 8, R | J, event_exit_code,
	  "exit: the code, when it ended by itself"),
	F("sonde.signal", "signal", "SIGNAL", UINT, PLAIN, 6, 8, R | J, event_signal,
	  "exit: the number of the signal that ended it"),
	F("fd.l4proto", "proto", "PROTO", TEXT, PLAIN, 5, 8, J, event_proto, "Socket: tcp or udp"),
	F("sonde.local", "local", "LOCAL", TEXT, PLAIN, 22, 7, J, event_local,
	  "Socket: address and port of this side"),
	F("sonde.remote", "remote", "REMOTE", TEXT, PLAIN, 22, 6, J, event_remote,
	  "Socket: address and port of the other side"),
	F("fd.rip.name", "remote_name", "REMOTE NAME", TEXT, PLAIN, 24, 6, J, event_remote_name,
	  "Socket: name of the other side, as the pod was told"),
	F("sonde.name_source", "name_source", "NAMED BY", TEXT, PLAIN, 8, 9, J, event_name_source,
	  "Socket: who gave that name: dns, sni, pod or service"),
	F("sonde.bytes_in", "bytes_in", "IN", UINT, BYTES, 8, 7, R | J, event_bytes_in,
	  "Socket: bytes received"),
	F("sonde.bytes_out", "bytes_out", "OUT", UINT, BYTES, 8, 7, R | J, event_bytes_out,
	  "Socket: bytes sent"),
	F("sonde.duration", "duration_ns", "DURATION", UINT, NANOS, 9, 6, R | J, event_duration,
	  "How long it took: a life, a connection, an attempt"),
	F("evt.rawres", "ret", "RET", INT, PLAIN, 5, 8, R | J, event_ret,
	  "Socket: 0, or the negative error number"),
	F("sonde.query", "query", "QUERY", TEXT, PLAIN, 30, 6, J, event_query,
	  "dns: the name that was asked for"),
	F("sonde.qtype", "qtype", "QTYPE", TEXT, PLAIN, 6, 8, J, event_qtype,
	  "dns: the type that was asked for, as A or AAAA"),
	F("sonde.answers", "answers", "ANSWERS", LIST, PLAIN, 30, 7, J, event_answers,
	  "dns: the addresses and names that came back"),
	F("sonde.rcode", "rcode", "RCODE", TEXT, PLAIN, 9, 8, J, event_rcode,
	  "dns: how it was answered, as NOERROR or NXDOMAIN"),
	F("sonde.sni", "sni", "SNI", TEXT, PLAIN, 30, 6, J, event_sni,
	  "tls: the server name that the client asked for"),
	F("sonde.lost.cause", "cause", "CAUSE", TEXT, PLAIN, 7, 8, J, event_lost_cause,
	  "lost: why: ring, budget, queue, missed or map"),
	F("sonde.lost.type", "lost_type", "LOST TYPE", TEXT, PLAIN, 9, 8, J, event_lost_type,
	  "lost: the type of the lost events"),
	F("sonde.lost.n", "n", "LOST", UINT, PLAIN, 8, 8, R | J, event_lost_n, "lost: how many"),
	F("sonde.detail", "detail", "DETAIL", TEXT, PLAIN, 0, 2, D, event_detail,
	  "What the event says, in a few words"),

	/* Names that Falco rules use; no keys of the JSON. */
	F("evt.type", "evt.type", "EVT TYPE", TEXT, PLAIN, 10, 9, 0, event_evt_type,
	  "Falco's name of the type: execve, procexit, connect, accept4 and so on"),
	F("evt.rawtime", "evt.rawtime", "RAW TIME", UINT, PLAIN, 19, 9, R, event_rawtime,
	  "When it happened, ns since 1970"),
	F("evt.failed", "evt.failed", "FAILED", BOOL, PLAIN, 6, 9, 0, event_failed,
	  "Whether the call failed"),
	F("evt.res", "evt.res", "RESULT", TEXT, PLAIN, 12, 9, 0, event_res,
	  "SUCCESS or the name of the error"),
	F("proc.pname", "pname", "PARENT", TEXT, PLAIN, 15, 8, 0, event_pname,
	  "Name of the parent"),
	F("proc.aname", "aname", "ANCESTORS", LIST, PLAIN, 30, 9, I | A, event_aname,
	  "Names of the ancestors; proc.aname[1] is the parent"),
	F("proc.apid", "apid", "ANCESTOR IDS", LIST, PLAIN, 20, 9, I | A, event_apid,
	  "Process ids of the ancestors; proc.apid[1] is the parent"),
	F("proc.cmdline", "cmdline", "COMMAND", TEXT, PLAIN, 0, 7, 0, event_cmdline,
	  "Name and arguments with spaces between"),
	F("proc.args", "args", "ARGS", TEXT, PLAIN, 0, 9, 0, event_args,
	  "Arguments after the first, with spaces between"),
	F("proc.exe", "proc.exe", "ARGV0", TEXT, PLAIN, 20, 9, 0, event_argv0,
	  "The first argument"),
	F("proc.vpid", "vpid", "VPID", UINT, PLAIN, 8, 8, R, event_vpid,
	  "Process id in its own pid namespace"),
	F("proc.tty", "proc.tty", "TTY NUMBER", UINT, PLAIN, 6, 9, R, event_tty_number,
	  "Number of the controlling terminal, 0 for none"),
	F("proc.is_exe_upper_layer", "proc.is_exe_upper_layer", "UPPER", BOOL, PLAIN, 5, 9, 0,
	  event_upper_layer, "Whether the executed file is not of the image"),
	F("proc.is_exe_from_memfd", "proc.is_exe_from_memfd", "MEMFD", BOOL, PLAIN, 5, 9, 0,
	  event_from_memfd, "Whether the executed file has no name on any disk"),
	F("sonde.uid.host", "uid_host", "HOST UID", UINT, PLAIN, 8, 9, R, event_uid_host,
	  "User id as the node sees it"),
	F("sonde.fds", "fds", "FDS", LIST, PLAIN, 16, 9, I, event_fds,
	  "exec: what the descriptors 0, 1 and 2 are"),
	F("container.id", "container.id", "CONTAINER", TEXT, PLAIN, 12, 9, 0, event_falco_id,
	  "First 12 digits of the container's id, host outside of containers"),
	F("container.name", "container.name", "CONTAINER", TEXT, PLAIN, 14, 9, 0,
	  event_falco_container, "Name of the container, host outside of containers"),
	F("container.image.repository", "container.image.repository", "REPOSITORY", TEXT, PLAIN, 30,
	  9, 0, event_image_repository, "Image without tag and digest"),
	F("container.image.tag", "container.image.tag", "TAG", TEXT, PLAIN, 10, 9, 0,
	  event_image_tag, "Tag of the image"),
	F("container.image.digest", "container.image.digest", "DIGEST", TEXT, PLAIN, 20, 9, 0,
	  event_image_digest, "Digest of the image"),
	F("k8s.pod.name", "k8s.pod.name", "POD NAME", TEXT, PLAIN, 24, 9, 0, event_k8s_pod,
	  "Name of the pod without its namespace"),
	F("fd.name", "fd.name", "FD", TEXT, PLAIN, 44, 9, 0, event_fd_name,
	  "Both ends, client first, with an arrow between"),
	F("fd.type", "fd.type", "FD TYPE", TEXT, PLAIN, 5, 9, 0, event_fd_type, "ipv4 or ipv6"),
	F("fd.typechar", "fd.typechar", "FD CHAR", TEXT, PLAIN, 4, 9, 0, event_fd_typechar,
	  "4 or 6"),
	F("fd.sip", "fd.sip", "SERVER IP", TEXT, PLAIN, 16, 9, N, event_sip,
	  "Address of the server"),
	F("fd.sport", "fd.sport", "SERVER PORT", UINT, PLAIN, 6, 9, R, event_sport,
	  "Port of the server"),
	F("fd.cip", "fd.cip", "CLIENT IP", TEXT, PLAIN, 16, 9, N, event_cip,
	  "Address of the client"),
	F("fd.cport", "fd.cport", "CLIENT PORT", UINT, PLAIN, 6, 9, R, event_cport,
	  "Port of the client"),
	F("fd.lip", "fd.lip", "LOCAL IP", TEXT, PLAIN, 16, 9, N, event_lip, "Address of this side"),
	F("fd.lport", "fd.lport", "LOCAL PORT", UINT, PLAIN, 6, 9, R, event_lport,
	  "Port of this side"),
	F("fd.rip", "fd.rip", "REMOTE IP", TEXT, PLAIN, 16, 9, N, event_rip,
	  "Address of the other side"),
	F("fd.rport", "fd.rport", "REMOTE PORT", UINT, PLAIN, 6, 9, R, event_rport,
	  "Port of the other side"),
	F("fd.ip", "fd.ip", "IPS", LIST, PLAIN, 32, 9, N | A, event_ips, "Address of either side"),
	F("fd.net", "fd.net", "NET", LIST, PLAIN, 32, 9, N | A, event_ips,
	  "Address of either side, for networks"),
	F("fd.snet", "fd.snet", "SERVER NET", TEXT, PLAIN, 16, 9, N, event_sip,
	  "Address of the server, for networks"),
	F("fd.cnet", "fd.cnet", "CLIENT NET", TEXT, PLAIN, 16, 9, N, event_cip,
	  "Address of the client, for networks"),
	F("fd.lnet", "fd.lnet", "LOCAL NET", TEXT, PLAIN, 16, 9, N, event_lip,
	  "Address of this side, for networks"),
	F("fd.rnet", "fd.rnet", "REMOTE NET", TEXT, PLAIN, 16, 9, N, event_rip,
	  "Address of the other side, for networks"),
	F("fd.port", "fd.port", "PORTS", LIST, PLAIN, 12, 9, A, event_ports, "Port of either side"),
	F("fd.sip.name", "fd.sip.name", "SERVER NAME", TEXT, PLAIN, 24, 9, 0, event_server_name,
	  "Name of the server, when it is the other side"),
	F("fd.cip.name", "fd.cip.name", "CLIENT NAME", TEXT, PLAIN, 24, 9, 0, event_client_name,
	  "Name of the client, when it is the other side"),
	F("fd.is_server", "fd.is_server", "SERVER", BOOL, PLAIN, 6, 9, 0, event_is_server,
	  "Whether this side is the server"),
};

const struct field_table event_fields = { "events", fields, ARRAY_SIZE(fields) };
