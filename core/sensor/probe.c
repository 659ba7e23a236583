/* SPDX-License-Identifier: BSD-2-Clause */
/* Loads and attaches BPF objects, as much of them as this kernel takes. */
#include "sensor/probe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "base/macros.h"
#include "maps.skel.h"

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	(void)level, (void)fmt, (void)ap;
	return 0;
}

bool probe_has_tracepoint(const char *name, bool *ret_pointer)
{
	static struct btf *vmlinux; /* parsed once: it takes ten milliseconds; before any thread,
				       see load_all() */
	const struct btf_type *t;
	char full[80];
	int id;

	if (!vmlinux)
		vmlinux = btf__load_vmlinux_btf();
	if (libbpf_get_error(vmlinux)) {
		vmlinux = NULL;
		return false;
	}
	snprintf(full, sizeof(full), "btf_trace_%s", name);
	id = btf__find_by_name_kind(vmlinux, full, BTF_KIND_TYPEDEF);
	if (id < 0)
		return false;
	if (!ret_pointer)
		return true;
	/* typedef -> pointer -> prototype; parameter 0 is the tracepoint's own */
	t = btf__type_by_id(vmlinux, btf__type_by_id(vmlinux, (unsigned)id)->type);
	t = t ? btf__type_by_id(vmlinux, t->type) : NULL;
	*ret_pointer = false;
	if (t && btf_is_func_proto(t) && btf_vlen(t) > 1) {
		int arg = btf__resolve_type(vmlinux, btf_params(t)[1].type);

		*ret_pointer = arg > 0 && btf_is_ptr(btf__type_by_id(vmlinux, (unsigned)arg));
	}
	return true;
}

int probe_maps_open(struct probe_maps *m, uint64_t ring_size)
{
	const void *elf;
	struct bpf_map *ring;
	size_t n;
	int r;

	libbpf_set_print(quiet);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	elf = maps_bpf__elf_bytes(&n);
	m->obj = bpf_object__open_mem(elf, n, NULL);
	if (!m->obj)
		return -errno;
	ring = bpf_object__find_map_by_name(m->obj, "ring");
	r = ring ? bpf_map__set_max_entries(ring, (uint32_t)ring_size) : -ENOENT;
	if (!r)
		r = bpf_object__load(m->obj);
	if (r) {
		probe_maps_close(m);
		return r;
	}
	m->ring = bpf_object__find_map_fd_by_name(m->obj, "ring");
	m->policy = bpf_object__find_map_fd_by_name(m->obj, "policy");
	m->loss = bpf_object__find_map_fd_by_name(m->obj, "loss");
	m->pace = bpf_object__find_map_fd_by_name(m->obj, "pace");
	return 0;
}

void probe_maps_close(struct probe_maps *m)
{
	bpf_object__close(m->obj);
	*m = (struct probe_maps){ .ring = -1, .policy = -1, .loss = -1, .pace = -1 };
}

struct bpf_object *probe_object(const struct probe_maps *m, const struct wire_config *cfg,
				const void *elf, size_t n, const char *name)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = name);
	struct bpf_object *obj = bpf_object__open_mem(elf, n, &opts);
	struct bpf_map *map;
	int r = 0;

	if (!obj)
		return NULL;
	bpf_object__for_each_map(map, obj)
	{
		struct bpf_map *shared = bpf_object__find_map_by_name(m->obj, bpf_map__name(map));
		const char *dot = strstr(bpf_map__name(map), ".rodata");

		if (shared) {
			r = bpf_map__reuse_fd(map, bpf_map__fd(shared));
		} else if (dot && !dot[7]) {
			/* -EINVAL by a wrong size: another constant came into the object */
			r = bpf_map__set_initial_value(map, cfg, sizeof(*cfg));
		}
		if (r) {
			bpf_object__close(obj);
			errno = -r;
			return NULL;
		}
	}
	return obj;
}

/* Load @obj with only the programs that are wanted, or only hook @only (not -1). */
static int load(struct probe_live *p, struct bpf_object *obj, int only)
{
	for (size_t i = 0; i < p->probe->n; i++) {
		struct bpf_program *prog =
			bpf_object__find_program_by_name(obj, p->probe->hooks[i].program);
		bool on = p->hooks[i].state == HOOK_OFF && (only < 0 || (size_t)only == i);

		if (!prog)
			return -ENOENT;
		bpf_program__set_autoload(prog, on);
	}
	return bpf_object__load(obj);
}

static int load_alone(struct probe_live *p, const struct probe_maps *m,
		      const struct wire_config *cfg, size_t i)
{
	struct hook_live *h = &p->hooks[i];
	size_t n;
	const void *elf = p->probe->elf(&n);
	int r;

	h->obj = probe_object(m, cfg, elf, n, p->probe->object);
	r = h->obj ? load(p, h->obj, (int)i) : -errno;
	if (r) {
		bpf_object__close(h->obj);
		h->obj = NULL;
		h->state = HOOK_REFUSED;
		h->error = r;
	}
	return r;
}

static void load_once(struct probe_live *p, const struct probe_maps *m,
		      const struct wire_config *cfg)
{
	size_t n;
	const void *elf = p->probe->elf(&n);
	int r;

	p->loaded = true;
	for (size_t i = 0; i < p->probe->n; i++) {
		const struct probe_hook *h = &p->probe->hooks[i];

		p->hooks[i].prog_fd = -1;
		if (h->tracepoint && !probe_has_tracepoint(h->tracepoint, NULL))
			p->hooks[i].state = HOOK_ABSENT;
		else if (h->wanted && !h->wanted(h))
			p->hooks[i].state = HOOK_UNWANTED;
	}
	p->obj = probe_object(m, cfg, elf, n, p->probe->object);
	r = p->obj ? load(p, p->obj, -1) : -errno;
	if (!r)
		return;
	bpf_object__close(p->obj);
	p->obj = NULL;
	for (size_t i = 0; i < p->probe->n; i++) {
		if (p->hooks[i].state == HOOK_OFF)
			load_alone(p, m, cfg, i);
	}
}

size_t probe_attach(struct probe_live *p, const struct probe_maps *m, const struct wire_config *cfg,
		    int cgroup_fd)
{
	size_t on = 0;

	if (!p->loaded)
		load_once(p, m, cfg);
	for (size_t i = 0; i < p->probe->n; i++) {
		struct hook_live *h = &p->hooks[i];
		struct bpf_object *obj = h->obj ? h->obj : p->obj;
		struct bpf_program *prog;

		if (h->state != HOOK_OFF || !obj) {
			on += h->state == HOOK_ON;
			continue;
		}
		prog = bpf_object__find_program_by_name(obj, p->probe->hooks[i].program);
		h->prog_fd = bpf_program__fd(prog);
		if (p->probe->cgroup && cgroup_fd < 0) {
			h->error = -ENODEV;
			h->state = HOOK_REFUSED;
			continue;
		}
		h->link = p->probe->cgroup ? bpf_program__attach_cgroup(prog, cgroup_fd)
					   : bpf_program__attach(prog);
		h->error = h->link ? 0 : -errno;
		h->state = h->link ? HOOK_ON : HOOK_REFUSED;
		on += h->state == HOOK_ON;
	}
	return on;
}

void probe_detach(struct probe_live *p)
{
	for (size_t i = 0; p->probe && i < p->probe->n; i++) {
		struct hook_live *h = &p->hooks[i];

		bpf_link__destroy(h->link);
		h->link = NULL;
		if (h->state == HOOK_ON)
			h->state = HOOK_OFF;
	}
}

void probe_unload(struct probe_live *p)
{
	probe_detach(p);
	for (size_t i = 0; p->probe && i < p->probe->n; i++)
		bpf_object__close(p->hooks[i].obj);
	bpf_object__close(p->obj);
	*p = (struct probe_live){ .probe = p->probe };
}

void probe_stats(const struct probe_live *p, uint64_t *missed, uint64_t *run_ns, uint64_t *runs)
{
	for (size_t i = 0; p->probe && p->loaded && i < p->probe->n; i++) {
		struct bpf_prog_info info = { 0 };
		uint32_t size = sizeof(info);

		if (p->hooks[i].prog_fd < 0 ||
		    bpf_obj_get_info_by_fd(p->hooks[i].prog_fd, &info, &size))
			continue;
		*missed += info.recursion_misses;
		*run_ns += info.run_time_ns;
		*runs += info.run_cnt;
	}
}
