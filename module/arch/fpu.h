/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the rounding mode is, on this architecture. All other files of the module use
 * these names only, and ROUNDWATCH_RN, RD, RU and RZ.
 */
#ifndef ROUNDWATCH_ARCH_FPU_H
#define ROUNDWATCH_ARCH_FPU_H

#ifdef CONFIG_ARM64
#include "arch/arm64.h"
#else
#include "arch/x86.h"
#endif

#endif /* ROUNDWATCH_ARCH_FPU_H */
