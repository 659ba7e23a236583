/* SPDX-License-Identifier: BSD-2-Clause */
/* Capabilities of a thread: what is not needed any more is given up, once and for good. */
#ifndef BASE_CAPS_H
#define BASE_CAPS_H

#include <stdint.h>

/* Load and attach programs; read other processes; attach to cgroups; write a capture where the user
 * wants it. */
uint64_t caps_of_engine(void);

/*
 * Keep just those capabilities of the calling thread (bit n is capability n) that it has already;
 * threads it makes from then on inherit that. Returns 0 or -errno, and nothing has changed then.
 */
int caps_keep(uint64_t keep);

#endif
