/* SPDX-License-Identifier: BSD-2-Clause */
/* Consumer side of BPF_MAP_TYPE_RINGBUF (kernel/bpf/ringbuf.c), one reader. */
#include "sensor/ring.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"

#define DISCARD BPF_RINGBUF_DISCARD_BIT
#define BUSY    BPF_RINGBUF_BUSY_BIT

int ring_map(struct ring *r, int fd, uint64_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *p;

	p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	r->consumer = p;
	p = mmap(NULL, page + 2 * size, PROT_READ, MAP_SHARED, fd, (off_t)page);
	if (p == MAP_FAILED) {
		int e = -errno;

		munmap(r->consumer, page);
		r->consumer = NULL;
		return e;
	}
	r->producer = p;
	r->data = (const uint8_t *)p + page;
	r->fd = fd;
	r->size = size;
	return 0;
}

void ring_unmap(struct ring *r)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (r->consumer)
		munmap(r->consumer, page);
	if (r->producer)
		munmap((void *)(uintptr_t)r->producer, page + 2 * r->size);
	*r = (struct ring){ .fd = -1 };
}

int ring_drain(struct ring *r, uint64_t budget_ns,
	       void (*take)(void *ctx, const void *rec, size_t n), void *ctx)
{
	uint64_t start = clock_ns(CLOCK_MONOTONIC), at, end;
	unsigned n = 0;

	if (!r->consumer)
		return 0;
	at = __atomic_load_n(r->consumer, __ATOMIC_RELAXED);
	for (;;) {
		end = __atomic_load_n(r->producer, __ATOMIC_ACQUIRE);
		if (at >= end)
			return 0;
		while (at < end) {
			const uint8_t *p = r->data + (at & (r->size - 1));
			uint32_t len = __atomic_load_n((const uint32_t *)(const void *)p,
						       __ATOMIC_ACQUIRE);
			uint64_t step;

			if (len & BUSY) /* reserved, still being written */
				return 0;
			step = (((uint64_t)(len & ~(DISCARD | BUSY)) + BPF_RINGBUF_HDR_SZ) + 7) &
			       ~7ULL;
			if (step > end - at) { /* cannot be: never read past what was produced */
				r->broken++;
				step = end - at;
			} else if (!(len & DISCARD)) {
				take(ctx, p + BPF_RINGBUF_HDR_SZ, len);
			}
			at += step;
			__atomic_store_n(r->consumer, at, __ATOMIC_RELEASE);
			if (++n % 32 == 0 && clock_ns(CLOCK_MONOTONIC) - start > budget_ns)
				return 1;
		}
	}
}
