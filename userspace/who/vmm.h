/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VMM_H
#define VMM_H

#include <stddef.h>

/**
 * vmm_name - name of the virtual machine, from the command line that runs it
 * @program: name of the executable, without its directory
 * @args: the command line, each argument terminated by a NUL
 * @n: its bytes
 *
 * Knows QEMU (also as libvirt and Kata Containers run it), Firecracker and
 * Cloud Hypervisor. Allocated; NULL if the program is none of these, or the
 * machine has no name.
 */
char *vmm_name(const char *program, const char *args, size_t n);

#endif
