/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Fields: the one vocabulary of sonde. A field is a column on the screen, a
 * word in an expression, a key in JSON and a line in docs/fields.md.
 *
 * Everything here is constant data of the program: no function allocates, and
 * pointers stay valid until the process ends.
 */
#ifndef SONDE_FIELD_H
#define SONDE_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sonde_err;

/* A row's name across snapshots: never reused within one engine run, never 0. */
typedef uint64_t sonde_id;

/* The tables that can be asked for. Order is part of the socket protocol. */
enum sonde_table {
	SONDE_EVENTS, /* what happened, newest last */
	SONDE_PODS,   /* pods, then units and the host itself as rows of their own */
	SONDE_PROCS,
	SONDE_CONNS,  /* sockets: TCP connections, listeners, UDP peers */
	SONDE_NODE,   /* one row: the node and sonde itself (the title bar) */
	SONDE_DOCTOR, /* what this kernel, runtime and access allow, a row a check */
	SONDE_DETAIL, /* one process in full: section, key, value */
	SONDE_LOG,    /* last lines of a container's log */
	SONDE_TABLES
};

enum sonde_kind {
	SONDE_ABSENT, /* the field does not apply to this row: no JSON key */
	SONDE_NULL,   /* it applies but is not known: JSON null */
	SONDE_BOOL,
	SONDE_INT,  /* signed 64 bit */
	SONDE_UINT, /* unsigned 64 bit */
	SONDE_REAL,
	SONDE_TEXT, /* bytes as they came from the workload: not UTF-8, not safe, not NUL-terminated
		     */
	SONDE_TIME, /* ns since 1970, UTC */
	SONDE_LIST, /* texts laid end to end, each ended by a NUL byte */
};

/* What a number means; decides how people see it, never how JSON shows it. */
enum sonde_unit {
	SONDE_PLAIN,
	SONDE_BYTES,     /* bytes, shown as 1.2M */
	SONDE_RATE,      /* a second */
	SONDE_BYTE_RATE, /* bytes a second */
	SONDE_PERCENT,   /* 100 = one whole core, or the whole */
	SONDE_NANOS,     /* a duration in ns */
	SONDE_AGE,       /* a TIME shown as time since */
	SONDE_CLOCK,     /* a TIME shown as HH:MM:SS */
};

struct sonde_value {
	enum sonde_kind kind;
	union {
		bool b;
		int64_t i;
		uint64_t u;
		double d;
		struct {
			const char *p; /* valid as long as the rows or stream it came from is not
					  moved on */
			size_t n;
		} text; /* TEXT and LIST */
	};
};

enum {
	SONDE_FIELD_DEFAULT = 1, /* a column unless the user chose others */
	SONDE_FIELD_RIGHT = 2,   /* numbers: aligned right */
	SONDE_FIELD_JSON = 4,    /* a key of the JSON object of its table */
	SONDE_FIELD_INDEX = 8,   /* a list of which name[N] is one text */
	SONDE_FIELD_ANY = 16,    /* a list of which "in" wants one element, not all */
	SONDE_FIELD_ADDR =
		32, /* an address: compared with addresses and networks like 10.0.0.0/8 */
};

struct sonde_field {
	const char *name;  /* for expressions and rules, Falco's where Falco has it: "proc.pid" */
	const char *key;   /* for JSON, --columns, --sort: "pid" */
	const char *title; /* column header, at most 12 cells: "PID" */
	const char *help;  /* one sentence without a full stop */
	enum sonde_kind kind;
	enum sonde_unit unit;
	unsigned char width; /* wanted cells, 0: takes what is left */
	unsigned char rank;  /* 1 stays longest when the screen is narrow, 9 goes first */
	unsigned char flags;
};

/* "pods", "ps", "conns", "events", … as used for commands. NULL when out of range. */
const char *sonde_table_name(enum sonde_table table);

/* The number of fields of @table, and its @i-th in the order of the JSON contract. */
size_t sonde_field_count(enum sonde_table table);
const struct sonde_field *sonde_field_at(enum sonde_table table, size_t i);

/*
 * The field called @word, by name or by key; NULL when there is none. Cost is one
 * pass over the table: look up once, keep the pointer.
 */
const struct sonde_field *sonde_field_find(enum sonde_table table, const char *word);

/* The nearest right word for a wrong one (edit distance), never NULL. For "did you mean". */
const char *sonde_field_nearest(enum sonde_table table, const char *word);

#endif
