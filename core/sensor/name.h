/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names that a workload saw or said on the wire: DNS answers (RFC 1035) and the
 * server name of a TLS ClientHello (RFC 8446, RFC 6066). Both parsers face bytes
 * that an attacker wrote; neither allocates, loops are bounded by the input.
 */
#ifndef SENSOR_NAME_H
#define SENSOR_NAME_H

#include "field/event.h"

/*
 * Read a DNS answer into ev->name: query, type, rcode, up to 32 answers as text. Returns 0,
 * -EBADMSG when it is no answer or its question cannot be read; a cut tail keeps the answers before
 * it.
 */
int name_dns(struct event *ev, const uint8_t *p, size_t n);

/* The server name of the beginning of a ClientHello into ev->name.query. 0, -ENOENT: none there,
 * -EBADMSG. */
int name_hello(struct event *ev, const uint8_t *p, size_t n);

#endif
