/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Annotations and labels: what each runtime calls pod, namespace, UID, container and
 * image, and what a pod's name or labels tell of its workload.
 */
#include "identity/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"

#define TEXT_LIMIT 1024 /* images and paths are the longest */

/* Keys by meaning, the CRI side's own before those that others may set too. */
static const char *const key_pod[] = { "io.kubernetes.cri.sandbox-name", "io.kubernetes.pod.name",
				       "io.kubernetes.cri-o.KubeName" };
static const char *const key_ns[] = { "io.kubernetes.cri.sandbox-namespace",
				      "io.kubernetes.pod.namespace",
				      "io.kubernetes.cri-o.Namespace" };
static const char *const key_uid[] = { "io.kubernetes.cri.sandbox-uid", "io.kubernetes.pod.uid" };
static const char *const key_container[] = { "io.kubernetes.cri.container-name",
					     "io.kubernetes.container.name" };
static const char *const key_image[] = { "io.kubernetes.cri.image-name",
					 "io.kubernetes.cri-o.ImageName",
					 "io.kubernetes.cri-o.Image" };
static const char *const key_sandbox[] = { "io.kubernetes.cri.sandbox-id",
					   "io.kubernetes.cri-o.SandboxID",
					   "io.kubernetes.sandbox.id" };
static const char *const key_type[] = { "io.kubernetes.cri.container-type",
					"io.kubernetes.cri-o.ContainerType",
					"io.kubernetes.docker.type" };
static const char *const key_logs[] = { "io.kubernetes.cri.sandbox-log-directory" };
static const char *const key_restarts[] = { "io.kubernetes.container.restartCount",
					    "annotation.io.kubernetes.container.restartCount" };

/* The value of "key=value" in a list of labels. */
static const char *in_list(const json_t *list, const char *key)
{
	size_t n = strlen(key);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));

		if (s && !strncmp(s, key, n) && s[n] == '=')
			return s + n + 1;
	}
	return NULL;
}

const char *notes_get(struct notes notes, const char *key)
{
	if (json_is_array(notes.json))
		return in_list(notes.json, key);
	return json_string_value(json_object_get(notes.json, key));
}

static const char *first_of(struct notes notes, const char *const *keys, size_t n)
{
	const char *s = NULL;

	for (size_t i = 0; i < n && (!s || !s[0]); i++)
		s = notes_get(notes, keys[i]);
	return s && s[0] ? s : NULL;
}
#define FIRST(notes, keys) first_of(notes, keys, ARRAY_SIZE(keys))

void search_text(struct search *s, char **field, const char *text)
{
	if (*field || !text || !text[0])
		return;
	if (strnlen(text, TEXT_LIMIT + 1) > TEXT_LIMIT) {
		s->failed = REASON_MALFORMED;
		return;
	}
	*field = strdup(text);
	if (!*field)
		s->failed = REASON_UNREADABLE;
}

/* An id into its field, when it is one. */
static void take_id(struct search *s, char *dst, size_t size, const char *id)
{
	if (dst[0] || !id)
		return;
	if (!ident_id_safe(id) || strlen(id) >= size) {
		s->failed = REASON_MALFORMED;
		return;
	}
	memcpy(dst, id, strlen(id) + 1);
}

/* A folder's absolute path without steps upward. */
static bool is_plain_path(const char *p)
{
	if (p[0] != '/')
		return false;
	for (; *p; p += strcspn(p, "/")) {
		p += strspn(p, "/");
		if (!strncmp(p, "..", 2) && (p[2] == '/' || !p[2]))
			return false;
	}
	return true;
}

void notes_take(struct search *s, struct notes notes, enum notes_trust trust)
{
	const char *uid = FIRST(notes, key_uid), *type = FIRST(notes, key_type);
	const char *text;

	if (trust == TRUST_PATH && (!uid || strcmp(uid, s->need->pod_uid)))
		return;
	take_id(s, s->f->pod_uid, sizeof(s->f->pod_uid), uid);
	take_id(s, s->f->sandbox_id, sizeof(s->f->sandbox_id), FIRST(notes, key_sandbox));
	search_text(s, &s->f->pod_name, FIRST(notes, key_pod));
	search_text(s, &s->f->ns, FIRST(notes, key_ns));
	search_text(s, &s->f->container, FIRST(notes, key_container));
	search_text(s, &s->f->image, FIRST(notes, key_image));
	text = FIRST(notes, key_logs);
	if (text && is_plain_path(text))
		search_text(s, &s->f->log_dir, text);
	if (type && (!strcmp(type, "sandbox") || !strcmp(type, "podsandbox")))
		s->f->sandbox = 1;
	text = FIRST(notes, key_restarts);
	if (text && !s->f->restarts)
		s->f->restarts = (uint32_t)MIN(strtoul(text, NULL, 10), 1000000ul);
	if (s->f->sandbox)
		notes_workload(s->f, notes);
}

static char *workload_text(const char *kind, const char *name, size_t n)
{
	size_t size = strlen(kind) + n + 2;
	char *s = malloc(size);

	if (s)
		snprintf(s, size, "%s/%.*s", kind, (int)n, name);
	return s;
}

/* How many characters at the end of @s[0..n) are from the alphabet of generated names. */
static size_t generated(const char *s, size_t n)
{
	size_t k = 0;

	while (k < n && strchr("bcdfghjklmnpqrstvwxz2456789", s[n - 1 - k]))
		k++;
	return k;
}

char *search_workload(const char *pod)
{
	size_t n = strlen(pod), hash, digits;

	/* a longer name was cut before its random end was put on, so the hash may be half one */
	if (n >= 63 || generated(pod, n) != 5 || n < 6 || pod[n - 6] != '-')
		return NULL;
	n -= 6;
	hash = generated(pod, n);
	if (hash < 8 || hash > 10 || hash + 1 >= n || pod[n - hash - 1] != '-')
		return NULL;
	digits = strspn(pod + n - hash, "0123456789");
	if (digits >= hash) /* a CronJob's minutes look like that */
		return NULL;
	return workload_text("Deployment", pod, n - hash - 1);
}

void notes_workload(struct container_facts *f, struct notes labels)
{
	const char *pod = f->pod_name, *hash, *job;
	size_t n = pod ? strlen(pod) : 0, cut;
	char *tail;

	if (f->workload || !pod)
		return;
	hash = notes_get(labels, "pod-template-hash");
	if (hash && hash[0] && (tail = strstr(pod, hash)) && tail > pod + 1 && tail[-1] == '-') {
		f->workload = workload_text("Deployment", pod, (size_t)(tail - pod - 1));
		return;
	}
	job = notes_get(labels, "batch.kubernetes.io/job-name");
	if (!job)
		job = notes_get(labels, "job-name");
	if (job && strlen(job) <= 253) {
		f->workload = workload_text("Job", job, strlen(job));
		return;
	}
	for (cut = n; cut && pod[cut - 1] != '-'; cut--)
		;
	if (cut < 2)
		return;
	if (notes_get(labels, "statefulset.kubernetes.io/pod-name"))
		f->workload = workload_text("StatefulSet", pod, cut - 1);
	else if (notes_get(labels, "controller-revision-hash"))
		f->workload = workload_text("DaemonSet", pod, cut - 1);
}
