// SPDX-License-Identifier: GPL-2.0
/* Exported: ktime_get_boot_fast_ns */
/* It reads CLOCK_BOOTTIME without waiting for a writer: from 4.11 on. */
#include <linux/ktime.h>
#include <linux/timekeeping.h>

#ifdef PROBE
u64 probe(void)
{
	return ktime_get_boot_fast_ns();
}
#endif
