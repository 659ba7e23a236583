/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Careful reading of foreign files: beneath their folder, regular, of limited size, and
 * as JSON that cannot blow up the parser's stack or memory.
 */
#include "identity/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/macros.h"

#define FILE_LIMIT  (1u << 20)
#define JSON_DEPTH  64
#define JSON_VALUES 65536 /* an OCI config has some hundreds */

#define SAFE_FLAGS (O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/* Part by part, following no link at all. */
static int open_plain(int dirfd, const char *path, int flags)
{
	char part[256];
	int at = dirfd, fd;

	for (;;) {
		size_t n = strcspn(path, "/");
		bool last = !path[n + strspn(path + n, "/")];

		if (!n && !*path)
			return -ENOENT;
		if (n >= sizeof(part) || (n == 2 && !memcmp(path, "..", 2)))
			return n >= sizeof(part) ? -ENAMETOOLONG : -EXDEV;
		memcpy(part, path, n);
		part[n] = 0;
		fd = openat(at, part,
			    O_NOFOLLOW | (last ? flags : O_PATH | O_DIRECTORY | O_CLOEXEC));
		if (fd < 0)
			fd = errno == ENOTDIR && !last ? -ELOOP : -errno;
		if (at != dirfd)
			close(at);
		if (fd < 0 || last)
			return fd;
		at = fd;
		path += n + strspn(path + n, "/");
	}
}

static int open_how(int dirfd, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = { .flags = (uint64_t)(flags | SAFE_FLAGS), .resolve = resolve };
	long fd;

	if (flags & O_PATH) /* takes no other flags but these */
		how.flags = (uint64_t)((flags & (O_PATH | O_DIRECTORY)) | O_CLOEXEC);
	for (int tries = 0; tries < 8; tries++) {
		fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
		if (fd >= 0)
			return (int)fd;
		/* EAGAIN: somebody renamed just now, and the kernel cannot tell where ".." led */
		if (errno != EAGAIN && errno != EINTR)
			break;
	}
	/* a container's seccomp filter says EPERM to what it does not know */
	if (errno == ENOSYS || errno == EPERM)
		return open_plain(dirfd, path, (int)how.flags);
	return -errno;
}

int beneath_open(int dirfd, const char *path, int flags)
{
	return open_how(dirfd, path, flags, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
}

int beneath_root(int dirfd, const char *path, int flags)
{
	while (*path == '/')
		path++;
	if (!*path)
		path = ".";
	return open_how(dirfd, path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

static int read_fd(int fd, char **ret, size_t *ret_n)
{
	struct buf b = { .max = FILE_LIMIT + 1 };
	struct stat st;
	ssize_t got = 1;
	int r = 0;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_size > FILE_LIMIT)
		return -EFBIG;
	/* the buffer takes one byte over the limit, to see a file that grew meanwhile */
	while (!r && got) {
		size_t room = MIN((size_t)16384, b.max - b.n);

		r = buf_room(&b, room);
		if (r < 0)
			break;
		got = read(fd, b.p + b.n, room);
		if (got < 0 && errno == EINTR) {
			got = 1;
			continue;
		}
		if (got < 0)
			r = -errno;
		else
			b.n += (size_t)got;
		if (b.n > FILE_LIMIT)
			r = -EFBIG;
	}
	if (!r)
		r = buf_add(&b, "", 0);
	if (r < 0) {
		buf_done(&b);
		return r;
	}
	*ret = b.p;
	*ret_n = b.n;
	return 0;
}

int beneath_read(int dirfd, const char *path, char **ret, size_t *ret_n)
{
	int fd = beneath_open(dirfd, path, O_RDONLY), r;

	if (fd < 0)
		return fd;
	r = read_fd(fd, ret, ret_n);
	close(fd);
	return r;
}

/* jansson recurses once a level and allocates for each value: look before it does. */
static bool is_sound(const char *p, size_t n)
{
	size_t values = 0;
	int depth = 0;
	bool text = false;

	for (size_t i = 0; i < n; i++) {
		if (text) {
			if (p[i] == '\\')
				i++;
			else if (p[i] == '"')
				text = false;
			continue;
		}
		switch (p[i]) {
		case '"':
			text = true;
			break;
		case '{':
		case '[':
			if (++depth > JSON_DEPTH)
				return false;
			values++;
			break;
		case '}':
		case ']':
			depth--;
			break;
		case ',':
			values++;
			break;
		}
		if (values > JSON_VALUES)
			return false;
	}
	return true;
}

int beneath_parse(const char *p, size_t n, json_t **ret)
{
	json_error_t err;
	json_t *j;

	if (!is_sound(p, n))
		return -EBADMSG;
	j = json_loadb(p, n, JSON_REJECT_DUPLICATES, &err);
	/*
	 * without memory jansson often says no more than "invalid token"; such state is read again
	 */
	if (!j)
		return json_error_code(&err) == json_error_out_of_memory ? -ENOMEM : -EBADMSG;
	if (!json_is_object(j) && !json_is_array(j)) {
		json_decref(j);
		return -EBADMSG;
	}
	*ret = j;
	return 0;
}

int beneath_json(int dirfd, const char *path, json_t **ret)
{
	char *text;
	size_t n;
	int r = beneath_read(dirfd, path, &text, &n);

	if (r < 0)
		return r;
	r = beneath_parse(text, n, ret);
	free(text);
	return r;
}
