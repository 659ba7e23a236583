/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runtime state is read for every runtime's layout, and damaged or hostile state costs
 * nothing but that container's names. A container that really runs is in test_runc.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macros.h"
#include "failalloc.h"
#include "identity/beneath.h"
#include "identity/runtime.h"
#include "identity/state.h"

#define A        "4f0e6d1c2b3a49588776655443322110ffeeddccbbaa99887766554433221100"
#define B        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define S        "5a5a5a5a445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define UID      "3c1d7a52-0b6e-4c0f-9a5e-7d1f2a3b4c5d"
#define POD      "web-6c9f7d8b5c-x7x5z"
#define FIXTURES "tests/fixtures/runtime/"
#define TASKS    "run/containerd/io.containerd.runtime.v2.task/k8s.io/"

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

static const struct {
	const char *root, *id, *uid; /* what is asked */
	int r;
	uint8_t reason, sandbox;
	const char *runtime, *ns, *pod, *container, *image, *workload, *log_dir;
	uint32_t init_pid, restarts;
} cases[] = {
	{ "containerd", A, UID, 0, REASON_NONE, 0, "containerd", "shop", POD, "main",
	  "registry.example/shop/web:1.4", "Deployment/web", "/var/log/pods/shop_" POD "_" UID,
	  4711, 10 },
	{ "containerd", S, UID, 0, REASON_NONE, 1, "containerd", "shop", POD, NULL, NULL,
	  "Deployment/web", "/var/log/pods/shop_" POD "_" UID, 4242, 0 },
	{ "containerd", B, UID, -ENOENT, REASON_NO_STATE, 0, "", NULL, NULL, NULL, NULL, NULL, NULL,
	  0, 0 },
	/* before 1.6 the name stands with the sandbox, if anywhere */
	{ "containerd-old", A, UID, 0, REASON_NONE, 0, "containerd", "shop", POD, "main",
	  "registry.example/shop/web:1.4", "Deployment/web", "/srv/logs/pods/web", 4711, 0 },
	{ "containerd-old", B, UID, -ENOENT, REASON_NO_ANNOTATIONS, 0, "containerd", NULL, NULL,
	  "side", NULL, NULL, NULL, 0, 0 },
	{ "k3s", A, UID, 0, REASON_NONE, 0, "containerd", "shop", POD, "main",
	  "registry.example/shop/web:1.4", "Deployment/web", NULL, 0, 0 },
	{ "microk8s", A, UID, 0, REASON_NONE, 0, "containerd", "shop", POD, "main",
	  "registry.example/shop/web:1.4", "Deployment/web", NULL, 0, 0 },
	{ "crio", A, UID, 0, REASON_NONE, 0, "cri-o", "shop", "db-0", "postgres",
	  "registry.example/postgres:16", NULL, "/var/log/pods/shop_db-0_" UID, 5151, 2 },
	{ "crio", S, UID, 0, REASON_NONE, 1, "cri-o", "shop", "db-0", "POD",
	  "registry.example/pause:3.9", "StatefulSet/db", "/var/log/pods/shop_db-0_" UID, 0, 0 },
	{ "docker", A, UID, 0, REASON_NONE, 0, "docker", "shop", "cache-x7x5z", "redis", "redis:7",
	  NULL, NULL, 6161, 4 },
	{ "docker", S, UID, 0, REASON_NONE, 1, "docker", "shop", "cache-x7x5z", "POD",
	  "registry.example/pause:3.9", "DaemonSet/cache", NULL, 6161, 0 },
	/* an image's labels claim a pod that the cgroup does not confirm */
	{ "docker", B, "", 0, REASON_NO_POD, 0, "docker", NULL, NULL, "lonely", "debian:12", NULL,
	  NULL, 7171, 3 },
	{ "podman", A, "", 0, REASON_NO_POD, 0, "podman", NULL, NULL, "backup",
	  "docker.io/library/debian:12", NULL, NULL, 8181, 0 },
	{ "runc", A, UID, 0, REASON_NONE, 0, "containerd", "batch", "job-29422245-abcde", "run",
	  "a=b:1", NULL, NULL, 9191, 0 },
	{ "runc", "lonely", "", 0, REASON_NO_POD, 0, "runc", NULL, NULL, NULL, NULL, NULL, NULL,
	  9292, 0 },
};

static void each_runtimes_state_names_the_container(void **state)
{
	char root[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct container_facts f;

		print_message("    %s %.8s\n", cases[i].root, cases[i].id);
		snprintf(root, sizeof(root), FIXTURES "%s", cases[i].root);
		assert_int_equal(look(root, NULL, cases[i].id, cases[i].uid, &f), cases[i].r);
		assert_int_equal(f.reason, cases[i].reason);
		assert_int_equal(f.sandbox, cases[i].sandbox);
		assert_string_equal(f.container_id, cases[i].id);
		assert_string_equal(f.runtime, cases[i].runtime);
		assert_text(f.ns, cases[i].ns);
		assert_text(f.pod_name, cases[i].pod);
		assert_text(f.container, cases[i].container);
		assert_text(f.image, cases[i].image);
		assert_text(f.workload, cases[i].workload);
		assert_text(f.log_dir, cases[i].log_dir);
		assert_int_equal(f.init_pid, cases[i].init_pid);
		assert_int_equal(f.restarts, cases[i].restarts);
		if (f.pod_name)
			assert_string_equal(f.pod_uid, UID);
		container_facts_done(&f);
	}
}

static void a_folder_given_by_hand_may_have_any_layout(void **state)
{
	static const struct {
		const char *extra, *id;
	} folders[] = {
		{ "/containerd/run/containerd", A },
		{ "/crio/run/containers/storage", A },
		{ "/docker/var/lib/docker", A },
		{ "/runc/run/runc", A },
		{ "/nowhere:/relative/../x:/runc/run/runc", A },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		struct container_facts f;

		print_message("    %s\n", folders[i].extra);
		assert_int_equal(look(FIXTURES, folders[i].extra, folders[i].id, UID, &f), 0);
		assert_string_equal(f.pod_uid, UID);
		container_facts_done(&f);
	}
}

static void the_runtimes_that_are_there_are_named(void **state)
{
	static const struct {
		const char *root, *extra, *names;
	} roots[] = {
		{ FIXTURES "containerd", NULL, "containerd" },
		{ FIXTURES "docker", NULL, "docker" },
		{ FIXTURES, NULL, "" },
		{ FIXTURES, "/k3s/run/k3s/containerd:/docker/var/lib/docker",
		  "containerd, docker" },
		{ "/nonexistent", NULL, "" },
	};
	char buf[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
		struct runtime_roots *r = runtime_roots_new(roots[i].root, roots[i].extra);

		runtime_found(r, buf, sizeof(buf));
		assert_string_equal(buf, roots[i].names);
		runtime_found(r, buf, 5); /* cut, never past the end */
		assert_true(strlen(buf) < 5);
		runtime_roots_free(r);
	}
}

static void only_certain_names_tell_a_workload(void **state)
{
	static const struct {
		const char *pod, *workload;
	} pods[] = {
		{ "web-6c9f7d8b5c-x7x5z", "Deployment/web" },
		{ "my-web-v2-7d9c8b4f6d-2xkqp", "Deployment/my-web-v2" },
		{ "web-5b8f9c4d-x7x5z", "Deployment/web" },
		{ "agent-x7x5z", NULL },           /* DaemonSet, Job or a bare ReplicaSet */
		{ "db-0", NULL },                  /* StatefulSet, or just a name */
		{ "backup-29422245-x7x5z", NULL }, /* a CronJob's minutes */
		{ "web-6c9f7d8b5a-x7x5z", NULL },  /* a: not in the alphabet */
		{ "web-6c9f7d8b5c-x7x5", NULL },
		{ "web-6c9f7d8b5c-x7x5za", NULL },
		{ "-6c9f7d8b5c-x7x5z", NULL },
		{ "6c9f7d8b5c-x7x5z", NULL },
		{ "", NULL },
		{ "x", NULL },
		/* 63 characters: the hash may have been cut */
		{ "a23456789a123456789a123456789a123456789a123456-6c9f7d8b5c-x7x5z", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pods); i++) {
		char *w = search_workload(pods[i].pod);

		assert_text(w, pods[i].workload);
		free(w);
	}
}

/* --- a folder of our own for hostile state -------------------------------------------- */

struct dir {
	char path[64];
};

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int dir_up(void **state)
{
	struct dir *d = calloc(1, sizeof(*d));

	snprintf(d->path, sizeof(d->path), "/tmp/sonde-test-runtime-XXXXXX");
	*state = d;
	return mkdtemp(d->path) ? 0 : -1;
}

static int dir_down(void **state)
{
	struct dir *d = *state;

	nftw(d->path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	free(d);
	return 0;
}

static void make_parents(char *path)
{
	for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = 0;
		mkdir(path, 0755);
		*p = '/';
	}
}

/* The full path of @rel, its folders made. */
static const char *at(struct dir *d, const char *rel)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", d->path, rel);
	make_parents(path);
	return path;
}

static void put(struct dir *d, const char *rel, const char *p, size_t n)
{
	int fd = open(at(d, rel), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, n), n);
	close(fd);
}

static void put_text(struct dir *d, const char *rel, const char *s)
{
	put(d, rel, s, strlen(s));
}

static void assert_reason(struct dir *d, unsigned reason, int r)
{
	struct container_facts f;

	assert_int_equal(look(d->path, NULL, A, UID, &f), r);
	assert_int_equal(f.reason, reason);
	assert_null(f.pod_name);
	container_facts_done(&f);
}

#define GOOD                                                                                  \
	"{\"annotations\":{\"io.kubernetes.cri.sandbox-name\":\"web-1\","                     \
	"\"io.kubernetes.cri.sandbox-namespace\":\"shop\",\"io.kubernetes.cri.sandbox-uid\":" \
	"\"" UID "\",\"io.kubernetes.cri.container-name\":\"main\","                          \
	"\"io.kubernetes.cri.container-type\":\"container\"}}"

static void state_cut_anywhere_is_malformed(void **state)
{
	struct dir *d = *state;

	for (size_t n = 0; n < strlen(GOOD); n++) {
		put(d, TASKS A "/config.json", GOOD, n);
		assert_reason(d, REASON_MALFORMED, -EBADMSG);
	}
}

static void state_of_another_form_is_malformed_or_without_names(void **state)
{
	static const struct {
		const char *json;
		unsigned reason;
	} bad[] = {
		{ "null", REASON_MALFORMED },
		{ "\"text\"", REASON_MALFORMED },
		{ "{\"annotations\":{\"a\":\"\xff\xfe\"}}", REASON_MALFORMED },
		{ "{\"annotations\":{\"a\":\"\\u0000\"}}", REASON_MALFORMED },
		{ "{\"a\":1,\"a\":2}", REASON_MALFORMED },
		{ GOOD "x", REASON_MALFORMED },
		{ "[]", REASON_NO_ANNOTATIONS },
		{ "{}", REASON_NO_ANNOTATIONS },
		{ "{\"annotations\":[1,2,3]}", REASON_NO_ANNOTATIONS },
		{ "{\"annotations\":\"x\"}", REASON_NO_ANNOTATIONS },
		{ "{\"annotations\":{\"io.kubernetes.cri.sandbox-name\":7}}",
		  REASON_NO_ANNOTATIONS },
		{ "{\"annotations\":{\"io.kubernetes.cri.sandbox-name\":\"\"}}",
		  REASON_NO_ANNOTATIONS },
		{ "{\"annotations\":{\"io.kubernetes.cri.sandbox-id\":\"../../etc\"}}",
		  REASON_MALFORMED },
	};
	struct dir *d = *state;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		print_message("    form %zu\n", i);
		put_text(d, TASKS A "/config.json", bad[i].json);
		assert_reason(d, bad[i].reason,
			      bad[i].reason == REASON_MALFORMED ? -EBADMSG : -ENOENT);
	}
}

static void deep_or_crowded_json_is_refused_before_it_is_parsed(void **state)
{
	struct dir *d = *state;
	size_t n = 1 << 20;
	char *p = malloc(n);

	memset(p, '[', n);
	put(d, TASKS A "/config.json", p, n);
	assert_reason(d, REASON_MALFORMED, -EBADMSG);
	for (size_t i = 0; i < n; i += 3)
		memcpy(p + i, "[],", MIN((size_t)3, n - i));
	p[0] = '[';
	p[n - 1] = ']';
	put(d, TASKS A "/config.json", p, n);
	assert_reason(d, REASON_MALFORMED, -EBADMSG);
	free(p);
}

static void a_hundred_megabytes_are_not_read(void **state)
{
	struct dir *d = *state;

	put_text(d, TASKS A "/config.json", GOOD);
	assert_int_equal(truncate(at(d, TASKS A "/config.json"), 100 << 20), 0);
	assert_reason(d, REASON_TOO_BIG, -EFBIG);
	/* the limit itself: GOOD and blanks, 1 MiB, then one more */
	char *p = malloc((1 << 20) + 1);
	struct container_facts f;

	memset(p, ' ', (1 << 20) + 1);
	memcpy(p, GOOD, strlen(GOOD));
	put(d, TASKS A "/config.json", p, 1 << 20);
	assert_int_equal(look(d->path, NULL, A, UID, &f), 0);
	container_facts_done(&f);
	put(d, TASKS A "/config.json", p, (1 << 20) + 1);
	assert_reason(d, REASON_TOO_BIG, -EFBIG);
	free(p);
}

static void links_out_of_the_folder_are_not_followed(void **state)
{
	static const char *const ways[] = {
		"/etc/secret.json",
		"../../../../../../etc/secret.json",
		"/proc/self/environ",
		"/proc/self/root/etc/passwd",
	};
	struct dir *d = *state;
	struct container_facts f;

	put_text(d, "etc/secret.json", GOOD);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		unlink(at(d, TASKS A "/config.json"));
		assert_int_equal(symlink(ways[i], at(d, TASKS A "/config.json")), 0);
		assert_reason(d, REASON_UNSAFE_PATH, -ELOOP);
	}
	/* the folder itself may be the link */
	unlink(at(d, TASKS A "/config.json"));
	rmdir(at(d, TASKS A));
	assert_int_equal(symlink("/etc", at(d, TASKS A)), 0);
	put_text(d, "etc/config.json", GOOD);
	assert_reason(d, REASON_UNSAFE_PATH, -ELOOP);
	/* one that stays inside is fine */
	unlink(at(d, TASKS A));
	put_text(d, TASKS B "/config.json", GOOD);
	assert_int_equal(symlink(B, at(d, TASKS A)), 0);
	assert_int_equal(look(d->path, NULL, A, UID, &f), 0);
	container_facts_done(&f);
}

static void links_in_a_circle_and_odd_files_are_refused(void **state)
{
	struct dir *d = *state;

	assert_int_equal(symlink("config.json", at(d, TASKS A "/config.json")), 0);
	assert_reason(d, REASON_UNSAFE_PATH, -ELOOP);
	unlink(at(d, TASKS A "/config.json"));
	assert_int_equal(mkfifo(at(d, TASKS A "/config.json"), 0600), 0);
	assert_reason(d, REASON_UNREADABLE, -EACCES);
	unlink(at(d, TASKS A "/config.json"));
	mkdir(at(d, TASKS A "/config.json"), 0755);
	assert_reason(d, REASON_UNREADABLE, -EACCES);
}

static void an_id_that_is_no_id_never_becomes_a_path(void **state)
{
	static const char *const ids[] = {
		"", ".", "..", "../x", "a/b", "-x", "a b", "\xff", A "0"
	};
	struct dir *d = *state;

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		struct container_facts f;

		assert_int_equal(look(d->path, NULL, ids[i], UID, &f), -ELOOP);
		assert_int_equal(f.reason, REASON_UNSAFE_PATH);
		container_facts_done(&f);
	}
}

static void a_text_longer_than_any_runtimes_is_refused(void **state)
{
	struct dir *d = *state;
	char json[8192];
	struct container_facts f;

	snprintf(json, sizeof(json),
		 "{\"annotations\":{\"io.kubernetes.cri.sandbox-name\":\"%04000d\"}}", 1);
	put_text(d, TASKS A "/config.json", json);
	assert_reason(d, REASON_MALFORMED, -EBADMSG);
	/* a log folder that climbs is not taken over */
	put_text(d, TASKS A "/config.json",
		 "{\"annotations\":{\"io.kubernetes.cri.sandbox-name\":\"p\","
		 "\"io.kubernetes.cri.sandbox-namespace\":\"n\","
		 "\"io.kubernetes.cri.container-type\":\"sandbox\","
		 "\"io.kubernetes.cri.sandbox-log-directory\":\"/var/log/../../etc\"}}");
	assert_int_equal(look(d->path, NULL, A, UID, &f), 0);
	assert_null(f.log_dir);
	container_facts_done(&f);
}

static void a_second_folder_makes_up_for_a_damaged_first(void **state)
{
	struct dir *d = *state;
	struct container_facts f;

	put_text(d, TASKS A "/config.json", "{");
	put_text(d, "run/containerd/runc/k8s.io/" A "/state.json",
		 "{\"init_process_pid\":77,\"config\":{\"labels\":["
		 "\"io.kubernetes.cri.sandbox-name=web-1\",\"io.kubernetes.cri.sandbox-namespace="
		 "shop\","
		 "\"io.kubernetes.cri.container-name=main\"]}}");
	assert_int_equal(look(d->path, NULL, A, UID, &f), 0);
	assert_int_equal(f.reason, REASON_NONE);
	assert_int_equal(f.init_pid, 77);
	container_facts_done(&f);
}

static void without_memory_names_may_be_missing_but_never_wrong(void **state)
{
	static const char *const roots[] = { "containerd", "containerd-old", "crio",
					     "docker",     "podman",         "runc" };
	struct identity_need need = { .container_id = A, .pod_uid = UID, .runtime = "" };
	char root[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
		struct runtime_roots *r;
		bool failed = true;

		snprintf(root, sizeof(root), FIXTURES "%s", roots[i]);
		failalloc_at(1);
		assert_null(runtime_roots_new(root, "x"));
		assert_true(failalloc_end());
		r = runtime_roots_new(root, NULL);
		for (unsigned long n = 1; failed; n++) {
			struct container_facts f;

			assert_true(n < 10000);
			failalloc_at(n);
			(void)runtime_read(r, &need, &f);
			failed = failalloc_end();
			assert_true(f.reason != REASON_TOO_BIG && f.reason != REASON_UNSAFE_PATH);
			assert_true(!f.pod_uid[0] || !strcmp(f.pod_uid, UID));
			assert_true(f.reason != REASON_NONE || (f.ns && f.pod_name));
			container_facts_done(&f);
		}
		runtime_roots_free(r);
	}
}

#define D(name) cmocka_unit_test_setup_teardown(name, dir_up, dir_down)

int main(void)
{
	const struct CMUnitTest files[] = {
		cmocka_unit_test(each_runtimes_state_names_the_container),
		cmocka_unit_test(a_folder_given_by_hand_may_have_any_layout),
		cmocka_unit_test(the_runtimes_that_are_there_are_named),
		cmocka_unit_test(only_certain_names_tell_a_workload),
		cmocka_unit_test(without_memory_names_may_be_missing_but_never_wrong),
		D(state_cut_anywhere_is_malformed),
		D(state_of_another_form_is_malformed_or_without_names),
		D(deep_or_crowded_json_is_refused_before_it_is_parsed),
		D(a_hundred_megabytes_are_not_read),
		D(links_out_of_the_folder_are_not_followed),
		D(links_in_a_circle_and_odd_files_are_refused),
		D(an_id_that_is_no_id_never_becomes_a_path),
		D(a_text_longer_than_any_runtimes_is_refused),
		D(a_second_folder_makes_up_for_a_damaged_first),
	};

	return cmocka_run_group_tests(files, NULL, NULL);
}
