/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rounding mode of this thread, of SSE on x86. Modes are numbered as the module
 * does: 0 nearest, 1 down, 2 up, 3 toward zero.
 */
#ifndef ROUNDWATCH_ROUNDING_H
#define ROUNDWATCH_ROUNDING_H

#include <stdint.h>

#ifdef __aarch64__

#define CONTROL_MODES	(3U << 22)	/* FPCR.RMode */
#define CONTROL_INIT	0U
#define CONTROL_FLUSH	(1U << 24)	/* denormals count as zero */

static inline unsigned int get_control(void)
{
	uint64_t fpcr;

	__asm__ volatile("mrs %0, fpcr" : "=r" (fpcr));
	return fpcr;
}

static inline void set_control(unsigned int control)
{
	__asm__ volatile("msr fpcr, %0" : : "r" ((uint64_t)control) : "memory");
}

static inline unsigned int mode_bits(unsigned int mode)
{
	return (mode & 1) << 23 | (mode >> 1 & 1) << 22;
}

#else

#include <xmmintrin.h>

#define CONTROL_MODES	(3U << 13)	/* MXCSR.RC */
#define CONTROL_INIT	0x1f80U
#define CONTROL_FLUSH	0x8040U

static inline unsigned int get_control(void)
{
	return _mm_getcsr();
}

static inline void set_control(unsigned int control)
{
	_mm_setcsr(control);
}

static inline unsigned int mode_bits(unsigned int mode)
{
	return (mode & 3) << 13;
}

#endif

static inline void set_mode(unsigned int mode)
{
	set_control((get_control() & ~CONTROL_MODES) | mode_bits(mode));
}

#endif /* ROUNDWATCH_ROUNDING_H */
