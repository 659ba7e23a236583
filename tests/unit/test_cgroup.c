/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths of every runtime and driver are read right, and hostile ones do no harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "identity/identity.h"

#define A      "4f0e6d1c2b3a49588776655443322110ffeeddccbbaa99887766554433221100"
#define B      "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define UID    "3c1d7a52-0b6e-4c0f-9a5e-7d1f2a3b4c5d"
#define UID_   "3c1d7a52_0b6e_4c0f_9a5e_7d1f2a3b4c5d"
#define UID2   "99999999-0b6e-4c0f-9a5e-7d1f2a3b4c5d"
#define STATIC "a3f2c4d5e6b7081920a1b2c3d4e5f607"

#define BURST   "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_ ".slice"
#define EFFORT  "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" UID_ ".slice"
#define GUARANT "/kubepods.slice/kubepods-pod" UID_ ".slice"
#define KIND                                                                      \
	"/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/" \
	"kubelet-kubepods-burstable-pod" UID_ ".slice"
#define USER "/user.slice/user-1000.slice/user@1000.service"

#define C IDENT_CONTAINER
#define P IDENT_POD
#define U IDENT_UNIT
#define H IDENT_HOST

static const struct {
	const char *path;
	uint8_t kind;
	const char *uid, *id, *runtime, *unit;
} cases[] = {
	/* containerd, cgroupfs driver: the three QoS classes; the path names no runtime */
	{ "/kubepods/pod" UID "/" A, C, UID, A, "", NULL },
	{ "/kubepods/burstable/pod" UID "/" A, C, UID, A, "", NULL },
	{ "/kubepods/besteffort/pod" UID "/" A, C, UID, A, "", NULL },
	{ "/kubepods/burstable/pod" UID, P, UID, "", "", NULL },
	{ "/kubepods/burstable/pod" UID "/", P, UID, "", "", NULL },
	{ "kubepods/burstable/pod" UID "/" A, C, UID, A, "", NULL },
	/* containerd, systemd driver */
	{ BURST "/cri-containerd-" A ".scope", C, UID, A, "containerd", NULL },
	{ EFFORT "/cri-containerd-" A ".scope", C, UID, A, "containerd", NULL },
	{ GUARANT "/cri-containerd-" A ".scope", C, UID, A, "containerd", NULL },
	{ BURST, P, UID, "", "", NULL },
	{ GUARANT, P, UID, "", "", NULL },
	/* driver mismatch: a systemd path taken literally */
	{ "/system.slice/containerd.service/kubepods-burstable-pod" UID_ ".slice:cri-containerd:" A,
	  C, UID, A, "containerd", NULL },
	{ "/kubepods-besteffort-pod" UID_ ".slice:cri-containerd:" A, C, UID, A, "containerd",
	  NULL },
	{ BURST ":cri-containerd:" A, C, UID, A, "containerd", NULL },
	{ "/system.slice:docker:" A, C, "", A, "docker", NULL },
	{ "/kubepods-pod" UID_ ".slice:crio:" A, C, UID, A, "cri-o", NULL },
	/* static pods: 32 hex digits instead of a UUID */
	{ "/kubepods/burstable/pod" STATIC "/" A, C, STATIC, A, "", NULL },
	{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" STATIC
	  ".slice/cri-containerd-" A ".scope",
	  C, STATIC, A, "containerd", NULL },
	{ "/kubepods/pod" STATIC, P, STATIC, "", "", NULL },
	/* CRI-O */
	{ BURST "/crio-" A ".scope", C, UID, A, "cri-o", NULL },
	{ BURST "/crio-" A ".scope/container", C, UID, A, "cri-o", NULL },
	{ BURST "/crio-conmon-" A ".scope", P, UID, "", "", NULL },
	{ "/kubepods/burstable/pod" UID "/crio-" A, C, UID, A, "cri-o", NULL },
	{ "/kubepods/burstable/pod" UID "/crio-conmon-" A, P, UID, "", "", NULL },
	{ "/system.slice/crio-conmon-" A ".scope", U, "", "", "", "crio-conmon-" A ".scope" },
	/* Docker, plain and under cri-dockerd */
	{ "/docker/" A, C, "", A, "docker", NULL },
	{ "/docker", U, "", "", "", "docker" },
	{ "/system.slice/docker-" A ".scope", C, "", A, "docker", NULL },
	{ BURST "/docker-" A ".scope", C, UID, A, "docker", NULL },
	{ "/kubepods/besteffort/pod" UID "/" A "/init.scope", C, UID, A, "", NULL },
	{ "/actions_job/" A, C, "", A, "docker", NULL },
	/* podman */
	{ "/machine.slice/libpod-" A ".scope", C, "", A, "podman", NULL },
	{ "/machine.slice/libpod-" A ".scope/container", C, "", A, "podman", NULL },
	{ "/machine.slice/libpod-conmon-" A ".scope", U, "", "", "", "libpod-conmon-" A ".scope" },
	{ "/machine.slice/machine-libpod_pod_" B ".slice/libpod-" A ".scope/container", C, "", A,
	  "podman", NULL },
	{ "/libpod_parent/" B "/libpod-" A, C, "", A, "podman", NULL },
	{ "/libpod_parent/libpod-" A, C, "", A, "podman", NULL },
	{ "/libpod_parent/libpod-conmon-" A, U, "", "", "", "libpod_parent/libpod-conmon-" A },
	{ USER "/user.slice/libpod-" A ".scope/container", C, "", A, "podman", NULL },
	{ USER "/app.slice/podman-1.scope/libpod-payload-" A, C, "", A, "podman", NULL },
	/* others */
	{ "/system.slice/nerdctl-" A ".scope", C, "", A, "containerd", NULL },
	{ USER "/user.slice/nerdctl-" A ".scope", C, "", A, "containerd", NULL },
	{ "/default/" A, C, "", A, "", NULL },
	{ "/kata_overhead/kata_" A, C, "", A, "", NULL },
	{ "/lxc.payload.web", C, "", "web", "lxc", NULL },
	{ "/lxc.payload.web/system.slice/ssh.service", C, "", "web", "lxc", NULL },
	{ "/lxc/web", C, "", "web", "lxc", NULL },
	{ "/lxc.monitor.web", U, "", "", "", "lxc.monitor.web" },
	/* kind: the node is a container, the slices get a prefix */
	{ "/docker/" B KIND "/cri-containerd-" A ".scope", C, UID, A, "containerd", NULL },
	{ "/system.slice/docker-" B ".scope" KIND, P, UID, "", "", NULL },
	{ "/docker/" B "/kubelet/kubepods/burstable/pod" UID "/" A, C, UID, A, "", NULL },
	{ "/docker/" B "/system.slice/kubelet.service", C, "", B, "docker", NULL },
	/* groups below a container are the container's; nested runtimes are seen */
	{ "/kubepods/pod" UID "/" A "/a/b/c", C, UID, A, "", NULL },
	{ BURST "/cri-containerd-" A ".scope/system.slice/nginx.service", C, UID, A, "containerd",
	  NULL },
	{ BURST "/cri-containerd-" B ".scope/docker/" A, C, UID, A, "docker", NULL },
	{ "/kubepods/pod" UID "/" B "/docker/" A "/sub", C, UID, A, "docker", NULL },
	{ "/kubepods/pod" UID "/" B "/libpod-conmon-" A, C, UID, B, "", NULL },
	{ "/system.slice/k3s.service/kubepods/pod" UID "/" A, C, UID, A, "", NULL },
	/* a runtime's short id right below a pod */
	{ "/kubepods/pod" UID "/web-1", C, UID, "web-1", "", NULL },
	{ "/kubepods/pod" UID "/web-1/sub", C, UID, "web-1", "", NULL },
	{ "/kubepods/pod" UID "/..", P, UID, "", "", NULL },
	{ "/kubepods/pod" UID "/a b", P, UID, "", "", NULL },
	{ BURST "/run-r1.scope", P, UID, "", "", NULL },
	/* units, sessions, and what is neither */
	{ "/system.slice/ssh.service", U, "", "", "", "ssh.service" },
	{ "/system.slice/ssh.service/child/grandchild", U, "", "", "", "ssh.service" },
	{ "/system.slice/system-getty.slice/getty@tty1.service", U, "", "", "",
	  "getty@tty1.service" },
	{ "/user.slice/user-1000.slice/session-3.scope", U, "", "", "", "session-3.scope" },
	{ "/user.slice/user-1000.slice", U, "", "", "", "user-1000.slice" },
	{ USER "/init.scope", U, "", "", "", "user@1000.service" },
	{ USER "/app.slice/foo.service", U, "", "", "", "foo.service" },
	{ "/init.scope", U, "", "", "", "init.scope" },
	{ "/system.slice", U, "", "", "", "system.slice" },
	{ "/kubepods.slice/kubepods-burstable.slice", U, "", "", "", "kubepods-burstable.slice" },
	{ "/kubepods/burstable", U, "", "", "", "kubepods/burstable" },
	{ "/some/group/", U, "", "", "", "some/group" },
	{ "/", H, "", "", "", NULL },
	{ "", H, "", "", "", NULL },
	{ "///", H, "", "", "", NULL },
	/* near misses */
	{ "/docker/" A "0", U, "", "", "", "docker/" A "0" },
	{ "/docker/4F0E6D1C2B3A49588776655443322110FFEEDDCCBBAA99887766554433221100", U, "", "", "",
	  "docker/4F0E6D1C2B3A49588776655443322110FFEEDDCCBBAA99887766554433221100" },
	{ "/kubepods/pod" UID "x", U, "", "", "", "kubepods/pod" UID "x" },
	{ "/kubepods/pod3c1d7a52-0b6e_4c0f-9a5e-7d1f2a3b4c5d", U, "", "", "",
	  "kubepods/pod3c1d7a52-0b6e_4c0f-9a5e-7d1f2a3b4c5d" },
	{ "/evil-pod" UID_ ".slice", U, "", "", "", "evil-pod" UID_ ".slice" },
};

static void a_path_names_its_pod_container_runtime_or_unit(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cgroup_parse got;
		const char *unit = cases[i].unit ? cases[i].unit : "";

		cgroup_parse(cases[i].path, strlen(cases[i].path), &got);
		if (got.kind != cases[i].kind || strcmp(got.pod_uid, cases[i].uid) ||
		    strcmp(got.container_id, cases[i].id) ||
		    strcmp(got.runtime, cases[i].runtime) || got.unit_n != strlen(unit) ||
		    memcmp(got.unit ? got.unit : "", unit, got.unit_n))
			fail_msg("%s: kind %u uid '%s' id '%s' runtime '%s' unit '%.*s'",
				 cases[i].path, got.kind, got.pod_uid, got.container_id,
				 got.runtime, (int)got.unit_n, got.unit ? got.unit : "");
	}
}

static void the_own_path_ends_where_the_thing_itself_does(void **state)
{
	static const char nested[] = "/kubepods/pod" UID "/" B "/docker/" A "/sub";
	static const char unit[] = "/system.slice/ssh.service/child";
	struct cgroup_parse p;

	(void)state;
	cgroup_parse(nested, strlen(nested), &p);
	assert_int_equal(p.own_n, strlen(nested) - strlen("/sub"));
	assert_int_equal(p.pod_n, strlen("/kubepods/pod" UID));
	assert_true(p.nested);
	cgroup_parse(unit, strlen(unit), &p);
	assert_int_equal(p.own_n, strlen("/system.slice/ssh.service"));
	assert_int_equal(p.pod_n, 0);
	assert_false(p.nested);
}

static void a_pod_made_up_inside_a_container_does_not_hide_the_real_one(void **state)
{
	static const char path[] = "/kubepods/pod" UID "/" A "/kubepods/pod" UID2 "/" B;
	struct cgroup_parse p;

	(void)state;
	cgroup_parse(path, strlen(path), &p);
	assert_string_equal(p.pod_uid, UID2);
	assert_string_equal(p.node_pod_uid, UID);
	assert_string_equal(p.container_id, B);
	assert_true(p.nested);
	assert_int_equal(p.pod_n, strlen("/kubepods/pod" UID));
}

static void any_bytes_are_read_without_harm(void **state)
{
	/* every prefix, and every one-byte change, of every case; exact-size blocks for ASan */
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t n = strlen(cases[i].path);

		for (size_t cut = 0; cut <= n; cut++) {
			char *copy = malloc(cut ? cut : 1);
			struct cgroup_parse p;

			memcpy(copy, cases[i].path, cut);
			cgroup_parse(copy, cut, &p);
			assert_true(p.own_n <= cut && p.pod_n <= cut);
			for (size_t at = 0; at < cut; at += 7) {
				char was = copy[at];

				copy[at] = (char)(at * 31);
				cgroup_parse(copy, cut, &p);
				assert_true(p.unit_n <= cut);
				copy[at] = was;
			}
			free(copy);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_names_its_pod_container_runtime_or_unit),
		cmocka_unit_test(the_own_path_ends_where_the_thing_itself_does),
		cmocka_unit_test(a_pod_made_up_inside_a_container_does_not_hide_the_real_one),
		cmocka_unit_test(any_bytes_are_read_without_harm),
	};

	_Static_assert(ARRAY_SIZE(cases) >= 60, "the table of paths shrank");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
