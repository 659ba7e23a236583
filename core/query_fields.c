/* SPDX-License-Identifier: BSD-2-Clause */
/* The fields of the tables of texts: doctor, one process in full, a log. */
#include <string.h>

#include "base/macros.h"
#include "field/field.h"
#include "kv.h"

static void text_of(const struct kv_row *row, unsigned column, struct sonde_value *ret)
{
	ret->kind = SONDE_TEXT;
	ret->text.p = row->col[column];
	ret->text.n = strlen(row->col[column]);
}

static void get_0(struct field_ctx *ctx, const void *row, struct sonde_value *ret)
{
	(void)ctx;
	text_of(row, 0, ret);
}

static void get_1(struct field_ctx *ctx, const void *row, struct sonde_value *ret)
{
	(void)ctx;
	text_of(row, 1, ret);
}

static void get_2(struct field_ctx *ctx, const void *row, struct sonde_value *ret)
{
	(void)ctx;
	text_of(row, 2, ret);
}

static void get_3(struct field_ctx *ctx, const void *row, struct sonde_value *ret)
{
	(void)ctx;
	text_of(row, 3, ret);
}

#define F(name_, key_, title_, width_, rank_, get_, help_)           \
	{                                                            \
		{ .name = name_,                                     \
		  .key = key_,                                       \
		  .title = title_,                                   \
		  .help = help_,                                     \
		  .kind = SONDE_TEXT,                                \
		  .width = width_,                                   \
		  .rank = rank_,                                     \
		  .flags = SONDE_FIELD_DEFAULT | SONDE_FIELD_JSON }, \
			.get = get_                                  \
	}

static const struct field_def doctor_fields[] = {
	F("sonde.check", "check", "CHECK", 34, 1, get_0, "What was looked at"),
	F("sonde.check.state", "state", "STATE", 9, 1, get_1, "ok, degraded or missing"),
	F("sonde.check.detail", "detail", "DETAIL", 0, 2, get_2, "What was found"),
	F("sonde.check.mend", "mend", "MEND", 40, 3, get_3, "What would make it whole"),
};

static const struct field_def detail_fields[] = {
	F("sonde.detail.section", "section", "SECTION", 14, 1, get_0,
	  "The part that the line belongs to"),
	F("sonde.detail.key", "key", "KEY", 24, 1, get_1, "What the line tells"),
	F("sonde.detail.value", "value", "VALUE", 0, 1, get_2, "Its value, secrets masked"),
};

static const struct field_def log_fields[] = {
	F("container.name", "container", "CONTAINER", 14, 3, get_0,
	  "The container that wrote the line"),
	F("evt.time", "time", "TIME", 15, 2, get_1,
	  "When the runtime took it, as the log file says"),
	F("sonde.log.stream", "stream", "STREAM", 6, 4, get_2, "stdout or stderr"),
	F("sonde.log.text", "text", "TEXT", 0, 1, get_3, "The line"),
};

const struct field_table face_doctor_fields = { "doctor", doctor_fields,
						ARRAY_SIZE(doctor_fields) };
const struct field_table face_detail_fields = { "detail", detail_fields,
						ARRAY_SIZE(detail_fields) };
const struct field_table face_log_fields = { "log", log_fields, ARRAY_SIZE(log_fields) };
