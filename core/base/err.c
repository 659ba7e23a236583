/* SPDX-License-Identifier: BSD-2-Clause */
/* The one place where an error's sentence is written. */
#include "sonde/err.h"

#include <stdarg.h>
#include <stdio.h>

int sonde_err_set(struct sonde_err *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return code;
}
