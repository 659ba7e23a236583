/* SPDX-License-Identifier: BSD-2-Clause */
/* What the field lists of the model's tables share: whose a row is, addresses and times. */
#ifndef MODEL_FIELDS_H
#define MODEL_FIELDS_H

#include "field/field.h"
#include "field/value.h"
#include "model/model.h"

/* name, key, title, kind, unit, width, rank, flags, getter, help */
#define FIELD(name, key, title, kind, unit, width, rank, flags, get, help) \
	{ { name, key, title, help, kind, unit, width, rank, flags }, get }

#define COLUMN SONDE_FIELD_DEFAULT
#define RIGHT SONDE_FIELD_RIGHT
#define JSON SONDE_FIELD_JSON

static inline const struct snapshot *ctx_snap(const struct field_ctx *ctx)
{
	return ctx->snap;
}

/* Identity's row as the snapshot shows it, NULL when it is not there (any more). */
const struct ident_row *ctx_ident(const struct field_ctx *ctx, uint32_t ident, uint64_t ident_id);

/* Getters of whatever @id owns; @id NULL: not known. */
#define IDENT_GETTERS(X)                                                                     \
	X(owner) X(pod) X(pod_uid) X(pod_reason) X(ns) X(pod_name) X(workload) X(container)  \
	X(container_id) X(image) X(image_repo) X(image_tag) X(unit) X(runtime)

#define IDENT_GETTER_DECL(what)                                                              \
	void ident_get_##what(struct field_ctx *ctx, const struct ident_row *id,             \
			      struct sonde_value *ret);
IDENT_GETTERS(IDENT_GETTER_DECL)

/* In a list's own file: getters named get_<what>, for rows whose identity is id_of(ctx, row). */
#define IDENT_GETTER_OF_ROW(what)                                                            \
	static void get_##what(struct field_ctx *ctx, const void *row, struct sonde_value *ret) \
	{                                                                                    \
		ident_get_##what(ctx, id_of(ctx, row), ret);                                 \
	}

/* The fields of identity that follow in every list. */
#define IDENT_FIELDS                                                                          \
	FIELD("k8s.pod.name", "pod_name", "POD NAME", SONDE_TEXT, SONDE_PLAIN, 24, 8, 0,      \
	      get_pod_name, "Name of the pod, without its namespace"),                        \
	FIELD("k8s.ns.name", "namespace", "NAMESPACE", SONDE_TEXT, SONDE_PLAIN, 14, 8, JSON,  \
	      get_ns, "Namespace of the pod"),                                                \
	FIELD("sonde.workload", "workload", "WORKLOAD", SONDE_TEXT, SONDE_PLAIN, 20, 8, JSON, \
	      get_workload, "What made the pod, as Deployment/web"),                          \
	FIELD("container.id", "container_id", "CONTAINER ID", SONDE_TEXT, SONDE_PLAIN, 12, 9, \
	      JSON, get_container_id, "Id that the runtime gave the container"),              \
	FIELD("container.image", "image", "IMAGE", SONDE_TEXT, SONDE_PLAIN, 28, 8, JSON,      \
	      get_image, "Image of the container, as the runtime names it"),                  \
	FIELD("container.image.repository", NULL, "REPOSITORY", SONDE_TEXT, SONDE_PLAIN, 24, 9, \
	      0, get_image_repo, "Image without its tag and digest"),                         \
	FIELD("container.image.tag", NULL, "TAG", SONDE_TEXT, SONDE_PLAIN, 10, 9, 0,          \
	      get_image_tag, "Tag of the image"),                                             \
	FIELD("sonde.unit", "unit", "UNIT", SONDE_TEXT, SONDE_PLAIN, 20, 8, JSON, get_unit,   \
	      "systemd unit of what runs in no container"),                                   \
	FIELD("container.runtime", "runtime", "RUNTIME", SONDE_TEXT, SONDE_PLAIN, 10, 9, 0,   \
	      get_runtime, "Container runtime"),                                              \
	FIELD("sonde.pod_reason", "pod_reason", "REASON", SONDE_TEXT, SONDE_PLAIN, 24, 9, JSON, \
	      get_pod_reason, "Why the name of the pod is not known")

/* Null when negative. */
void value_figure(struct sonde_value *ret, double d);
/* Null when UINT64_MAX. */
void value_count(struct sonde_value *ret, uint64_t u);
/* A CLOCK_BOOTTIME stamp as UTC; null when 0. */
void value_boot(const struct field_ctx *ctx, struct sonde_value *ret, uint64_t boot_ns);
/* "10.0.0.1", "::1" in ctx->scratch from @at on; null without an address. The length used. */
size_t value_ip(struct field_ctx *ctx, struct sonde_value *ret, const struct event_addr *a,
		size_t at);
/* "10.0.0.1:443", "[::1]:443", "*:80" of a listener on all. */
size_t value_end(struct field_ctx *ctx, struct sonde_value *ret, const struct event_addr *a,
		 size_t at);
void value_port(struct sonde_value *ret, const struct event_addr *a);
/* @n levels of 0..255 as digits 0 (nothing) to 8 (the loudest), oldest first. */
void value_spark(struct field_ctx *ctx, struct sonde_value *ret, const uint8_t *spark, uint32_t n);

#endif
