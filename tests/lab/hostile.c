/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hostile: processes whose arguments, names and paths are made to harm whoever shows
 * them: terminal escapes, bidirectional overrides, bytes that are no UTF-8, very long
 * arguments, piles of combining marks, wide glyphs, line ends. Each carries "hostile-N"
 * as its second argument and lives for the given time.
 *
 *   hostile MS
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static const char *const texts[] = {
	"\033[2J\033[H\033[31mred",
	"\033]0;title\007",
	"\033]52;c;c29uZGU=\007",
	"\xc2\x9b"
	"31m",
	"\x9b"
	"31mC1",
	"abc\xff\xfe\x80",
	"\xe2\x80\xae"
	"gpj.exe",
	"\xe2\x81\xa6"
	"iso\xe2\x81\xa9",
	"a\r\nb\tc\b\b\bd",
	"e\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85\xcc\x86\xcc\x87\xcc\x88",
	"\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xb8\x96\xe7\x95\x8c",
	"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x9a\x80",
	"\xed\xa0\x80 surrogate",
	"\xc0\xaf overlong",
	"\xe2\x80\xa8line\xe2\x80\xa9para",
	"",
	"%s%n%x",
	"\"quote\\back\"",
	"${IFS}$(id)`id`",
};
enum { TEXTS = sizeof(texts) / sizeof(texts[0]) };

/* The path of the program itself may be anything but NUL and '/'. */
static int copy_self(const char *to)
{
	int in = open("/proc/self/exe", O_RDONLY),
	    out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	struct stat st;
	int r = in < 0 || out < 0 || fstat(in, &st) < 0 ||
		sendfile(out, in, NULL, st.st_size) != st.st_size;

	close(in);
	close(out);
	return r ? -1 : 0;
}

static void start(const char *path, char *const argv[])
{
	if (fork() == 0) {
		execve(path, argv, environ);
		_exit(127);
	}
}

/* What was started by us: take the comm that it was told to and wait. */
static int stay(int argc, char **argv)
{
	if (argc > 4)
		prctl(PR_SET_NAME, argv[4]);
	usleep(strtoul(argv[3], NULL, 10) * 1000);
	return 0;
}

int main(int argc, char **argv)
{
	static char big[100001];
	char tag[32], path[300];

	if (argc > 3 && strncmp(argv[1], "hostile-", 8) == 0)
		return stay(argc, argv);
	if (argc != 2)
		return 2;
	for (unsigned i = 0; i < TEXTS; i++) {
		char *child[] = { (char *)texts[i], tag, (char *)texts[i], argv[1],
				  (char *)texts[i], NULL };

		snprintf(tag, sizeof(tag), "hostile-%u", i);
		snprintf(path, sizeof(path), "/tmp/x%s", texts[i]);
		/* What the file system refuses as a name is run by its plain one. */
		start(copy_self(path) == 0 ? path : "/proc/self/exe", child);
	}
	memset(big, 'A', sizeof(big) - 1);
	char *child[] = { (char *)"big", (char *)"hostile-big", big, argv[1], NULL };

	start("/proc/self/exe", child);
	printf("started %d\n", TEXTS + 1);
	fflush(stdout);
	while (wait(NULL) > 0 || errno == EINTR)
		;
	return 0;
}
