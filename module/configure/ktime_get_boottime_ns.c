// SPDX-License-Identifier: GPL-2.0
/* Once ktime_get_boot_ns(): from 5.3 on. */
#include <linux/ktime.h>
#include <linux/timekeeping.h>

#ifdef PROBE
u64 probe(void)
{
	return ktime_get_boottime_ns();
}
#endif
