/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VMM_H
#define VMM_H

#include <stdbool.h>
#include <stddef.h>

/* Whether a program of that name, without its directory, runs virtual machines. */
bool vmm_is(const char *program);

/**
 * vmm_name - name of the virtual machine, from the command line that runs it
 * @program: name of the executable, without its directory
 * @args: the command line, each argument terminated by a NUL
 * @n: its bytes
 *
 * Knows QEMU (also as libvirt and Kata Containers run it), Firecracker, Cloud
 * Hypervisor and the shim of Kata Containers, which may run one itself. Allocated;
 * NULL if the program is none of these, or the machine has no name.
 */
char *vmm_name(const char *program, const char *args, size_t n);

/* ID of the sandbox that a machine of that name is, if Kata Containers named it; allocated. */
char *vmm_sandbox(const char *name);

#endif
