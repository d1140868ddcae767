/* SPDX-License-Identifier: GPL-2.0 */
/*
 * arm64: reads FPCR of the task that leaves the CPU, from the register or from memory.
 *
 * There is one control word; entering the kernel does not change it, and all
 * extensions (SVE, SME) share it. x86.h describes the names that both files have.
 */
#ifndef ROUNDWATCH_ARCH_ARM64_H
#define ROUNDWATCH_ARCH_ARM64_H

#include "compat.h"
#include "uapi/roundwatch.h"

#define FPU_RC_SHIFT	22		/* FPCR.RMode, Arm ARM, D19.2 */
#define FPU_RC		(3U << FPU_RC_SHIFT)

/* The order of the 32 bits, reversed. */
static __always_inline u32 fpu_reversed(u32 word)
{
#ifdef __aarch64__
	asm("rbit %w0, %w0" : "+r" (word));
#else	/* unit tests on another machine */
	u32 bit, to = 0;

	for (bit = 0; bit < 32; bit++)
		to |= (word >> bit & 1) << (31 - bit);
	word = to;
#endif
	return word;
}

/*
 * 0: nearest, 1: toward plus infinity, 2: toward minus infinity, 3: toward zero. So the
 * two bits change places, as they do if all 32 are reversed.
 */
static __always_inline u8 fpu_rounding(u32 fpcr)
{
	return fpu_reversed(fpcr) >> (30 - FPU_RC_SHIFT) & 3;
}

#ifdef __KERNEL__

#include <asm/fpsimd.h>
#include <asm/irq_regs.h>
#include <asm/processor.h>
#include <asm/sysreg.h>

#define FPU_MACHINE	183		/* EM_AARCH64 */
#define FPU_REGISTER	"FPCR"
#define FPU_HAS_SECOND	false
/* AHP, DN and FZ set, RD. */
#define FPU_UNUSUAL	(7U << 24 | 2U << FPU_RC_SHIFT)

/*
 * The scheduler's own, before it switches: the outgoing task is still current. It also
 * fires for the kernel's threads, whose FPCR is that of RN.
 */
#define SWITCH_TRACEPOINT	"sched_switch"
#define check_switch_probe	check_trace_callback_type_sched_switch
#ifdef HAVE_SCHED_SWITCH_STATE
#define PROBE_SWITCH_PARAMETERS	void *data, bool preempt, struct task_struct *prev, \
				struct task_struct *next, unsigned int prev_state
#else
#define PROBE_SWITCH_PARAMETERS	void *data, bool preempt, struct task_struct *prev, \
				struct task_struct *next
#endif
#define PROBE_SWITCH_FPU	fpu_of(prev)
/*
 * For functions that do not store their return address, so that to sign it would
 * protect nothing.
 */
#ifdef CONFIG_ARM64_BTI_KERNEL
#define __unsigned_return	__attribute__((target("branch-protection=bti")))
#else
#define __unsigned_return	__attribute__((target("branch-protection=none")))
#endif

/* What x86 calls so: the registers in task_struct. */
struct fpu {
	struct user_fpsimd_state state;
};

static __always_inline struct fpu *fpu_of(const struct task_struct *task)
{
	return (struct fpu *)&task->thread.uw.fpsimd_state;
}

static __always_inline struct task_struct *fpu_task(const struct fpu *fpu)
{
	return container_of(&fpu->state, struct task_struct, thread.uw.fpsimd_state);
}

/* Two instructions; the address is a multiple of 64, and a constant would take two more. */
static inline u32 fpu_hash(const void *fpu)
{
	u32 task = (unsigned long)fpu_task(fpu);

	return (task ^ task >> 12) << 14;
}

/* Whose registers these are, in its probe. */
static __always_inline const struct task_struct *fpu_outgoing(const struct fpu *fpu)
{
	return fpu_task(fpu);
}

/* KVM leaves the guest's registers in the thread's place without setting a flag. */
static inline bool fpu_is_guest(const struct fpu *fpu)
{
	return false;
}

static inline bool fpu_is_confidential(const struct fpu *fpu)
{
	return false;
}

static __always_inline bool fpu_is_switch(void)
{
	return true;
}

static __always_inline bool fpu_in_system_call(const struct task_struct *task)
{
	return task_pt_regs(task)->syscallno >= 0;
}

static __always_inline u32 fpu_live_control(void)
{
	return read_sysreg(fpcr);
}

static inline u16 fpu_live_second(void)
{
	return 0;
}

/* Are the registers of the running task in memory, not in the processor? */
static __always_inline bool fpu_is_foreign(const struct fpu *fpu)
{
	return task_thread_info(fpu_task(fpu))->flags & _TIF_FOREIGN_FPSTATE;
}

/*
 * Only where user mode was interrupted. The kernel may be about to load the registers,
 * and clears TIF_FOREIGN_FPSTATE before it does.
 */
static inline bool fpu_can_look(void)
{
	const struct pt_regs *regs = get_irq_regs();

	return regs && user_mode(regs);
}

static inline bool fpu_can_make_live(void)
{
	return true;
}

/* Two vectors of which the lower 128 bits count. */
static inline bool fpu_are_constants(const u64 *mantissa, const u64 *scale)
{
	return mantissa[0] == 0x00ffffffffffffffULL && mantissa[1] == mantissa[0] &&
	       scale[0] == 0x80f0000000000000ULL && scale[1] == scale[0];
}

/*
 * Were RandomX's constants in the registers when the running task was last switched
 * out? RandomX's compiler for arm64 keeps two in V29 and V31 while a program runs: the
 * mask of the mantissa of group E and that of FSCAL_R (RandomX specification, 4.3.2 and
 * 5.3). The registers of a task that uses SVE are saved elsewhere; memcpy() may use it.
 */
static inline bool fpu_has_constants(void)
{
	const struct user_fpsimd_state *state = &current->thread.uw.fpsimd_state;
	const void *sve = current->thread.sve_state;
	unsigned int vl;

	if (fpu_are_constants((const u64 *)&state->vregs[29], (const u64 *)&state->vregs[31]))
		return true;
	if (!sve)
		return false;
	vl = thread_sve_vl(&current->thread);
	return fpu_are_constants(sve + 29 * vl, sve + 31 * vl);
}

/* Of the running task. What is changed in memory must be loaded again. */
static inline u32 fpu_swap_control(u32 fpcr)
{
	struct fpu *fpu = fpu_of(current);
	unsigned long flags;
	u32 old;

	local_irq_save(flags);
	if (fpu_is_foreign(fpu)) {
		old = fpu->state.fpcr;
		fpu->state.fpcr = fpcr;
		current->thread.fpsimd_cpu = UINT_MAX;	/* no CPU has them */
	} else {
		old = fpu_live_control();
		write_sysreg(fpcr, fpcr);
	}
	local_irq_restore(flags);
	return old;
}

/* The control words of the outgoing task, in its probe. */
static __always_inline u32 fpu_control(const struct fpu *fpu)
{
	return unlikely(fpu_is_foreign(fpu)) ? fpu->state.fpcr : fpu_live_control();
}

static inline u16 fpu_second(const struct fpu *fpu)
{
	return 0;
}

static inline u8 fpu_second_rounding(u16 second)
{
	return 0;
}

/*
 * Is the task in RN, at first sight? If the registers are in memory, these are another
 * task's: one of such observations may be missed of a task without a tally, but
 * looks are not. Only fpu_control() knows more.
 */
static __always_inline bool fpu_seems_plain(const struct fpu *fpu)
{
	return !(fpu_live_control() & FPU_RC);
}

#endif /* __KERNEL__ */

#endif /* ROUNDWATCH_ARCH_ARM64_H */
