// SPDX-License-Identifier: GPL-2.0
/* poll() returns the type __poll_t: from 4.16 on. */
#include <linux/poll.h>

#ifdef PROBE
__poll_t probe(struct file *file, poll_table *wait);
struct file_operations operations = { .poll = probe };
#endif
