/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as each of the files of /proc, of cgroups and of container logs. */
#include <stdlib.h>
#include <string.h>

#include "sensor/procfs_log.h"
#include "sensor/procfs_raw.h"

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);

int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{
	char *text = malloc(n + 1);
	struct log_line line = { .text.max = 4096 };
	struct proc_stat st;
	struct proc_users u;
	struct proc_sock s;
	uint32_t h;
	size_t len;

	if (!text)
		return 0;
	memcpy(text, p, n);
	text[n] = 0;
	if (!proc_stat_parse(text, n, &st) && strnlen(st.comm, sizeof(st.comm)) == sizeof(st.comm))
		abort();
	(void)proc_users_parse(text, n, &u);
	(void)proc_map_id(text, n, 1000);
	(void)proc_sock_parse(text, n, &s);
	(void)procfs_psi(text);
	for (int i = 0; i < 2; i++) {
		const char *at = proc_cgroup_find(text, n, i ? "memory" : NULL, &len, &h);

		if (at && (at < text || at + len > text + n || !len || at[0] != '/'))
			abort();
	}
	(void)log_parse(text, n, &line);
	if (line.text.n > line.text.max)
		abort();
	buf_done(&line.text);
	free(text);
	return 0;
}
