// SPDX-License-Identifier: GPL-2.0
/* compat_ptr_ioctl(), for ioctls that take a pointer: from 5.5 on. */
#include <linux/fs.h>

#ifdef PROBE
struct file_operations operations = { .compat_ioctl = compat_ptr_ioctl };
#endif
