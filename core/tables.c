/* SPDX-License-Identifier: BSD-2-Clause */
/* All tables of the registry: each unit keeps the list of its own rows, this names them. */
#include "field/field.h"
#include "model/event_inner.h"

extern const struct field_table model_pods_fields, model_procs_fields, model_conns_fields,
	model_node_fields;
extern const struct field_table face_doctor_fields, face_detail_fields, face_log_fields;

const struct field_table *const field_tables[SONDE_TABLES] = {
	[SONDE_EVENTS] = &event_fields,       [SONDE_PODS] = &model_pods_fields,
	[SONDE_PROCS] = &model_procs_fields,  [SONDE_CONNS] = &model_conns_fields,
	[SONDE_NODE] = &model_node_fields,    [SONDE_DOCTOR] = &face_doctor_fields,
	[SONDE_DETAIL] = &face_detail_fields, [SONDE_LOG] = &face_log_fields,
};
