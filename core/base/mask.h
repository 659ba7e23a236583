/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Masking of secrets in command lines and environments: what is stored, recorded or
 * sent carries stars where a password, token or key stood. The length never changes,
 * so it works inside raw records.
 */
#ifndef BASE_MASK_H
#define BASE_MASK_H

#include <stddef.h>

/*
 * @p holds @n bytes of arguments with NUL between them (the last one may lack its NUL). Overwrites
 * with '*': values of --password=…, --token …, -p… of the known clients, NAME=value of
 * secret-looking names, user:password@ in URLs, "Bearer …" and the usual key shapes (AKIA…, ghp_…,
 * eyJ….…). Returns how many were masked. O(n).
 */
size_t mask_args(char *p, size_t n);

#endif
