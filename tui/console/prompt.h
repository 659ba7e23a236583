/* SPDX-License-Identifier: BSD-2-Clause */
/* One line that a person types: editing, history, completion. */
#ifndef TUI_PROMPT_H
#define TUI_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

#define PROMPT_MAX     512
#define PROMPT_HISTORY 100

struct prompt {
	char sign;             /* "/" or ":", 0: not open */
	char text[PROMPT_MAX]; /* UTF-8 */
	size_t n, cursor;      /* bytes */
	/* history of ":" lines, oldest first */
	char *history[PROMPT_HISTORY];
	size_t n_history, at; /* at == n_history: the line being typed */
};

enum prompt_result { PROMPT_GOES_ON, PROMPT_CHANGED, PROMPT_DONE, PROMPT_LEFT };

void prompt_open(struct prompt *p, char sign, const char *text);
/* One key. CHANGED: the text is another; DONE: Enter; LEFT: Esc, or Backspace on an empty line. */
enum prompt_result prompt_key(struct prompt *p, int key);

/* Columns before the cursor. */
size_t prompt_cells(const struct prompt *p);

/*
 * Complete the word at the cursor from @words (NULL-ended): extends it as far as all that fit
 * agree. Writes the candidates with blanks between to @all when there is more than one, else "".
 */
void prompt_complete(struct prompt *p, const char *const *words, char *all, size_t size);

/* Remember a ":" line; the same one twice in a row is kept once. Free, load from and save to a file
 * (0600). */
void prompt_remember(struct prompt *p, const char *line);
void prompt_load(struct prompt *p, const char *path);
int prompt_save(const struct prompt *p, const char *path);
void prompt_done(struct prompt *p);

#endif
