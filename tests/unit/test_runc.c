/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A container that really runs (runc, busybox) is read, found among the cgroups and
 * entered. Without root, runc or busybox these tests are skipped and say why.
 */
#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "identity/runtime.h"

static int look(const char *root, const char *extra, const char *id, const char *uid,
		struct container_facts *ret)
{
	struct runtime_roots *roots = runtime_roots_new(root, extra);
	struct identity_need need = { .runtime = "" };
	int r;

	assert_non_null(roots);
	snprintf(need.container_id, sizeof(need.container_id), "%s", id);
	snprintf(need.pod_uid, sizeof(need.pod_uid), "%s", uid);
	r = runtime_read(roots, &need, ret);
	runtime_roots_free(roots);
	return r;
}

static void assert_text(const char *got, const char *want)
{
	if (!want)
		assert_null(got);
	else if (!got)
		fail_msg("not known, expected '%s'", want);
	else
		assert_string_equal(got, want);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

struct wanted {
	const char *path;
	uint64_t v2, v1;
	unsigned groups;
};

static void on_group(void *ctx, struct cgroup_key key, const char *path, size_t n)
{
	struct wanted *w = ctx;

	assert_true(n > 1 && path[0] == '/');
	assert_true(key.id > 1);
	w->groups++;
	if (!w->path || n != strlen(w->path) || memcmp(path, w->path, n))
		return;
	if (key.hierarchy)
		w->v1 = key.id;
	else
		w->v2 = key.id;
}

static uint64_t inode(const char *base, const char *path)
{
	char full[512];
	struct stat st;

	snprintf(full, sizeof(full), "%s%s", base, path);
	return stat(full, &st) ? 0 : st.st_ino;
}

/* --- a real container ------------------------------------------------------------------- */

extern char **environ;

static int run(const char *const *argv)
{
	pid_t pid;
	int status;

	if (posix_spawnp(&pid, argv[0], NULL, NULL, (char *const *)(uintptr_t)argv, environ))
		return -1;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
#define RUN(...) run((const char *const[]){ __VA_ARGS__, NULL })

#define CID "50dde00000000000000000000000000000000000000000000000000"
struct box {
	char dir[64], id[68], uid[40], top[40], cgroup[200], runc_root[96];
	uint32_t pid;
};

static const char *missing(void)
{
	if (geteuid())
		return "it needs root";
	if (access("/usr/sbin/runc", X_OK) && access("/usr/bin/runc", X_OK))
		return "runc is not installed";
	if (access("/bin/busybox", X_OK) && access("/usr/bin/busybox", X_OK))
		return "busybox is not installed";
	return NULL;
}

static int box_write_bundle(struct box *b)
{
	static const char form[] =
		"{\"ociVersion\":\"1.0.2\",\"process\":{\"user\":{\"uid\":0,\"gid\":0},"
		"\"args\":[\"/bin/busybox\",\"sleep\",\"600\"],\"env\":[\"PATH=/bin\"],\"cwd\":\"/"
		"\"},"
		"\"root\":{\"path\":\"rootfs\",\"readonly\":true},\"mounts\":["
		"{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"}],"
		"\"annotations\":{\"io.kubernetes.cri.container-type\":\"container\","
		"\"io.kubernetes.cri.sandbox-name\":\"real-6c9f7d8b5c-x7x5z\","
		"\"io.kubernetes.cri.sandbox-namespace\":\"test\","
		"\"io.kubernetes.cri.sandbox-uid\":\"%s\","
		"\"io.kubernetes.cri.container-name\":\"main\","
		"\"io.kubernetes.cri.image-name\":\"busybox:test\"},"
		"\"linux\":{\"cgroupsPath\":\"%s\",\"namespaces\":[{\"type\":\"pid\"},"
		"{\"type\":\"mount\"},{\"type\":\"ipc\"},{\"type\":\"network\"}]}}";
	char path[160];
	FILE *f;

	snprintf(path, sizeof(path), "%s/rootfs/bin", b->dir);
	if (RUN("mkdir", "-p", path))
		return -1;
	snprintf(path, sizeof(path), "%s/rootfs/proc", b->dir);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/rootfs/bin/busybox", b->dir);
	if (RUN("cp", "-L", access("/bin/busybox", X_OK) ? "/usr/bin/busybox" : "/bin/busybox",
		path))
		return -1;
	snprintf(path, sizeof(path), "%s/config.json", b->dir);
	f = fopen(path, "w");
	if (!f)
		return -1;
	fprintf(f, form, b->uid, b->cgroup);
	return fclose(f);
}

static int box_down(void **state)
{
	struct box *b = *state;
	char path[256];

	if (!b)
		return 0;
	if (b->pid)
		RUN("runc", "--root", b->runc_root, "delete", "--force", b->id);
	/* what runc leaves: the groups above the container's, all of our own making */
	snprintf(path, sizeof(path),
		 "for g in /sys/fs/cgroup%s /sys/fs/cgroup/*%s; do "
		 "[ ! -d \"$g\" ] || find \"$g\" -depth -type d -exec rmdir {} +; done",
		 b->top, b->top);
	RUN("sh", "-c", path);
	nftw(b->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	free(b);
	return 0;
}

static uint32_t read_pid(const char *path)
{
	unsigned pid = 0;
	FILE *f = fopen(path, "r");

	if (!f)
		return 0;
	if (fscanf(f, "%u", &pid) != 1)
		pid = 0;
	fclose(f);
	return pid;
}

static int box_up(void **state)
{
	struct box *b;
	char pidfile[96];

	*state = NULL;
	if (missing())
		return 0;
	b = calloc(1, sizeof(*b));
	*state = b;
	snprintf(b->dir, sizeof(b->dir), "/tmp/sonde-test-box-XXXXXX");
	if (!mkdtemp(b->dir))
		return -1;
	snprintf(b->id, sizeof(b->id), CID "%09u", (unsigned)getpid());
	snprintf(b->uid, sizeof(b->uid), "50dde000-0000-4000-8000-%012u", (unsigned)getpid());
	snprintf(b->top, sizeof(b->top), "/sonde-test-runtime-%u", (unsigned)getpid());
	snprintf(b->cgroup, sizeof(b->cgroup), "%s/kubepods/burstable/pod%s/%s", b->top, b->uid,
		 b->id);
	snprintf(b->runc_root, sizeof(b->runc_root), "%s/runc", b->dir);
	snprintf(pidfile, sizeof(pidfile), "%s/pid", b->dir);
	if (box_write_bundle(b) ||
	    RUN("sh", "-c",
		"exec runc --root \"$1\" run -d --bundle \"$2\" --pid-file \"$3\" \"$4\" "
		"</dev/null >\"$2/log\" 2>&1",
		"sh", b->runc_root, b->dir, pidfile, b->id)) {
		char log[96];

		snprintf(log, sizeof(log), "%s/log", b->dir);
		RUN("cat", log);
		box_down(state);
		return -1;
	}
	b->pid = read_pid(pidfile);
	return b->pid ? 0 : -1;
}

/* The box, or NULL after saying why the test cannot run. */
static struct box *box_of(void **state)
{
	if (!*state) {
		print_message("    SKIPPED: %s\n", missing());
		skip();
	}
	return *state;
}

static void a_running_containers_state_is_read(void **state)
{
	struct box *b = box_of(state);
	struct container_facts f;

	assert_int_equal(look("/", b->runc_root, b->id, b->uid, &f), 0);
	assert_int_equal(f.reason, REASON_NONE);
	assert_int_equal(f.init_pid, b->pid);
	assert_string_equal(f.pod_uid, b->uid);
	assert_text(f.ns, "test");
	assert_text(f.pod_name, "real-6c9f7d8b5c-x7x5z");
	assert_text(f.container, "main");
	assert_text(f.image, "busybox:test");
	assert_text(f.workload, "Deployment/real");
	container_facts_done(&f);
}

static void a_running_containers_cgroups_are_found_by_their_inodes(void **state)
{
	struct box *b = box_of(state);
	struct wanted w = { .path = b->cgroup };
	uint64_t v2 = inode("/sys/fs/cgroup/unified", b->cgroup);
	struct cgroup_parse p;

	if (!v2)
		v2 = inode("/sys/fs/cgroup", b->cgroup);
	assert_int_equal(cgroup_walk("/", on_group, &w), 0);
	assert_true(v2 || w.v1);
	assert_int_equal(w.v2, v2);
	if (inode("/sys/fs/cgroup/memory", "/"))
		assert_int_equal(w.v1, inode("/sys/fs/cgroup/memory", b->cgroup));
	cgroup_parse(b->cgroup, strlen(b->cgroup), &p);
	assert_int_equal(p.kind, IDENT_CONTAINER);
	assert_string_equal(p.pod_uid, b->uid);
	assert_string_equal(p.container_id, b->id);
}

static uint32_t ns_of(uint32_t pid, const char *name)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%u/ns/%s", pid, name);
	return stat(path, &st) ? 0 : (uint32_t)st.st_ino;
}

/* Start a shell in the box's mount namespace; returns once it speaks from there. -1: it did not. */
static pid_t enter(const struct box *b)
{
	posix_spawn_file_actions_t fa;
	char target[16], word[3] = "";
	int out[2];
	pid_t pid;

	snprintf(target, sizeof(target), "%u", b->pid);
	if (pipe(out))
		return -1;
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_adddup2(&fa, out[1], 1);
	posix_spawn_file_actions_addclose(&fa, out[0]);
	posix_spawn_file_actions_addclose(&fa, out[1]);
	if (posix_spawnp(&pid, "nsenter", &fa, NULL,
			 (char *const[]){ "nsenter", "-t", target, "-m", "--", "/bin/busybox", "sh",
					  "-c", "echo in; exec /bin/busybox sleep 60", NULL },
			 environ))
		pid = -1;
	posix_spawn_file_actions_destroy(&fa);
	close(out[1]);
	if (pid > 0 && (read(out[0], word, 2) != 2 || strcmp(word, "in"))) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		pid = -1;
	}
	close(out[0]);
	return pid;
}

static void a_real_nsenter_is_the_containers_and_from_outside(void **state)
{
	struct box *b = box_of(state);
	struct epoch *e = epoch_new();
	struct identity *id = identity_new(e);
	struct cgroup_key key = { .id = 77777 };
	uint32_t self = (uint32_t)getpid(), row;
	bool outside;
	pid_t in;

	identity_host_ns(id, ns_of(self, "mnt"), ns_of(self, "pid"), ns_of(self, "net"));
	assert_int_equal(identity_cgroup_add(id, key, b->cgroup, strlen(b->cgroup), 0, &row), 0);
	assert_int_equal(identity_task(id, key, b->pid, 1, ns_of(b->pid, "mnt"),
				       ns_of(b->pid, "pid"), ns_of(b->pid, "net"), &outside),
			 row);
	assert_false(outside);
	in = enter(b);
	assert_true(in > 0);
	uint32_t got = identity_task(id, (struct cgroup_key){ .id = 1 }, (uint32_t)in, 0,
				     ns_of((uint32_t)in, "mnt"), ns_of((uint32_t)in, "pid"),
				     ns_of((uint32_t)in, "net"), &outside);
	kill(in, SIGKILL);
	waitpid(in, NULL, 0);
	assert_int_equal(got, row);
	assert_true(outside);
	identity_free(id);
	epoch_free(e);
}

static void state_of_a_removed_container_is_gone(void **state)
{
	struct box *b = box_of(state);
	struct container_facts f;

	assert_int_equal(RUN("runc", "--root", b->runc_root, "delete", "--force", b->id), 0);
	b->pid = 0;
	assert_int_equal(look("/", b->runc_root, b->id, b->uid, &f), -ENOENT);
	assert_int_equal(f.reason, REASON_NO_STATE);
	container_facts_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_running_containers_state_is_read),
		cmocka_unit_test(a_running_containers_cgroups_are_found_by_their_inodes),
		cmocka_unit_test(a_real_nsenter_is_the_containers_and_from_outside),
		cmocka_unit_test(state_of_a_removed_container_is_gone),
	};

	return cmocka_run_group_tests(tests, box_up, box_down);
}
