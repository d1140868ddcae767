/* SPDX-License-Identifier: GPL-2.0 */
/*
 * x86: reads the control words of the task that leaves the CPU from struct fpu.
 * The first is MXCSR, the second that of x87.
 *
 * The kernel has saved its registers to the image with XSAVES, XSAVEC, XSAVEOPT,
 * XSAVE or FXSAVE; all images start with the 512 bytes of FXSAVE. The unit tests
 * apply this file to images that the processor wrote.
 */
#ifndef ROUNDWATCH_ARCH_X86_H
#define ROUNDWATCH_ARCH_X86_H

#include "compat.h"

#define FPU_RC_SHIFT	13		/* MXCSR.RC, Intel SDM vol. 1, 10.2.3 */
#define FPU_RC		(3U << FPU_RC_SHIFT)
#define FPU_MXCSR_INIT	0x1f80U		/* after reset, all masked, RN */
#define FPU_X87_SHIFT	10		/* x87 control word, SDM vol. 1, 8.1.5 */
#define FPU_XCOMP	(1ULL << 63)	/* XCOMP_BV: compacted format */
#define FPU_SSE		(1ULL << 1)	/* XSTATE_BV: SSE state is not initial */
#define FPU_X87		(1ULL << 0)	/* XSTATE_BV: x87 state is not initial */
#define FPU_FCW_INIT	0x037fU

#define FPU_MACHINE	62		/* EM_X86_64 */
#define FPU_REGISTER	"MXCSR"
#define FPU_HAS_SECOND	true
/* For the self-test, what no program uses: all masked, RD, and every status flag set. */
#define FPU_UNUSUAL	(FPU_MXCSR_INIT | ROUNDWATCH_RD << FPU_RC_SHIFT | 0x3f)

/*
 * This tracepoint fires in __switch_to(), after the registers of the outgoing task,
 * still current, were saved.
 */
#define SWITCH_TRACEPOINT	"x86_fpu_regs_deactivated"
#define check_switch_probe	check_trace_callback_type_x86_fpu_regs_deactivated
/* The parameters of a probe on it, and struct fpu of the outgoing task among them. */
#define PROBE_SWITCH_PARAMETERS	void *data, struct fpu *fpu
#define PROBE_SWITCH_FPU	fpu
/* For functions that do not store their return address; only arm64 signs it. */
#define __unsigned_return

struct fpu;

/* Its highest bits are mixed best. A product is one instruction; 2^32 by the golden ratio. */
static inline u32 fpu_hash(const void *fpu)
{
	return (u32)(unsigned long)fpu * 0x61C88647U;
}

#ifdef __KERNEL__

#include <asm/fpu/api.h>
#include <asm/fpu/types.h>

#ifdef HAVE_FPSTATE

static __always_inline const struct xregs_state *fpu_image(const struct fpu *fpu)
{
	return &fpu->fpstate->regs.xsave;
}

/* The image holds the registers of a virtual machine (KVM). */
static inline bool fpu_is_guest(const struct fpu *fpu)
{
	return fpu->fpstate->is_guest;
}

/* The image is encrypted, so its content means nothing. */
static inline bool fpu_is_confidential(const struct fpu *fpu)
{
	return fpu->fpstate->is_confidential;
}

#else

/* KVM replaces the thread's registers with the guest's without setting a flag. */
static __always_inline const struct xregs_state *fpu_image(const struct fpu *fpu)
{
	return &fpu->state.xsave;
}

static inline bool fpu_is_guest(const struct fpu *fpu)
{
	return false;
}

static inline bool fpu_is_confidential(const struct fpu *fpu)
{
	return false;
}

#endif /* HAVE_FPSTATE */

/* Without XSAVE the kernel uses FXSAVE, and the image has no header. */
static __always_inline bool fpu_has_header(void)
{
	return cpu_feature_enabled(X86_FEATURE_XSAVE);
}

/*
 * If struct fpu is not part of task_struct, it follows it directly. Modules cannot
 * use x86_task_fpu() if the kernel has X86_DEBUG_FPU, so the self-test checks this
 * address.
 */
static inline const struct fpu *fpu_of(const struct task_struct *task)
{
#ifdef HAVE_THREAD_FPU
	return &task->thread.fpu;
#else
	return (const struct fpu *)(task + 1);
#endif
}

/* Whose registers these are, in its probe. */
static __always_inline const struct task_struct *fpu_outgoing(const struct fpu *fpu)
{
	return current;
}

/* If not, it fired in fpu__drop(), and memory is not what the registers are. */
static __always_inline bool fpu_is_switch(void)
{
	return irqs_disabled();
}

/* A thread that entered otherwise has a negative number, in the 32 bits that count. */
static __always_inline bool fpu_in_system_call(const struct task_struct *task)
{
	return (s32)task_pt_regs(task)->orig_ax >= 0;
}

#ifdef TIF_NEED_FPU_LOAD

/* Are the running task's registers in the processor? */
static inline bool fpu_is_live(void)
{
	return !test_thread_flag(TIF_NEED_FPU_LOAD);
}

#else

/*
 * A running task's registers are in the processor unless it has not used them yet
 * (where the kernel is lazy: since it was switched to) or the kernel uses them.
 */
static inline bool fpu_is_live(void)
{
	const struct fpu *fpu = fpu_of(current);

#ifdef HAVE_FPREGS_ACTIVE
	return fpu->fpregs_active && irq_fpu_usable();
#else
	return fpu->initialized && irq_fpu_usable();
#endif
}

#endif /* TIF_NEED_FPU_LOAD */

/*
 * May a look read the registers? Until they are saved, those of a guest also stay
 * in place: a VM exit does not change them.
 */
static inline bool fpu_can_look(void)
{
	return fpu_is_live();
}

/* In a lazy kernel the next use of a register traps, which makes the registers live. */
static inline bool fpu_can_make_live(void)
{
#if defined(TIF_NEED_FPU_LOAD) && !defined(HAVE_SWITCH_FPU_RETURN)
	return false;
#else
	return true;
#endif
}

/* Make the registers live if fpu_can_make_live(). Interrupts off. */
static inline void fpu_make_live(void)
{
#if defined(TIF_NEED_FPU_LOAD) && defined(HAVE_SWITCH_FPU_RETURN)
	if (!fpu_is_live())
		switch_fpu_return();
#endif
}

static inline u32 fpu_live_control(void)
{
	u32 mxcsr;

	asm volatile("stmxcsr %0" : "=m" (mxcsr));
	return mxcsr;
}

static inline u16 fpu_live_second(void)
{
	u16 fcw;

	asm volatile("fnstcw %0" : "=m" (fcw));
	return fcw;
}

/* Of the running task, whose registers may have been saved to memory meanwhile. */
static inline u32 fpu_swap_control(u32 mxcsr)
{
	u32 old;

	local_irq_disable();
	fpu_make_live();
	old = fpu_live_control();
	asm volatile("ldmxcsr %0" : : "m" (mxcsr));
	local_irq_enable();
	return old;
}

#endif /* __KERNEL__ */

/**
 * fpu_mxcsr() - MXCSR of a saved image
 * @image: as the kernel saved it
 * @has_header: it was saved by one of the XSAVE instructions, not by FXSAVE
 *
 * The compacted format writes MXCSR only together with SSE state that is not
 * initial (Intel SDM vol. 1, 13.10 and 13.11). If it is not written, the register
 * had its initial value, and memory has the value of an earlier save. The standard
 * format and FXSAVE always write it.
 */
static __always_inline u32 fpu_mxcsr(const struct xregs_state *image, bool has_header)
{
	if (has_header && unlikely(image->header.xcomp_bv & FPU_XCOMP) &&
	    !(image->header.xfeatures & FPU_SSE))
		return FPU_MXCSR_INIT;
	return image->i387.mxcsr;
}

/**
 * fpu_fcw() - x87 control word of a saved image
 * @image: as the kernel saved it
 * @has_header: it was saved by one of the XSAVE instructions, not by FXSAVE
 *
 * These do not write the x87 part if it is in its initial state.
 */
static inline u16 fpu_fcw(const struct xregs_state *image, bool has_header)
{
	if (has_header && !(image->header.xfeatures & FPU_X87))
		return FPU_FCW_INIT;
	return image->i387.cwd;
}

static inline u8 fpu_rounding(u32 mxcsr)
{
	return (mxcsr & FPU_RC) >> FPU_RC_SHIFT;
}

/* RandomX's, in the registers of the running task: only asked where there is no second word. */
static inline bool fpu_has_constants(void)
{
	return false;
}

static inline u8 fpu_second_rounding(u16 fcw)
{
	return fcw >> FPU_X87_SHIFT & 3;
}

#ifdef __KERNEL__

/*
 * Is the task in RN, at first sight? Memory may be stale, but then the register held
 * RN, and stale memory that says RN is still right. Only fpu_control() knows more.
 */
static __always_inline bool fpu_seems_plain(const struct fpu *fpu)
{
	return !(fpu_image(fpu)->i387.mxcsr & FPU_RC);
}

/* The control words of the outgoing task, in its probe. */
static __always_inline u32 fpu_control(const struct fpu *fpu)
{
	return fpu_mxcsr(fpu_image(fpu), fpu_has_header());
}

static inline u16 fpu_second(const struct fpu *fpu)
{
	return fpu_fcw(fpu_image(fpu), fpu_has_header());
}

#endif /* __KERNEL__ */

#endif /* ROUNDWATCH_ARCH_X86_H */
