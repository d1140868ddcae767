// SPDX-License-Identifier: GPL-2.0
/* Exported: switch_fpu_return */
/* It loads the task's registers: from 5.2 on, and in newer kernels for KVM only. */
#include <linux/sched.h>
#include <asm/fpu/api.h>

#ifdef PROBE
void probe(void)
{
	switch_fpu_return();
}
#endif
