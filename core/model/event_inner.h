/* SPDX-License-Identifier: BSD-2-Clause */
/* Getters of the event list, by what they are about. A row is a struct event. */
#ifndef MODEL_EVENT_INNER_H
#define MODEL_EVENT_INNER_H

#include "field/field.h"
#include "model/model.h"

#define GETTER(name) void name(struct field_ctx *ctx, const void *row, struct sonde_value *v)

/* fields_event.c: the list. */
extern const struct field_table event_fields;

/* event_subject.c: whose it is. */
GETTER(event_owner);
GETTER(event_pod);
GETTER(event_pod_uid);
GETTER(event_pod_reason);
GETTER(event_namespace);
GETTER(event_workload);
GETTER(event_container);
GETTER(event_container_id);
GETTER(event_image);
GETTER(event_unit);
GETTER(event_outside);
GETTER(event_k8s_pod);
GETTER(event_falco_id);
GETTER(event_falco_container);
GETTER(event_image_repository);
GETTER(event_image_tag);
GETTER(event_image_digest);

/* event_process.c: which process. */
GETTER(event_pid);
GETTER(event_ppid);
GETTER(event_tid);
GETTER(event_vpid);
GETTER(event_exec_id);
GETTER(event_parent_exec_id);
GETTER(event_uid);
GETTER(event_gid);
GETTER(event_uid_host);
GETTER(event_name);
GETTER(event_exe);
GETTER(event_cwd);
GETTER(event_tty);
GETTER(event_tty_number);
GETTER(event_layer);
GETTER(event_argv);
GETTER(event_argv_cut);
GETTER(event_exit_code);
GETTER(event_signal);
GETTER(event_duration);
GETTER(event_pname);
GETTER(event_cmdline);
GETTER(event_args);
GETTER(event_argv0);
GETTER(event_aname);
GETTER(event_apid);
GETTER(event_fds);
GETTER(event_upper_layer);
GETTER(event_from_memfd);

/* event_socket.c: with whom. */
GETTER(event_proto);
GETTER(event_local);
GETTER(event_remote);
GETTER(event_remote_name);
GETTER(event_name_source);
GETTER(event_bytes_in);
GETTER(event_bytes_out);
GETTER(event_ret);
GETTER(event_query);
GETTER(event_qtype);
GETTER(event_answers);
GETTER(event_rcode);
GETTER(event_sni);
GETTER(event_fd_name);
GETTER(event_fd_type);
GETTER(event_fd_typechar);
GETTER(event_sip);
GETTER(event_cip);
GETTER(event_lip);
GETTER(event_rip);
GETTER(event_ips);
GETTER(event_sport);
GETTER(event_cport);
GETTER(event_lport);
GETTER(event_rport);
GETTER(event_ports);
GETTER(event_server_name);
GETTER(event_client_name);
GETTER(event_is_server);

#endif
