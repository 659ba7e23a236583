/* SPDX-License-Identifier: BSD-2-Clause */
/* The sensor's lines of doctor: what this kernel lets us see, and what would mend it. */
#include "sensor/live.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/macros.h"

static void __attribute__((format(printf, 2, 3))) say(char dst[160], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(dst, 160, fmt, ap);
	va_end(ap);
}

/* One line of a small file without its newline; false when it cannot be read. */
static bool line_of(const char *path, char *dst, size_t n)
{
	FILE *f = fopen(path, "re");
	bool ok = f && fgets(dst, (int)n, f);

	if (f)
		fclose(f);
	if (ok)
		dst[strcspn(dst, "\n")] = 0;
	return ok;
}

static const char *reason(int error)
{
	switch (-error) {
	case EPERM:
	case EACCES:
		return "the kernel refuses it (capabilities or lockdown)";
	case ENOENT:
	case ESRCH:
		return "this kernel does not have it";
	case EINVAL:
	case E2BIG:
		return "this kernel's verifier refuses it";
	case ENODEV:
		return "cgroup v2 cannot be reached";
	case EBUSY:
		return "somebody holds that place for himself";
	case ECANCELED:
		return "switched off by --no-bpf";
	}
	return strerror(-error);
}

static void check_kernel(struct sensor_check *c)
{
	struct utsname u;
	unsigned major = 0, minor = 0;

	c->check = "kernel";
	uname(&u);
	sscanf(u.release, "%u.%u", &major, &minor);
	say(c->detail, "%s %s", u.release, u.machine);
	if (major < 5 || (major == 5 && minor < 10)) {
		c->state = CHECK_DEGRADED;
		say(c->mend, "5.10 or newer is needed for the probes");
	}
}

static void check_btf(struct sensor_check *c)
{
	c->check = "btf";
	if (access("/sys/kernel/btf/vmlinux", R_OK) == 0) {
		say(c->detail, "/sys/kernel/btf/vmlinux");
		return;
	}
	c->state = CHECK_MISSING;
	say(c->detail, "the kernel's types are not at /sys/kernel/btf/vmlinux");
	say(c->mend, "a kernel with CONFIG_DEBUG_INFO_BTF=y");
}

static void check_lockdown(struct sensor_check *c)
{
	char line[128], *p;

	c->check = "lockdown";
	if (!line_of("/sys/kernel/security/lockdown", line, sizeof(line))) {
		say(c->detail, "not known (securityfs is not mounted); the probes do not depend on "
			       "it below confidentiality");
		return;
	}
	p = strchr(line, '[');
	if (p && strchr(p, ']'))
		*strchr(p, ']') = 0;
	say(c->detail, "%s", p ? p + 1 : line);
	if (p && !strcmp(p + 1, "confidentiality")) {
		c->state = CHECK_DEGRADED;
		say(c->mend,
		    "this mode refuses tracing; sonde polls and does not try to get around it");
	}
}

static void check_bpf(const struct live *l, int why, struct sensor_check *c)
{
	c->check = "bpf";
	if (l) {
		say(c->detail, "programs and maps load; ring of %llu KiB",
		    (unsigned long long)(l->ring.size >> 10));
		return;
	}
	c->state = CHECK_MISSING;
	say(c->detail, "%s", reason(why));
	if (why == -EPERM || why == -EACCES)
		say(c->mend, "run as root, or with CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN");
	else if (why != -ECANCELED)
		say(c->mend, "see the lines kernel, btf and lockdown");
}

static void check_cgroup(const struct live *l, const struct sensor_opts *o, struct sensor_check *c)
{
	const char *how = l ? l->cgroup_how : NULL;
	int fd = -1;

	c->check = "cgroup";
	if (!l) {
		fd = cgroup_root_open(o->host_root, &how);
		if (fd >= 0)
			close(fd);
	}
	if (how) {
		say(c->detail, "v2 %s%s", how,
		    l && l->cfg.v1_hierarchy ? "; v1 beside it (hybrid)" : "");
		return;
	}
	c->state = CHECK_DEGRADED;
	say(c->detail,
	    "v1 only: containers are told by the memory, pids or cpu hierarchy; no names, no UDP");
	say(c->mend, "CAP_SYS_ADMIN, so that sonde can reach cgroup v2 by a mount of its own");
}

struct need {
	unsigned bit;
	const char *name, *reason;
};

static const struct need needs[] = {
	{ 39, "CAP_BPF", "loads programs, reads maps" },
	{ 38, "CAP_PERFMON", "lets programs read kernel structures" },
	{ 12, "CAP_NET_ADMIN", "attaches the observers of cgroups" },
	{ 19, "CAP_SYS_PTRACE", "reads executables and namespaces of others in /proc" },
	{ 2, "CAP_DAC_READ_SEARCH", "reads descriptors of other users in /proc" },
};

static void check_caps(struct sensor_check *c)
{
	char line[256], missing[100] = "", have[100] = "";
	unsigned long long caps = 0;
	FILE *f = fopen("/proc/self/status", "re");

	c->check = "capabilities";
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "CapEff:", 7))
			caps = strtoull(line + 7, NULL, 16);
	if (f)
		fclose(f);
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
		bool on = caps >> needs[i].bit & 1 ||
			  (i < 3 && caps >> 21 & 1); /* SYS_ADMIN stands for those */
		char *dst = on ? have : missing;
		size_t at = strlen(dst);

		snprintf(dst + at, sizeof(have) - at, "%s%s", at ? " " : "", needs[i].name + 4);
	}
	if (!missing[0]) {
		say(c->detail, "%s (no SYS_RESOURCE needed)", have);
		return;
	}
	c->state = CHECK_DEGRADED;
	say(c->detail, "missing: %s", missing);
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
		if (strstr(missing, needs[i].name + 4)) {
			say(c->mend, "%s %s", needs[i].name, needs[i].reason);
			break;
		}
}

static void check_pictures(const struct live *l, struct sensor_check *c)
{
	c->check = "iterators";
	if (l && l->picture) {
		say(c->detail, "all tasks and sockets from the kernel's own tables");
		return;
	}
	c->state = CHECK_DEGRADED;
	say(c->detail,
	    "refused: the first picture comes from procfs, which is slower and less exact");
	say(c->mend, "CAP_BPF and CAP_PERFMON on 5.10 or newer");
}

static void check_hook(const struct live *l, const struct probe_live *p, size_t k,
		       struct sensor_check *c)
{
	const struct probe_hook *h = &p->probe->hooks[k];
	const struct hook_live *v = &p->hooks[k];

	c->check = h->check;
	switch (v->state) {
	case HOOK_ON:
		say(c->detail, "%s", h->delivers);
		return;
	case HOOK_OFF:
		say(c->detail, "%s",
		    p->probe->names && l->opts.no_names ? "left out by --no-names"
							: "switched off");
		return;
	case HOOK_ABSENT:
		say(c->detail, "this kernel does not have it. %s", h->blind);
		say(c->mend, "a newer kernel");
		break;
	default:
		say(c->detail, "%s. %s", reason(v->error), h->blind);
		say(c->mend, "%s",
		    v->error == -EPERM || v->error == -EACCES
			    ? "CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN; nobody's exclusive program "
			      "on the cgroup root"
			    : "see the lines kernel and cgroup");
	}
	c->state = p->probe->cgroup ? CHECK_DEGRADED : CHECK_MISSING;
}

static void check_tracing(const struct live *l, int why, struct sensor_check *c)
{
	c->check = "tracing";
	if (!l) {
		c->state = CHECK_MISSING;
		say(c->detail, "polling: short-lived processes are missed (%s)", reason(why));
		say(c->mend, "see the line bpf");
		return;
	}
	say(c->detail, "live: ring, probes attached; no hook taxes a syscall");
	for (size_t k = 0; k < 3; k++)
		if (l->probes[0].hooks[k].state != HOOK_ON) {
			c->state = CHECK_DEGRADED;
			say(c->detail, "live, but without %s", l->probes[0].probe->hooks[k].check);
			say(c->mend, "see the lines of set process");
		}
}

bool check_line(const struct live *l, int why, const struct sensor_opts *o, size_t i,
		struct sensor_check *ret)
{
	*ret = (struct sensor_check){ .state = CHECK_OK };
	switch (i) {
	case 0:
		check_kernel(ret);
		return true;
	case 1:
		check_btf(ret);
		return true;
	case 2:
		check_bpf(l, why, ret);
		return true;
	case 3:
		check_lockdown(ret);
		return true;
	case 4:
		check_cgroup(l, o, ret);
		return true;
	case 5:
		check_caps(ret);
		return true;
	case 6:
		check_tracing(l, why, ret);
		return true;
	}
	if (!l)
		return false;
	i -= 7;
	if (i-- == 0) {
		check_pictures(l, ret);
		return true;
	}
	for (size_t p = 0; p < LIVE_PROBES; p++)
		for (size_t k = 0; l->probes[p].probe && k < l->probes[p].probe->n; k++) {
			if (l->probes[p].hooks[k].state == HOOK_UNWANTED)
				continue;
			if (i-- == 0) {
				check_hook(l, &l->probes[p], k, ret);
				return true;
			}
		}
	return false;
}
