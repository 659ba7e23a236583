/* SPDX-License-Identifier: BSD-2-Clause */
/* An identity to test, with words for what is told to it. Included by tests of identity only. */
#ifndef IDENTITY_FIXTURE_H
#define IDENTITY_FIXTURE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/macros.h"
#include "identity/identity.h"

#define A    "4f0e6d1c2b3a49588776655443322110ffeeddccbbaa99887766554433221100"
#define B    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define S    "5a5a5a5a445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define UID  "3c1d7a52-0b6e-4c0f-9a5e-7d1f2a3b4c5d"
#define UID2 "99999999-0b6e-4c0f-9a5e-7d1f2a3b4c5d"
#define POD  "/kubepods/burstable/pod" UID
#define POD2 "/kubepods/burstable/pod" UID2

enum { HOST_MNT = 100, HOST_PID = 200, HOST_NET = 300 };
#define SEC NS_PER_S

struct fix {
	struct epoch *e;
	struct identity *id;
};

static inline int setup(void **state)
{
	struct fix *f = calloc(1, sizeof(*f));

	f->e = epoch_new();
	f->id = identity_new(f->e);
	identity_host_ns(f->id, HOST_MNT, HOST_PID, HOST_NET);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fix *f = *state;

	identity_free(f->id);
	epoch_free(f->e);
	free(f);
	return 0;
}

static inline struct cgroup_key v2(uint64_t id)
{
	return (struct cgroup_key){ .id = id };
}

static inline struct cgroup_key v1(uint64_t id)
{
	return (struct cgroup_key){ .id = id, .hierarchy = 4 };
}

static inline uint32_t add(struct fix *f, struct cgroup_key key, const char *path, uint64_t at_ns)
{
	uint32_t i = TABLE_NONE;

	assert_int_equal(identity_cgroup_add(f->id, key, path, strlen(path), at_ns, &i), 0);
	return i;
}

static inline const struct ident_row *row(struct fix *f, uint32_t i)
{
	const struct ident_row *r = identity_row(f->id, i);

	assert_non_null(r);
	return r;
}

static inline struct container_facts facts(const char *id, const char *uid, const char *name)
{
	struct container_facts f = { .runtime = "containerd" };

	snprintf(f.container_id, sizeof(f.container_id), "%s", id);
	snprintf(f.pod_uid, sizeof(f.pod_uid), "%s", uid);
	f.ns = strdup("shop");
	f.pod_name = strdup("web-1");
	f.container = name ? strdup(name) : NULL;
	f.image = strdup("registry/web:1");
	return f;
}

static inline void tell(struct fix *f, struct container_facts facts)
{
	assert_int_equal(identity_facts(f->id, &facts), 0);
	container_facts_done(&facts);
}

static inline void tell_failure(struct fix *f, const char *id, uint8_t reason)
{
	struct container_facts bad = { .runtime = "", .reason = reason };

	snprintf(bad.container_id, sizeof(bad.container_id), "%s", id);
	tell(f, bad);
}

/* An event of a task; namespaces are the host's until the test says otherwise. */
static inline struct event event(unsigned type, struct cgroup_key key)
{
	return (struct event){
		.size = sizeof(struct event),
		.type = (uint16_t)type,
		.cg = key,
		.pid = 500,
		.mntns = HOST_MNT,
		.pidns = HOST_PID,
		.netns = HOST_NET,
	};
}

static inline struct event exec_in(struct cgroup_key key, uint32_t pid, uint32_t nspid,
				   uint32_t mntns, uint32_t pidns, uint32_t flags)
{
	struct event ev = event(EVENT_EXEC, key);

	ev.pid = pid;
	ev.nspid = nspid;
	ev.mntns = mntns;
	ev.pidns = pidns;
	ev.flags = flags | EV_CONTAINER_PID;
	return ev;
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
