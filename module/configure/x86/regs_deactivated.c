// SPDX-License-Identifier: GPL-2.0
/* Needed: the tracepoint x86_fpu_regs_deactivated, of Linux 4.8 and later on x86-64 */
#include <linux/module.h>
#include <linux/sched.h>

#ifdef PROBE
#include <asm/trace/fpu.h>

void probe(void *data, struct fpu *fpu);
void attach(void)
{
	check_trace_callback_type_x86_fpu_regs_deactivated(probe);
}
#endif
