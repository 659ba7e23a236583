/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of decoding that the iterators share with the ring. The face is in source.h. */
#ifndef SENSOR_DECODE_H
#define SENSOR_DECODE_H

#include <stdbool.h>
#include <stddef.h>

#include "network.h"
#include "process.h"
#include "sensor/source.h"

/*
 * A path that stands as parts from the last to the first, each ended by NUL, as text; "..." in
 * front when it was @cut. Returns its length, at most @room.
 */
size_t decode_path(char *dst, size_t room, const char *parts, size_t n, bool cut);

/* One cgroup record, with its ancestors when it was found by an iterator. 0 or -EBADMSG. */
int decode_cgroup(const uint8_t *rec, size_t n, const struct sensor_sink *sink);

void decode_socket(const struct net_conn *c, struct socket_fact *f);

#endif
