/* SPDX-License-Identifier: BSD-2-Clause */
/* What commands share. */
#include "commands/common.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sonde/text.h"

#define READY_MS 30000

void say(const char *fmt, ...)
{
	char text[1024], safe[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sonde_text_show(safe, sizeof(safe), sizeof(safe), text, strlen(text), 0);
	fprintf(stderr, "sonde: %s\n", safe);
}

int exit_of(int r)
{
	switch (r) {
	case 0:
		return EXIT_DONE;
	case -EPERM:
	case -EACCES:
	case -EOPNOTSUPP:
	case -ENOSYS:
		return EXIT_REFUSED;
	default:
		return EXIT_FAILED;
	}
}

/* ── open and ready ──────────────────────────────────────────────────────── */

int common_open(const struct options *o, struct sonde **ret)
{
	struct sonde_opts opts = options_open(o);
	struct sonde_err err = { 0 };
	int r = sonde_open(&opts, ret, &err);

	if (r)
		say("%s", *err.text ? err.text : strerror(-r));
	return exit_of(r);
}

int common_ready(struct sonde *s, bool ready)
{
	unsigned long long began = (unsigned long long)time(NULL);
	struct sonde_err err = { 0 };
	int r = -ETIMEDOUT;

	/* In slices, so that an interrupt is heard. */
	while (r == -ETIMEDOUT && !stop_asked() &&
	       (unsigned long long)time(NULL) - began < READY_MS / 1000)
		r = sonde_ready(s, 100, &err);
	if (r == -ETIMEDOUT && !stop_asked())
		say("the first picture is not complete after %d s; what is printed may lack "
		    "something",
		    READY_MS / 1000);
	else if (r && r != -ETIMEDOUT)
		say("%s", *err.text ? err.text : strerror(-r));
	if (ready)
		fputs("ready\n", stderr);
	return 0;
}

/* ── which pod ───────────────────────────────────────────────────────────── */

static bool is_id(const char *word)
{
	size_t n = strspn(word, "0123456789abcdefABCDEF-");

	return n >= 8 && !word[n];
}

/* Compare a text value with the word: the whole, or as the prefix of an id. */
static bool names(const struct sonde_value *v, const char *word, bool prefix)
{
	size_t n = strlen(word);

	return v->kind == SONDE_TEXT && v->text.n >= n && !strncasecmp(v->text.p, word, n) &&
	       (prefix || v->text.n == n);
}

/* Look through @table for the word in the field of that key; *@ret is the row, -1 none, -2 more
 * than one. */
static struct sonde_rows *look(struct sonde *s, enum sonde_table table, const char *key,
			       const char *word, bool prefix, ptrdiff_t *ret)
{
	struct sonde_query q = { .table = table };
	const struct sonde_field *f = sonde_field_find(table, key);
	struct sonde_rows *rows = NULL;

	*ret = -1;
	if (!f || sonde_query(s, &q, &rows, NULL))
		return NULL;
	for (size_t i = 0; i < sonde_rows_count(rows); i++) {
		struct sonde_value v;

		sonde_rows_value(rows, i, f, &v);
		if (!names(&v, word, prefix))
			continue;
		/* The one alive now goes before one that is still remembered. */
		if (*ret < 0 || (sonde_rows_gone(rows, (size_t)*ret) && !sonde_rows_gone(rows, i)))
			*ret = (ptrdiff_t)i;
		else if (prefix && !sonde_rows_gone(rows, i) && table == SONDE_PODS)
			*ret = -2;
		if (*ret == -2)
			break;
	}
	return rows;
}

/* A container's id leads to its pod by any process in it. */
static int by_container(struct sonde *s, const char *word, sonde_id *ret)
{
	const struct sonde_field *uid = sonde_field_find(SONDE_PROCS, "pod_uid");
	struct sonde_rows *procs, *pods = NULL;
	struct sonde_value v = { .kind = SONDE_NULL };
	ptrdiff_t at, pod = -1;
	char text[80];

	procs = look(s, SONDE_PROCS, "container_id", word, true, &at);
	if (procs && uid && at >= 0)
		sonde_rows_value(procs, (size_t)at, uid, &v);
	if (v.kind == SONDE_TEXT && v.text.n < sizeof(text)) {
		memcpy(text, v.text.p, v.text.n);
		text[v.text.n] = 0;
		pods = look(s, SONDE_PODS, "pod_uid", text, false, &pod);
	}
	if (pod >= 0)
		*ret = sonde_rows_id(pods, (size_t)pod);
	sonde_rows_unref(pods);
	sonde_rows_unref(procs);
	return pod >= 0 ? 0 : -ENOENT;
}

int common_pod(struct sonde *s, const char *word, sonde_id *ret)
{
	bool id = word && is_id(word);
	struct sonde_rows *rows;
	ptrdiff_t at;

	*ret = 0;
	if (!word)
		return 0;
	rows = look(s, SONDE_PODS, id ? "pod_uid" : "pod", word, id, &at);
	if (at >= 0)
		*ret = sonde_rows_id(rows, (size_t)at);
	sonde_rows_unref(rows);
	if (at >= 0 || (at == -1 && id && !by_container(s, word, ret)))
		return 0;
	if (at == -2)
		say("'%s' begins more than one pod UID", word);
	else
		say("there is no pod '%s' on this node; a pod is namespace/name, a UID or a "
		    "container id",
		    word);
	return EXIT_FAILED;
}

/* ── ends ────────────────────────────────────────────────────────────────── */

static volatile sig_atomic_t asked;

static void ask(int sig)
{
	(void)sig;
	asked = 1;
}

void stop_catch(void)
{
	struct sigaction sa = { .sa_handler = ask, .sa_flags = (int)SA_RESETHAND };

	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

bool stop_asked(void)
{
	return asked;
}

static unsigned long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (unsigned long long)ts.tv_sec * 1000000000ULL + (unsigned long long)ts.tv_nsec;
}

struct deadline deadline_start(unsigned long long span_ns)
{
	return (struct deadline){ .at_ns = span_ns ? now_ns() + span_ns : 0 };
}

bool deadline_over(const struct deadline *d)
{
	return d->at_ns && now_ns() >= d->at_ns;
}

int deadline_ms(const struct deadline *d, int most)
{
	unsigned long long now = now_ns(), left;

	if (!d->at_ns)
		return most;
	left = d->at_ns > now ? (d->at_ns - now + 999999) / 1000000 : 0;
	return left < (unsigned long long)most ? (int)left : most;
}

/* ── columns ─────────────────────────────────────────────────────────────── */

static int add_column(struct columns *c, enum sonde_table table, const char *word)
{
	const struct sonde_field *f = sonde_field_find(table, word);

	if (!f) {
		say("there is no field '%s' for %s, did you mean '%s'?", word,
		    sonde_table_name(table), sonde_field_nearest(table, word));
		return EXIT_USAGE;
	}
	if (c->n == sizeof(c->f) / sizeof(c->f[0])) {
		say("there are more than %zu columns", c->n);
		return EXIT_USAGE;
	}
	c->f[c->n++] = f;
	return 0;
}

int columns_read(const struct options *o, enum sonde_table table, struct columns *ret)
{
	const char *p = o->c.columns;
	int r = 0;

	*ret = (struct columns){ .chosen = *p };
	for (size_t i = 0; !*p && i < sonde_field_count(table); i++)
		if (sonde_field_at(table, i)->flags & SONDE_FIELD_DEFAULT)
			add_column(ret, table, sonde_field_at(table, i)->key);
	while (*p && !r) {
		size_t n = strcspn(p, ", ");
		char word[80];

		snprintf(word, sizeof(word), "%.*s", (int)n, p);
		if (n)
			r = add_column(ret, table, word);
		p += n;
		p += *p != 0;
	}
	if (!r && !ret->n) {
		say("--columns names no field");
		r = EXIT_USAGE;
	}
	return r;
}
