/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of the detail of one process share. */
#ifndef SENSOR_PROCFS_DETAIL_H
#define SENSOR_PROCFS_DETAIL_H

#include "base/buf.h"

/* Add one row: section, key, value. A row that does not fit whole is not begun. */
int detail_row(struct buf *out, const char *section, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* procfs_fds.c: open files, then the sockets among them with their peers. */
void detail_fds(int dirfd, struct buf *out);

/* Names of the bits of a capability set, "none" or "all". */
void detail_caps(uint64_t set, char *buf, size_t size);

#endif
