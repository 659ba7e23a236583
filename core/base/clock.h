/* SPDX-License-Identifier: BSD-2-Clause */
/* The clocks of sonde: events carry CLOCK_BOOTTIME, people read UTC. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
}

static inline uint64_t clock_boot(void)
{
	return clock_ns(CLOCK_BOOTTIME);
}

static inline uint64_t clock_wall(void)
{
	return clock_ns(CLOCK_REALTIME);
}

/* What to add to a CLOCK_BOOTTIME stamp to get UTC. Taken anew each second: the wall clock may be
 * set. */
static inline int64_t clock_offset(void)
{
	return (int64_t)(clock_wall() - clock_boot());
}

#endif
