/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a fuzz target over stored inputs instead of new ones, so that every crash once
 * found stays found: replay's main for a target built without libFuzzer. Arguments are
 * files or folders; with none, the target's own corpus is used.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static unsigned run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	uint8_t *data;
	size_t n;

	if (!f || fstat(fileno(f), &st) < 0 || !S_ISREG(st.st_mode)) {
		fprintf(stderr, "%s: cannot be read\n", path);
		exit(1);
	}
	/* exactly as large as the input, so that the sanitizer sees a read past its end */
	data = malloc(st.st_size ? (size_t)st.st_size : 1);
	if (!data)
		exit(1);
	n = fread(data, 1, (size_t)st.st_size, f);
	fclose(f);
	LLVMFuzzerTestOneInput(data, n);
	free(data);
	return 1;
}

static unsigned run(const char *path)
{
	DIR *d = opendir(path);
	unsigned done = 0;
	struct dirent *e;
	char name[4096];

	if (!d)
		return run_file(path);
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		done += run(name);
	}
	closedir(d);
	return done;
}

int main(int argc, char **argv)
{
	const char *base = strrchr(argv[0], '/');
	unsigned done = 0;
	char corpus[4096];

	base = base ? base + 1 : argv[0];
	if (argc > 1) {
		for (int i = 1; i < argc; i++)
			done += run(argv[i]);
	} else if (!strncmp(base, "fuzz_", 5)) {
		snprintf(corpus, sizeof(corpus), "tests/fuzz/corpus/%s", base + 5);
		done = run(corpus);
	}
	printf("%s: %u inputs\n", base, done);
	return done ? 0 : 1; /* a target without a corpus proves nothing */
}
