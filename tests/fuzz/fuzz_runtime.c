/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runtime state on disk, from bytes that anybody may have written: the first byte picks
 * which runtime's file the rest becomes. The files live in a folder of their own that
 * is removed at exit.
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "identity/runtime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define ID "4f0e6d1c2b3a49588776655443322110ffeeddccbbaa99887766554433221100"

static const char *const files[] = {
	"run/containerd/io.containerd.runtime.v2.task/k8s.io/" ID "/config.json",
	"run/containerd/io.containerd.runtime.v2.task/k8s.io/" ID "/init.pid",
	"run/containerd/io.containerd.runtime.v2.task/moby/" ID "/config.json",
	"run/runc/" ID "/state.json",
	"run/containers/storage/overlay-containers/" ID "/userdata/config.json",
	"var/lib/containers/storage/overlay-containers/containers.json",
	"var/lib/docker/containers/" ID "/config.v2.json",
};

static char dir[64];
static struct runtime_roots *roots;

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void clean(void)
{
	nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	runtime_roots_free(roots);
}

static void make_file(const char *rel, const void *p, size_t n)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, rel);
	for (char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = 0;
		mkdir(path, 0700);
		*at = '/';
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, p, n) != (ssize_t)n)
		abort();
	close(fd);
}

static void setup(void)
{
	snprintf(dir, sizeof(dir), "/tmp/sonde-fuzz-runtime-XXXXXX");
	if (!mkdtemp(dir))
		abort();
	roots = runtime_roots_new(dir, NULL);
	atexit(clean);
}

static void check(const struct container_facts *f, int r)
{
	if (f->reason >= REASONS || strcmp(f->container_id, ID))
		abort();
	if ((r == 0) != (f->reason == REASON_NONE || f->reason == REASON_NO_POD))
		abort();
	if (f->log_dir && strstr(f->log_dir, "/../"))
		abort();
	if (f->pod_uid[0] && !ident_id_safe(f->pod_uid))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct identity_need need = { .container_id = ID, .runtime = "" };
	struct container_facts f;
	const char *file;
	char path[256];

	if (!dir[0])
		setup();
	if (n < 1)
		return 0;
	file = files[data[0] % ARRAY_SIZE(files)];
	make_file(file, data + 1, n - 1);
	if (data[0] & 64) /* the storage's list is read when a bundle of podman's is there */
		make_file(files[4], "{}", 2);
	check(&f, runtime_read(roots, &need, &f));
	container_facts_done(&f);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		unlink(path);
	}
	return 0;
}
