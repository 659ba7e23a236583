/* SPDX-License-Identifier: BSD-2-Clause */
/* Giving up capabilities by the system call itself: two words, no library needed. */
#include "base/caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BIT(n) (1ULL << (n))

/* Headers older than the kernel may lack the newer ones. */
#define PERFMON 38
#define BPF     39

uint64_t caps_of_engine(void)
{
	return BIT(BPF) |                 /* programs, maps, iterators */
	       BIT(PERFMON) |             /* tracing programs and what they read */
	       BIT(CAP_NET_ADMIN) |       /* observers on cgroups */
	       BIT(CAP_SYS_PTRACE) |      /* /proc/PID/{exe,fd,environ,ns} of others */
	       BIT(CAP_DAC_READ_SEARCH) | /* the same of other users; runtime state */
	       BIT(CAP_DAC_OVERRIDE);     /* captures in a folder of the user who called sudo */
}

int caps_keep(uint64_t keep)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data) < 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		uint32_t word = (uint32_t)(keep >> (32 * i));

		data[i].effective &= word;
		data[i].permitted &= word;
		data[i].inheritable &= word;
	}
	return syscall(SYS_capset, &head, data) < 0 ? -errno : 0;
}
