// SPDX-License-Identifier: GPL-2.0
/* module/arch/arm64.h: from FPCR to the rounding mode. */
#include "arch/arm64.h"
#include "tap.h"

/* FPCR.RMode, Arm ARM, D19.2: 0b00 RN, 0b01 RP, 0b10 RM, 0b11 RZ. */
static const u8 modes[] = { ROUNDWATCH_RN, ROUNDWATCH_RU, ROUNDWATCH_RD, ROUNDWATCH_RZ };

int main(void)
{
	u32 rmode, bit, wrong = 0;

	for (rmode = 0; rmode < 4; rmode++)
		is(fpu_rounding(rmode << 22), modes[rmode], "RMode %u", rmode);
	/* All other bits, each alone and all together, say nothing about the mode. */
	for (rmode = 0; rmode < 4; rmode++) {
		for (bit = 0; bit < 32; bit++)
			if (bit != 22 && bit != 23)
				wrong += fpu_rounding(rmode << 22 | 1U << bit) != modes[rmode];
		wrong += fpu_rounding(rmode << 22 | ~FPU_RC) != modes[rmode];
	}
	is(wrong, 0, "no other bit matters");
	for (bit = 0, wrong = 0; bit < 32; bit++)
		wrong += fpu_reversed(1U << bit) != 1U << (31 - bit);
	is(wrong, 0, "bits are reversed");
	is(FPU_RC, 3U << 22, "the bits that make a task not plain");
	return tap_done();
}
