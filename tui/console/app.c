/* SPDX-License-Identifier: BSD-2-Clause */
/* The console's life: opening, the loop, the stack of views, leaving. */
#include "console/app.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "console/console.h"

#define FRAME_NS   100000000ull /* between two frames that data makes; keys make theirs at once */
#define WATCH_NS   1000000000ull
#define MESSAGE_NS 6000000000ull
#define IDLE_MS    500
#define WATCH_MAX  512

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

void app_say(struct app *a, enum role role, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(a->message, sizeof(a->message), fmt, ap);
	va_end(ap);
	a->message_role = role;
	a->message_until_ns = now_ns() + MESSAGE_NS;
}

void app_push(struct app *a, const struct view_ops *ops, sonde_id pod, sonde_id proc,
	      const char *scope)
{
	struct view *v;

	if (a->depth == STACK_MAX) {
		app_say(a, ROLE_WARN, "that deep down nothing more opens; Esc leads back");
		return;
	}
	v = view_new(ops, pod, proc, scope);
	if (!v) {
		app_say(a, ROLE_BAD, "not enough memory");
		return;
	}
	if (a->depth)
		view_release(app_view(a));
	a->stack[a->depth++] = v;
	a->reload = true;
}

void app_pop(struct app *a)
{
	if (a->depth <= 1)
		return;
	view_free(a->other);
	a->other = a->stack[--a->depth];
	view_release(a->other);
	a->reload = true;
}

/* The rows that are on the screen get fresh rates and details. */
static void watch(struct app *a, uint64_t now)
{
	struct view *v = app_view(a);
	sonde_id ids[WATCH_MAX];
	size_t n = 0;

	if (now < a->watched_ns + WATCH_NS || a->paused || !v->rows)
		return;
	a->watched_ns = now;
	if (v->ops->table != SONDE_PROCS && v->ops->table != SONDE_CONNS)
		return;
	for (ptrdiff_t i = v->list.top;
	     n < WATCH_MAX && i < v->list.top + view_page() && i < (ptrdiff_t)v->n_shown; i++)
		ids[n++] = sonde_rows_id(v->rows, v->shown[i]);
	sonde_watch(a->s, v->ops->table, ids, n);
}

static void unwatch_others(struct app *a)
{
	enum sonde_table t = app_view(a)->ops->table;

	if (t != SONDE_PROCS)
		sonde_watch(a->s, SONDE_PROCS, NULL, 0);
	if (t != SONDE_CONNS)
		sonde_watch(a->s, SONDE_CONNS, NULL, 0);
}

static void load(struct app *a)
{
	const struct sonde_query q = { .table = SONDE_NODE };
	struct sonde_rows *node = NULL;

	view_load(a, app_view(a));
	if (sonde_query(a->s, &q, &node, NULL) == 0) {
		sonde_rows_unref(a->node);
		a->node = node;
	}
}

/* All keys that wait. True when there was one. */
static bool take_keys(struct app *a)
{
	struct term_event e;
	bool any = false;

	while (!a->leave && term_next(&e)) {
		app_key(a, &e);
		any = true;
		if (a->reload) { /* the next key must meet the new view */
			a->reload = false;
			load(a);
			unwatch_others(a);
		}
	}
	return any;
}

static void loop(struct app *a)
{
	struct pollfd fds[3] = {
		{ .fd = term_fd(), .events = POLLIN },
		{ .fd = sonde_fd(a->s), .events = POLLIN },
		{ .fd = term_signal_fd(), .events = POLLIN },
	};
	uint64_t drawn = 0;
	bool fresh = true;

	while (!a->leave) {
		uint64_t now = now_ns();
		bool keys, due = fresh && now >= drawn + FRAME_NS;
		int wait = !fresh ? IDLE_MS
			   : due  ? 0
				  : (int)((drawn + FRAME_NS - now) / 1000000) + 1;

		if (poll(fds, 3, wait) < 0 && errno != EINTR)
			break;
		if (fds[2].revents & POLLIN)
			break;
		keys = take_keys(a);
		if (!keys && (fds[0].revents & (POLLHUP | POLLERR) ||
			      (fds[0].revents & POLLIN && term_is_gone())))
			break;
		if (fds[1].revents & POLLIN) {
			sonde_fd_clear(a->s);
			fresh = true;
		}
		now = now_ns();
		if (a->message[0] && now > a->message_until_ns && a->mode != MODE_PROMPT) {
			a->message[0] = 0;
			keys = true;
		}
		due = fresh && now >= drawn + FRAME_NS;
		if (due && !a->paused)
			load(a);
		if (keys || due) {
			app_draw(a);
			watch(a, now);
			if (due) {
				drawn = now;
				fresh = false;
			}
		}
	}
}

/* ── opening and leaving ─────────────────────────────────────────────────── */

static void read_keys(struct app *a, const char *dir)
{
	struct sonde_err err = { 0 };
	char path[4200];

	snprintf(path, sizeof(path), "%s/keys.yaml", dir);
	if (*dir && keymap_file(&a->keymap, path, &err) == -EINVAL)
		app_say(a, ROLE_BAD, "%s; the keys stay as they were", err.text);
}

static void read_theme(struct app *a, const char *name)
{
	const char *dirs[3] = { a->theme_dirs[0], a->theme_dirs[1], NULL };
	struct sonde_err err = { 0 };

	if (theme_load(name, dirs, &a->theme, &err) < 0)
		app_say(a, ROLE_BAD, "%s", err.text);
	else if (!*name && term_colours() == 0)
		(void)theme_load("mono", dirs, &a->theme, NULL);
}

static void configure(struct app *a)
{
	const struct sonde_config *c = &a->o->c;
	char user[4096];

	options_user_dir(a->o, user, sizeof(user));
	snprintf(a->theme_dirs[0], sizeof(a->theme_dirs[0]), "%s/themes", *user ? user : c->config);
	snprintf(a->theme_dirs[1], sizeof(a->theme_dirs[1]), "%s/themes", c->config);
	keymap_default(&a->keymap);
	read_keys(a, c->config);
	read_keys(a, user);
	read_theme(a, c->theme);
	if (c->n_warnings)
		app_say(a, ROLE_BAD, "%s", c->warnings[0]);
	if (!*c->history) {
		(void)mkdir(c->state_dir, 0700);
		snprintf(a->history_path, sizeof(a->history_path), "%s/console-history",
			 c->state_dir);
		prompt_load(&a->prompt, a->history_path);
	}
}

static void done(struct app *a)
{
	while (a->depth)
		view_free(a->stack[--a->depth]);
	view_free(a->other);
	sonde_rows_unref(a->node);
	if (a->history_path[0] && a->prompt.n_history)
		(void)prompt_save(&a->prompt, a->history_path);
	prompt_done(&a->prompt);
	free(a);
}

int console_run(struct sonde *s, const struct options *o)
{
	const struct term_opts topts = { .ascii = o->c.ascii, .no_mouse = o->c.no_mouse };
	struct app *a = calloc(1, sizeof(*a));
	char note[160];
	int r;

	if (!a)
		return 1;
	a->s = s;
	a->o = o;
	r = term_open(&topts, note, sizeof(note));
	if (r < 0) {
		fprintf(stderr, "sonde: %s\n",
			r == -ENOTTY ? "the console needs a terminal"
				     : "no terminal description works here; set TERM");
		free(a);
		return 1;
	}
	configure(a);
	if (note[0])
		app_say(a, ROLE_WARN, "%s", note);
	app_push(a, &view_pods, 0, 0, "");
	if (a->depth) {
		a->reload = false;
		load(a);
		app_draw(a);
		loop(a);
	}
	term_close();
	done(a);
	return 0;
}
