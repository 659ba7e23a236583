/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console's state. One thread; it draws from rows that it counts and asks the
 * core for nothing that could make it wait.
 *
 *   key ─▶ app_key() ─▶ view stack, filter, sort      sonde_fd() ─▶ view_load()
 *                 └────────────▶ app_draw() ◀──────────────────────────┘
 *
 * app_draw() is the one place that draws, once a turn.
 */
#ifndef TUI_APP_H
#define TUI_APP_H

#include "console/actions.h"
#include "console/canvas.h"
#include "console/prompt.h"
#include "options.h"
#include "views/view.h"

#define STACK_MAX   16
#define MESSAGE_MAX 512

enum mode { MODE_LIST, MODE_PROMPT, MODE_HELP, MODE_COLUMNS, MODE_SORT };

struct app {
	struct sonde *s;
	const struct options *o;
	struct theme theme;
	struct keymap keymap;
	struct prompt prompt;
	char history_path[4200]; /* of the prompt, "" when it is not kept */
	char theme_dirs[2][4200];
	enum mode mode;
	struct view *stack[STACK_MAX]; /* the last one is shown */
	size_t depth;
	struct view *other;      /* left by "-": the view to swap with; owned */
	struct sonde_rows *node; /* the one row of the title bar */
	char message[MESSAGE_MAX];
	enum role message_role;
	uint64_t message_until_ns;
	char filter_before[PROMPT_MAX]; /* what Esc in the filter line brings back */
	ptrdiff_t overlay_top, overlay_at;
	bool paused, leave, reload;
	uint64_t watched_ns, clicked_ns;
	sonde_id clicked;
};

static inline struct view *app_view(const struct app *a)
{
	return a->stack[a->depth - 1];
}

/* Show @ops with this scope on top. The texts are copied. */
void app_push(struct app *a, const struct view_ops *ops, sonde_id pod, sonde_id proc,
	      const char *scope);
void app_pop(struct app *a);

/* Say something in the last line for a few seconds. */
void app_say(struct app *a, enum role role, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* keys.c: one key, in whatever mode. */
void app_key(struct app *a, const struct term_event *e);
void app_act(struct app *a, enum action act);
/* line.c: what was typed after ":"; the words that Tab completes. */
void app_command(struct app *a, const char *line);
void app_complete(struct app *a);

/* draw.c */
void app_draw(struct app *a);
/* bar.c: the two lines at the top. */
void bar_draw(struct app *a, int cols);
/* overlay.c: help and the choice of columns. */
void overlay_draw(struct app *a, int rows, int cols);
void overlay_key(struct app *a, const struct term_event *e);

/* rows.c: ask again and settle the selection. Keeps the old rows when the filter is not sound yet.
 */
void view_load(struct app *a, struct view *v);
/* Fit the list to what is folded and to the size of the screen. */
void view_settle(struct view *v);
/* How many rows of the screen are the list's. */
ptrdiff_t view_page(void);

#endif
