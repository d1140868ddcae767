// SPDX-License-Identifier: GPL-2.0
/* struct fpu has fpregs_active, true while its registers are live: before 4.14. */
#include <linux/sched.h>
#include <asm/fpu/types.h>

#ifdef PROBE
bool probe(struct fpu *fpu)
{
	return fpu->fpregs_active;
}
#endif
