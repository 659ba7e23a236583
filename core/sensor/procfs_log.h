/* SPDX-License-Identifier: BSD-2-Clause */
/* One line of a container's log file, taken apart. */
#ifndef SENSOR_PROCFS_LOG_H
#define SENSOR_PROCFS_LOG_H

#include "base/buf.h"

struct log_line {
	char time[48];   /* as the file has it */
	char stream[16]; /* stdout, stderr */
	struct buf text; /* added to; its max is the caller's */
	bool partial;    /* the next line of this stream goes on */
};

/* One line without its newline, of the CRI or Docker's format. False when it is of neither; O(n).
 */
bool log_parse(const char *p, size_t n, struct log_line *ret);

#endif
