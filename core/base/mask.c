/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finding secrets in arguments. Three looks at each argument: is it the value of an
 * option or name that means a secret; does it hold a URL or header that carries one;
 * does it have the shape of a known key. Too much masked costs a word on a screen,
 * too little leaks, so names decide and values are not asked whether they look safe.
 */
#include "base/mask.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/macros.h"

struct span {
	char *p;
	size_t n;
};

static char low(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (low(c) >= 'a' && low(c) <= 'z');
}

static bool is_word(char c)
{
	return is_alnum(c) || c == '_' || c == '-';
}

/* Every exec passes here, so most bytes have to be through after one test: do they begin anything?
 */
static bool begins_secret(char c)
{
	switch (low(c)) {
	case 'a':
	case 'c':
	case 'e':
	case 'p':
	case 's':
	case 't':
		return true;
	}
	return false;
}

static bool begins_shape(char c)
{
	switch (c) {
	case 'A':
	case 'K':
	case 'S':
	case 'd':
	case 'e':
	case 'g':
	case 'h':
	case 'n':
	case 'p':
	case 'r':
	case 's':
	case 'x':
	case 'y':
		return true;
	}
	return false;
}

static bool begins_prelude(char c)
{
	c = low(c);
	return c == 'a' || c == 'h' || c == 'p';
}

static bool same(struct span s, const char *word)
{
	return s.n && low(s.p[0]) == low(word[0]) && s.n == strlen(word) &&
	       !strncasecmp(s.p, word, s.n);
}

static bool starts(struct span s, const char *word)
{
	size_t w = strlen(word);

	return s.n >= w && !strncasecmp(s.p, word, w);
}

static struct span from(struct span s, size_t k)
{
	return (struct span){ s.p + k, s.n - k };
}

/* Stars over @s; false when there is nothing to hide (or it is hidden already). */
static bool stars(struct span s)
{
	size_t i = 0;

	while (i < s.n && s.p[i] == '*')
		i++;
	if (i == s.n)
		return false;
	memset(s.p, '*', s.n);
	return true;
}

/*
 * Words that make a name secret. @whole: only the whole name or its last part, because the word
 * is also part of harmless ones (monkey, keyboard, passive).
 */
static const struct {
	const char *word;
	bool part;
} secret_words[] = {
	{ "password", false },
	{ "passwd", false },
	{ "passphrase", false },
	{ "secret", false },
	{ "token", false },
	{ "apikey", false },
	{ "api_key", false },
	{ "accesskey", false },
	{ "access_key", false },
	{ "private_key", false },
	{ "privatekey", false },
	{ "encryption_key", false },
	{ "accountkey", false },
	{ "sharedaccess", false },
	{ "credential", false },
	{ "connectionstring", false },
	{ "connection_string", false },
	{ "pwd", true },
	{ "pass", true },
	{ "pw", true },
	{ "key", true },
	{ "auth", true },
	{ "authorization", true },
	{ "cookie", true },
	{ "dsn", true },
	{ "jwt", true },
	{ "bearer", true },
	{ "psk", true },
	{ "pin", true },
	{ "signature", true },
	{ "sas", true },
};

/* Names that hold such a word and no secret: what follows says where, how many or how long. */
static const char *const harmless_ends[] = {
	"file",  "path",    "dir",    "name", "id",     "type",       "size",     "length",
	"len",   "url",     "uri",    "ttl",  "expiry", "expiration", "timeout",  "count",
	"limit", "mode",    "policy", "ref",  "store",  "provider",   "endpoint", "algorithm",
	"alg",   "version", "env",    "fd",   "prompt", "stdin",
};

/* '-' and '_' are one, as programs mix them. */
static bool same_char(char a, char b)
{
	a = a == '-' || a == '.' ? '_' : low(a);
	return a == (b == '-' ? '_' : low(b));
}

static bool has(struct span s, size_t at, const char *word)
{
	size_t w = strlen(word);

	if (at + w > s.n)
		return false;
	for (size_t i = 0; i < w; i++) {
		if (!same_char(s.p[at + i], word[i]))
			return false;
	}
	return true;
}

static bool is_sep(char c)
{
	return c == '_' || c == '-' || c == '.';
}

/* The last word of a name: what stands behind its last separator, all of it without one. */
static struct span last_word(struct span name)
{
	size_t at = name.n;

	while (at && !is_sep(name.p[at - 1]))
		at--;
	return from(name, at);
}

static bool secret_name(struct span name)
{
	struct span last;

	if (name.n > 128) /* nobody's option; keeps the search linear */
		name = from(name, name.n - 128);
	last = last_word(name);
	for (size_t i = 0; last.n < name.n && i < ARRAY_SIZE(harmless_ends); i++) {
		if (same(last, harmless_ends[i]))
			return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(secret_words); i++) {
		if (secret_words[i].part && same(last, secret_words[i].word))
			return true;
	}
	for (size_t at = 0; at + 5 <= name.n; at++) { /* "token" is the shortest */
		if (!begins_secret(name.p[at]))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(secret_words); i++) {
			if (!secret_words[i].part && has(name, at, secret_words[i].word))
				return true;
		}
	}
	/* PGPASSWORD holds "password"; MYSQL_PWD, REDISCLI_AUTH end in a part; these do neither */
	return same(name, "sshpass") || same(name, "npm_config__auth");
}

/* The value of a secret name; booleans and paths say nothing. */
static bool harmless_value(struct span v)
{
	static const char *const words[] = { "true", "false", "yes", "no", "none", "null",
					     "on",   "off",   "0",   "1",  "" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (same(v, words[i]))
			return true;
	}
	return false;
}

static bool mask_value(struct span v)
{
	/* quotes stay, so that a reader sees where it begins and ends */
	if (v.n >= 2 && (v.p[0] == '"' || v.p[0] == '\'') && v.p[v.n - 1] == v.p[0])
		v = (struct span){ v.p + 1, v.n - 2 };
	return !harmless_value(v) && stars(v);
}

/* scheme://user:password@host: the password, and a user that stands alone (a token). */
static size_t mask_urls(struct span s)
{
	size_t hits = 0;

	for (size_t i = 0; i + 3 < s.n; i++) {
		size_t start, at = 0, colon = 0, k;

		if (s.p[i] != ':' || s.p[i + 1] != '/' || s.p[i + 2] != '/')
			continue;
		start = i + 3;
		for (k = start; k < s.n && !strchr("/?# \t\n\"'<>", s.p[k]); k++) {
			if (s.p[k] == ':' && !colon)
				colon = k;
			if (s.p[k] == '@')
				at = k; /* the last one counts: a password may hold '@' */
		}
		if (at && colon && colon < at)
			hits += stars((struct span){ s.p + colon + 1, at - colon - 1 });
		else if (at && at - start >= 16)
			hits += stars((struct span){ s.p + start, at - start });
		i = MAX(k - 2, i + 2); /* the ':' before what ended it may begin another */
	}
	return hits;
}

static size_t run_of(struct span s, size_t at, const char *more)
{
	size_t k = at;

	while (k < s.n && (is_alnum(s.p[k]) || (s.p[k] && strchr(more, s.p[k]))))
		k++;
	return k - at;
}

/* Known shapes: where they begin, how long what follows has to be, what it is made of. */
static const struct {
	const char *head;
	size_t least;     /* of the whole */
	const char *more; /* characters beside letters and digits */
} shapes[] = {
	{ "AKIA", 20, "" },     { "ASIA", 20, "" },         { "ghp_", 30, "" },
	{ "gho_", 30, "" },     { "ghu_", 30, "" },         { "ghs_", 30, "" },
	{ "ghr_", 30, "" },     { "github_pat_", 30, "_" }, { "glpat-", 20, "-_" },
	{ "xoxb-", 20, "-" },   { "xoxp-", 20, "-" },       { "xoxa-", 20, "-" },
	{ "xoxr-", 20, "-" },   { "xapp-", 20, "-" },       { "sk_live_", 20, "" },
	{ "rk_live_", 20, "" }, { "sk-", 24, "-_" },        { "AIza", 35, "-_" },
	{ "ya29.", 20, "-_." }, { "npm_", 30, "" },         { "pypi-", 40, "-_" },
	{ "dop_v1_", 40, "" },  { "hvs.", 20, "-_." },      { "SG.", 40, "-_." },
	{ "K10", 50, "-_:." },  { "eyJ", 30, "-_.=" },
};

#define SHAPE_MIN 20 /* of the shortest */

static size_t mask_shapes(struct span s)
{
	size_t hits = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (!begins_shape(s.p[i]) || (i && is_word(s.p[i - 1])))
			continue; /* within a word: not a beginning */
		for (size_t k = 0; k < ARRAY_SIZE(shapes); k++) {
			size_t h = strlen(shapes[k].head), n;

			if (i + h > s.n || memcmp(s.p + i, shapes[k].head, h) != 0)
				continue;
			n = h + run_of(s, i + h, shapes[k].more);
			if (n < shapes[k].least)
				continue;
			if (!strcmp(shapes[k].head, "eyJ") && !memchr(s.p + i, '.', n))
				continue;
			hits += stars((struct span){ s.p + i + h, n - h });
			i += n - 1;
			break;
		}
	}
	return hits;
}

/* "key: value" may be any text; "X-Key: value" and "password: value" are what they look like. */
static bool header_name(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!is_word(s.p[i]))
			return false;
	}
	return s.n >= 5 &&
	       (memchr(s.p, '-', s.n) || memchr(s.p, '_', s.n) || same(s, "authorization") ||
		same(s, "cookie") || same(s, "password") || same(s, "token") || same(s, "secret"));
}

/* "Bearer x", "Basic x", "token x" behind an Authorization header, "X-Api-Key: x", "Cookie: x". */
static size_t mask_header(struct span s)
{
	static const char *const schemes[] = { "bearer ", "basic ", "token ", "negotiate ",
					       "aws4-hmac-sha256 " };
	char *colon = memchr(s.p, ':', MIN(s.n, (size_t)64));
	struct span v, name;

	if (colon && s.n > 2 && s.p[0] == '-' && s.p[1] == 'H')
		name = (struct span){ s.p + 2, (size_t)(colon - s.p) - 2 };
	else
		name = (struct span){ s.p, colon ? (size_t)(colon - s.p) : 0 };
	if (header_name(name) && secret_name(name)) {
		v = from(s, (size_t)(colon - s.p) + 1);
		while (v.n && v.p[0] == ' ')
			v = from(v, 1);
		for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
			if (starts(v, schemes[i])) {
				v = from(v, strlen(schemes[i]));
				break;
			}
		}
		/* "token:8080" and "key:/path" are no headers */
		if (v.p > colon + 1)
			return mask_value(v);
	}
	return 0;
}

/* "Bearer xyz" wherever it stands. */
static size_t mask_bearer(struct span s)
{
	size_t hits = 0;

	for (size_t i = 0; i + 7 < s.n; i++) {
		size_t k = i + 7;

		if (low(s.p[i]) != 'b' || !starts(from(s, i), "bearer "))
			continue;
		while (k < s.n && !strchr(" \t\n\"'", s.p[k]))
			k++;
		hits += mask_value((struct span){ s.p + i + 7, k - i - 7 });
		i = k - 1;
	}
	return hits;
}

/* Texts after which all that follows up to a quote or line end is secret, wherever they stand. */
static const char *const preludes[] = {
	"authorization: basic ", "authorization: token ",
	"authorization:basic ",  "https://hooks.slack.com/services/",
	"private key-----",
};

static size_t mask_preludes(struct span s)
{
	size_t hits = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (!begins_prelude(s.p[i]))
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(preludes); k++) {
			size_t at = i + strlen(preludes[k]), end = at;

			if (!starts(from(s, i), preludes[k]))
				continue;
			/* a key in PEM form goes over many lines */
			while (end < s.n && (preludes[k][0] == 'p' || !strchr("\n\"'", s.p[end])))
				end++;
			hits += stars((struct span){ s.p + at, end - at });
			i = end - 1;
			break;
		}
	}
	return hits;
}

/* Where the value that begins at @k ends; @all: blanks belong to it. */
static size_t value_end(struct span s, size_t k, bool all)
{
	if (k < s.n && (s.p[k] == '"' || s.p[k] == '\'')) {
		char *quote = memchr(s.p + k + 1, s.p[k], s.n - k - 1);

		return quote ? (size_t)(quote - s.p) + 1 : s.n;
	}
	if (all)
		return s.n;
	while (k < s.n && !strchr(" \t\n&;,\"'", s.p[k]))
		k++;
	return k;
}

/*
 * NAME=value anywhere in an argument ("export PGPASSWORD=x psql", "a=1&token=x"). When the argument
 * begins with it, blanks belong to the value, but not in a shell's @command.
 */
static size_t mask_pairs(struct span s, bool command)
{
	size_t hits = 0, name = 0;

	for (size_t i = 0; i < s.n; i++) {
		struct span n;
		bool lead;

		if (s.p[i] != '=') {
			if (!is_word(s.p[i]) && s.p[i] != '.')
				name = i + 1;
			continue;
		}
		n = (struct span){ s.p + name, i - name };
		while (n.n && n.p[0] == '-')
			n = from(n, 1);
		lead = name == 0 || (name <= 2 && s.p[0] == '-');
		if (n.n && secret_name(n)) {
			size_t end = value_end(s, i + 1, lead && !command);

			hits += mask_value((struct span){ s.p + i + 1, end - i - 1 });
			i = end - 1;
		}
		name = i + 1;
	}
	return hits;
}

/* Clients and the short options that carry a password. */
static const struct {
	const char *program;
	const char *option;
	bool glued;    /* -pSECRET, no blank: "-p 3306" is something else */
	bool separate; /* -a SECRET */
	bool user;     /* USER:SECRET: the part after the colon */
} clients[] = {
	{ "mysql", "-p", true, false, false },
	{ "mysqldump", "-p", true, false, false },
	{ "mysqladmin", "-p", true, false, false },
	{ "mysqlimport", "-p", true, false, false },
	{ "mysqlcheck", "-p", true, false, false },
	{ "mysqlshow", "-p", true, false, false },
	{ "mariadb", "-p", true, false, false },
	{ "mariadb-dump", "-p", true, false, false },
	{ "mariadb-admin", "-p", true, false, false },
	{ "sshpass", "-p", true, true, false },
	{ "redis-cli", "-a", true, true, false },
	{ "mongo", "-p", true, true, false },
	{ "mongosh", "-p", true, true, false },
	{ "mongodump", "-p", true, true, false },
	{ "mongorestore", "-p", true, true, false },
	{ "ldapsearch", "-w", true, true, false },
	{ "ldapmodify", "-w", true, true, false },
	{ "ldapadd", "-w", true, true, false },
	{ "ldappasswd", "-w", true, true, false },
	{ "sqlcmd", "-P", true, true, false },
	{ "bcp", "-P", true, true, false },
	{ "docker", "-p", false, true, false },
	{ "podman", "-p", false, true, false },
	{ "curl", "-u", true, true, true },
	{ "curl", "--user", false, true, true },
	{ "curl", "-U", true, true, true },
	{ "curl", "--proxy-user", false, true, true },
	{ "wget", "--user", false, false, false },
	{ "smbclient", "-U", true, true, true },
	{ "htpasswd", "-b", false, false, false },
	{ "snmpwalk", "-A", true, true, false },
	{ "snmpwalk", "-X", true, true, false },
	{ "snmpwalk", "-c", true, true, false },
	{ "snmpget", "-A", true, true, false },
	{ "snmpget", "-X", true, true, false },
	{ "snmpget", "-c", true, true, false },
	{ "7z", "-p", true, false, false },
	{ "unzip", "-P", true, true, false },
	{ "zip", "-P", true, true, false },
	{ "az", "-p", false, true, false },
	{ "ipmitool", "-P", true, true, false },
};

/* What the walk over the arguments remembers. */
struct walk {
	struct span program;
	bool client;      /* the program is one of clients */
	bool login;       /* docker … login: there -p is a password, elsewhere a port */
	bool next_secret; /* the argument at hand is the value of the one before */
	bool next_user;   /* it is USER:SECRET */
	bool command;     /* the argument before was a shell's -c */
	bool words;       /* of a text that was cut at blanks: no deeper */
};

static struct span base_name(struct span s)
{
	char *slash = memrchr(s.p, '/', s.n);

	return slash ? from(s, (size_t)(slash - s.p) + 1) : s;
}

static bool is_client(struct span program)
{
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
		if (same(program, clients[i].program))
			return true;
	}
	return false;
}

static bool mask_user(struct span s)
{
	char *sep = memchr(s.p, ':', s.n);

	if (!sep)
		sep = memchr(s.p, '%', s.n); /* smbclient */
	return sep && stars(from(s, (size_t)(sep - s.p) + 1));
}

static size_t short_option(struct walk *w, struct span s)
{
	for (size_t i = 0; w->client && i < ARRAY_SIZE(clients); i++) {
		size_t o = strlen(clients[i].option);
		struct span v;

		if (!same(w->program, clients[i].program) || s.n < o ||
		    memcmp(s.p, clients[i].option, o) != 0)
			continue;
		if (clients[i].option[1] == 'p' && !clients[i].glued && !w->login)
			continue;
		v = from(s, o);
		if (!v.n) {
			w->next_secret = clients[i].separate && !clients[i].user;
			w->next_user = clients[i].separate && clients[i].user;
			return 0;
		}
		if (!clients[i].glued)
			continue;
		return clients[i].user ? mask_user(v) : stars(v);
	}
	return 0;
}

/* --password SECRET: the option alone, its value is the next argument. */
static bool names_secret(struct span s)
{
	size_t k = 0;

	while (k < s.n && k < 2 && s.p[k] == '-')
		k++;
	if (!k || k == s.n || memchr(s.p, '=', s.n))
		return false;
	if (k == 1 && s.n <= 2)
		return false; /* -p, -k: the client decides */
	return secret_name(from(s, k));
}

static size_t mask_one(struct walk *w, struct span s, bool first);

/*
 * "mysql -psecret -u root" in one argument, as shells get it: its words are looked at as arguments
 * of their own. Values with blanks in them are seen by the look at pairs, before this.
 */
static size_t mask_words(struct span s)
{
	struct walk w = { .program = { s.p, 0 }, .words = true };
	bool first = true;
	size_t hits = 0, at = 0;

	while (at < s.n) {
		size_t k = at;

		while (k < s.n && !strchr(" \t\n;|&", s.p[k]))
			k++;
		if (k > at) {
			hits += mask_one(&w, (struct span){ s.p + at, k - at }, first);
			/* NAME=value before a command is no command */
			first = first && memchr(s.p + at, '=', k - at);
		}
		if (k < s.n && strchr(";|&\n", s.p[k]))
			first = true;
		at = k + 1;
	}
	return hits;
}

/* What an argument holds, whatever stands around it. Most hold none of the marks and are through at
 * once. */
static size_t mask_text(struct walk *w, struct span s)
{
	bool command = w->command, blank = memchr(s.p, ' ', s.n);
	bool colon = memchr(s.p, ':', s.n);
	size_t hits = 0;

	w->command = s.n >= 2 && s.n <= 4 && s.p[0] == '-' && s.p[s.n - 1] == 'c';
	if (colon && mask_header(s))
		return 1;
	if (memchr(s.p, '=', s.n))
		hits += mask_pairs(s, command);
	if (blank && !w->words)
		hits += mask_words(s);
	if (colon && memmem(s.p, s.n, "://", 3))
		hits += mask_urls(s);
	if (blank)
		hits += mask_bearer(s);
	if (colon || memmem(s.p, s.n, "-----", 5))
		hits += mask_preludes(s);
	if (s.n >= SHAPE_MIN)
		hits += mask_shapes(s);
	return hits;
}

static size_t mask_one(struct walk *w, struct span s, bool first)
{
	size_t hits = 0;
	bool secret = w->next_secret, user = w->next_user;

	w->next_secret = w->next_user = false;
	if (secret && s.n && s.p[0] != '-')
		return mask_value(s);
	if (secret && s.n > 1 && !names_secret(s) && s.p[1] != '-')
		return stars(s); /* a password may begin with '-' */
	if (user && mask_user(s))
		return 1;
	if (first || (w->program.n && same(w->program, "env")) || same(w->program, "sudo") ||
	    same(w->program, "sh")) {
		if (s.n && s.p[0] != '-' && !memchr(s.p, '=', s.n) && !memchr(s.p, ' ', s.n)) {
			w->program = base_name(s);
			w->client = is_client(w->program);
		}
	}
	if (same(s, "login"))
		w->login = true;
	if (starts(s, "pass:")) /* openssl -passin pass:SECRET */
		return stars(from(s, 5));
	if (same(s, "aws_secret_access_key") || same(s, "aws_session_token")) {
		w->next_secret = true; /* aws configure set NAME SECRET */
		return 0;
	}
	if (s.n && s.p[0] == '-') {
		hits = short_option(w, s);
		if (hits || w->next_secret || w->next_user)
			return hits;
		if (names_secret(s)) {
			w->next_secret = true;
			return 0;
		}
	}
	return hits + mask_text(w, s);
}

size_t mask_args(char *p, size_t n)
{
	struct walk w = { .program = { p, 0 } };
	size_t hits = 0, at = 0;
	bool first = true;

	while (at < n) {
		char *nul = memchr(p + at, 0, n - at);
		size_t len = nul ? (size_t)(nul - p) - at : n - at;

		hits += mask_one(&w, (struct span){ p + at, len }, first);
		first = false;
		at += len + 1;
	}
	return hits;
}
