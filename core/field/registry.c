/* SPDX-License-Identifier: BSD-2-Clause */
/* Looking up tables and fields by their words. */
#include "field/field.h"

#include <limits.h>
#include <string.h>

#include "base/macros.h"
#include "base/text.h"

static const struct field_table *table_of(enum sonde_table table)
{
	return (unsigned)table < SONDE_TABLES ? field_tables[table] : NULL;
}

const char *sonde_table_name(enum sonde_table table)
{
	const struct field_table *t = table_of(table);

	return t ? t->name : NULL;
}

size_t sonde_field_count(enum sonde_table table)
{
	const struct field_table *t = table_of(table);

	return t ? t->n : 0;
}

const struct sonde_field *sonde_field_at(enum sonde_table table, size_t i)
{
	const struct field_table *t = table_of(table);

	return t && i < t->n ? &t->fields[i].pub : NULL;
}

/* A field with no key is for expressions only, one with no name has nothing but its key. */
static bool is_called(const struct sonde_field *f, const char *word, size_t n)
{
	return (f->name && strlen(f->name) == n && !memcmp(f->name, word, n)) ||
	       (f->key && strlen(f->key) == n && !memcmp(f->key, word, n));
}

static const struct sonde_field *find(enum sonde_table table, const char *word, size_t n)
{
	const struct field_table *t = table_of(table);

	for (size_t i = 0; t && i < t->n; i++)
		if (is_called(&t->fields[i].pub, word, n))
			return &t->fields[i].pub;
	return NULL;
}

const struct sonde_field *sonde_field_find(enum sonde_table table, const char *word)
{
	return find(table, word, strlen(word));
}

const struct sonde_field *field_find_indexed(enum sonde_table table, const char *word,
					     int *ret_index)
{
	const char *open = strchr(word, '[');
	const struct sonde_field *f;
	unsigned index = 0, digits = 0;
	const char *p;

	*ret_index = -1;
	if (!open)
		return sonde_field_find(table, word);
	f = find(table, word, (size_t)(open - word));
	if (!f || !(f->flags & SONDE_FIELD_INDEX))
		return NULL;
	for (p = open + 1; *p >= '0' && *p <= '9' && digits < 4; p++, digits++)
		index = index * 10 + (unsigned)(*p - '0');
	if (!digits || strcmp(p, "]"))
		return NULL;
	*ret_index = (int)index;
	return f;
}

const char *sonde_field_nearest(enum sonde_table table, const char *word)
{
	const struct field_table *t = table_of(table);
	unsigned best = UINT_MAX;
	const char *ret = "";

	for (size_t i = 0; t && i < t->n; i++) {
		const char *words[] = { t->fields[i].pub.key, t->fields[i].pub.name };

		for (size_t k = 0; k < ARRAY_SIZE(words); k++) {
			unsigned d = words[k] ? text_distance(word, words[k], UINT_MAX) : UINT_MAX;

			if (d < best) {
				best = d;
				ret = words[k];
			}
		}
	}
	return ret;
}
