/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A reader of the BPF ring buffer that stops when its time is over. libbpf's own
 * consumer goes on as long as records come, which on a busy node is for ever.
 */
#ifndef SENSOR_RING_H
#define SENSOR_RING_H

#include <stddef.h>
#include <stdint.h>

struct ring {
	int fd; /* of the map, borrowed */
	uint64_t size;
	uint64_t *consumer;       /* own page, written by us */
	const uint64_t *producer; /* read-only; the data follows, mapped twice in a row */
	const uint8_t *data;
	uint64_t broken; /* times that the positions made no sense */
};

/* Map the ring @fd of @size bytes. 0 or -errno. */
int ring_map(struct ring *r, int fd, uint64_t size);
/* Zeroed is fine. The map stays. */
void ring_unmap(struct ring *r);

/*
 * Hand each record to @take until the ring is empty or @budget_ns are over (checked every 32
 * records).
 * @rec is read-only memory of the kernel, 8 byte aligned, good for the call. Returns 1 when more
 * waits, else 0.
 */
int ring_drain(struct ring *r, uint64_t budget_ns,
	       void (*take)(void *ctx, const void *rec, size_t n), void *ctx);

#endif
