/* SPDX-License-Identifier: BSD-2-Clause */
/* The BPF source: rings, probes and pictures of a kernel that lets us. */
#include "sensor/live.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/macros.h"
#include "network.h"

#define CGROUP2_MAGIC 0x63677270

static const struct probe *const all_probes[] = { &probe_process, &probe_network, &probe_udp,
						  &probe_names };
_Static_assert(ARRAY_SIZE(all_probes) <= LIVE_PROBES, "more probes than room");

static uint32_t namespace_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (uint32_t)st.st_ino : 0;
}

/* Of the v1 hierarchies that can tell containers apart: memory, else pids, else cpu. 0: none is
 * mounted. */
static uint32_t v1_hierarchy(void)
{
	static const char *const names[] = { "memory", "pids", "cpu" };
	uint32_t found[ARRAY_SIZE(names)] = { 0 };
	FILE *f = fopen("/proc/cgroups", "re");
	char line[256], name[64];
	unsigned h;

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%63s %u", name, &h) != 2)
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(names); i++)
			if (!strcmp(name, names[i]))
				found[i] = h;
	}
	fclose(f);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (found[i])
			return found[i];
	return 0;
}

static int open_if_cgroup2(const char *root, const char *path)
{
	char full[512];
	struct statfs fs;
	int fd;

	snprintf(full, sizeof(full), "%s%s", root, path);
	fd = open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &fs) == 0 && fs.f_type == CGROUP2_MAGIC)
		return fd;
	close(fd);
	return -ENOENT;
}

/* A mount that hangs nowhere: no mount table changes, it ends with its descriptor (5.2). */
static int open_own_cgroup2(void)
{
	int fs = (int)syscall(SYS_fsopen, "cgroup2", 1 /* CLOEXEC */), mnt, fd;

	if (fs < 0)
		return -errno;
	if (syscall(SYS_fsconfig, fs, 6 /* CMD_CREATE */, NULL, NULL, 0) < 0) {
		fd = -errno;
		close(fs);
		return fd;
	}
	mnt = (int)syscall(SYS_fsmount, fs, 1 /* CLOEXEC */, 0);
	fd = mnt < 0 ? -errno : openat(mnt, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (mnt >= 0 && fd < 0)
		fd = -errno;
	if (mnt >= 0)
		close(mnt);
	close(fs);
	return fd;
}

int cgroup_root_open(const char *host_root, const char **ret_how)
{
	const char *root = host_root && strcmp(host_root, "/") ? host_root : "";
	int fd;

	*ret_how = "mounted";
	fd = open_if_cgroup2(root, "/sys/fs/cgroup");
	if (fd < 0)
		fd = open_if_cgroup2(root, "/sys/fs/cgroup/unified");
	if (fd >= 0)
		return fd;
	*ret_how = "not mounted on this node; reached by a mount of sonde's own";
	fd = open_own_cgroup2();
	if (fd < 0)
		*ret_how = NULL;
	return fd;
}

static void *load_process(void *arg)
{
	struct live *l = arg;

	probe_attach(&l->probes[0], &l->maps, &l->cfg, -1);
	return NULL;
}

/* Relocating against the kernel's types takes most of the time, an object at a time: so two at
 * once. */
static int load_all(struct live *l, struct sonde_err *err)
{
	pthread_t t;
	bool beside;

	probe_has_tracepoint("sched_process_exec",
			     NULL); /* parses the kernel's types before there are two of us */
	beside = pthread_create(&t, NULL, load_process, l) == 0;
	live_set(l, "network", true, NULL);
	l->picture = picture_open(l);
	if (beside)
		pthread_join(t, NULL);
	return live_set(l, "process", true, err);
}

static int start(struct live *l, struct sonde_err *err)
{
	uint64_t size = (l->opts.ring_kib ? l->opts.ring_kib : 8192) * 1024ULL;
	int r;

	l->cfg.ring_half = size / 2;
	l->cfg.budget = l->opts.budget ? l->opts.budget : 10000;
	l->cfg.host_mntns = namespace_of("/proc/1/ns/mnt");
	if (!l->cfg.host_mntns)
		l->cfg.host_mntns = namespace_of("/proc/self/ns/mnt");
	l->cfg.v1_hierarchy = v1_hierarchy();
	if (getrandom(&l->cfg.secret, sizeof(l->cfg.secret), 0) < 0)
		return -errno;
	r = probe_maps_open(&l->maps, size);
	if (!r)
		r = ring_map(&l->ring, l->maps.ring, size);
	if (!r)
		r = loss_open(&l->loss, l->maps.loss);
	if (r)
		return sonde_err_set(err, r, "BPF maps cannot be made: %s", strerror(-r));
	l->cgroup_fd = cgroup_root_open(l->opts.host_root, &l->cgroup_how);
	for (size_t i = 0; i < ARRAY_SIZE(all_probes); i++)
		l->probes[i].probe = all_probes[i];
	return load_all(l, err);
}

static void live_close(void *src)
{
	struct live *l = src;

	if (!l)
		return;
	for (size_t i = 0; i < LIVE_PROBES; i++)
		probe_unload(&l->probes[i]);
	picture_close(l->picture);
	loss_close(&l->loss);
	ring_unmap(&l->ring);
	probe_maps_close(&l->maps);
	if (l->cgroup_fd >= 0)
		close(l->cgroup_fd);
	free(l);
}

int live_open(const struct sensor_opts *o, struct capture_writer **tap, struct live **ret,
	      struct sonde_err *err)
{
	struct live *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		return -ENOMEM;
	l->opts = *o;
	l->tap = tap;
	l->cgroup_fd = -1;
	r = start(l, err);
	if (r) {
		live_close(l);
		return r;
	}
	*ret = l;
	return 0;
}

/* The first reason for which nothing of a set hangs. */
static int set_error(const struct live *l, const char *set)
{
	for (size_t i = 0; i < LIVE_PROBES; i++) {
		const struct probe_live *p = &l->probes[i];

		for (size_t k = 0; p->probe && !strcmp(p->probe->set, set) && k < p->probe->n; k++)
			if (p->hooks[k].error)
				return p->hooks[k].error;
	}
	return -ENOTSUP;
}

/* While nobody looked, sockets ended: what is remembered of them would name the wrong process. */
static void forget_sockets(struct live *l)
{
	static const char *const names[] = { "socks", "listeners" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		int fd = bpf_object__find_map_fd_by_name(l->maps.obj, names[i]);
		struct net_port port;
		uint64_t sk;
		void *key = i ? (void *)&port : (void *)&sk;

		while (bpf_map_get_next_key(fd, NULL, key) == 0)
			if (bpf_map_delete_elem(fd, key))
				break;
	}
}

int live_set(struct live *l, const char *set, bool on, struct sonde_err *err)
{
	size_t hooks = 0;
	bool known = false;

	for (size_t i = 0; i < LIVE_PROBES; i++) {
		struct probe_live *p = &l->probes[i];

		if (!p->probe || strcmp(p->probe->set, set))
			continue;
		known = true;
		if (on && p->probe == &probe_network && p->loaded && p->hooks[0].state == HOOK_OFF)
			forget_sockets(l);
		if (!on)
			probe_detach(p);
		else if (!p->probe->names || !l->opts.no_names)
			hooks += probe_attach(p, &l->maps, &l->cfg, l->cgroup_fd);
	}
	if (!known)
		return sonde_err_set(err, -ENOENT,
				     "%s: no such probe set; there are process and network", set);
	if (on && !hooks) {
		int r = set_error(l, set);

		return sonde_err_set(err, r, "probe set %s: the kernel refuses all its hooks: %s",
				     set, strerror(-r));
	}
	return 0;
}

static void take(void *ctx, const void *rec, size_t n)
{
	struct live *l = ctx;
	const struct wire_head *h = rec;
	const struct wire_cgroup *c = rec;

	if (n >= sizeof(*c) && h->kind == WIRE_CGROUP && c->op == CGROUP_GONE)
		policy_gone(l,
			    (struct cgroup_key){ .id = h->cgroup_id, .hierarchy = h->hierarchy });
	if (decode_record(rec, n, ORIGIN_RING, &l->ev, l->sink) == -EBADMSG)
		l->bad++;
	/* behind head.size stand old bytes of the ring, other records' perhaps: never into a file
	 */
	if (*l->tap && n >= sizeof(*h) && h->size <= n)
		capture_record(*l->tap, h->ktime_ns, rec, h->size);
}

static int live_drain(void *src, uint64_t budget_ns, const struct sensor_sink *sink)
{
	struct live *l = src;

	l->sink = sink;
	return ring_drain(&l->ring, budget_ns, take, l);
}

static int live_picture(void *src, bool sockets, uint64_t budget_ns, const struct sensor_sink *sink)
{
	struct live *l = src;

	return l->picture ? picture_step(l->picture, sockets, budget_ns, sink) : -ENOTSUP;
}

static int live_fd(const void *src)
{
	return ((const struct live *)src)->maps.ring;
}

const struct source_ops live_ops = {
	.name = "ring",
	.origin = ORIGIN_RING,
	.drain = live_drain,
	.picture = live_picture,
	.fd = live_fd,
	.close = live_close,
};
