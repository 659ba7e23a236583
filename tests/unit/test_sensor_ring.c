/* SPDX-License-Identifier: BSD-2-Clause */
/* The ring reader on a ring made of a file: order, what is skipped, and where it stops. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include <linux/bpf.h>

#include "sensor/ring.h"

#define SIZE (64u << 10)

struct fake {
	int fd;
	struct ring ring;
	uint8_t *mem; /* consumer page, producer page, data */
	size_t page;
	uint64_t at;
	uint64_t seen[64];
	unsigned n;
};

static void take(void *ctx, const void *rec, size_t n)
{
	struct fake *f = ctx;

	assert_int_equal(n, sizeof(uint64_t));
	if (f->n < 64)
		memcpy(&f->seen[f->n], rec, sizeof(uint64_t));
	f->n++;
}

static int setup(void **state)
{
	struct fake *f = calloc(1, sizeof(*f));

	f->page = (size_t)sysconf(_SC_PAGESIZE);
	f->fd = memfd_create("ring", 0);
	assert_int_equal(ftruncate(f->fd, (off_t)(2 * f->page + 2 * SIZE)), 0);
	f->mem = mmap(NULL, 2 * f->page + SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, f->fd, 0);
	assert_true(f->mem != MAP_FAILED);
	assert_int_equal(ring_map(&f->ring, f->fd, SIZE), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fake *f = *state;

	ring_unmap(&f->ring);
	munmap(f->mem, 2 * f->page + SIZE);
	close(f->fd);
	free(f);
	return 0;
}

/* What the kernel does: header with length and bits, 8 bytes, position moved on. */
static void produce(struct fake *f, uint64_t v, uint32_t bits)
{
	uint8_t *p = f->mem + 2 * f->page + (f->at & (SIZE - 1));
	uint32_t len = sizeof(v) | bits;

	memcpy(p, &len, sizeof(len));
	memcpy(p + 8, &v, sizeof(v));
	f->at += 16;
	memcpy(f->mem + f->page, &f->at, sizeof(f->at));
}

static void records_come_in_order_and_discarded_ones_do_not(void **state)
{
	struct fake *f = *state;

	produce(f, 1, 0);
	produce(f, 2, BPF_RINGBUF_DISCARD_BIT);
	produce(f, 3, 0);
	assert_int_equal(ring_drain(&f->ring, 1000000000, take, f), 0);
	assert_int_equal(f->n, 2);
	assert_int_equal(f->seen[0], 1);
	assert_int_equal(f->seen[1], 3);
	assert_int_equal(ring_drain(&f->ring, 1000000000, take, f), 0);
	assert_int_equal(f->n, 2);
}

static void a_record_still_being_written_holds_the_reader(void **state)
{
	struct fake *f = *state;
	uint32_t done = 8;

	produce(f, 1, BPF_RINGBUF_BUSY_BIT);
	produce(f, 2, 0);
	assert_int_equal(ring_drain(&f->ring, 1000000000, take, f), 0);
	assert_int_equal(f->n, 0);
	memcpy(f->mem + 2 * f->page, &done, sizeof(done));
	assert_int_equal(ring_drain(&f->ring, 1000000000, take, f), 0);
	assert_int_equal(f->n, 2);
	assert_int_equal(f->seen[0], 1);
}

static void the_reader_goes_round(void **state)
{
	struct fake *f = *state;

	for (uint64_t i = 0; i < 3 * SIZE / 16; i++) {
		produce(f, i, 0);
		if (i % 1000 == 999)
			assert_int_equal(ring_drain(&f->ring, 1000000000, take, f), 0);
	}
	assert_int_equal(ring_drain(&f->ring, 1000000000, take, f), 0);
	assert_int_equal(f->n, 3 * SIZE / 16);
	assert_int_equal(f->ring.broken, 0);
}

static void no_time_means_32_records_and_the_rest_later(void **state)
{
	struct fake *f = *state;

	for (uint64_t i = 0; i < 100; i++)
		produce(f, i, 0);
	assert_int_equal(ring_drain(&f->ring, 0, take, f), 1);
	assert_int_equal(f->n, 32);
	assert_int_equal(ring_drain(&f->ring, 1000000000, take, f), 0);
	assert_int_equal(f->n, 100);
}

static void a_length_past_what_was_produced_is_not_followed(void **state)
{
	struct fake *f = *state;
	uint32_t len = 1 << 20;

	produce(f, 1, 0);
	memcpy(f->mem + 2 * f->page, &len, sizeof(len));
	assert_int_equal(ring_drain(&f->ring, 1000000000, take, f), 0);
	assert_int_equal(f->n, 0);
	assert_int_equal(f->ring.broken, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(records_come_in_order_and_discarded_ones_do_not,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_record_still_being_written_holds_the_reader,
						setup, teardown),
		cmocka_unit_test_setup_teardown(the_reader_goes_round, setup, teardown),
		cmocka_unit_test_setup_teardown(no_time_means_32_records_and_the_rest_later, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_length_past_what_was_produced_is_not_followed,
						setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
