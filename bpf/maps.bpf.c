/* SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only) */
/* The shared maps, and no program: this object loads wherever BPF does. */
#include "kernel.h"

#include "maps.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
