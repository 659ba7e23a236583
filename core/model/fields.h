/* SPDX-License-Identifier: BSD-2-Clause */
/* What the field lists of the model's tables share: whose a row is, addresses and times. */
#ifndef MODEL_FIELDS_H
#define MODEL_FIELDS_H

#include "field/field.h"
#include "field/value.h"
#include "model/model.h"

/* name, key, title, kind, unit, width, rank, flags, getter, help */
#define FIELD(name, key, title, kind, unit, width, rank, flags, get, help)      \
	{                                                                       \
		{ name, key, title, help, kind, unit, width, rank, flags }, get \
	}

#define COLUMN SONDE_FIELD_DEFAULT
#define RIGHT  SONDE_FIELD_RIGHT
#define JSON   SONDE_FIELD_JSON

static inline const struct snapshot *ctx_snap(const struct field_ctx *ctx)
{
	return ctx->snap;
}

/* Identity's row as the snapshot shows it, NULL when it is not there (any more). */
const struct ident_row *ctx_ident(const struct field_ctx *ctx, uint32_t ident, uint64_t ident_id);

/* Getters of whatever @id owns; @id NULL: not known. */
/* The formatter never comes to rest on this list. */
/* clang-format off */
#define IDENT_GETTERS(X)                                                                  \
	X(owner)                                                                          \
	X(pod)                                                                            \
	X(pod_uid)                                                                        \
	X(pod_reason) X(ns) X(pod_name) X(workload) X(container) X(container_id) X(image) \
		X(image_repo) X(image_tag) X(unit) X(runtime) X(falco_id) X(falco_name)
/* clang-format on */

#define IDENT_GETTER_DECL(what)                                                  \
	void ident_get_##what(struct field_ctx *ctx, const struct ident_row *id, \
			      struct sonde_value *ret);
IDENT_GETTERS(IDENT_GETTER_DECL)

/* In a list's own file: getters named get_<what>, for rows whose identity is id_of(ctx, row). */
#define IDENT_GETTER_OF_ROW(what)                                                               \
	static void get_##what(struct field_ctx *ctx, const void *row, struct sonde_value *ret) \
	{                                                                                       \
		ident_get_##what(ctx, id_of(ctx, row), ret);                                    \
	}

/* The fields of identity that follow in every list. */
#define IDENT_TEXT(name, key, title, width, rank, flags, get, help) \
	FIELD(name, key, title, SONDE_TEXT, SONDE_PLAIN, width, rank, flags, get, help)
#define IDENT_FIELDS                                                                             \
	IDENT_TEXT("k8s.ns.name", "namespace", "NAMESPACE", 16, 8, JSON, get_ns,                 \
		   "Namespace of the pod"),                                                      \
		IDENT_TEXT("sonde.workload", "workload", "WORKLOAD", 24, 8, JSON, get_workload,  \
			   "What made the pod, as Deployment/web"),                              \
		IDENT_TEXT("container.full_id", "container_id", "CONTAINER ID", 64, 9, JSON,     \
			   get_container_id, "The whole id of the container"),                   \
		IDENT_TEXT("container.image", "image", "IMAGE", 40, 8, JSON, get_image,          \
			   "Image of the container, as the runtime names it"),                   \
		IDENT_TEXT("sonde.unit", "unit", "UNIT", 20, 8, JSON, get_unit,                  \
			   "The systemd unit, for what is in no container"),                     \
		IDENT_TEXT("sonde.pod.reason", "pod_reason", "POD REASON", 30, 9, JSON,          \
			   get_pod_reason, "Why the pod is not known"),                          \
		IDENT_TEXT("sonde.runtime", "runtime", "RUNTIME", 10, 9, 0, get_runtime,         \
			   "Container runtime"),                                                 \
		IDENT_TEXT("k8s.pod.name", "k8s.pod.name", "POD NAME", 24, 9, 0, get_pod_name,   \
			   "Name of the pod without its namespace"),                             \
		IDENT_TEXT("container.id", "container.id", "CONTAINER", 12, 9, 0, get_falco_id,  \
			   "First 12 digits of the container's id, host outside of containers"), \
		IDENT_TEXT("container.name", "container.name", "CONTAINER", 14, 9, 0,            \
			   get_falco_name, "Name of the container, host outside of containers"), \
		IDENT_TEXT("container.image.repository", "container.image.repository",           \
			   "REPOSITORY", 30, 9, 0, get_image_repo,                               \
			   "Image without tag and digest"),                                      \
		IDENT_TEXT("container.image.tag", "container.image.tag", "TAG", 10, 9, 0,        \
			   get_image_tag, "Tag of the image")

/* "ns/name" of @id, which has both, in ctx->scratch. The length. */
size_t ident_path(struct field_ctx *ctx, const struct ident_row *id);
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
