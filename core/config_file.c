/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading sonde.yaml: mappings of scalars, nested ones with a dot between their keys,
 * sequences for lists. Two passes over the same bytes: the first only looks whether
 * it is YAML of that form, so that half a file never counts.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <yaml.h>

#include "base/buf.h"
#include "base/macros.h"
#include "base/text.h"
#include "config_inner.h"

enum { FILE_MAX = 1 << 20, DEPTH_MAX = 4, KEY_MAX = 128, LIST_MAX = 4000 };

struct reader {
	struct sonde_config *c;
	const char *path;
	yaml_parser_t yaml;
	bool apply;
	int r;
};

__attribute__((format(printf, 4, 5))) static int warn(struct sonde_config *c, const char *path,
						      size_t line, const char *fmt, ...)
{
	char text[400], raw[300], safe[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	if (c->n_warnings == ARRAY_SIZE(c->warnings))
		return 0;
	if (line)
		snprintf(text, sizeof(text), "%.90s:%zu: %.280s", path, line, raw);
	else
		snprintf(text, sizeof(text), "%.90s: %.280s", path, raw);
	sonde_text_show(safe, sizeof(safe), sizeof(safe), text, strlen(text), 0);
	c->warnings[c->n_warnings] = strdup(safe);
	if (!c->warnings[c->n_warnings])
		return -ENOMEM;
	c->n_warnings++;
	return 0;
}

static size_t line_of(const yaml_event_t *ev)
{
	return ev->start_mark.line + 1;
}

/* The next event; false after an error, which is then told. */
static bool next(struct reader *rd, yaml_event_t *ev)
{
	if (yaml_parser_parse(&rd->yaml, ev))
		return true;
	memset(ev, 0, sizeof(*ev));
	rd->r = rd->yaml.error == YAML_MEMORY_ERROR ? -ENOMEM : -EINVAL;
	if (rd->r == -EINVAL && warn(rd->c, rd->path, rd->yaml.problem_mark.line + 1, "%s",
				     rd->yaml.problem ? rd->yaml.problem : "this is no YAML"))
		rd->r = -ENOMEM;
	return false;
}

static int bad_form(struct reader *rd, const yaml_event_t *ev, const char *what)
{
	return warn(rd->c, rd->path, line_of(ev), "%s", what) ? -ENOMEM : -EINVAL;
}

static int set(struct reader *rd, const char *key, size_t line, const char *text, bool is_list)
{
	const struct sonde_option *o = config_option_by_key(key);
	struct sonde_err err;
	int r;

	if (!rd->apply)
		return 0;
	if (!o)
		return warn(rd->c, rd->path, line, "there is no option '%s', did you mean '%s'?",
			    key, config_key_nearest(key));
	if (is_list && o->type != SONDE_OPTION_LIST)
		return warn(rd->c, rd->path, line, "%s is one value, not a list", key);
	r = sonde_config_set(rd->c, o, text, &err);
	return r == -EINVAL ? warn(rd->c, rd->path, line, "%s", err.text) : r;
}

/* A scalar's text has a NUL behind it, but may have more inside. */
static bool is_whole(const yaml_event_t *ev)
{
	return strlen((const char *)ev->data.scalar.value) == ev->data.scalar.length;
}

static int read_list(struct reader *rd, const char *key, size_t line)
{
	auto_done(buf_done) struct buf list = { .max = LIST_MAX };
	yaml_event_t ev;

	for (bool end = false; !end;) {
		int r = 0;

		if (!next(rd, &ev))
			return rd->r;
		if (ev.type == YAML_SEQUENCE_END_EVENT)
			end = true;
		else if (ev.type != YAML_SCALAR_EVENT || !is_whole(&ev))
			r = bad_form(rd, &ev, "a list holds plain values");
		else if ((list.n && buf_char(&list, ':')) ||
			 buf_str(&list, (const char *)ev.data.scalar.value))
			r = list.n >= LIST_MAX / 2 ? bad_form(rd, &ev, "this list is too long")
						   : -ENOMEM;
		yaml_event_delete(&ev);
		if (r)
			return r;
	}
	return set(rd, key, line, list.p ? list.p : "", true);
}

static int read_mapping(struct reader *rd, const char *prefix, unsigned depth);

/* The value behind @key, whatever it is. */
static int read_value(struct reader *rd, const char *key, size_t line, unsigned depth)
{
	yaml_event_t ev;
	int r;

	if (!next(rd, &ev))
		return rd->r;
	switch (ev.type) {
	case YAML_SCALAR_EVENT:
		r = is_whole(&ev) ? set(rd, key, line, (const char *)ev.data.scalar.value, false)
				  : bad_form(rd, &ev, "a value holds no NUL");
		break;
	case YAML_SEQUENCE_START_EVENT:
		r = read_list(rd, key, line);
		break;
	case YAML_MAPPING_START_EVENT:
		r = depth < DEPTH_MAX ? read_mapping(rd, key, depth + 1)
				      : bad_form(rd, &ev, "this is nested too deeply");
		break;
	default:
		r = bad_form(rd, &ev, "anchors and aliases are not read here");
	}
	yaml_event_delete(&ev);
	return r;
}

static int read_mapping(struct reader *rd, const char *prefix, unsigned depth)
{
	char key[KEY_MAX];
	yaml_event_t ev;

	for (;;) {
		size_t line;
		int r = 0, n = 0;
		bool end;

		if (!next(rd, &ev))
			return rd->r;
		line = line_of(&ev);
		end = ev.type == YAML_MAPPING_END_EVENT;
		if (!end && (ev.type != YAML_SCALAR_EVENT || !is_whole(&ev)))
			r = bad_form(rd, &ev, "a key is a plain word");
		else if (!end)
			n = snprintf(key, sizeof(key), "%s%s%s", prefix, *prefix ? "." : "",
				     (const char *)ev.data.scalar.value);
		if (n >= (int)sizeof(key))
			r = bad_form(rd, &ev, "this key is too long");
		yaml_event_delete(&ev);
		if (end || r)
			return r;
		r = read_value(rd, key, line, depth);
		if (r)
			return r;
	}
}

/* One pass over all documents. */
static int read_all(struct reader *rd, const char *p, size_t n)
{
	yaml_event_t ev;
	int r = 0;

	if (!yaml_parser_initialize(&rd->yaml))
		return -ENOMEM;
	yaml_parser_set_input_string(&rd->yaml, (const unsigned char *)p, n);
	for (bool end = false; !end && !r;) {
		if (!next(rd, &ev)) {
			r = rd->r;
			break;
		}
		if (ev.type == YAML_STREAM_END_EVENT)
			end = true;
		else if (ev.type == YAML_MAPPING_START_EVENT)
			r = read_mapping(rd, "", 0);
		else if (ev.type == YAML_SEQUENCE_START_EVENT || ev.type == YAML_ALIAS_EVENT ||
			 (ev.type == YAML_SCALAR_EVENT && ev.data.scalar.length))
			r = bad_form(rd, &ev, "expected 'key: value'");
		yaml_event_delete(&ev);
	}
	yaml_parser_delete(&rd->yaml);
	return r;
}

int config_parse(struct sonde_config *c, const char *path, const char *p, size_t n)
{
	for (int pass = 0; pass < 2; pass++) {
		struct reader rd = { .c = c, .path = path, .apply = pass };
		int r = read_all(&rd, p, n);

		if (r)
			return r;
	}
	return 0;
}

/* Why the open file may not be used, or NULL. */
static const char *refusal(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return "this is not a regular file, so it was not read";
	if (st.st_size > FILE_MAX)
		return "this file is larger than 1 MiB, so it was not read";
	if (geteuid() == 0 && (st.st_uid != 0 || (st.st_mode & 022)))
		return "others may write this file, so it was not read; mend it with chown root "
		       "and chmod go-w";
	return NULL;
}

static int read_fd(struct buf *b, int fd)
{
	for (;;) {
		ssize_t got;
		int r = buf_room(b, 4096);

		if (r)
			return r;
		got = read(fd, b->p + b->n, 4096);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			return 0;
		b->n += (size_t)got;
	}
}

int sonde_config_file(struct sonde_config *c, const char *path)
{
	auto_done(buf_done) struct buf b = { .max = FILE_MAX + 4096 };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), r;
	const char *why;

	if (fd < 0) {
		r = -errno;
		if (r != -ENOENT && r != -ENOTDIR && warn(c, path, 0, "%s", strerror(-r)))
			return -ENOMEM;
		return r == -ENOTDIR ? -ENOENT : r;
	}
	why = refusal(fd);
	r = why ? (warn(c, path, 0, "%s", why) ? -ENOMEM : -EPERM) : read_fd(&b, fd);
	close(fd);
	if (r == -EPERM || r == -ENOMEM)
		return r;
	if (r)
		return warn(c, path, 0, "%s", strerror(-r)) ? -ENOMEM : r;
	return config_parse(c, path, b.p ? b.p : "", b.n);
}
