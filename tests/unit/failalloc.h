/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lets a unit test fail the n-th allocation of the code under test. Linked into every
 * test program; does nothing until asked. Single-threaded use.
 */
#ifndef TESTS_FAILALLOC_H
#define TESTS_FAILALLOC_H

#include <stdbool.h>

/* Fail the @n-th allocation from now on (1: the next), and only that. 0: none. */
void failalloc_at(unsigned long n);
/* End it. Returns whether an allocation was made to fail since failalloc_at(). */
bool failalloc_end(void);

/*
 * Run @code again and again with the 1st, 2nd, … allocation failing until one run
 * needs fewer. @code must clean up after itself. At most 10,000 rounds.
 */
#define failalloc_each(code)                                                                 \
	do {                                                                                 \
		for (unsigned long failalloc_n_ = 1; failalloc_n_ < 10000; failalloc_n_++) { \
			failalloc_at(failalloc_n_);                                          \
			code;                                                                \
			if (!failalloc_end())                                                \
				break;                                                       \
		}                                                                            \
	} while (0)

#endif
