/* SPDX-License-Identifier: BSD-2-Clause */
/* Theme files: "role = foreground background attributes", # begins a comment. */
#include "console/theme.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "console/embed.h"

#define FILE_MAX (64u << 10)

static const char *const role_names[ROLES] = {
#define X(id, name, help) [ROLE_##id] = name,
	ROLE_LIST(X)
#undef X
};

struct word {
	const char *p;
	size_t n;
};

static bool word_is(struct word w, const char *s)
{
	return strlen(s) == w.n && memcmp(s, w.p, w.n) == 0;
}

/* -1 default, 0 to 255, or -2 for no colour. */
static short colour_of(struct word w)
{
	static const char *const names[] = { "black", "red",     "green", "yellow",
					     "blue",  "magenta", "cyan",  "white" };
	char num[8];
	char *end;
	long v;

	if (word_is(w, "default"))
		return -1;
	for (short i = 0; i < 8; i++) {
		if (word_is(w, names[i]))
			return i;
		if (w.n > 7 && memcmp(w.p, "bright-", 7) == 0 &&
		    word_is((struct word){ w.p + 7, w.n - 7 }, names[i]))
			return (short)(i + 8);
	}
	if (!w.n || w.n >= sizeof(num))
		return -2;
	memcpy(num, w.p, w.n);
	num[w.n] = 0;
	v = strtol(num, &end, 10);
	return *end || v < 0 || v > 255 ? -2 : (short)v;
}

static int attr_of(struct word w)
{
	static const struct {
		const char *name;
		int bit;
	} attrs[] = { { "bold", TERM_BOLD },
		      { "dim", TERM_DIM },
		      { "reverse", TERM_REVERSE },
		      { "underline", TERM_UNDERLINE } };

	for (size_t i = 0; i < sizeof(attrs) / sizeof(attrs[0]); i++)
		if (word_is(w, attrs[i].name))
			return attrs[i].bit;
	return 0;
}

static struct word next_word(const char **p, const char *end)
{
	struct word w;

	while (*p < end && (**p == ' ' || **p == '\t' || **p == '\r'))
		(*p)++;
	w.p = *p;
	while (*p < end && **p != ' ' && **p != '\t' && **p != '\r')
		(*p)++;
	w.n = (size_t)(*p - w.p);
	return w;
}

static int role_of(struct word w)
{
	for (int i = 0; i < ROLES; i++)
		if (word_is(w, role_names[i]))
			return i;
	return -1;
}

/* One line without its newline. Returns the role, -1 for nothing, -2 with *@ret_why for an error.
 */
static int parse_line(const char *p, const char *end, struct term_style *ret, const char **ret_why)
{
	struct word role, eq, w;
	int r;

	for (const char *c = p; c < end; c++)
		if (*c == '#') {
			end = c;
			break;
		}
	role = next_word(&p, end);
	if (!role.n)
		return -1;
	eq = next_word(&p, end);
	r = role_of(role);
	*ret_why = "no such role";
	if (r < 0)
		return -2;
	*ret_why = "expected 'role = foreground background attributes'";
	if (!word_is(eq, "="))
		return -2;
	*ret = (struct term_style){ .fg = -1, .bg = -1 };
	w = next_word(&p, end);
	ret->fg = colour_of(w);
	*ret_why = "no such colour; use default, black, red, green, yellow, blue, magenta, cyan, "
		   "white, "
		   "bright-… or 0 to 255";
	if (ret->fg == -2)
		return -2;
	w = next_word(&p, end);
	ret->bg = w.n ? colour_of(w) : -1;
	if (ret->bg == -2)
		return -2;
	*ret_why = "no such attribute; use bold, dim, reverse or underline";
	while ((w = next_word(&p, end)).n) {
		int bit = attr_of(w);

		if (!bit)
			return -2;
		ret->attrs |= (unsigned)bit;
	}
	return r;
}

int theme_parse(const char *file, const char *p, size_t n, struct theme *ret, struct sonde_err *err)
{
	const char *end = p + n;

	for (unsigned line = 1; p < end; line++) {
		const char *nl = memchr(p, '\n', (size_t)(end - p)), *why = NULL;
		struct term_style s;
		int role = parse_line(p, nl ? nl : end, &s, &why);

		if (role == -2)
			return sonde_err_set(err, -EINVAL, "%s:%u: %s", file, line, why);
		if (role >= 0)
			ret->styles[role] = s;
		p = nl ? nl + 1 : end;
	}
	return 0;
}

unsigned long theme_roles_set(const char *p, size_t n)
{
	const char *end = p + n;
	unsigned long set = 0;

	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p)), *why;
		struct term_style s;
		int role = parse_line(p, nl ? nl : end, &s, &why);

		if (role >= 0)
			set |= 1ul << role;
		p = nl ? nl + 1 : end;
	}
	return set;
}

const char *theme_name_at(size_t i)
{
	for (size_t k = 0; embedded_themes[k].name; k++)
		if (k == i)
			return embedded_themes[k].name;
	return NULL;
}

bool theme_builtin(const char *name, struct theme *ret)
{
	for (const struct embed *e = embedded_themes; e->name; e++) {
		if (strcmp(e->name, name) != 0)
			continue;
		*ret = (struct theme){ 0 };
		snprintf(ret->name, sizeof(ret->name), "%s", name);
		return theme_parse(name, e->begin, (size_t)(e->end - e->begin), ret, NULL) == 0;
	}
	return false;
}

/* Read @path whole. Returns the length or -errno; *@ret is the caller's. */
static ssize_t read_file(const char *path, char **ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	ssize_t n = -EINVAL;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= FILE_MAX) {
		*ret = malloc((size_t)st.st_size + 1);
		n = *ret ? read(fd, *ret, (size_t)st.st_size) : -ENOMEM;
		if (n < 0) {
			free(*ret);
			*ret = NULL;
			n = -EIO;
		}
	}
	close(fd);
	return n;
}

/* A name is a name and not a path: what the user types must not lead out of the folders. */
static bool name_is_plain(const char *name)
{
	return *name && *name != '.' && !strchr(name, '/') && strlen(name) < 60;
}

int theme_load(const char *name, const char *const *dirs, struct theme *ret, struct sonde_err *err)
{
	char path[4200], *text = NULL;
	ssize_t n = -ENOENT;
	int r;

	(void)theme_builtin("default", ret);
	if (!*name)
		name = "default";
	for (; name_is_plain(name) && *dirs && n < 0; dirs++) {
		snprintf(path, sizeof(path), "%s/%s.theme", *dirs, name);
		n = read_file(path, &text);
	}
	if (n >= 0) {
		struct theme t = *ret;

		r = theme_parse(path, text, (size_t)n, &t, err);
		free(text);
		if (r == 0) {
			*ret = t;
			snprintf(ret->name, sizeof(ret->name), "%s", name);
		}
		return r;
	}
	if (theme_builtin(name, ret))
		return 0;
	(void)theme_builtin("default", ret);
	return sonde_err_set(
		err, -ENOENT,
		"there is no theme '%.60s'; there are default, light, high-contrast and mono",
		name);
}
