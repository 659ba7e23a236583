/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Errors of the library: a number that programs test and one complete sentence
 * that people read. The library never prints.
 */
#ifndef SONDE_ERR_H
#define SONDE_ERR_H

/* Filled only on failure; the caller owns it, usually on its stack. */
struct sonde_err {
	int code;       /* negative errno, 0 when nothing was set */
	char text[512]; /* one sentence with place and mend, no newline, NUL-terminated */
};

/*
 * Store @code (a negative errno) and the formatted sentence in @err, which may
 * be NULL. Always returns @code, so a failure is one statement where it happens.
 */
int sonde_err_set(struct sonde_err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
