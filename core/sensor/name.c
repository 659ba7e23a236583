/* SPDX-License-Identifier: BSD-2-Clause */
/* DNS answers and TLS server names. */
#include "sensor/name.h"

#include <arpa/inet.h>
#include <errno.h>

#define NAME_MAX_TEXT 255
#define ANSWERS_MAX   32

struct cursor {
	const uint8_t *p;
	size_t n, at;
	bool bad;
};

static unsigned get8(struct cursor *c)
{
	if (c->at >= c->n) {
		c->bad = true;
		return 0;
	}
	return c->p[c->at++];
}

static unsigned get16(struct cursor *c)
{
	unsigned hi = get8(c);

	return hi << 8 | get8(c);
}

static void skip(struct cursor *c, size_t n)
{
	if (n > c->n - c->at) {
		c->bad = true;
		c->at = c->n;
	} else {
		c->at += n;
	}
}

/*
 * A DNS name as dotted text. A pointer must lead backwards, so the walk ends; the cursor moves past
 * the name where it stands. Returns the length, or sets bad.
 */
static size_t dns_name(struct cursor *c, char *dst)
{
	size_t len = 0, at = c->at, floor = c->at;
	bool jumped = false;

	for (;;) {
		unsigned label = at < c->n ? c->p[at] : 64;

		if ((label & 0xc0) == 0xc0 && at + 1 < c->n) {
			size_t to = (size_t)(label & 0x3f) << 8 | c->p[at + 1];

			if (!jumped)
				c->at = at + 2;
			jumped = true;
			if (to >= floor)
				break;
			floor = at = to;
			continue;
		}
		if (label > 63 || at + 1 + label > c->n)
			break;
		if (!label) {
			if (!jumped)
				c->at = at + 1;
			return len;
		}
		if (len + (len > 0) + label > NAME_MAX_TEXT)
			break;
		if (len)
			dst[len++] = '.';
		memcpy(dst + len, c->p + at + 1, label);
		len += label;
		at += 1 + label;
	}
	c->bad = true;
	return 0;
}

/* One resource record; its text is appended to @list when it is one that we show. */
static size_t dns_answer(struct cursor *c, char *list, size_t at, size_t room)
{
	char text[NAME_MAX_TEXT + 1];
	unsigned type, len;
	size_t n = 0, end;

	dns_name(c, text);
	type = get16(c);
	skip(c, 6); /* class, time to live */
	len = get16(c);
	end = c->at + len;
	if (c->bad || end > c->n) {
		c->bad = true;
		return at;
	}
	if ((type == 1 && len == 4 && inet_ntop(AF_INET, c->p + c->at, text, sizeof(text))) ||
	    (type == 28 && len == 16 && inet_ntop(AF_INET6, c->p + c->at, text, sizeof(text)))) {
		n = strlen(text);
	} else if (type == 5 || type == 12) { /* CNAME, PTR */
		n = dns_name(c, text);
		if (c->bad)
			return at;
	}
	c->at = end;
	/* a NUL inside a name would split it in two */
	if (!n || memchr(text, 0, n) || at + n + 1 > room)
		return at;
	memcpy(list + at, text, n);
	list[at + n] = 0;
	return at + n + 1;
}

int name_dns(struct event *ev, const uint8_t *p, size_t n)
{
	struct cursor c = { .p = p, .n = n };
	char name[NAME_MAX_TEXT + 1], list[ANSWERS_MAX * 64];
	unsigned flags, questions, answers;
	size_t len, at = 0;

	skip(&c, 2);
	flags = get16(&c);
	questions = get16(&c);
	answers = get16(&c);
	skip(&c, 4);
	if (c.bad || !(flags & 0x8000) || questions != 1)
		return -EBADMSG;
	len = dns_name(&c, name);
	ev->name.qtype = (uint16_t)get16(&c);
	skip(&c, 2);
	if (c.bad)
		return -EBADMSG;
	ev->name.rcode = flags & 15;
	ev->name.query = event_text_add(ev, name, len);
	for (unsigned i = 0; i < answers && i < ANSWERS_MAX && !c.bad; i++)
		at = dns_answer(&c, list, at, sizeof(list));
	ev->name.answers = event_text_add(ev, list, at);
	return 0;
}

static int server_name(struct event *ev, struct cursor *c, size_t end)
{
	unsigned len;

	skip(c, 2);       /* length of the list */
	if (get8(c) != 0) /* host_name is the only kind there is */
		return -ENOENT;
	len = get16(c);
	if (c->bad || !len || len > NAME_MAX_TEXT || c->at + len > end || c->at + len > c->n)
		return -EBADMSG;
	ev->name.query = event_text_add(ev, c->p + c->at, len);
	return 0;
}

int name_hello(struct event *ev, const uint8_t *p, size_t n)
{
	struct cursor c = { .p = p, .n = n };
	size_t end;

	if (get8(&c) != 22 || get8(&c) != 3)
		return -EBADMSG;
	skip(&c, 3); /* minor version, length of the record */
	if (get8(&c) != 1)
		return -EBADMSG;
	skip(&c, 3 + 2 + 32);
	skip(&c, get8(&c));  /* session */
	skip(&c, get16(&c)); /* ciphers */
	skip(&c, get8(&c));  /* compressions */
	end = get16(&c);
	end += c.at;
	while (!c.bad && c.at + 4 <= end) {
		unsigned type = get16(&c), len = get16(&c);

		if (c.bad)
			break;
		if (type == 0)
			return server_name(ev, &c, c.at + len);
		skip(&c, len);
	}
	return c.bad ? -EBADMSG : -ENOENT;
}
