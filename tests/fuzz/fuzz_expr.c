/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Expressions: the text before the first NUL is compiled for events; what compiles is
 * run on an event whose texts are what follows.
 */
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "field/event.h"
#include "field/expr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void fill(struct event *ev, const uint8_t *data, size_t n)
{
	ev->pid = 42;
	ev->flags = EV_UID | EV_BYTES | EV_RET;
	memcpy(ev->comm, data, n < 15 ? n : 15);
	ev->exe = event_text_add(ev, data, n);
	if (ev->type == EVENT_EXEC) {
		ev->exec.argv = event_text_add(ev, data, n);
		return;
	}
	ev->sock.proto = IPPROTO_TCP;
	ev->sock.local.family = AF_INET;
	ev->sock.remote.family = AF_INET6;
	memcpy(&ev->sock.remote.v6, data, n < 16 ? n : 16);
	ev->sock.remote.port = 443;
	ev->sock.name = event_text_add(ev, data, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct field_ctx ctx = { .node = "node" };
	static union event_buf buf;
	size_t len = strnlen((const char *)data, n), rest = len < n ? n - len - 1 : 0;
	struct sonde_err err = { .text = "" };
	struct expr *e = NULL;
	char *text;
	int r;

	if (n > 8192)
		return 0;
	text = strndup((const char *)data, len);
	r = expr_compile(text, SONDE_EVENTS, &e, &err);
	free(text);
	if (r) {
		if (e || !err.text[0])
			abort(); /* an error always has its sentence */
		return 0;
	}
	for (int type = EVENT_EXEC; type <= EVENT_CONNECT; type++) {
		struct event *ev = event_begin(&buf, (enum event_type)type);

		fill(ev, data + n - rest, rest);
		(void)expr_match(e, &ctx, ev);
	}
	expr_free(e);
	return 0;
}
