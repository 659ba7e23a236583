/* SPDX-License-Identifier: BSD-2-Clause */
/* Options by their list: finding, setting, and the two sources beside flags. */
#include "sonde/config.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"
#include "config_inner.h"

static const struct sonde_option options[] = {
#define X(member, name_, key_, type_, arg_, least_, most_, def_, flags_, help_) \
	{ .name = name_,                                                        \
	  .key = key_,                                                          \
	  .arg = arg_,                                                          \
	  .def = def_,                                                          \
	  .help = help_,                                                        \
	  .type = SONDE_OPTION_##type_,                                         \
	  .least = least_,                                                      \
	  .most = most_,                                                        \
	  .flags = flags_,                                                      \
	  .offset = offsetof(struct sonde_config, member) },
	SONDE_OPTIONS(X)
#undef X
};

static bool is_text(const struct sonde_option *o)
{
	return o->type == SONDE_OPTION_TEXT || o->type == SONDE_OPTION_LIST;
}

static void *member_of(struct sonde_config *c, const struct sonde_option *o)
{
	return (char *)c + o->offset;
}

const struct sonde_option *sonde_option_at(size_t i)
{
	return i < ARRAY_SIZE(options) ? &options[i] : NULL;
}

const struct sonde_option *sonde_option_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (!strcmp(options[i].name, name))
			return &options[i];
	return NULL;
}

const struct sonde_option *config_option_by_key(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if ((options[i].flags & SONDE_OPTION_FILE) && !strcmp(options[i].key, key))
			return &options[i];
	return NULL;
}

static const char *nearest(const char *word, bool keys)
{
	unsigned best = UINT_MAX;
	const char *ret = "";

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const char *candidate = keys ? options[i].key : options[i].name;
		unsigned d;

		if (keys && !(options[i].flags & SONDE_OPTION_FILE))
			continue;
		d = text_distance(word, candidate, UINT_MAX - 1);
		if (d < best) {
			best = d;
			ret = candidate;
		}
	}
	return ret;
}

const char *sonde_option_nearest(const char *name)
{
	return nearest(name, false);
}

const char *config_key_nearest(const char *key)
{
	return nearest(key, true);
}

/* ── values ────────── */

static bool parse_bool(const char *text, bool *ret)
{
	static const char *const yes[] = { "true", "yes", "on", "1" };
	static const char *const no[] = { "false", "no", "off", "0" };

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (!strcasecmp(text, yes[i]) || !strcasecmp(text, no[i])) {
			*ret = !strcasecmp(text, yes[i]);
			return true;
		}
	}
	return false;
}

static bool parse_uint(const char *text, unsigned long long *ret, const char **ret_end)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*ret = strtoull(text, &end, 10);
	*ret_end = end;
	return !errno;
}

static bool parse_span(const char *text, unsigned long long *ret)
{
	static const struct {
		const char *word;
		unsigned long long ns;
	} units[] = {
		{ "ms", NS_PER_MS },      { "s", NS_PER_S },         { "m", 60 * NS_PER_S },
		{ "h", 3600 * NS_PER_S }, { "d", 86400 * NS_PER_S }, { "", NS_PER_S },
	};
	unsigned long long n;
	const char *end;

	if (!parse_uint(text, &n, &end))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (!strcmp(end, units[i].word) && n <= 366 * 86400 * NS_PER_S / units[i].ns) {
			*ret = n * units[i].ns;
			return n > 0;
		}
	}
	return false;
}

static int set_text(struct sonde_config *c, const struct sonde_option *o, const char *text,
		    struct sonde_err *err)
{
	char **member = member_of(c, o), *copy;

	if (strlen(text) >= PATH_MAX)
		return sonde_err_set(err, -EINVAL, "%s is longer than %d bytes", o->name,
				     PATH_MAX - 1);
	copy = strdup(text);
	if (!copy)
		return sonde_err_set(err, -ENOMEM, "not enough memory for the options");
	free(*member);
	*member = copy;
	return 0;
}

static int set_uint(struct sonde_config *c, const struct sonde_option *o, const char *text,
		    struct sonde_err *err)
{
	unsigned long long n;
	const char *end;

	if (!parse_uint(text, &n, &end) || *end || n < o->least || n > o->most)
		return sonde_err_set(err, -EINVAL, "%s is a number from %llu to %llu, not '%.80s'",
				     o->name, o->least, o->most, text);
	if ((o->flags & SONDE_OPTION_POWER) && (n & (n - 1)))
		return sonde_err_set(err, -EINVAL, "%s is a power of two, not %llu", o->name, n);
	*(unsigned long long *)member_of(c, o) = n;
	return 0;
}

int sonde_config_set(struct sonde_config *c, const struct sonde_option *o, const char *text,
		     struct sonde_err *err)
{
	if (is_text(o))
		return set_text(c, o, text, err);
	if (o->type == SONDE_OPTION_UINT)
		return set_uint(c, o, text, err);
	if (o->type == SONDE_OPTION_BOOL) {
		if (!parse_bool(text, member_of(c, o)))
			return sonde_err_set(err, -EINVAL, "%s is true or false, not '%.80s'",
					     o->name, text);
		return 0;
	}
	if (!parse_span(text, member_of(c, o)))
		return sonde_err_set(err, -EINVAL,
				     "%s is a time like 500ms, 10s, 5m or 1h, not '%.80s'", o->name,
				     text);
	return 0;
}

int sonde_config_init(struct sonde_config *c)
{
	memset(c, 0, sizeof(*c));
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const struct sonde_option *o = &options[i];
		int r = o->type == SONDE_OPTION_SPAN && !*o->def
				? 0
				: sonde_config_set(c, o, o->def, NULL);

		if (r)
			return r;
	}
	return 0;
}

void sonde_config_done(struct sonde_config *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (is_text(&options[i]))
			free(*(char **)member_of(c, &options[i]));
	for (size_t i = 0; i < c->n_warnings; i++)
		free(c->warnings[i]);
	memset(c, 0, sizeof(*c));
}

int sonde_config_env(struct sonde_config *c, struct sonde_err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const struct sonde_option *o = &options[i];
		struct sonde_err why;
		char name[64];
		const char *text;
		size_t n;
		int r;

		if (!(o->flags & SONDE_OPTION_FILE) && strcmp(o->name, "config"))
			continue;
		n = (size_t)snprintf(name, sizeof(name), "SONDE_%s", o->name);
		for (size_t k = 0; k < n; k++)
			name[k] = (char)(name[k] == '-' ? '_' : toupper((unsigned char)name[k]));
		text = getenv(name);
		if (!text || !*text)
			continue;
		r = sonde_config_set(c, o, text, &why);
		if (r)
			return sonde_err_set(err, r, "%s: %s", name, why.text);
	}
	return 0;
}
