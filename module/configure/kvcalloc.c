// SPDX-License-Identifier: GPL-2.0
/* kvcalloc(): from 4.18 on. */
#include <linux/mm.h>
#include <linux/slab.h>

#ifdef PROBE
void *probe(size_t n)
{
	return kvcalloc(n, 8, GFP_KERNEL);
}
#endif
