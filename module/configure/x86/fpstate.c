// SPDX-License-Identifier: GPL-2.0
/* struct fpu points to its register image, which KVM can replace by a guest's: from 5.16 on. */
#include <linux/sched.h>
#include <asm/fpu/types.h>

#ifdef PROBE
bool probe(struct fpu *fpu, struct xregs_state **image)
{
	*image = &fpu->fpstate->regs.xsave;
	return fpu->fpstate->is_guest || fpu->fpstate->is_confidential;
}
#endif
