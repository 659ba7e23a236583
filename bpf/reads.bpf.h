/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * What is read of tasks, cgroups and sockets, written once and compiled twice, as
 * common.bpf.h includes it:
 *
 *   name_t()  for pointers whose type the verifier knows (arguments of tp_btf, iterators):
 *             plain loads, a nanosecond each
 *   name()    for pointers that are mere numbers (bpf_get_current_task(), socket addresses):
 *             a helper call each, 20 times that
 *
 * GET(p, f) reads a field, LOAD(v, at) reads what @at points to, NUMBER(p) makes a mere number.
 * Pointers that may be NULL are tested even where a load of NULL would give 0: newer verifiers
 * insist.
 */

/* {hierarchy, id} of a cgroup; false for the root of a hierarchy, which says nothing. */
static __always_inline bool FN(cgroup_key)(struct cgroup *cg, struct wire_key *key)
{
	struct cgroup_root *root;
	struct kernfs_node *kn;

	if (!cg || GET(cg, level) <= 0)
		return false;
	kn = GET(cg, kn);
	root = GET(cg, root);
	if (!kn || !root)
		return false;
	key->id = GET(kn, id);
	key->hierarchy = GET(root, hierarchy_id);
	return true;
}

static __always_inline struct cgroup *FN(css_cgroup)(struct css_set *cset, u64 subsys)
{
	struct cgroup_subsys_state **at, *css = NULL;
	u32 base = bpf_core_field_offset(struct css_set, subsys);

	if (subsys > 31)
		return NULL;
	at = (void *)cset + base + subsys * sizeof(void *);
	LOAD(css, at);
	return css ? GET(css, cgroup) : NULL;
}

/*
 * The cgroup that tells whose @task is: v2 when the task is anywhere below its root, else v1's
 * memory, pids or cpu. A v1 controller that is not mounted points into v2, hence never v1 first.
 * Returns the cgroup, NULL for a task of the roots.
 */
static __always_inline struct cgroup *FN(task_cgroup)(struct task_struct *task,
						      struct wire_key *key)
{
	struct css_set *cset = GET(task, cgroups);
	struct cgroup *cg;

	key->id = 1;
	key->hierarchy = 0;
	key->pad = 0;
	if (!cset)
		return NULL;
	cg = GET(cset, dfl_cgrp);
	if (FN(cgroup_key)(cg, key))
		return cg;
	if (bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id)) {
		cg = FN(css_cgroup)(cset,
				    bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id));
		if (FN(cgroup_key)(cg, key))
			return cg;
	}
	if (bpf_core_enum_value_exists(enum cgroup_subsys_id, pids_cgrp_id)) {
		cg = FN(css_cgroup)(cset, bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id));
		if (FN(cgroup_key)(cg, key))
			return cg;
	}
	if (bpf_core_enum_value_exists(enum cgroup_subsys_id, cpu_cgrp_id)) {
		cg = FN(css_cgroup)(cset, bpf_core_enum_value(enum cgroup_subsys_id, cpu_cgrp_id));
		if (FN(cgroup_key)(cg, key))
			return cg;
	}
	return NULL;
}

/* The namespaces and numbers of @task. Returns its number in its own pid namespace. */
static __always_inline u32 FN(head_task)(struct wire_head *h, struct task_struct *task)
{
	struct task_struct *leader = GET(task, group_leader), *parent = GET(task, real_parent);
	struct nsproxy *ns = GET(task, nsproxy);
	struct mnt_namespace *mnt;
	u32 level, nspid = 0;
	struct net *net;
	struct pid *pid;

	h->tgid = GET(task, tgid);
	h->tid = GET(task, pid);
	h->ppid = parent ? GET(parent, tgid) : 0;
	h->start_ns = leader ? GET(leader, start_boottime) : 0;
	bpf_probe_read_kernel(h->comm, sizeof(h->comm), &task->comm);
	h->mntns = h->netns = h->pidns = 0;
	if (ns) {
		mnt = GET(ns, mnt_ns);
		net = GET(ns, net_ns);
		if (mnt)
			h->mntns = GET(mnt, ns.inum);
		if (net)
			h->netns = GET(net, ns.inum);
	}
	pid = leader ? GET(leader, thread_pid) : NULL;
	if (!pid)
		return 0;
	level = GET(pid, level);
	if (level == 0) { /* the first namespace has a fixed number */
		h->pidns = PIDNS_INIT;
		nspid = h->tgid;
	} else {
		struct upid up = pid_number((struct pid *)NUMBER(pid), level);

		h->pidns = BPF_CORE_READ(up.ns, ns.inum);
		nspid = up.nr;
	}
	return nspid;
}

static __always_inline void FN(ids_of)(struct proc_ids *ids, struct task_struct *task, u32 nspid)
{
	struct task_struct *parent = GET(task, real_parent), *pleader;
	const struct cred *cred = GET(task, cred);
	struct signal_struct *sig = GET(task, signal);
	struct user_namespace *uns;
	struct tty_driver *driver;
	struct tty_struct *tty;

	ids->nspid = nspid;
	pleader = parent ? GET(parent, group_leader) : NULL;
	ids->parent_start_ns = pleader ? GET(pleader, start_boottime) : 0;
	ids->uid_host = ids->uid = ids->gid = ids->tty = ids->threads = 0;
	if (cred) {
		ids->uid_host = ids->uid = GET(cred, uid.val);
		ids->gid = GET(cred, gid.val);
		uns = GET(cred, user_ns);
		if (uns && GET(uns, level) > 0) {
			u64 at = NUMBER(uns);

			ids->uid =
				map_id(at + bpf_core_field_offset(struct user_namespace, uid_map),
				       ids->uid_host);
			ids->gid =
				map_id(at + bpf_core_field_offset(struct user_namespace, gid_map),
				       ids->gid);
		}
	}
	if (!sig)
		return;
	ids->threads = GET(sig, nr_threads);
	tty = GET(sig, tty);
	driver = tty ? GET(tty, driver) : NULL;
	if (driver)
		ids->tty = GET(driver, major) << 20 | (GET(driver, minor_start) + GET(tty, index));
}

static __always_inline void FN(owner_of)(struct net_owner *o, struct task_struct *task)
{
	struct wire_head h = {};

	FN(task_cgroup)(task, &o->key);
	FN(head_task)(&h, task);
	o->start_ns = h.start_ns;
	o->tgid = h.tgid;
	o->tid = h.tid;
	o->pidns = h.pidns;
	o->mntns = h.mntns;
	o->netns = h.netns;
	o->ppid = h.ppid;
	__builtin_memcpy(o->comm, h.comm, sizeof(o->comm));
}

static __always_inline struct cgroup *FN(sock_cgroup)(const struct sock *sk)
{
	const struct sock___tagged *old = (const void *)sk;

	if (bpf_core_field_exists(old->sk_cgrp_data.val))
		return sock_cgroup_tagged(sk);
	return GET(sk, sk_cgrp_data.cgroup);
}

/* Whose socket: its v2 cgroup when it has one below the root, else where its owner was. */
static __always_inline void FN(sock_key)(const struct sock *sk, const struct net_owner *o,
					 struct wire_key *key)
{
	key->pad = 0;
	if (cgroup_key(FN(sock_cgroup)(sk), key))
		return;
	key->id = 1;
	key->hierarchy = 0;
	if (o && o->tgid)
		*key = o->key;
}

/* Addresses and ports of a kernel socket. sport: skc_num is 0 again when a socket closes. */
static __always_inline void FN(conn_ends)(struct net_conn *c, const struct sock *sk)
{
	u16 num = GET(sk, __sk_common.skc_num);

	c->family = GET(sk, __sk_common.skc_family);
	c->rport = __builtin_bswap16(GET(sk, __sk_common.skc_dport));
	c->lport = num ? num : __builtin_bswap16(BPF_CORE_READ((struct inet_sock *)sk, inet_sport));
	if (c->family == AF_INET6) {
		bpf_probe_read_kernel(c->local, 16, &sk->__sk_common.skc_v6_rcv_saddr);
		bpf_probe_read_kernel(c->remote, 16, &sk->__sk_common.skc_v6_daddr);
	} else {
		*(u32 *)c->local = GET(sk, __sk_common.skc_rcv_saddr);
		*(u32 *)c->remote = GET(sk, __sk_common.skc_daddr);
	}
}

static __always_inline u32 FN(sock_netns)(const struct sock *sk)
{
	struct net *net = GET(sk, __sk_common.skc_net.net);

	return net ? GET(net, ns.inum) : 0;
}

/* The number of the file in sockfs, 0 when no process holds one (any more, or not yet). */
static __always_inline u64 FN(sock_inode)(const struct sock *sk)
{
	struct socket *so = GET(sk, sk_socket);
	struct file *file = so ? GET(so, file) : NULL;
	struct inode *inode = file ? GET(file, f_inode) : NULL;

	return inode ? GET(inode, i_ino) : 0;
}
