// SPDX-License-Identifier: GPL-2.0
/*
 * libm - calls functions of the C library that change rounding modes, for ever
 *
 * fma, fmal: without hardware FMA they truncate on the way, in MXCSR, and in
 * both MXCSR and x87
 * suite: like glibc's own tests, all functions in all modes, mode by mode
 * walk: all modes in turn, as fast as fesetround() can change them
 */
#include <fenv.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int modes[] = { FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO };
static volatile double sink;
static volatile double one = 1;

static void fmas(void)
{
	volatile double x = 0.1;
	int i;

	for (i = 0; i < 20000; i++)
		x = fma(x, 0.9999, i * 1e-3);
	for (i = 0; i < 20000; i++)
		sink = sqrt(x + i);
}

static void fmals(void)
{
	volatile long double x = 0.1L;
	int i;

	for (i = 0; i < 20000; i++)
		x = fmal(x, 0.9999L, i * 1e-3L);
	for (i = 0; i < 20000; i++)
		sink = sqrt((double)x + i);
}

static void suite(void)
{
	static double (*const functions[])(double) = {
		acos, asin, atan, cbrt, cos, cosh, erf, exp, exp2, expm1, floor, lgamma, log,
		log10, log1p, log2, nearbyint, rint, round, sin, sinh, sqrt, tan, tanh, tgamma,
		trunc,
	};
	size_t f, m;
	int i;

	for (f = 0; f < sizeof(functions) / sizeof(*functions); f++) {
		for (m = 0; m < 4; m++) {
			int saved = fegetround();

			fesetround(modes[m]);
			for (i = 0; i < 3000; i++)
				sink = functions[f](i / 3000.0);
			fesetround(saved);
		}
		for (i = 0; i < 2000; i++)
			sink = i * 0.1;	/* compares with the expected value */
	}
}

static void walk(void)
{
	size_t m;
	int i;

	for (m = 0; m < 4; m++) {
		fesetround(modes[m]);
		for (i = 0; i < 50; i++)
			sink = one / 3;
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*work)(void);
	} kinds[] = {
		{ "fma", fmas },
		{ "fmal", fmals },
		{ "suite", suite },
		{ "walk", walk },
	};
	size_t i;

	for (i = 0; argc == 2 && i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(argv[1], kinds[i].name))
			continue;
		for (;;)
			kinds[i].work();
	}
	fputs("usage: libm fma|fmal|suite|walk\n", stderr);
	return 2;
}
