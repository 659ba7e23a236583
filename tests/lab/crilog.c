/* SPDX-License-Identifier: BSD-2-Clause */
/* crilog FILE: what comes in goes to FILE in the form that container runtimes log in. */
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static char line[16384];
	FILE *out = argc == 2 ? fopen(argv[1], "ae") : NULL;

	if (!out)
		return 1;
	/* A line at a time, whole in the file at once. */
	while (fgets(line, sizeof(line), stdin)) {
		struct timespec now;
		struct tm utc;
		char stamp[32];
		size_t n = 0;

		while (line[n] && line[n] != '\n')
			n++;
		clock_gettime(CLOCK_REALTIME, &now);
		gmtime_r(&now.tv_sec, &utc);
		strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc);
		fprintf(out, "%s.%09ldZ stdout %c %.*s\n", stamp, now.tv_nsec, line[n] ? 'F' : 'P',
			(int)n, line);
		fflush(out);
	}
	return 0;
}
