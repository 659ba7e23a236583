/* SPDX-License-Identifier: BSD-2-Clause */
/* blink MICROSECONDS [ANYTHING]…: a process that lives that long and ends with 0. */
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv)
{
	long us = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
	struct timespec t = { us / 1000000, us % 1000000 * 1000 };

	return us > 0 ? nanosleep(&t, NULL) != 0 : 0;
}
