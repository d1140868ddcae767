// SPDX-License-Identifier: GPL-2.0
/* Needed: CONFIG_TRACEPOINTS, which this kernel was built without */
#include <linux/kconfig.h>

#ifdef PROBE
#ifndef CONFIG_TRACEPOINTS
#error "no tracepoints"
#endif
#endif
