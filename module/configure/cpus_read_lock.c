// SPDX-License-Identifier: GPL-2.0
/* cpus_read_lock() replaced get_online_cpus(): from 4.13 on. */
#include <linux/cpu.h>

#ifdef PROBE
void probe(void)
{
	cpus_read_lock();
	cpus_read_unlock();
}
#endif
