// SPDX-License-Identifier: GPL-2.0
/* struct fpu says whether its registers are live, by this name: before 4.14. */
#include <linux/sched.h>
#include <asm/fpu/types.h>

#ifdef PROBE
bool probe(struct fpu *fpu)
{
	return fpu->fpregs_active;
}
#endif
