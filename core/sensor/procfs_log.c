/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tail of a container's log. Folder and names come from runtime state, the lines
 * from the workload: the path is resolved below the host's root, and only lines of the
 * two formats that runtimes write are shown, so that a link planted in the folder does
 * not show another file.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/macros.h"
#include "sensor/procfs.h"
#include "sensor/procfs_log.h"
#include "sensor/procfs_raw.h"

#define WINDOW_FIRST (64u << 10)
#define WINDOW_MAX   (8u << 20)
#define LINE_BYTES   (16u << 10) /* of one joined line */
#define FILE_LINE    (32u << 10) /* of one in the file: runtimes cut at 16 KiB */
#define FILES_MAX    4096

static bool copy_out(struct buf *b, const char *p, size_t n)
{
	return buf_add(b, p, MIN(n, b->max - b->n)) == 0;
}

/* "2026-01-02T03:04:05.678901234Z stdout F text" */
static bool cri_line(const char *p, size_t n, struct log_line *ret)
{
	const char *end = p + n, *sp = memchr(p, ' ', n), *sp2, *sp3;

	if (!sp || sp - p < 20 || sp - p > 40 || !isdigit((unsigned char)p[0]) || p[4] != '-')
		return false;
	sp2 = memchr(sp + 1, ' ', (size_t)(end - sp - 1));
	if (!sp2 || sp2 - sp != 7 ||
	    (memcmp(sp + 1, "stdout", 6) != 0 && memcmp(sp + 1, "stderr", 6) != 0))
		return false;
	sp3 = memchr(sp2 + 1, ' ', (size_t)(end - sp2 - 1));
	if (!sp3)
		sp3 = end;
	if (sp3 == sp2 + 1 || (sp2[1] != 'F' && sp2[1] != 'P'))
		return false;
	snprintf(ret->time, sizeof(ret->time), "%.*s", (int)(sp - p), p);
	snprintf(ret->stream, sizeof(ret->stream), "%.6s", sp + 1);
	ret->partial = sp2[1] == 'P';
	if (sp3 < end)
		copy_out(&ret->text, sp3 + 1, (size_t)(end - sp3 - 1));
	return true;
}

static int hex4(const char *p, const char *end, unsigned *ret)
{
	unsigned v = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		if (!isxdigit((unsigned char)p[i]))
			return -1;
		v = v << 4 |
		    (unsigned)(isdigit((unsigned char)p[i]) ? p[i] - '0' : (p[i] | 32) - 'a' + 10);
	}
	*ret = v;
	return 0;
}

static void put_utf8(struct buf *b, unsigned c)
{
	char u[4];
	size_t n = 0;

	if (c < 0x80) {
		u[n++] = (char)c;
	} else if (c < 0x800) {
		u[n++] = (char)(0xc0 | c >> 6);
		u[n++] = (char)(0x80 | (c & 63));
	} else if (c < 0x10000) {
		u[n++] = (char)(0xe0 | c >> 12);
		u[n++] = (char)(0x80 | (c >> 6 & 63));
		u[n++] = (char)(0x80 | (c & 63));
	} else {
		u[n++] = (char)(0xf0 | c >> 18);
		u[n++] = (char)(0x80 | (c >> 12 & 63));
		u[n++] = (char)(0x80 | (c >> 6 & 63));
		u[n++] = (char)(0x80 | (c & 63));
	}
	copy_out(b, u, n);
}

/* The character after \u; a pair of surrogates is one. Returns what follows it, NULL when it is
 * none. */
static const char *unicode(const char *p, const char *end, struct buf *b)
{
	unsigned c, low;

	if (hex4(p, end, &c) < 0)
		return NULL;
	p += 4;
	if (c >= 0xd800 && c < 0xdc00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u' &&
	    !hex4(p + 2, end, &low) && low >= 0xdc00 && low < 0xe000) {
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		p += 6;
	} else if (c >= 0xd800 && c < 0xe000) {
		c = 0xfffd;
	}
	put_utf8(b, c);
	return p;
}

/* A JSON string after its opening quote, into @b. Returns what follows the closing one or NULL. */
static const char *json_string(const char *p, const char *end, struct buf *b)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";

	while (p < end && *p != '"') {
		const char *esc = p + 1 < end && *p == '\\' ? strchr(from, p[1]) : NULL;

		if (*p != '\\') {
			copy_out(b, p++, 1);
		} else if (p + 1 < end && p[1] == 'u') {
			p = unicode(p + 2, end, b);
			if (!p)
				return NULL;
		} else if (esc && *esc) {
			copy_out(b, &to[esc - from], 1);
			p += 2;
		} else {
			return NULL;
		}
	}
	return p < end ? p + 1 : NULL;
}

/* {"log":"text\n","stream":"stdout","time":"…"}, one level, texts only (and "attrs", which is
 * skipped). */
static bool json_line(const char *p, size_t n, struct log_line *ret)
{
	const char *end = p + n;
	bool log = false;
	struct buf key = { .max = 64 }, value = { .max = FILE_LINE };

	if (!n || *p != '{')
		return false;
	for (p++; p && p < end && *p == '"';) {
		buf_clear(&key);
		buf_clear(&value);
		p = json_string(p + 1, end, &key);
		if (!p || end - p < 2 || p[0] != ':' || p[1] != '"' || !key.p)
			break;
		p = json_string(p + 2, end, &value);
		if (!p)
			break;
		if (!strcmp(key.p, "log")) {
			log = true;
			copy_out(&ret->text, value.p ? value.p : "", value.n);
		} else if (!strcmp(key.p, "stream") && value.p) {
			snprintf(ret->stream, sizeof(ret->stream), "%s", value.p);
		} else if (!strcmp(key.p, "time") && value.p) {
			snprintf(ret->time, sizeof(ret->time), "%s", value.p);
		}
		if (p < end && *p == ',')
			p++;
	}
	buf_done(&key);
	buf_done(&value);
	if (!log)
		return false;
	/* Docker cuts long lines at 16 KiB; only the last part ends in a newline. */
	ret->partial = !ret->text.n || ret->text.p[ret->text.n - 1] != '\n';
	if (!ret->partial)
		ret->text.p[--ret->text.n] = 0;
	return true;
}

bool log_parse(const char *p, size_t n, struct log_line *ret)
{
	return cri_line(p, n, ret) || json_line(p, n, ret);
}

static void forget(struct log_line *l)
{
	buf_clear(&l->text);
	l->time[0] = l->stream[0] = 0;
	l->partial = false;
}

static int put_line(struct buf *out, const struct log_line *l)
{
	size_t before = out->n;
	int r = buf_add(out, l->time, strlen(l->time) + 1);

	if (!r)
		r = buf_add(out, l->stream, strlen(l->stream) + 1);
	for (size_t i = 0; !r && i < l->text.n; i++) /* NUL ends a text here */
		r = buf_char(out, l->text.p[i] ? l->text.p[i] : ' ');
	if (!r)
		r = buf_add(out, "", 1);
	if (r < 0)
		out->n = before;
	return r;
}

/*
 * Count the whole lines of @p, or put all but the first @skip of them into @out. A stream's parts
 * are joined: stdout and stderr may alternate between them.
 */
static int walk(const char *p, size_t n, size_t skip, struct buf *out, size_t *ret_count)
{
	struct log_line line = { .text.max = FILE_LINE };
	struct log_line part[2] = { { .text.max = LINE_BYTES }, { .text.max = LINE_BYTES } };
	const char *end = p + n, *eol;
	size_t count = 0;
	int r = 0;

	for (; r >= 0 && (eol = memchr(p, '\n', (size_t)(end - p))); p = eol + 1) {
		struct log_line *of;

		forget(&line);
		if (!log_parse(p, (size_t)(eol - p), &line))
			continue;
		of = &part[!strcmp(line.stream, "stderr")];
		if (!of->time[0]) {
			memcpy(of->time, line.time, sizeof(of->time));
			memcpy(of->stream, line.stream, sizeof(of->stream));
		}
		copy_out(&of->text, line.text.p ? line.text.p : "", line.text.n);
		if (line.partial)
			continue;
		if (count++ >= skip && out)
			r = put_line(out, of);
		forget(of);
	}
	for (size_t i = 0; i < ARRAY_SIZE(part); i++)
		buf_done(&part[i].text);
	buf_done(&line.text);
	*ret_count = count;
	return r;
}

/* How many of the last lines fit into @max bytes. */
static size_t fitting(const char *p, size_t n, size_t lines, size_t max)
{
	struct buf trial = { .max = max };
	size_t count, keep, put;

	(void)walk(p, n, SIZE_MAX, NULL, &count);
	for (keep = MIN(count, lines); keep; keep = keep * 3 / 4) {
		buf_clear(&trial);
		if (walk(p, n, count - keep, &trial, &put) >= 0)
			break;
	}
	buf_done(&trial);
	return keep;
}

static int tail(int fd, size_t size, unsigned lines, struct buf *out)
{
	size_t window = WINDOW_FIRST, count, got = 0;
	const char *p;
	char *b = NULL;

	for (;; window *= 4) {
		size_t want = MIN(window, size);
		char *more = realloc(b, want + 1);
		ssize_t r;

		if (!more) {
			free(b);
			return -ENOMEM;
		}
		b = more;
		r = pread(fd, b, want, (off_t)(size - want));
		if (r < 0) {
			free(b);
			return -errno;
		}
		got = (size_t)r;
		p = b;
		if (want < size) { /* the first line may be cut */
			p = memchr(b, '\n', got);
			p = p ? p + 1 : b + got;
		}
		(void)walk(p, got - (size_t)(p - b), SIZE_MAX, NULL, &count);
		if (count >= lines || want == size || window >= WINDOW_MAX)
			break;
	}
	got -= (size_t)(p - b);
	lines = (unsigned)fitting(p, got, lines, out->max - out->n);
	(void)walk(p, got, count - MIN(count, (size_t)lines), out, &count);
	free(b);
	return out->failed ? -ENOMEM : 0;
}

/* Open below @root as if it were "/": links of the node lead where they lead on the node. */
static int open_below(int root, const char *path, int flags)
{
	struct open_how how = { .flags = (uint64_t)(flags | O_RDONLY | O_CLOEXEC | O_NONBLOCK),
				.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	long fd = syscall(SYS_openat2, root, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

/* "12.log" -> 12, "<id>-json.log" -> 0, all else -1. */
static long log_number(const char *name)
{
	char *end;
	long v = strtol(name, &end, 10);
	size_t n = strlen(name);

	if (end > name && isdigit((unsigned char)name[0]) && !strcmp(end, ".log"))
		return v;
	return n > 9 && !strcmp(name + n - 9, "-json.log") ? 0 : -1;
}

/* The newest log of the folder that @dir is: the highest number of a start. Takes @dir. */
static int newest(int dir, char *ret, size_t size)
{
	DIR *d = fdopendir(dir);
	struct dirent *e;
	long best = -1;

	if (!d) {
		close(dir);
		return -ENOMEM;
	}
	for (int i = 0; i < FILES_MAX && (e = readdir(d)); i++) {
		long v = log_number(e->d_name);

		if (v <= best)
			continue;
		best = v;
		snprintf(ret, size, "%s", e->d_name);
	}
	closedir(d);
	return best < 0 ? -ENOENT : 0;
}

static bool is_name(const char *s)
{
	return s[0] && s[0] != '.' && !strchr(s, '/') && strlen(s) < NAME_MAX;
}

static int log_in(int root, const char *folder, unsigned lines, struct buf *out)
{
	char name[NAME_MAX + 1] = "", path[PATH_MAX];
	int dir = open_below(root, folder, O_DIRECTORY), fd, r;
	struct stat st;

	if (dir < 0)
		return dir;
	r = newest(dir, name, sizeof(name));
	if (r < 0)
		return r;
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, name) >= sizeof(path))
		return -ENAMETOOLONG;
	fd = open_below(root, path, O_NOCTTY);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		r = -EINVAL;
	else
		r = tail(fd, (size_t)st.st_size, lines, out);
	close(fd);
	return r;
}

int procfs_log(const char *host_root, const char *log_dir, const char *container, unsigned lines,
	       struct buf *out)
{
	char folder[PATH_MAX];
	int root, r;

	if (log_dir[0] != '/' || (container && container[0] && !is_name(container)))
		return -EINVAL;
	if ((size_t)snprintf(folder, sizeof(folder), "%s/%s", log_dir,
			     container ? container : "") >= sizeof(folder))
		return -ENAMETOOLONG;
	root = open(host_root && host_root[0] ? host_root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	r = log_in(root, folder, lines, out);
	if (r == -ENOENT) /* a container's own folder */
		r = log_in(root, log_dir, lines, out);
	close(root);
	return r;
}
