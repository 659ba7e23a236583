/* SPDX-License-Identifier: BSD-2-Clause */
/* The few macros that every unit uses. */
#ifndef BASE_MACROS_H
#define BASE_MACROS_H

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)     ((a) < (b) ? (a) : (b))
#define MAX(a, b)     ((a) > (b) ? (a) : (b))

#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

/* Runs @fn on the variable when it leaves scope; @fn must accept a zeroed one. */
#define auto_done(fn) __attribute__((__cleanup__(fn)))

#define NS_PER_S  1000000000ULL
#define NS_PER_MS 1000000ULL

#endif
