/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/*
 * Probe set "process": fork, exec and exit of processes (not threads), OOM victims,
 * cgroups made and removed. BTF tracepoints only, so that it attaches on every kernel
 * from 5.10 on, under lockdown too.
 */
#include "common.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define OVERLAY_MAGIC     0x794c7630
#define TMPFS_MAGIC       0x01021994
#define SIGNAL_GROUP_EXIT 4
#define S_IFMT            0170000

/* One exec record while it is built; tracepoint programs are not preempted and do not nest. */
struct scratch {
	struct proc_exec e;
	char text[2 * PROC_PATH_MAX + 2 * PROC_ARGV_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct scratch);
} scratch SEC(".maps");

struct cgroup_scratch {
	struct wire_cgroup c;
	char path[4096];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct cgroup_scratch);
} cgroup_scratch SEC(".maps");

/* Groups of more than one thread whose end was told: two last threads can both see live == 0. */
struct ended {
	u64 start_ns;
	u32 tgid, pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct ended);
	__type(value, u8);
} ended SEC(".maps");

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	struct proc_fork f = {};
	struct wire_key key;
	u32 slot;

	if (child->pid != child->tgid)
		return 0;
	task_cgroup_t(child, &key);
	if (!wire_admit(&key, WIRE_FORK, &slot))
		return 0;
	head_stamp(&f.h, WIRE_FORK, sizeof(f), slot);
	head_key(&f.h, &key);
	ids_of_t(&f.ids, child, head_task_t(&f.h, child));
	wire_output(&f.h, sizeof(f));
	return 0;
}

/*
 * Write the path of {@vm, @d} as a process with the root {@root_vm, @root_d} sees it to exec's
 * scratch text at @at: parts from the last to the first. Bounded: 32 parts and mounts, 1,792 bytes;
 * what is longer is cut at its front. Returns the new end, with PATH_CUT when it was cut.
 *
 * Not static, so that the verifier looks at it once and not at each call.
 */
#define PATH_CUT (1U << 31)

__noinline u64 path_walk(u64 vm, u64 d, u64 root_vm, u64 root_d, u64 start)
{
	u32 zero = 0, i;
	struct scratch *s = bpf_map_lookup_elem(&scratch, &zero);
	u64 at = 0;
	char *text;

	if (!s)
		return start;
	BOUND(start, 2047);
	text = s->text + start;
	for (i = 0; i < PROC_PATH_PARTS; i++) {
		u64 up;
		long n;

		if (d == root_d && vm == root_vm)
			return start + at;
		if (d == (u64)BPF_CORE_READ((struct vfsmount *)vm, mnt_root)) {
			u64 m = vm - bpf_core_field_offset(struct mount, mnt);

			up = (u64)BPF_CORE_READ((struct mount *)m, mnt_parent);
			if (up == m)
				return start + at;
			d = (u64)BPF_CORE_READ((struct mount *)m, mnt_mountpoint);
			vm = up + bpf_core_field_offset(struct mount, mnt);
			continue;
		}
		up = (u64)BPF_CORE_READ((struct dentry *)d, d_parent);
		if (up == d && at) /* a file without a directory (memfd) has its name alone */
			return start + at;
		if (at > PROC_PATH_MAX - 256)
			break;
		n = bpf_probe_read_kernel_str(text + at, 256,
					      BPF_CORE_READ((struct dentry *)d, d_name.name));
		if (n < 0)
			break;
		at += n;
		BOUND(at, 2047);
		d = up;
	}
	return (start + at) | PATH_CUT;
}

/* Not static for the same reason as path_walk(). */
__noinline u32 file_kind(u64 file)
{
	struct file *f = (struct file *)file;
	struct inode *inode;
	u32 mode, major, rdev;
	struct socket *so;
	u16 family;

	if (!f)
		return PROC_FD_CLOSED;
	inode = BPF_CORE_READ(f, f_inode);
	mode = BPF_CORE_READ(inode, i_mode) & S_IFMT;
	switch (mode) {
	case 0140000:
		so = BPF_CORE_READ(f, private_data);
		family = BPF_CORE_READ(so, sk, __sk_common.skc_family);
		if (family == 2 || family == 10)
			return PROC_FD_INET;
		return family == 1 ? PROC_FD_UNIX : PROC_FD_OTHER;
	case 0020000:
		rdev = BPF_CORE_READ(inode, i_rdev);
		major = rdev >> 20;
		if (major == 1 && (rdev & 0xfffff) == 3)
			return PROC_FD_NULL;
		return (major >= 136 && major <= 143) || major == 4 || major == 5 ? PROC_FD_TTY
										  : PROC_FD_OTHER;
	case 0010000:
		return PROC_FD_PIPE;
	case 0100000:
		return PROC_FD_FILE;
	}
	return PROC_FD_OTHER;
}

/* Descriptors 0 to 2 at once: a table never has less than 64, and the three are often one file. */
static __always_inline void fd_kinds(u8 kind[3], struct task_struct *task)
{
	struct files_struct *files = task->files;
	struct fdtable *fdt = files ? files->fdt : NULL;
	u64 f[3] = {};

	if (fdt)
		bpf_probe_read_kernel(f, sizeof(f), fdt->fd);
	kind[0] = file_kind(f[0]);
	kind[1] = f[1] == f[0] ? kind[0] : file_kind(f[1]);
	kind[2] = f[2] == f[1] ? kind[1] : file_kind(f[2]);
}

/* Where the executed file comes from. Overlay keeps the upper dentry behind the VFS inode in its
 * own. */
static __always_inline u8 layer_of(struct file *file, struct inode *inode, u64 root_vm, u32 mntns)
{
	struct super_block *sb = inode->i_sb;
	u64 magic = sb ? sb->s_magic : 0;
	struct dentry *upper = NULL;
	char name[8] = {};

	if (magic == TMPFS_MAGIC) {
		bpf_probe_read_kernel(name, 6, BPF_CORE_READ(file, f_path.dentry, d_name.name));
		if (name[0] == 'm' && name[1] == 'e' && name[2] == 'm' && name[3] == 'f' &&
		    name[4] == 'd' && name[5] == ':')
			return PROC_MEMFD;
		return PROC_TMPFS;
	}
	if (mntns == cfg.host_mntns)
		return PROC_HOST;
	if (magic == OVERLAY_MAGIC) {
		bpf_probe_read_kernel(&upper, sizeof(upper),
				      (void *)inode + bpf_core_type_size(struct inode));
		return upper ? PROC_WRITABLE : PROC_IMAGE;
	}
	/* a root without layers (a bundle on disk) cannot tell what was there from what was written
	 */
	if ((u64)BPF_CORE_READ(file, f_path.mnt) == root_vm)
		return PROC_LAYER_UNKNOWN;
	return PROC_VOLUME;
}

/* Compared with the parent: effective uid, capabilities, namespaces. */
static __always_inline void changes(u16 *flags, struct task_struct *task, struct linux_binprm *b)
{
	struct task_struct *par = task->real_parent;
	const struct cred *c = task->cred, *pc = par ? par->cred : NULL;
	struct nsproxy *ns = task->nsproxy, *pns = par ? par->nsproxy : NULL;
	u64 caps = 0, pcaps = 0;

	if (BPF_CORE_READ_BITFIELD_PROBED(b, secureexec))
		*flags |= PROC_CRED_CHANGED;
	if (c && pc) {
		bpf_probe_read_kernel(&caps, sizeof(caps), &c->cap_effective);
		bpf_probe_read_kernel(&pcaps, sizeof(pcaps), &pc->cap_effective);
		if (caps != pcaps || c->euid.val != pc->euid.val)
			*flags |= PROC_CRED_CHANGED;
		if (plain(c->user_ns) != plain(pc->user_ns))
			*flags |= PROC_NS_CHANGED;
	}
	/* one object is shared as long as nobody unshares */
	if (ns && pns && plain(ns) != plain(pns) &&
	    (BPF_CORE_READ(ns, mnt_ns) != BPF_CORE_READ(pns, mnt_ns) ||
	     BPF_CORE_READ(ns, net_ns) != BPF_CORE_READ(pns, net_ns) ||
	     BPF_CORE_READ(ns, pid_ns_for_children) != BPF_CORE_READ(pns, pid_ns_for_children)))
		*flags |= PROC_NS_CHANGED;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct file *file = bprm->file;
	struct inode *inode = file ? file->f_inode : NULL;
	struct super_block *sb = inode ? inode->i_sb : NULL;
	struct fs_struct *fs = task->fs;
	struct mm_struct *mm = task->mm;
	u64 at, end, start, n, root_vm, root_d;
	struct scratch *s;
	struct wire_key key;
	u32 slot, zero = 0;

	task_cgroup_t(task, &key);
	if (!wire_admit(&key, WIRE_EXEC, &slot))
		return 0;
	s = bpf_map_lookup_elem(&scratch, &zero);
	if (!s || !mm || !fs || !file || !inode || !sb)
		return 0;
	head_key(&s->e.h, &key);
	ids_of_t(&s->e.ids, task, head_task_t(&s->e.h, task));
	root_vm = (u64)BPF_CORE_READ(fs, root.mnt);
	root_d = (u64)BPF_CORE_READ(fs, root.dentry);
	s->e.inode = inode->i_ino;
	s->e.dev = sb->s_dev;
	s->e.layer = layer_of(file, inode, root_vm, s->e.h.mntns);
	fd_kinds(s->e.fd_kind, task);
	/* in the map and not in a register: the verifier need not tell apart what it cannot know */
	s->e.flags = 0;
	changes(&s->e.flags, task, bprm);

	at = path_walk((u64)BPF_CORE_READ(file, f_path.mnt),
		       (u64)BPF_CORE_READ(file, f_path.dentry), root_vm, root_d, 0);
	if (at & PATH_CUT)
		s->e.flags |= PROC_EXE_CUT;
	BOUND(at, 2047);
	end = path_walk((u64)BPF_CORE_READ(fs, pwd.mnt), (u64)BPF_CORE_READ(fs, pwd.dentry),
			root_vm, root_d, at);
	if (end & PATH_CUT)
		s->e.flags |= PROC_CWD_CUT;
	BOUND(end, 4095);
	s->e.exe_len = at;
	s->e.cwd_len = end - at;

	start = mm->arg_start;
	n = mm->arg_end - start;
	if (n > PROC_ARGV_MAX) {
		n = PROC_ARGV_MAX;
		s->e.flags |= PROC_ARGV_CUT;
	}
	BOUND(n, 8191);
	if (n > PROC_ARGV_MAX || bpf_probe_read_user(s->text + end, n, (void *)start))
		n = 0;
	s->e.argv_len = n;
	n += sizeof(s->e) + end;
	BOUND(n, 16383);
	if (n > PROC_EXEC_MAX)
		return 0;
	head_stamp(&s->e.h, WIRE_EXEC, n, slot);
	wire_output(&s->e.h, n);
	return 0;
}

/*
 * The process ends with its last thread, which need not be its leader. With more than one thread
 * left two of them may find the count at zero, so the first to say so wins.
 */
static __always_inline bool is_last(struct task_struct *task, struct signal_struct *sig)
{
	struct ended k = {};
	u8 one = 1;

	if (sig->live.counter != 0)
		return false;
	if (sig->nr_threads <= 1)
		return true;
	k.tgid = task->tgid;
	k.start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	return bpf_map_update_elem(&ended, &k, &one, BPF_NOEXIST) == 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	struct signal_struct *sig = task->signal;
	struct proc_exit e = {};
	struct wire_key key;
	u32 slot;

	if (!sig || !is_last(task, sig))
		return 0;
	task_cgroup_t(task, &key);
	if (!wire_admit(&key, WIRE_EXIT, &slot))
		return 0;
	head_stamp(&e.h, WIRE_EXIT, sizeof(e), slot);
	head_key(&e.h, &key);
	ids_of_t(&e.ids, task, head_task_t(&e.h, task));
	e.life_ns = e.h.ktime_ns - e.h.start_ns;
	if (sig->flags & SIGNAL_GROUP_EXIT)
		e.code = sig->group_exit_code;
	else
		e.code = BPF_CORE_READ(task, group_leader, exit_code);
	wire_output(&e.h, sizeof(e));
	return 0;
}

SEC("tp_btf/mark_victim")
int BPF_PROG(on_victim, struct task_struct *task)
{
	struct proc_oom o = {};
	struct wire_key key;
	u32 slot;

	task_cgroup_t(task, &key);
	if (!wire_admit(&key, WIRE_OOM, &slot))
		return 0;
	head_stamp(&o.h, WIRE_OOM, sizeof(o), slot);
	head_key(&o.h, &key);
	head_task_t(&o.h, task);
	wire_output(&o.h, sizeof(o));
	return 0;
}

/* Until 6.9 the tracepoint hands over a pid alone: whose it is is joined in user space. Only one of
 * the two is loaded. */
SEC("tp_btf/mark_victim")
int BPF_PROG(on_victim_pid, int pid)
{
	struct wire_key key = { .id = 1 };
	struct proc_oom o = {};
	u32 slot;

	if (!wire_admit(&key, WIRE_OOM, &slot))
		return 0;
	head_stamp(&o.h, WIRE_OOM, sizeof(o), slot);
	head_key(&o.h, &key);
	o.h.tgid = o.h.tid = pid;
	wire_output(&o.h, sizeof(o));
	return 0;
}

static __always_inline bool is_told(struct cgroup *cg, struct wire_key *key)
{
	key->pad = 0;
	return cgroup_key(cg, key) && (key->hierarchy == 0 || key->hierarchy == cfg.v1_hierarchy);
}

static __always_inline void tell_cgroup(struct cgroup *cg, struct wire_key *key, const char *path,
					u32 op)
{
	u32 zero = 0;
	struct cgroup_scratch *s = bpf_map_lookup_elem(&cgroup_scratch, &zero);
	u64 size;
	long n;

	if (!s)
		return;
	__builtin_memset(&s->c.h, 0, sizeof(s->c.h));
	head_key(&s->c.h, key);
	s->c.op = op;
	cgroup_chain(&s->c, cg, NULL, false);
	n = bpf_probe_read_kernel_str(s->path, 2048, path);
	size = n > 0 ? n - 1 : 0;
	s->c.path_len = size;
	size += sizeof(s->c);
	BOUND(size, 4095);
	head_stamp(&s->c.h, WIRE_CGROUP, size, 0);
	wire_output(&s->c.h, size);
}

/* A new group has its parent's policy before a task is in it. */
SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(on_mkdir, struct cgroup *cg, const char *path)
{
	struct wire_key key = {}, up = {};
	struct wire_policy *p, copy;
	struct kernfs_node *parent;

	if (!cgroup_key(cg, &key))
		return 0;
	parent = kernfs_parent(BPF_CORE_READ(cg, kn));
	up.hierarchy = key.hierarchy;
	up.id = BPF_CORE_READ(parent, id);
	p = bpf_map_lookup_elem(&policy, &up);
	if (p) {
		copy = *p;
		if (bpf_map_update_elem(&policy, &key, &copy, BPF_ANY))
			wire_count(copy.slot, WIRE_NONE, WIRE_LOST_MAP);
	}
	if (is_told(cg, &key))
		tell_cgroup(cg, &key, path, CGROUP_MADE);
	return 0;
}

SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(on_rmdir, struct cgroup *cg, const char *path)
{
	struct wire_key key = {};

	if (is_told(cg, &key))
		tell_cgroup(cg, &key, path, CGROUP_GONE);
	return 0;
}
