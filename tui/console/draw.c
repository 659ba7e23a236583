/* SPDX-License-Identifier: BSD-2-Clause */
/* One frame: bar, breadcrumb, header, the rows that fit, the last lines. */
#include <stdio.h>
#include <string.h>

#include "console/app.h"
#include "format.h"

#define LEAST_ROWS 8
#define LEAST_COLS 40
#define YOUNG_NS   2000000000ull
#define TREE_MAX   24 /* cells for tree lines */

static void too_small(int rows, int cols)
{
	char text[64];

	snprintf(text, sizeof(text), "needs %dx%d, has %dx%d", LEAST_COLS, LEAST_ROWS, cols, rows);
	canvas_str(rows / 2, 0, cols, ROLE_WARN, text);
}

/* ── breadcrumb ──────────────────────────────────────────────────────────── */

static void state_words(const struct app *a, const struct view *v, char *dst, size_t size)
{
	size_t count = v->rows ? v->n_shown : 0, total = v->rows ? sonde_rows_total(v->rows) : 0;
	const char *order = v->sort[0] == '-' ? v->sort + 1 : v->sort;
	size_t at;

	at = (size_t)(count == total ? snprintf(dst, size, "%zu", total)
				     : snprintf(dst, size, "%zu of %zu", count, total));
	if (v->sort[0] && at < size)
		at += (size_t)snprintf(dst + at, size - at, "  by %s%s", order,
				       v->sort[0] == '-' ? " down" : "");
	if (at < size)
		(void)snprintf(dst + at, size - at, "  %s",
			       a->paused          ? "PAUSED"
			       : *a->o->c.history ? "recorded"
						  : "live");
}

static void crumbs(const struct app *a, int cols)
{
	const struct view *v = app_view(a);
	char words[160];
	int x = 1, room, from = 0;

	state_words(a, v, words, sizeof(words));
	room = cols - (int)strlen(words) - 2;
	canvas_str(2, room + 1, cols - room, a->paused ? ROLE_WARN : ROLE_DIM, words);
	if (a->depth > 3)
		from = (int)a->depth - 3;
	for (size_t i = (size_t)from; i < a->depth; i++) {
		const struct view *c = a->stack[i];

		if (i > (size_t)from) {
			x += canvas_str(2, x, room - x, ROLE_DIM, " ");
			x += canvas_glyph(2, x, ROLE_DIM, GLYPH_CRUMB);
			x += canvas_str(2, x, room - x, ROLE_DIM, " ");
		}
		if (c->scope[0] && (i == 0 || strcmp(c->scope, a->stack[i - 1]->scope) != 0)) {
			x += canvas_str(2, x, room - x, ROLE_POD, c->scope);
			x += canvas_str(2, x, room - x, ROLE_DIM, " ");
		}
		x += canvas_str(2, x, room - x, i + 1 == a->depth ? ROLE_CRUMB : ROLE_DIM,
				c->ops->title);
	}
	if (v->filter[0] && x + 4 < room)
		canvas_fmt(2, x + 2, room - x - 2, ROLE_MATCH, "/%s", v->filter);
}

/* ── rows ────────────────────────────────────────────────────────────────── */

static void header(const struct view *v, int cols)
{
	const char *sort = v->sort[0] == '-' ? v->sort + 1 : v->sort;

	canvas_fill(3, 0, cols, ROLE_HEADER);
	for (size_t i = 0; i < v->columns.n; i++) {
		const struct column *c = &v->columns.col[i];
		bool by = v->sort[0] &&
			  (strcmp(c->field->key, sort) == 0 || strcmp(c->field->name, sort) == 0);
		enum role role = by ? ROLE_HEADER_SORT : ROLE_HEADER;
		const char *t = c->field->title;
		int width = c->width - (by ? 1 : 0), used;

		if (!c->width)
			continue;
		if (c->field->flags & SONDE_FIELD_RIGHT) {
			canvas_right(3, c->x + (by ? 1 : 0), width, role, t, strlen(t));
			used = (int)strlen(t) < width ? (int)strlen(t) : width;
			if (by)
				canvas_glyph(3, c->x + c->width - used - 1, role,
					     v->sort[0] == '-' ? GLYPH_DOWN : GLYPH_UP);
		} else {
			used = canvas_str(3, c->x, width, role, t);
			if (by)
				canvas_glyph(3, c->x + used, role,
					     v->sort[0] == '-' ? GLYPH_DOWN : GLYPH_UP);
		}
	}
}

/* The lines before a row of the tree. Returns the cells they took. */
static int tree_lines(const struct view *v, size_t shown, int y, int x, int cells, enum role role)
{
	size_t row = v->shown[shown];
	unsigned depth = sonde_rows_depth(v->rows, row);
	int most = cells / 2 < TREE_MAX ? cells / 2 : TREE_MAX, at = x;
	unsigned from = 1;

	if (depth > 63)
		depth = 63;
	while ((int)(depth - from + 1) * 2 > most && from < depth)
		from++; /* deep trees show their last levels */
	for (unsigned d = from; depth && d <= depth; d++) {
		bool on = v->more[shown] >> d & 1;

		if (d == depth)
			at += canvas_glyph(y, at, role, on ? GLYPH_TEE : GLYPH_ELBOW);
		else if (on)
			at += canvas_glyph(y, at, role, GLYPH_BAR);
		else
			at++;
		at++;
	}
	if (v->n_folded && view_is_folded(v, sonde_rows_id(v->rows, row))) {
		at += canvas_glyph(y, at, role, GLYPH_FOLDED);
		at++;
	}
	return at - x;
}

static bool is_young(const struct view *v, size_t row)
{
	double born;

	if (!v->ops->born)
		return false;
	born = view_number(v, row, v->ops->born, 0);
	return born > 0 && born + (double)YOUNG_NS > (double)sonde_rows_time(v->rows);
}

static void cell(const struct view *v, size_t shown, int y, const struct column *c, enum role whole,
		 bool young)
{
	size_t row = v->shown[shown];
	enum role role = whole;
	struct sonde_value val;
	char text[2048];
	int x = c->x, width = c->width;
	size_t n, from = 0;

	sonde_rows_value(v->rows, row, c->field, &val);
	if (whole == ROLE_TEXT && v->ops->role)
		role = v->ops->role(v, row, c->field);
	if (young && whole == ROLE_TEXT &&
	    (role == ROLE_TEXT || role == ROLE_POD || role == ROLE_HOST))
		role = ROLE_NEW;
	if (strncmp(c->field->key, "spark", 5) == 0 && val.kind == SONDE_TEXT) {
		canvas_spark(y, x, width, role, val.text.p, val.text.n);
		return;
	}
	n = format_value(text, sizeof(text), &val, c->field, sonde_rows_time(v->rows));
	if (n == 1 && text[0] == '?') { /* not known is quieter than a value */
		text[0] = '-';
		role = whole == ROLE_TEXT ? ROLE_DIM : whole;
	}
	if (v->ops->tree && !v->flat && strcmp(c->field->key, v->ops->tree) == 0) {
		int used =
			tree_lines(v, shown, y, x, width, whole == ROLE_TEXT ? ROLE_TREE : whole);

		x += used;
		width -= used;
	}
	if (c->field->flags & SONDE_FIELD_RIGHT) {
		canvas_right(y, x, width, role, text, n);
		return;
	}
	if (!c->field->width && v->shift) { /* the wide column scrolls, in whole characters */
		from = v->shift < n ? v->shift : n;
		while (from < n && ((unsigned char)text[from] & 0xc0) == 0x80)
			from++;
	}
	canvas_text(y, x, width, role, text + from, n - from);
}

static void row_line(const struct view *v, size_t shown, int y, int cols)
{
	size_t row = v->shown[shown];
	bool selected = (ptrdiff_t)shown == v->list.index;
	enum role whole = selected                        ? ROLE_CURSOR
			  : sonde_rows_gone(v->rows, row) ? ROLE_GONE
							  : ROLE_TEXT;
	bool young = is_young(v, row);

	canvas_fill(y, 0, cols, whole);
	for (size_t i = 0; i < v->columns.n; i++)
		if (v->columns.col[i].width)
			cell(v, shown, y, &v->columns.col[i], whole, young);
}

/* The pod's name stands in the breadcrumb already: do not repeat it in each row. */
static void fit(struct view *v, int cols)
{
	for (size_t i = 0; i < v->columns.n; i++) {
		struct column *c = &v->columns.col[i];

		c->want = c->field->width;
		if (strncmp(c->field->key, "spark", 5) == 0 && cols < 150)
			c->want = 7; /* the last seconds will do: names matter more */
		if (v->ops->tree && !v->flat && strcmp(c->field->key, v->ops->tree) == 0)
			c->want = cols >= 110 ? 32 : 22;
	}
	columns_fit(&v->columns, cols, v->pod ? "owner" : NULL);
}

/* What stands where rows would be. */
static const char *why_empty(const struct app *a, const struct view *v)
{
	bool read_then = v->ops->table == SONDE_DETAIL || v->ops->table == SONDE_LOG;

	if (*a->o->c.history && read_then)
		return "A recording does not hold this; it is read from the node itself.";
	if (!v->rows || sonde_rows_pending(v->rows))
		return "Reading…";
	if (v->filter[0])
		return "Nothing matches. Esc takes the filter away.";
	return v->ops->empty;
}

static void rows_of(struct app *a, int rows, int cols)
{
	struct view *v = app_view(a);
	ptrdiff_t page = view_page();

	fit(v, cols);
	header(v, cols);
	if (!v->rows || !v->n_shown) {
		canvas_str(5, 2, cols - 4, ROLE_DIM, why_empty(a, v));
		return;
	}
	for (ptrdiff_t i = 0; i < page && v->list.top + i < (ptrdiff_t)v->n_shown; i++)
		row_line(v, (size_t)(v->list.top + i), 4 + (int)i, cols);
	if (v->list.top > 0)
		canvas_glyph(4, cols - 1, ROLE_DIM, GLYPH_UP);
	if (v->list.top + page < (ptrdiff_t)v->n_shown)
		canvas_glyph(3 + (int)page, cols - 1, ROLE_DIM, GLYPH_DOWN);
	(void)rows;
}

/* ── last lines ──────────────────────────────────────────────────────────── */

static int hint(struct app *a, int y, int x, int cols, enum action act, const char *word)
{
	char key[32];
	int need;

	keymap_names(&a->keymap, act, key, sizeof(key));
	key[strcspn(key, " ")] = 0;
	need = (int)strlen(key) + (int)strlen(word) + 3;
	if (x + need > cols)
		return x;
	x += canvas_str(y, x, cols - x, ROLE_KEY, key);
	return x + 1 + canvas_str(y, x + 1, cols - x, ROLE_DIM, word) + 2;
}

static void hints(struct app *a, int y, int cols)
{
	static const struct {
		enum action act;
		const char *word;
	} list[] = {
		{ ACTION_OPEN, "open" },     { ACTION_BACK, "back" },
		{ ACTION_FILTER, "filter" }, { ACTION_SORT, "sort" },
		{ ACTION_PODS, "pods" },     { ACTION_PROCS, "procs" },
		{ ACTION_CONNS, "conns" },   { ACTION_EVENTS, "events" },
		{ ACTION_HEALTH, "health" }, { ACTION_LOG, "log" },
		{ ACTION_PAUSE, "pause" },   { ACTION_COMMAND, "command" },
		{ ACTION_HELP, "help" },     { ACTION_QUIT, "leave" },
	};
	int x = 1;

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		x = hint(a, y, x, cols, list[i].act, list[i].word);
}

/* The letters that "s" waits for. */
static void sort_line(struct app *a, int y, int cols)
{
	const struct view *v = app_view(a);
	int x = 1 + canvas_str(y, 1, cols, ROLE_PROMPT, "sort by ");

	for (size_t i = 0; i < v->columns.n; i++) {
		char key[2] = { view_sort_letter(v, i), 0 };

		if (!v->columns.col[i].width || !key[0])
			continue;
		x += canvas_str(y, x, cols - x, ROLE_KEY, key) + 1;
		x += canvas_str(y, x, cols - x, ROLE_DIM, v->columns.col[i].field->title) + 2;
	}
}

static void last_line(struct app *a, int y, int cols)
{
	if (a->mode == MODE_PROMPT) {
		char sign[2] = { a->prompt.sign, 0 };
		int x = 1 + canvas_str(y, 1, cols, ROLE_KEY, sign);

		canvas_text(y, x, cols - x, ROLE_PROMPT, a->prompt.text, a->prompt.n);
		term_cursor(y, x + (int)prompt_cells(&a->prompt));
		return;
	}
	if (a->mode == MODE_SORT)
		sort_line(a, y, cols);
	else if (a->message[0])
		canvas_str(y, 1, cols - 2, a->message_role, a->message);
	else
		hints(a, y, cols);
}

void app_draw(struct app *a)
{
	const struct view *v = app_view(a);
	const char *why = v->rows ? sonde_rows_incomplete(v->rows) : NULL;
	int rows, cols;

	term_size(&rows, &cols);
	canvas_begin(&a->theme);
	term_cursor(0, -1);
	if (rows < LEAST_ROWS || cols < LEAST_COLS) {
		too_small(rows, cols);
		canvas_end();
		return;
	}
	bar_draw(a, cols);
	crumbs(a, cols);
	rows_of(a, rows, cols);
	if (a->mode == MODE_PROMPT &&
	    a->message[0]) /* what is wrong with the filter, while it is typed */
		canvas_str(rows - 2, 1, cols - 2, a->message_role, a->message);
	else if (why)
		canvas_fmt(rows - 2, 1, cols - 2, ROLE_WARN, "! %s", why);
	last_line(a, rows - 1, cols);
	if (a->mode == MODE_HELP || a->mode == MODE_COLUMNS)
		overlay_draw(a, rows, cols);
	canvas_end();
}
