/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose event it is: pod, container, unit or the host. Names come from identity's
 * row in the snapshot, which may know more by now than when the event came in.
 */
#include <stdio.h>

#include "field/value.h"
#include "model/event_inner.h"
#include "model/fields.h"

/* The event's identity rows; all NULL when the row is gone or was never known. */
struct subject {
	const struct ident_row *row;
	const struct ident_row *pod;
};

static struct subject subject_of(const struct field_ctx *ctx, const struct event *ev)
{
	const struct snapshot *snap = ctx->snap;
	struct subject s = { 0 };

	if (!snap)
		return s;
	s.row = table_view_at(&snap->idents, ev->ident);
	if (s.row && ev->ident_id && s.row->row.id != ev->ident_id)
		s.row = NULL; /* the index is another's by now */
	if (!s.row)
		return s;
	if (s.row->kind == IDENT_POD)
		s.pod = s.row;
	else if (s.row->pod)
		s.pod = table_view_at(&snap->idents, s.row->pod);
	if (s.pod && s.pod->kind != IDENT_POD)
		s.pod = NULL;
	return s;
}

static bool in_container(const struct subject *s)
{
	return s->row && (s->row->kind == IDENT_CONTAINER || s->row->kind == IDENT_SANDBOX);
}

/* Neither a pod nor a container: a unit, the host, or not known at all. */
static bool is_host(const struct subject *s)
{
	return !s->row || s->row->kind == IDENT_HOST || s->row->kind == IDENT_UNIT;
}

static const char *pod_name(const struct subject *s)
{
	return s->row->pod_name ? s->row->pod_name : s->pod ? s->pod->pod_name : NULL;
}

static const char *pod_ns(const struct subject *s)
{
	return s->row->ns ? s->row->ns : s->pod ? s->pod->ns : NULL;
}

static bool is_named(const struct subject *s)
{
	return !is_host(s) && pod_name(s) && pod_ns(s);
}

GETTER(event_owner)
{
	struct subject s = subject_of(ctx, row);

	ident_get_owner(ctx, s.row, v);
}

GETTER(event_pod)
{
	struct subject s = subject_of(ctx, row);

	value_null(v);
	if (!is_named(&s))
		return;
	snprintf(ctx->scratch, sizeof(ctx->scratch), "%s/%s", pod_ns(&s), pod_name(&s));
	value_text(v, ctx->scratch);
}

GETTER(event_pod_uid)
{
	struct subject s = subject_of(ctx, row);
	const char *uid = !s.row              ? ""
			  : s.row->pod_uid[0] ? s.row->pod_uid
			  : s.pod             ? s.pod->pod_uid
					      : "";

	if (*uid)
		value_text(v, uid);
	else
		value_absent(v);
}

GETTER(event_pod_reason)
{
	const struct event *ev = row;
	struct subject s = subject_of(ctx, ev);
	unsigned reason = ev->pod_reason;

	if (is_named(&s)) {
		value_absent(v);
		return;
	}
	if (s.row && s.row->reason)
		reason = s.row->reason;
	if (!reason)
		reason = !s.row                                             ? REASON_UNKNOWN_CGROUP
			 : is_host(&s)                                      ? REASON_NOT_CONTAINER
			 : in_container(&s) && !s.pod && !s.row->pod_uid[0] ? REASON_NO_POD
									    : REASON_NO_STATE;
	value_text(v, ident_reason_text(reason));
}

/* A text that only what is in a pod has. */
static void of_pod(const struct subject *s, const char *text, struct sonde_value *v)
{
	if (is_host(s) || (!s->pod && !s->row->pod_uid[0] && !text))
		value_absent(v);
	else
		value_text(v, text);
}

GETTER(event_namespace)
{
	struct subject s = subject_of(ctx, row);

	of_pod(&s, s.row ? pod_ns(&s) : NULL, v);
}

GETTER(event_k8s_pod)
{
	struct subject s = subject_of(ctx, row);

	of_pod(&s, s.row ? pod_name(&s) : NULL, v);
}

GETTER(event_workload)
{
	struct subject s = subject_of(ctx, row);
	const char *text = s.row ? s.row->workload : NULL;

	of_pod(&s, text ? text : s.pod ? s.pod->workload : NULL, v);
}

/* The sandbox has no name of its own in runtimes; kubelet has always called it POD. */
static const char *container_name(const struct subject *s)
{
	if (s->row->kind == IDENT_SANDBOX && !s->row->container)
		return "POD";
	return s->row->container;
}

GETTER(event_container)
{
	struct subject s = subject_of(ctx, row);

	if (in_container(&s))
		value_text(v, container_name(&s));
	else
		value_absent(v);
}

GETTER(event_container_id)
{
	struct subject s = subject_of(ctx, row);

	if (in_container(&s) && s.row->container_id[0])
		value_text(v, s.row->container_id);
	else
		value_absent(v);
}

GETTER(event_image)
{
	struct subject s = subject_of(ctx, row);

	if (in_container(&s))
		value_text(v, s.row->image);
	else
		value_absent(v);
}

GETTER(event_unit)
{
	struct subject s = subject_of(ctx, row);

	if (s.row && s.row->kind == IDENT_UNIT)
		value_text(v, s.row->unit);
	else
		value_absent(v);
}

GETTER(event_outside)
{
	const struct event *ev = row;
	struct subject s = subject_of(ctx, ev);

	if (is_host(&s))
		value_absent(v);
	else
		value_bool(v, ev->flags & EV_OUTSIDE);
}

/* Falco's: twelve digits of the id, "host" outside of containers. */
GETTER(event_falco_id)
{
	struct subject s = subject_of(ctx, row);

	if (!in_container(&s))
		value_text(v, s.row ? "host" : NULL);
	else
		value_bytes(v, s.row->container_id, strnlen(s.row->container_id, 12));
}

GETTER(event_falco_container)
{
	struct subject s = subject_of(ctx, row);

	if (in_container(&s))
		value_text(v, container_name(&s));
	else
		value_text(v, s.row ? "host" : NULL);
}

/* An image reference is repository[:tag][@digest]; the colon of a registry's port comes before a
 * slash. */
static void image_part(const struct subject *s, char part, struct sonde_value *v)
{
	const char *image = in_container(s) ? s->row->image : NULL, *digest, *colon = NULL;
	size_t n;

	if (!image) {
		if (in_container(s))
			value_null(v);
		else
			value_absent(v);
		return;
	}
	digest = strchr(image, '@');
	n = digest ? (size_t)(digest - image) : strlen(image);
	for (size_t i = 0; i < n; i++)
		colon = image[i] == ':' ? image + i : image[i] == '/' ? NULL : colon;
	if (part == 'r')
		value_bytes(v, image, colon ? (size_t)(colon - image) : n);
	else if (part == 't')
		value_bytes(v, colon ? colon + 1 : NULL,
			    colon ? (size_t)(image + n - colon - 1) : 0);
	else
		value_text(v, digest ? digest + 1 : NULL);
}

GETTER(event_image_repository)
{
	struct subject s = subject_of(ctx, row);

	image_part(&s, 'r', v);
}

GETTER(event_image_tag)
{
	struct subject s = subject_of(ctx, row);

	image_part(&s, 't', v);
}

GETTER(event_image_digest)
{
	struct subject s = subject_of(ctx, row);

	image_part(&s, 'd', v);
}
