/* SPDX-License-Identifier: BSD-2-Clause */
/* Getters that all lists of the model share. */
#include "model/fields.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/macros.h"

const struct ident_row *ctx_ident(const struct field_ctx *ctx, uint32_t ident, uint64_t ident_id)
{
	const struct ident_row *id;

	if (!ctx->snap)
		return NULL;
	id = table_view_at(&ctx_snap(ctx)->idents, ident);
	return id && id->row.id == ident_id ? id : NULL;
}

/* The row of the pod that @id is or belongs to, NULL when there is none. */
static const struct ident_row *pod_of(const struct field_ctx *ctx, const struct ident_row *id)
{
	const struct ident_row *pod = NULL;

	if (!id || id->kind == IDENT_POD)
		return id;
	if (id->pod && ctx->snap)
		pod = table_view_at(&ctx_snap(ctx)->idents, id->pod);
	return pod && pod->kind == IDENT_POD ? pod : NULL;
}

size_t ident_path(struct field_ctx *ctx, const struct ident_row *id)
{
	size_t room = sizeof(ctx->scratch) - 2, a = MIN(strlen(id->ns), room);
	size_t b = MIN(strlen(id->pod_name), room - a);

	memcpy(ctx->scratch, id->ns, a);
	ctx->scratch[a] = '/';
	memcpy(ctx->scratch + a + 1, id->pod_name, b);
	ctx->scratch[a + 1 + b] = 0;
	return a + 1 + b;
}

/* "ns/name" in scratch. Its length, 0 when it is not known. */
static size_t pod_path(struct field_ctx *ctx, const struct ident_row *id)
{
	const struct ident_row *pod = pod_of(ctx, id);

	if (!id || !id->pod_name || !id->ns)
		id = pod;
	if (!id || !id->pod_name || !id->ns)
		return 0;
	return ident_path(ctx, id);
}

/* The first text that is there and not empty. */
static void first_text(struct sonde_value *ret, const char *a, const char *b)
{
	value_text(ret, a && *a ? a : b && *b ? b : NULL);
}

void ident_get_pod(struct field_ctx *ctx, const struct ident_row *id, struct sonde_value *ret)
{
	size_t n = pod_path(ctx, id);

	value_bytes(ret, n ? ctx->scratch : NULL, n);
}

void ident_get_owner(struct field_ctx *ctx, const struct ident_row *id, struct sonde_value *ret)
{
	const struct ident_row *pod = pod_of(ctx, id);
	size_t n = pod_path(ctx, id);

	if (n)
		value_bytes(ret, ctx->scratch, n);
	else if (!id)
		value_null(ret);
	else if (id->kind == IDENT_HOST)
		value_text(ret, "host");
	else if (id->kind == IDENT_UNIT)
		first_text(ret, id->unit, id->path);
	else if (pod)
		value_text(ret, pod->pod_uid);
	else
		first_text(ret, id->container, id->container_id);
}

void ident_get_pod_uid(struct field_ctx *ctx, const struct ident_row *id, struct sonde_value *ret)
{
	const struct ident_row *pod = pod_of(ctx, id);

	first_text(ret, id ? id->pod_uid : NULL, pod ? pod->pod_uid : NULL);
}

void ident_get_pod_reason(struct field_ctx *ctx, const struct ident_row *id,
			  struct sonde_value *ret)
{
	unsigned reason = id ? id->reason : REASON_UNKNOWN_CGROUP;

	if (pod_path(ctx, id)) {
		value_absent(ret);
		return;
	}
	if (id && reason == REASON_NONE)
		reason = id->kind <= IDENT_UNIT ? REASON_NOT_CONTAINER : REASON_PENDING;
	value_text(ret, ident_reason_text(reason));
}

/* A text that stands on the row or on its pod's; absent where there is no pod. */
static void of_pod(struct field_ctx *ctx, const struct ident_row *id, struct sonde_value *ret,
		   size_t offset)
{
	const struct ident_row *pod = pod_of(ctx, id);
	const char *a = NULL, *b = NULL;

	if (id)
		a = *(const char *const *)(const void *)((const char *)id + offset);
	if (pod)
		b = *(const char *const *)(const void *)((const char *)pod + offset);
	first_text(ret, a, b);
	if (ret->kind == SONDE_NULL && id && id->kind <= IDENT_UNIT)
		value_absent(ret);
}

void ident_get_ns(struct field_ctx *ctx, const struct ident_row *id, struct sonde_value *ret)
{
	of_pod(ctx, id, ret, offsetof(struct ident_row, ns));
}

void ident_get_pod_name(struct field_ctx *ctx, const struct ident_row *id, struct sonde_value *ret)
{
	of_pod(ctx, id, ret, offsetof(struct ident_row, pod_name));
}

void ident_get_workload(struct field_ctx *ctx, const struct ident_row *id, struct sonde_value *ret)
{
	of_pod(ctx, id, ret, offsetof(struct ident_row, workload));
}

static bool in_container(const struct ident_row *id)
{
	return id && (id->kind == IDENT_CONTAINER || id->kind == IDENT_SANDBOX);
}

void ident_get_container(struct field_ctx *ctx, const struct ident_row *id, struct sonde_value *ret)
{
	(void)ctx;
	if (in_container(id))
		first_text(ret, id->container, id->kind == IDENT_SANDBOX ? "POD" : NULL);
	else
		value_absent(ret);
}

void ident_get_falco_name(struct field_ctx *ctx, const struct ident_row *id,
			  struct sonde_value *ret)
{
	if (in_container(id))
		ident_get_container(ctx, id, ret);
	else
		value_text(ret, id ? "host" : NULL);
}

void ident_get_falco_id(struct field_ctx *ctx, const struct ident_row *id, struct sonde_value *ret)
{
	(void)ctx;
	if (in_container(id))
		value_bytes(ret, id->container_id, strnlen(id->container_id, 12));
	else
		value_text(ret, id ? "host" : NULL);
}

void ident_get_container_id(struct field_ctx *ctx, const struct ident_row *id,
			    struct sonde_value *ret)
{
	(void)ctx;
	if (in_container(id))
		first_text(ret, id->container_id, NULL);
	else
		value_absent(ret);
}

void ident_get_image(struct field_ctx *ctx, const struct ident_row *id, struct sonde_value *ret)
{
	(void)ctx;
	if (in_container(id))
		first_text(ret, id->image, NULL);
	else
		value_absent(ret);
}

/* Where "registry:5000/shop/web:1.2@sha256:…" ends to be the repository. */
static size_t repo_len(const char *image)
{
	const char *slash = strrchr(image, '/'), *at = strchr(image, '@'), *colon;
	size_t n = at ? (size_t)(at - image) : strlen(image);

	if (at && slash > at) /* no stock name has one there */
		slash = NULL;
	colon = memchr(slash ? slash : image, ':', n - (size_t)(slash ? slash - image : 0));
	return colon ? (size_t)(colon - image) : n;
}

void ident_get_image_repo(struct field_ctx *ctx, const struct ident_row *id,
			  struct sonde_value *ret)
{
	ident_get_image(ctx, id, ret);
	if (ret->kind == SONDE_TEXT)
		ret->text.n = repo_len(ret->text.p);
}

void ident_get_image_tag(struct field_ctx *ctx, const struct ident_row *id, struct sonde_value *ret)
{
	size_t n;

	ident_get_image(ctx, id, ret);
	if (ret->kind != SONDE_TEXT)
		return;
	n = repo_len(ret->text.p);
	if (ret->text.p[n] != ':')
		value_null(ret);
	else
		value_bytes(ret, ret->text.p + n + 1, strcspn(ret->text.p + n + 1, "@"));
}

void ident_get_unit(struct field_ctx *ctx, const struct ident_row *id, struct sonde_value *ret)
{
	(void)ctx;
	if (id && id->kind == IDENT_UNIT)
		first_text(ret, id->unit, id->path);
	else
		value_absent(ret);
}

void ident_get_runtime(struct field_ctx *ctx, const struct ident_row *id, struct sonde_value *ret)
{
	(void)ctx;
	if (id && id->kind >= IDENT_POD)
		first_text(ret, id->runtime, NULL);
	else
		value_absent(ret);
}

void value_figure(struct sonde_value *ret, double d)
{
	ret->kind = d < 0 ? SONDE_NULL : SONDE_REAL;
	ret->d = d;
}

void value_count(struct sonde_value *ret, uint64_t u)
{
	if (u == UINT64_MAX)
		value_null(ret);
	else
		value_uint(ret, u);
}

void value_boot(const struct field_ctx *ctx, struct sonde_value *ret, uint64_t boot_ns)
{
	if (!boot_ns || !ctx->snap)
		value_null(ret);
	else
		value_time(ret, boot_ns + (uint64_t)ctx_snap(ctx)->offset_ns);
}

/* Filters and sorts write each address of a full table: printf would be most of their time. */
static char *put_number(char *p, unsigned n)
{
	char digits[8];
	int i = 0;

	do
		digits[i++] = (char)('0' + n % 10);
	while (n /= 10);
	while (i)
		*p++ = digits[--i];
	return p;
}

static char *put_v4(char *p, const struct in_addr *a)
{
	const unsigned char *b = (const unsigned char *)a;

	for (int i = 0; i < 4; i++) {
		p = put_number(p, b[i]);
		*p++ = '.';
	}
	*--p = 0;
	return p;
}

size_t value_ip(struct field_ctx *ctx, struct sonde_value *ret, const struct event_addr *a,
		size_t at)
{
	char *dst = ctx->scratch + at;

	if (a->family == AF_INET) {
		value_bytes(ret, dst, (size_t)(put_v4(dst, &a->v4) - dst));
		return ret->text.n;
	}
	if (a->family != AF_INET6 || !inet_ntop(AF_INET6, &a->v6, dst, INET6_ADDRSTRLEN)) {
		value_null(ret);
		return 0;
	}
	/* ::ffff:10.0.0.1 is written as people know it. */
	if (IN6_IS_ADDR_V4MAPPED(&a->v6))
		memmove(dst, dst + 7, strlen(dst + 7) + 1);
	value_text(ret, dst);
	return ret->text.n;
}

static bool is_any(const struct event_addr *a)
{
	return a->family == AF_INET ? !a->v4.s_addr : IN6_IS_ADDR_UNSPECIFIED(&a->v6);
}

size_t value_end(struct field_ctx *ctx, struct sonde_value *ret, const struct event_addr *a,
		 size_t at)
{
	char *dst = ctx->scratch + at, *p = dst;

	if ((a->family != AF_INET && a->family != AF_INET6) || (is_any(a) && !a->port)) {
		value_null(ret);
		return 0;
	}
	if (is_any(a)) {
		*p++ = '*';
	} else {
		p += value_ip(ctx, ret, a, at);
		if (memchr(dst, ':', (size_t)(p - dst))) {
			memmove(dst + 1, dst, (size_t)(p - dst));
			*dst = '[';
			*++p = ']';
			p++;
		}
	}
	*p++ = ':';
	p = put_number(p, a->port);
	*p = 0;
	value_bytes(ret, dst, (size_t)(p - dst));
	return ret->text.n;
}

void value_port(struct sonde_value *ret, const struct event_addr *a)
{
	if (a->family && a->port)
		value_uint(ret, a->port);
	else
		value_null(ret);
}

void value_spark(struct field_ctx *ctx, struct sonde_value *ret, const uint8_t *spark, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		ctx->scratch[i] = (char)('0' + (spark[i] * 8 + 254) / 255);
	value_bytes(ret, ctx->scratch, n);
}
