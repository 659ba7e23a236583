/* SPDX-License-Identifier: BSD-2-Clause */
/* The two lines at the top: the node, what is lost, what sonde costs, how the node feels. */
#include <stdio.h>
#include <string.h>

#include "console/app.h"
#include "format.h"

/* A value of the node row as people read it; "" when there is none. */
static void node_text(const struct app *a, const char *key, char *dst, size_t size)
{
	const struct sonde_field *f = sonde_field_find(SONDE_NODE, key);
	struct sonde_value v;

	dst[0] = 0;
	if (!f || !a->node || !sonde_rows_count(a->node))
		return;
	sonde_rows_value(a->node, 0, f, &v);
	(void)format_value(dst, size, &v, f, sonde_rows_time(a->node));
}

static double node_number(const struct app *a, const char *key, double unknown)
{
	const struct sonde_field *f = sonde_field_find(SONDE_NODE, key);
	struct sonde_value v;

	if (!f || !a->node || !sonde_rows_count(a->node))
		return unknown;
	sonde_rows_value(a->node, 0, f, &v);
	return v.kind == SONDE_REAL ? v.d : v.kind == SONDE_UINT ? (double)v.u : unknown;
}

/* One piece of the bar, built from the right: label and value. Returns the new left edge. */
static int piece(int y, int right, const char *label, const char *value, enum role role,
		 int least_x)
{
	int need = (int)strlen(label) + (int)strlen(value) + 3;

	if (right - need < least_x)
		return right;
	right -= need;
	canvas_str(y, right + 1, need, ROLE_TITLE, label);
	canvas_str(y, right + 2 + (int)strlen(label), need, role, value);
	return right;
}

static void title(struct app *a, int cols)
{
	char node[80], kernel[80], text[80], origin[16];
	double lost = node_number(a, "lost", 0), sampled = node_number(a, "sampled_out", 0);
	int x, right = cols;

	canvas_fill(0, 0, cols, ROLE_TITLE);
	x = 1 + canvas_str(0, 1, cols, ROLE_TITLE, "sonde ");
	node_text(a, "node", node, sizeof(node));
	x += canvas_str(0, x, 40, ROLE_TITLE_NAME, node) + 1;
	node_text(a, "origin", origin, sizeof(origin));
	if (strcmp(origin, "ring") != 0 && origin[0])
		x += canvas_fmt(0, x, cols - x, ROLE_LOST, " %s ",
				strcmp(origin, "replay") == 0 ? "recording" : origin) +
		     1;
	/* What must never be cut stands at the right end. */
	node_text(a, "lost", text, sizeof(text));
	right = piece(0, right, "lost", text[0] ? text : "?",
		      lost > 0 ? ROLE_LOST : ROLE_TITLE_NAME, x);
	if (sampled > 0) {
		node_text(a, "sampled_out", text, sizeof(text));
		right = piece(0, right, "sampled", text, ROLE_TITLE_NAME, x);
	}
	node_text(a, "events_per_s", text, sizeof(text));
	right = piece(0, right, "ev/s", text[0] ? text : "?", ROLE_TITLE_NAME, x);
	{
		char cpu[24], mem[24];

		node_text(a, "self_cpu_pct", cpu, sizeof(cpu));
		node_text(a, "self_rss_bytes", mem, sizeof(mem));
		snprintf(text, sizeof(text), "%s%s %s", cpu[0] ? cpu : "?",
			 strchr(cpu, '%') ? "" : "%", mem[0] ? mem : "?");
		right = piece(0, right, "sonde", text, ROLE_TITLE_NAME, x);
	}
	node_text(a, "bpf_cpu_pct", text, sizeof(text));
	if (text[0] && text[0] != '?')
		right = piece(0, right, "bpf", text, ROLE_TITLE_NAME, x);
	node_text(a, "tax", text, sizeof(text));
	if (text[0] && text[0] != '?')
		right = piece(0, right, "tax", text, ROLE_LOST, x);
	node_text(a, "spark_events", text, sizeof(text));
	if (right - 18 > x) {
		canvas_spark(0, right - 16, 16, ROLE_TITLE, text, strlen(text));
		right -= 17;
	}
	node_text(a, "kernel", kernel, sizeof(kernel));
	if (x + (int)strlen(kernel) < right)
		canvas_str(0, x, right - x, ROLE_TITLE, kernel);
}

static enum role level(double v, double warn, double bad)
{
	return v >= bad ? ROLE_BAD : v >= warn ? ROLE_WARN : ROLE_TEXT;
}

static int figure(int x, int cols, const char *label, enum role role, const char *fmt, double v)
{
	char text[48];
	int need;

	if (v < 0)
		return x;
	snprintf(text, sizeof(text), fmt, v);
	need = (int)strlen(label) + (int)strlen(text) + 3;
	if (x + need > cols)
		return x;
	x += canvas_str(1, x, cols, ROLE_DIM, label) + 1;
	return x + canvas_str(1, x, cols, role, text) + 2;
}

static void figures(struct app *a, int cols)
{
	double cpus = node_number(a, "cpus", 1), load = node_number(a, "load1", -1);
	double psi_cpu = node_number(a, "psi_cpu", -1), psi_io = node_number(a, "psi_io", -1);
	double psi_mem = node_number(a, "psi_memory", -1), mem = node_number(a, "mem_pct", -1);
	double disk = node_number(a, "disk_pct", -1), cpu = node_number(a, "cpu_pct", -1);
	char total[24];
	int x = 1;

	x = figure(x, cols, "cpu", level(cpu, 80, 95), "%.0f%%", cpu);
	x = figure(x, cols, "load", level(load / cpus, 1, 2), "%.2f", load);
	x = figure(x, cols, "mem", level(mem, 80, 92), "%.0f%%", mem);
	node_text(a, "mem_total", total, sizeof(total));
	if (mem >= 0 && x + 12 < cols)
		x += canvas_fmt(1, x - 1, cols - x, ROLE_DIM, "of %s", total) + 1;
	x = figure(x, cols, "disk", level(disk, 80, 92), "%.0f%%", disk);
	x = figure(x, cols, "pressure cpu", level(psi_cpu, 20, 50), "%.0f%%", psi_cpu);
	x = figure(x, cols, "mem", level(psi_mem, 5, 20), "%.0f%%", psi_mem);
	x = figure(x, cols, "io", level(psi_io, 20, 50), "%.0f%%", psi_io);
	x = figure(x, cols, "pods", ROLE_TEXT, "%.0f", node_number(a, "pods", -1));
	x = figure(x, cols, "processes", ROLE_TEXT, "%.0f", node_number(a, "processes", -1));
	(void)figure(x, cols, "sockets", ROLE_TEXT, "%.0f", node_number(a, "conns", -1));
}

void bar_draw(struct app *a, int cols)
{
	title(a, cols);
	figures(a, cols);
}
