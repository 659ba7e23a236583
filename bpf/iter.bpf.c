/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * The first picture and every repair: all tasks, and all sockets with a holder, of
 * every namespace. What is written is a row of records with a wire_head each.
 *
 * A show that overflows the kernel's buffer is thrown away and run again, so nothing
 * is marked as told before all its writes went through.
 */
#include "netcommon.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Cgroups whose path was told in this pass (value: the pass). */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, struct wire_key);
	__type(value, u64);
} seen SEC(".maps");

struct chain {
	struct wire_cgroup c;
	char text[2048 + 256];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct chain);
} chains SEC(".maps");

static __always_inline long write_chain(struct seq_file *seq, struct cgroup *cg,
					struct wire_key *key)
{
	u32 zero = 0;
	struct chain *s = bpf_map_lookup_elem(&chains, &zero);
	u64 n;

	if (!s)
		return 0;
	__builtin_memset(&s->c, 0, sizeof(s->c));
	head_key(&s->c.h, key);
	s->c.op = CGROUP_FOUND;
	n = cgroup_chain(&s->c, cg, s->text, true);
	s->c.path_len = n;
	n += sizeof(s->c);
	BOUND(n, 4095);
	if (n > sizeof(*s))
		return 0;
	head_stamp(&s->c.h, WIRE_CGROUP, n, 0);
	return bpf_seq_write(seq, s, n);
}

SEC("iter/task")
int dump_task(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct seq_file *seq = ctx->meta->seq;
	u64 pass = ctx->meta->session_id, *told;
	struct pic_task t = {};
	struct signal_struct *sig;
	struct cgroup *cg;
	struct wire_key key;

	if (!task)
		return 0;
	t.leader = task->pid == task->tgid;
	t.cpu_ns = task->se.sum_exec_runtime;
	if (!t.leader) {
		t.h.tgid = task->tgid;
		t.h.tid = task->pid;
		head_stamp(&t.h, WIRE_PIC_TASK, sizeof(t), 0);
		bpf_seq_write(seq, &t, sizeof(t));
		return 0;
	}
	sig = BPF_CORE_READ(task, signal);
	if (BPF_CORE_READ(sig, live.counter) <= 0) /* a zombie: its exit was told */
		return 0;
	t.cpu_ns += BPF_CORE_READ(sig, sum_sched_runtime);
	t.rss_pages = rss_pages(BPF_CORE_READ(task, mm));
	cg = task_cgroup_t(task, &key);
	head_stamp(&t.h, WIRE_PIC_TASK, sizeof(t), 0);
	head_key(&t.h, &key);
	ids_of_t(&t.ids, task, head_task_t(&t.h, task));
	told = cg ? bpf_map_lookup_elem(&seen, &key) : &pass;
	if (!told || *told != pass) {
		if (write_chain(seq, cg, &key) || bpf_seq_write(seq, &t, sizeof(t)))
			return 0;
		bpf_map_update_elem(&seen, &key, &pass, BPF_ANY);
		return 0;
	}
	bpf_seq_write(seq, &t, sizeof(t));
	return 0;
}

/* UDP sockets told in a pass. An evicted one is told twice. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, u64);
	__type(value, u32);
} seen_udp SEC(".maps");

/* A TCP socket that was there before the probe: its holder, so that its end can be told. */
static __always_inline void seed(u64 at, const struct sock *sk, struct net_owner *o, u8 state,
				 u32 pass)
{
	struct net_sock s = { .flags = NET_OPEN, .pass = pass };

	s.owner = *o;
	if (state == 10) {
		struct net_port port = {};

		port.netns = sock_netns(sk);
		port.port = BPF_CORE_READ(sk, __sk_common.skc_num);
		bpf_map_update_elem(&listeners, &port, o, BPF_NOEXIST);
		s.flags = NET_SERVER | NET_REFINED;
	}
	bpf_map_update_elem(&socks, &at, &s, BPF_NOEXIST);
}

/* The internet socket behind @file and its protocol, NULL when it is none. */
static __always_inline struct sock *socket_of(struct file *file, u32 *proto)
{
	struct inode *inode = file->f_inode;
	struct socket *so;
	struct sock *sk;
	u16 family;

	if (!inode || (inode->i_mode & 0170000) != 0140000)
		return NULL;
	so = BPF_CORE_READ(file, private_data);
	sk = BPF_CORE_READ(so, sk);
	if (!sk)
		return NULL;
	family = BPF_CORE_READ(sk, __sk_common.skc_family);
	*proto = BPF_CORE_READ(sk, sk_protocol);
	if ((family != AF_INET && family != AF_INET6) ||
	    (*proto != IPPROTO_TCP && *proto != IPPROTO_UDP))
		return NULL;
	return sk;
}

/*
 * A socket is told once a pass, with the first holder that is found: forked servers hold the same
 * ones by the thousand.
 */
SEC("iter/task_file")
int dump_file(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct net_owner owner = {};
	u32 pass = ctx->meta->session_id, *told, proto = 0;
	struct net_sock *known = NULL;
	struct net_conn c = {};
	struct wire_key key;
	struct sock *sk;
	u64 at;

	if (!task || !file)
		return 0;
	sk = socket_of(file, &proto);
	if (!sk)
		return 0;
	at = (u64)sk;
	if (proto == IPPROTO_TCP) {
		known = bpf_map_lookup_elem(&socks, &at);
		if (known && known->pass == pass)
			return 0;
	} else {
		told = bpf_map_lookup_elem(&seen_udp, &at);
		if (told && *told == pass)
			return 0;
	}
	owner_of_t(&owner, task);
	sock_key(sk, &owner, &key);
	head_owner(&c.h, &owner);
	head_key(&c.h, &key);
	c.h.netns = sock_netns(sk);
	c.cookie = cookie_of(at);
	c.inode = BPF_CORE_READ(file, f_inode, i_ino);
	c.proto = proto;
	c.state = BPF_CORE_READ(sk, __sk_common.skc_state);
	conn_ends(&c, sk);
	/* what is closed, not yet used or not yet bound is nobody's connection */
	if (proto == IPPROTO_TCP ? c.state == 7 : !c.lport && !c.rport)
		return 0;
	if (proto == IPPROTO_TCP)
		conn_bytes(&c, sk);
	head_stamp(&c.h, WIRE_PIC_SOCK, sizeof(c), 0);
	if (bpf_seq_write(ctx->meta->seq, &c, sizeof(c)))
		return 0; /* run again */
	if (known)
		known->pass = pass;
	else if (proto == IPPROTO_TCP)
		seed(at, sk, &owner, c.state, pass);
	else
		bpf_map_update_elem(&seen_udp, &at, &pass, BPF_ANY);
	return 0;
}
