/* SPDX-License-Identifier: BSD-2-Clause */
/* The program: picks the command. */
#include <stdio.h>

int main(void)
{
	puts("sonde");
	return 0;
}
