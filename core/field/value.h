/* SPDX-License-Identifier: BSD-2-Clause */
/* Filling values: what getters are made of. */
#ifndef FIELD_VALUE_H
#define FIELD_VALUE_H

#include <string.h>

#include "sonde/field.h"

static inline void value_null(struct sonde_value *v)
{
	v->kind = SONDE_NULL;
}

static inline void value_absent(struct sonde_value *v)
{
	v->kind = SONDE_ABSENT;
}

static inline void value_bool(struct sonde_value *v, bool b)
{
	v->kind = SONDE_BOOL;
	v->b = b;
}

static inline void value_int(struct sonde_value *v, int64_t i)
{
	v->kind = SONDE_INT;
	v->i = i;
}

static inline void value_uint(struct sonde_value *v, uint64_t u)
{
	v->kind = SONDE_UINT;
	v->u = u;
}

static inline void value_time(struct sonde_value *v, uint64_t ns)
{
	v->kind = SONDE_TIME;
	v->u = ns;
}

/* Bytes; NULL is not known. */
static inline void value_bytes(struct sonde_value *v, const char *p, size_t n)
{
	v->kind = p ? SONDE_TEXT : SONDE_NULL;
	v->text.p = p;
	v->text.n = n;
}

/* A C string; NULL is not known. */
static inline void value_text(struct sonde_value *v, const char *s)
{
	value_bytes(v, s, s ? strlen(s) : 0);
}

/* Texts each ended by a NUL; NULL is not known. */
static inline void value_list(struct sonde_value *v, const char *p, size_t n)
{
	value_bytes(v, p, n);
	if (p)
		v->kind = SONDE_LIST;
}

#endif
