// SPDX-License-Identifier: GPL-2.0
/*
 * module/arch/x86.h on images that the processor itself wrote. The kernel saves with
 * XSAVES, XSAVEC, XSAVEOPT, XSAVE or FXSAVE, whichever is best of what there
 * is. All but XSAVES can be had here; it differs from XSAVEC in supervisor state
 * and in leaving out what was not modified, which is made up at the end.
 *
 * What is right is what STMXCSR and FNSTCW say right after the save.
 */
#include <cpuid.h>

#include "arch/x86.h"
#include "tap.h"

#define AREA	16384

static union area {
	struct xregs_state x;
	u8 bytes[AREA];
} image __aligned(64), setup __aligned(64);

enum instruction { FXSAVE, XSAVE, XSAVEOPT, XSAVEC, INSTRUCTIONS };

static const char *const names[] = { "FXSAVE", "XSAVE", "XSAVEOPT", "XSAVEC" };

/* How a register set comes to be what it is before the save. */
enum origin {
	USED,		/* there is something in it */
	ZEROED,		/* by the program itself: VZEROALL, FNINIT */
	INITIAL,	/* by XRSTOR with its bit clear, as a new task's */
	ORIGINS,
};

static const char *const origins[] = { "used", "zeroed", "initial" };

static bool have[INSTRUCTIONS];
static u64 xcr0;

static void detect(void)
{
	u32 a, b, c, d, low, high;

	__cpuid(1, a, b, c, d);
	have[FXSAVE] = d & bit_FXSAVE;
	if (!(c & bit_OSXSAVE))
		return;
	__asm__ __volatile__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	xcr0 = (u64)high << 32 | low;
	__cpuid_count(0xd, 0, a, b, c, d);
	have[XSAVE] = c <= AREA;
	__cpuid_count(0xd, 1, a, b, c, d);
	have[XSAVEOPT] = have[XSAVE] && (a & 1);
	have[XSAVEC] = have[XSAVE] && (a & 2);
}

struct wanted {
	u32 mxcsr;
	u16 fcw;
	enum origin sse, x87;
	bool with_avx;
};

static u32 saved_mxcsr;
static u16 saved_fcw;

/*
 * From the state that is wanted to the image, in one piece, as the compiler's
 * own code uses the registers in between otherwise. XRSTOR of @setup brings the
 * state components whose bits are clear in its header to their initial state,
 * and, in the standard format, loads MXCSR whatever the bits are.
 */
#define SAVE(instruction)						\
	__asm__ __volatile__(						\
		"cmpl	$0, %[rstor]\n\t"				\
		"je	1f\n\t"						\
		"xrstor64 (%[setup])\n\t"				\
		"1:\n\t"						\
		"cmpl	$2, %[x87]\n\t"					\
		"je	2f\n\t"						\
		"fninit\n\t"						\
		"fldcw	%[fcw]\n\t"					\
		"cmpl	$0, %[x87]\n\t"					\
		"jne	2f\n\t"						\
		"fld1\n\t"						\
		"fldpi\n\t"						\
		"2:\n\t"						\
		"cmpl	$2, %[sse]\n\t"					\
		"je	4f\n\t"						\
		"ldmxcsr %[mxcsr]\n\t"					\
		"cmpl	$0, %[avx]\n\t"					\
		"je	3f\n\t"						\
		"vzeroall\n\t"						\
		"3:\n\t"						\
		"pxor	%%xmm0, %%xmm0\n\t"				\
		"movdqa	%%xmm0, %%xmm1\n\t"				\
		"movdqa	%%xmm0, %%xmm7\n\t"				\
		"movdqa	%%xmm0, %%xmm15\n\t"				\
		"cmpl	$0, %[sse]\n\t"					\
		"jne	4f\n\t"						\
		"pcmpeqd %%xmm7, %%xmm7\n\t"				\
		"4:\n\t"						\
		instruction "\n\t"					\
		"stmxcsr %[got_mxcsr]\n\t"				\
		"fnstcw	%[got_fcw]\n\t"					\
		"fninit\n\t"						\
		"ldmxcsr %[default_mxcsr]\n\t"				\
		: [got_mxcsr] "=m"(saved_mxcsr), [got_fcw] "=m"(saved_fcw), "+m"(image) \
		: [image] "r"(&image), [setup] "r"(&setup), "m"(setup),	\
		  [mxcsr] "m"(mxcsr), [fcw] "m"(fcw), [default_mxcsr] "m"(default_mxcsr), \
		  [sse] "m"(sse), [x87] "m"(x87), [avx] "m"(avx), [rstor] "m"(rstor), \
		  "a"(0xffffffff), "d"(0xffffffff)			\
		: "cc", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", \
		  "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", \
		  "xmm15", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", \
		  "st(7)")

static void save(enum instruction i, const struct wanted *w)
{
	u32 mxcsr = w->mxcsr, default_mxcsr = FPU_MXCSR_INIT;
	int sse = w->sse, x87 = w->x87, avx = (xcr0 & 4) && w->with_avx;
	int rstor = xcr0 && (sse == INITIAL || x87 == INITIAL);
	u16 fcw = w->fcw;

	memset(&setup, 0, sizeof(setup));
	setup.x.i387.mxcsr = mxcsr;
	setup.x.i387.cwd = 0xf7f;	/* must not get anywhere */
	switch (i) {
	case FXSAVE:
		SAVE("fxsave64 (%[image])");
		break;
	case XSAVE:
		SAVE("xsave64 (%[image])");
		break;
	case XSAVEOPT:
		SAVE("xsaveopt64 (%[image])");
		break;
	case XSAVEC:
		SAVE("xsavec64 (%[image])");
		break;
	default:
		break;
	}
}

/* What a task left there that had the worst to leave. */
static void fill(enum instruction i, u8 how)
{
	memset(&image, how, sizeof(image));
	if (how != 0xff) {
		image.x.i387.mxcsr = FPU_MXCSR_INIT | (how & 3) << FPU_RC_SHIFT | 0x8040;
		image.x.i387.cwd = FPU_FCW_INIT | (how & 3) << FPU_X87_SHIFT;
	}
	/* The kernel begins with a header of zeros, or with that of an earlier save. */
	memset(&image.x.header, 0, sizeof(image.x.header));
	if (how & 1) {
		image.x.header.xfeatures = xcr0;
		if (i == XSAVEC)
			image.x.header.xcomp_bv = FPU_XCOMP | xcr0;
	}
	/* Nobody zeroes what FXSAVE does not write. */
	if (i == FXSAVE)
		memset(&image.x.header, 0xff, sizeof(image.x.header));
}

static unsigned int clear_sse, clear_x87, stale_mxcsr;

static bool check(enum instruction i, const char *what)
{
	bool header = i != FXSAVE;
	u32 mxcsr = fpu_mxcsr(&image.x, header);
	u16 fcw = fpu_fcw(&image.x, header);
	bool right = mxcsr == saved_mxcsr && fcw == saved_fcw &&
		     fpu_rounding(mxcsr) == (saved_mxcsr >> 13 & 3) &&
		     fpu_second_rounding(fcw) == (saved_fcw >> 10 & 3);

	/* The hot path looks no further if memory says RN. */
	right = right && ((image.x.i387.mxcsr & FPU_RC) || !fpu_rounding(saved_mxcsr));
	right = right && (!header || !!(image.x.header.xcomp_bv & FPU_XCOMP) == (i == XSAVEC));
	if (!right)
		diag("%s %s: MXCSR %#x, not %#x (memory %#x); x87 %#x, not %#x (memory %#x); header %#llx %#llx",
		     names[i], what, mxcsr, saved_mxcsr, image.x.i387.mxcsr, fcw, saved_fcw,
		     image.x.i387.cwd, (unsigned long long)image.x.header.xfeatures,
		     (unsigned long long)image.x.header.xcomp_bv);
	if (header) {
		clear_sse += !(image.x.header.xfeatures & FPU_SSE);
		clear_x87 += !(image.x.header.xfeatures & FPU_X87);
		stale_mxcsr += image.x.i387.mxcsr != saved_mxcsr;
	}
	return right;
}

/* All there is to one instruction. */
static void test_instruction(enum instruction i)
{
	static const u8 fills[] = { 0xff, 0x00, 0x01, 0x02, 0x03 };
	static const u32 flush[] = { 0, 0x8000, 0x8040, 0x003f };
	unsigned int wrong, wanted_wrong, saves, rc, n;
	struct wanted w;
	int sse, x87;
	char what[64];

	clear_sse = clear_x87 = stale_mxcsr = 0;
	for (sse = 0; sse < ORIGINS; sse++) {
		for (x87 = 0; x87 < ORIGINS; x87++) {
			if (!xcr0 && (sse == INITIAL || x87 == INITIAL))
				continue;
			snprintf(what, sizeof(what), "SSE %s, x87 %s", origins[sse], origins[x87]);
			wrong = wanted_wrong = saves = 0;
			for (n = 0; n < 4 * 4 * 5 * 4 * 2; n++) {
				rc = n & 3;
				w = (struct wanted){
					.mxcsr = FPU_MXCSR_INIT | rc << FPU_RC_SHIFT |
						 flush[n >> 2 & 3],
					.fcw = FPU_FCW_INIT | (n >> 4 & 3) << FPU_X87_SHIFT,
					.sse = sse,
					.x87 = x87,
					.with_avx = n >> 6 & 1,
				};
				fill(i, fills[n >> 7]);
				save(i, &w);
				saves++;
				wrong += !check(i, what);
				/* Else the test would compare nothing with nothing. */
				wanted_wrong += saved_mxcsr != w.mxcsr;
				wanted_wrong += saved_fcw !=
						(x87 == INITIAL ? FPU_FCW_INIT : w.fcw);
			}
			is(wrong, 0, "%s, %s: %u images read right", names[i], what, saves);
			is(wanted_wrong, 0, "%s, %s: the registers were what they should be",
			   names[i], what);
		}
	}
	if (i == FXSAVE)
		return;
	diag("%s: SSE bit clear in %u images, x87 bit in %u; MXCSR in memory stale in %u",
	     names[i], clear_sse, clear_x87, stale_mxcsr);
	if (i != XSAVEC)
		is(stale_mxcsr, 0, "%s: the standard format always has MXCSR", names[i]);
}

/*
 * The modified optimisation: saved to where it was restored from, XSAVEOPT need
 * not write what has not changed since. MXCSR and the x87 word have.
 */
static void test_modified(void)
{
	const u64 bv[] = { 0, FPU_X87, FPU_SSE, FPU_X87 | FPU_SSE };
	unsigned int wrong = 0, n;

	if (!have[XSAVEOPT]) {
		skip("XSAVEOPT to where XRSTOR was from", "the processor has no XSAVEOPT");
		return;
	}
	for (n = 0; n < 4 * 4 * 4 * 4; n++) {
		u32 mxcsr = FPU_MXCSR_INIT | (n & 3) << FPU_RC_SHIFT;
		u32 default_mxcsr = FPU_MXCSR_INIT;
		u16 fcw = FPU_FCW_INIT | (n >> 2 & 3) << FPU_X87_SHIFT;

		memset(&image, 0, sizeof(image));
		image.x.i387.mxcsr = FPU_MXCSR_INIT | (n >> 4 & 3) << FPU_RC_SHIFT;
		image.x.i387.cwd = FPU_FCW_INIT | (n >> 4 & 3) << FPU_X87_SHIFT;
		image.x.i387.xmm_space[3] = 1;
		image.x.header.xfeatures = bv[n >> 6];
		__asm__ __volatile__("xrstor64 (%[image])\n\t"
				     "testl	$1, %[n]\n\t"
				     "jz	1f\n\t"
				     "ldmxcsr	%[mxcsr]\n\t"
				     "1:\n\t"
				     "testl	$4, %[n]\n\t"
				     "jz	2f\n\t"
				     "fldcw	%[fcw]\n\t"
				     "2:\n\t"
				     "xsaveopt64 (%[image])\n\t"
				     "stmxcsr	%[got_mxcsr]\n\t"
				     "fnstcw	%[got_fcw]\n\t"
				     "fninit\n\t"
				     "ldmxcsr	%[default_mxcsr]\n\t"
				     : [got_mxcsr] "=m"(saved_mxcsr), [got_fcw] "=m"(saved_fcw),
				       "+m"(image)
				     : [image] "r"(&image), [mxcsr] "m"(mxcsr), [fcw] "m"(fcw),
				       [default_mxcsr] "m"(default_mxcsr), [n] "m"(n),
				       "a"(0xffffffff), "d"(0xffffffff)
				     : "cc", "memory", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4",
				       "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
				       "xmm12", "xmm13", "xmm14", "xmm15", "st", "st(1)",
				       "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)");
		wrong += !check(XSAVEOPT, "to where XRSTOR was from");
	}
	is(wrong, 0, "XSAVEOPT to where XRSTOR was from: %u images read right", n);
}

/* One that no instruction can be made to write here. */
static void test_made_up(void)
{
	struct xregs_state x = { .i387 = { .mxcsr = 0xffc0, .cwd = 0x0f7f } };

	is(fpu_mxcsr(&x, false), 0xffc0, "FXSAVE: MXCSR as it is in memory");
	is(fpu_fcw(&x, false), 0x0f7f, "FXSAVE: and the x87 word");
	memset(&x.header, 0xff, sizeof(x.header));
	x.header.xfeatures = 0;
	is(fpu_mxcsr(&x, false), 0xffc0, "FXSAVE: what follows it is no header");
	is(fpu_fcw(&x, false), 0x0f7f, "FXSAVE: not for x87 either");

	x.header = (struct xstate_header){ 0 };
	is(fpu_mxcsr(&x, true), 0xffc0, "standard format, SSE bit clear: MXCSR as it is in memory");
	is(fpu_fcw(&x, true), 0x037f, "standard format, x87 bit clear: the initial x87 word");
	x.header.xfeatures = FPU_SSE | FPU_X87;
	is(fpu_mxcsr(&x, true), 0xffc0, "standard format, both set: MXCSR as it is in memory");
	is(fpu_fcw(&x, true), 0x0f7f, "standard format, both set: and the x87 word");

	/* XSAVES: bit 63, and a supervisor component (CET, bit 11) in both fields. */
	x.header.xcomp_bv = FPU_XCOMP | 0x8e7;
	x.header.xfeatures = 0x8e4;
	is(fpu_mxcsr(&x, true), 0x1f80, "compacted format, SSE bit clear: the initial MXCSR");
	is(fpu_fcw(&x, true), 0x037f, "compacted format, x87 bit clear: the initial x87 word");
	x.header.xfeatures = 0x8e4 | FPU_SSE;
	is(fpu_mxcsr(&x, true), 0xffc0, "compacted format, SSE bit set: MXCSR as it is in memory");
	is(fpu_fcw(&x, true), 0x037f, "compacted format, only SSE bit set: the initial x87 word");
	x.header.xfeatures = 0x8e4 | FPU_X87;
	is(fpu_mxcsr(&x, true), 0x1f80, "compacted format, only x87 bit set: the initial MXCSR");
	is(fpu_fcw(&x, true), 0x0f7f, "compacted format, x87 bit set: the x87 word as it is in memory");
	/* Not by itself bit 63: XCOMP_BV's lower bits say what there is room for. */
	x.header = (struct xstate_header){ .xcomp_bv = 0x7fffffffffffffff };
	is(fpu_mxcsr(&x, true), 0xffc0, "it is bit 63 that says compacted");
}

static void test_fields(void)
{
	unsigned int i, wrong = 0;

	for (i = 0; i < 0x10000; i++) {
		wrong += fpu_rounding(i) != (i >> 13 & 3);
		wrong += fpu_rounding(i | 0xffff0000) != (i >> 13 & 3);
		wrong += fpu_second_rounding(i) != (i >> 10 & 3);
	}
	is(wrong, 0, "the fields of all 65,536 words");
	ok(fpu_rounding(FPU_MXCSR_INIT) == 0 && fpu_second_rounding(FPU_FCW_INIT) == 0,
	   "the initial words are RN");
}

int main(void)
{
	static const char *const why[] = {
		"the processor has no FXSAVE", "the processor or the kernel has no XSAVE",
		"the processor has no XSAVEOPT", "the processor has no XSAVEC",
	};
	int i;

	detect();
	test_fields();
	test_made_up();
	for (i = 0; i < INSTRUCTIONS; i++) {
		if (have[i])
			test_instruction(i);
		else
			skip(names[i], why[i]);
	}
	test_modified();
	return tap_done();
}
