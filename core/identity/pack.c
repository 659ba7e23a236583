/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Container facts as bytes, for captures. A byte for the form, then items of tag,
 * length (16 bit, little endian) and bytes; tags that are not known are skipped, so that
 * a later sonde can add to them.
 */
#include "identity/identity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/macros.h"

#define FORM       1
#define TEXT_LIMIT 4096

/* Part of the capture format: add at the end. */
enum tag {
	TAG_CONTAINER_ID = 1,
	TAG_POD_UID,
	TAG_SANDBOX_ID,
	TAG_NUMBERS,
	TAG_RUNTIME,
	TAG_NS,
	TAG_POD_NAME,
	TAG_CONTAINER,
	TAG_IMAGE,
	TAG_WORKLOAD,
	TAG_LOG_DIR,
};

static const char *const runtimes[] = { "", "containerd", "cri-o", "docker", "podman", "lxc" };

struct numbers {
	uint8_t reason, sandbox;
	uint8_t init_pid[4], restarts[4];
};
_Static_assert(sizeof(struct numbers) == 10, "part of the capture format");

static void put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static int put(struct buf *out, enum tag tag, const void *p, size_t n)
{
	uint8_t head[3] = { (uint8_t)tag, (uint8_t)n, (uint8_t)(n >> 8) };
	int r = buf_add(out, head, sizeof(head));

	return r < 0 ? r : buf_add(out, p, n);
}

static int put_text(struct buf *out, enum tag tag, const char *s)
{
	return s && s[0] ? put(out, tag, s, strnlen(s, TEXT_LIMIT)) : 0;
}

int identity_pack(const struct container_facts *f, struct buf *out)
{
	struct numbers num = { .reason = f->reason, .sandbox = f->sandbox };
	const struct {
		enum tag tag;
		const char *s;
	} texts[] = {
		{ TAG_CONTAINER_ID, f->container_id },
		{ TAG_POD_UID, f->pod_uid },
		{ TAG_SANDBOX_ID, f->sandbox_id },
		{ TAG_RUNTIME, f->runtime },
		{ TAG_NS, f->ns },
		{ TAG_POD_NAME, f->pod_name },
		{ TAG_CONTAINER, f->container },
		{ TAG_IMAGE, f->image },
		{ TAG_WORKLOAD, f->workload },
		{ TAG_LOG_DIR, f->log_dir },
	};
	size_t start = out->n;
	int r = buf_char(out, FORM);

	put32(num.init_pid, f->init_pid);
	put32(num.restarts, f->restarts);
	if (!r)
		r = put(out, TAG_NUMBERS, &num, sizeof(num));
	for (size_t i = 0; !r && i < ARRAY_SIZE(texts); i++)
		r = put_text(out, texts[i].tag, texts[i].s);
	if (r < 0)
		out->n = start; /* all or nothing */
	return r;
}

/* A text into a fixed field: 0 or -EBADMSG. */
static int get_fixed(char *dst, size_t size, const char *p, size_t n)
{
	if (n >= size || memchr(p, 0, n))
		return -EBADMSG;
	memcpy(dst, p, n);
	dst[n] = 0;
	return n && !ident_id_safe(dst) ? -EBADMSG : 0;
}

static int get_text(char **dst, const char *p, size_t n)
{
	if (n > TEXT_LIMIT || memchr(p, 0, n))
		return -EBADMSG;
	free(*dst);
	*dst = strndup(p, n);
	return *dst ? 0 : -ENOMEM;
}

static int get_numbers(struct container_facts *f, const char *p, size_t n)
{
	struct numbers num;

	if (n < sizeof(num))
		return -EBADMSG;
	memcpy(&num, p, sizeof(num));
	if (num.reason >= REASONS)
		return -EBADMSG;
	f->reason = num.reason;
	f->sandbox = !!num.sandbox;
	f->init_pid = get32(num.init_pid);
	f->restarts = get32(num.restarts);
	return 0;
}

static int get_runtime(struct container_facts *f, const char *p, size_t n)
{
	for (size_t i = 0; i < ARRAY_SIZE(runtimes); i++)
		if (strlen(runtimes[i]) == n && !memcmp(runtimes[i], p, n))
			f->runtime = runtimes[i];
	return 0;
}

static int get(struct container_facts *f, unsigned tag, const char *p, size_t n)
{
	switch (tag) {
	case TAG_CONTAINER_ID:
		return get_fixed(f->container_id, sizeof(f->container_id), p, n);
	case TAG_POD_UID:
		return get_fixed(f->pod_uid, sizeof(f->pod_uid), p, n);
	case TAG_SANDBOX_ID:
		return get_fixed(f->sandbox_id, sizeof(f->sandbox_id), p, n);
	case TAG_NUMBERS:
		return get_numbers(f, p, n);
	case TAG_RUNTIME:
		return get_runtime(f, p, n);
	case TAG_NS:
		return get_text(&f->ns, p, n);
	case TAG_POD_NAME:
		return get_text(&f->pod_name, p, n);
	case TAG_CONTAINER:
		return get_text(&f->container, p, n);
	case TAG_IMAGE:
		return get_text(&f->image, p, n);
	case TAG_WORKLOAD:
		return get_text(&f->workload, p, n);
	case TAG_LOG_DIR:
		return get_text(&f->log_dir, p, n);
	}
	return 0;
}

int identity_unpack(const void *bytes, size_t n, struct container_facts *ret)
{
	const char *p = bytes, *end = p + n;
	struct container_facts f = { .runtime = "" };
	int r = 0;

	if (!n || *p++ != FORM)
		return -EBADMSG;
	while (!r && p < end) {
		size_t len;

		if (end - p < 3) {
			r = -EBADMSG;
			break;
		}
		len = (size_t)(uint8_t)p[1] | (size_t)(uint8_t)p[2] << 8;
		if (len > (size_t)(end - p - 3)) {
			r = -EBADMSG;
			break;
		}
		r = get(&f, (uint8_t)p[0], p + 3, len);
		p += 3 + len;
	}
	if (!r && !f.container_id[0])
		r = -EBADMSG;
	if (r < 0) {
		container_facts_done(&f);
		return r;
	}
	*ret = f;
	return 0;
}
