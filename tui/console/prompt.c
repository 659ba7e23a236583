/* SPDX-License-Identifier: BSD-2-Clause */
/* The line editor. */
#include "console/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "console/term.h"
#include "sonde/text.h"

void prompt_open(struct prompt *p, char sign, const char *text)
{
	p->sign = sign;
	snprintf(p->text, sizeof(p->text), "%s", text);
	p->n = p->cursor = strlen(p->text);
	p->at = p->n_history;
}

static size_t encode(int c, char *dst)
{
	if (c < 0x80) {
		dst[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		dst[0] = (char)(0xc0 | c >> 6);
		dst[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		dst[0] = (char)(0xe0 | c >> 12);
		dst[1] = (char)(0x80 | (c >> 6 & 0x3f));
		dst[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	dst[0] = (char)(0xf0 | c >> 18);
	dst[1] = (char)(0x80 | (c >> 12 & 0x3f));
	dst[2] = (char)(0x80 | (c >> 6 & 0x3f));
	dst[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

static size_t back_one(const struct prompt *p, size_t at)
{
	while (at && ((unsigned char)p->text[--at] & 0xc0) == 0x80)
		;
	return at;
}

static size_t on_one(const struct prompt *p, size_t at)
{
	while (at < p->n && ((unsigned char)p->text[++at] & 0xc0) == 0x80)
		;
	return at;
}

static void cut(struct prompt *p, size_t from, size_t to)
{
	memmove(p->text + from, p->text + to, p->n - to + 1);
	p->n -= to - from;
	p->cursor = from;
}

static bool insert(struct prompt *p, const char *s, size_t n)
{
	if (p->n + n >= sizeof(p->text))
		return false;
	memmove(p->text + p->cursor + n, p->text + p->cursor, p->n - p->cursor + 1);
	memcpy(p->text + p->cursor, s, n);
	p->n += n;
	p->cursor += n;
	return true;
}

static enum prompt_result recall(struct prompt *p, int by)
{
	size_t to = p->at + (size_t)by;

	if (p->sign != ':' || (by < 0 && !p->at) || to > p->n_history)
		return PROMPT_GOES_ON;
	p->at = to;
	snprintf(p->text, sizeof(p->text), "%s", to < p->n_history ? p->history[to] : "");
	p->n = p->cursor = strlen(p->text);
	return PROMPT_CHANGED;
}

enum prompt_result prompt_key(struct prompt *p, int key)
{
	char c[4];

	switch (key) {
	case TERM_KEY_ENTER:
		return PROMPT_DONE;
	case TERM_KEY_ESC:
	case 3: /* Ctrl-c */
		return PROMPT_LEFT;
	case TERM_KEY_BACKSPACE:
		if (!p->n)
			return PROMPT_LEFT;
		cut(p, back_one(p, p->cursor), p->cursor);
		return PROMPT_CHANGED;
	case TERM_KEY_DELETE:
		cut(p, p->cursor, on_one(p, p->cursor));
		return PROMPT_CHANGED;
	case TERM_KEY_LEFT:
		p->cursor = back_one(p, p->cursor);
		return PROMPT_GOES_ON;
	case TERM_KEY_RIGHT:
		p->cursor = on_one(p, p->cursor);
		return PROMPT_GOES_ON;
	case TERM_KEY_HOME:
	case 1: /* Ctrl-a */
		p->cursor = 0;
		return PROMPT_GOES_ON;
	case TERM_KEY_END:
	case 5: /* Ctrl-e */
		p->cursor = p->n;
		return PROMPT_GOES_ON;
	case 21: /* Ctrl-u */
		cut(p, 0, p->cursor);
		return PROMPT_CHANGED;
	case TERM_KEY_UP:
		return recall(p, -1);
	case TERM_KEY_DOWN:
		return recall(p, 1);
	}
	if (key < 32 || key >= 0x110000 || (key >= 0xd800 && key < 0xe000))
		return PROMPT_GOES_ON;
	return insert(p, c, encode(key, c)) ? PROMPT_CHANGED : PROMPT_GOES_ON;
}

size_t prompt_cells(const struct prompt *p)
{
	return sonde_text_cells(p->text, p->cursor, term_is_ascii() ? SONDE_TEXT_ASCII : 0);
}

void prompt_complete(struct prompt *p, const char *const *words, char *all, size_t size)
{
	size_t from = p->cursor, have, common = 0, at = 0, fits = 0;
	const char *first = NULL;

	while (from && p->text[from - 1] != ' ')
		from--;
	have = p->cursor - from;
	all[0] = 0;
	for (; *words; words++) {
		size_t n = 0;

		if (strncmp(*words, p->text + from, have) != 0)
			continue;
		if (!first) {
			first = *words;
			common = strlen(first);
		}
		while (n < common && first[n] == (*words)[n])
			n++;
		common = n;
		fits++;
		if (at < size)
			at += (size_t)snprintf(all + at, size - at, "%s%s", at ? " " : "", *words);
	}
	if (!first)
		return;
	if (common > have)
		(void)insert(p, first + have, common - have);
	if (fits == 1) {
		all[0] = 0;
		(void)insert(p, " ", 1);
	}
}

void prompt_remember(struct prompt *p, const char *line)
{
	char *copy;

	if (!*line || (p->n_history && strcmp(p->history[p->n_history - 1], line) == 0))
		return;
	copy = strdup(line);
	if (!copy)
		return;
	if (p->n_history == PROMPT_HISTORY) {
		free(p->history[0]);
		memmove(p->history, p->history + 1, (PROMPT_HISTORY - 1) * sizeof(p->history[0]));
		p->n_history--;
	}
	p->history[p->n_history++] = copy;
}

void prompt_load(struct prompt *p, const char *path)
{
	FILE *f = fopen(path, "re");
	char line[PROMPT_MAX];

	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		prompt_remember(p, line);
	}
	fclose(f);
}

int prompt_save(const struct prompt *p, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	if (!f)
		return -errno;
	for (size_t i = 0; i < p->n_history; i++)
		fprintf(f, "%s\n", p->history[i]);
	return fclose(f) == 0 ? 0 : -errno;
}

void prompt_done(struct prompt *p)
{
	for (size_t i = 0; i < p->n_history; i++)
		free(p->history[i]);
	p->n_history = 0;
}
