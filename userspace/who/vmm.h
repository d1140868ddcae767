/* SPDX-License-Identifier: GPL-2.0 */
#ifndef VMM_H
#define VMM_H

#include <stdbool.h>
#include <stddef.h>

/* True if a program with this base name runs virtual machines. */
bool vmm_is(const char *program);

/**
 * vmm_name - name of a virtual machine, from the command line of its program
 * @program: base name of the executable
 * @args: the command line, each argument terminated by a NUL
 * @n: length of @args in bytes
 *
 * Supports QEMU (also run by libvirt and Kata Containers), Firecracker, Cloud Hypervisor
 * and the shim of Kata Containers, which may contain a hypervisor. Allocated; NULL if
 * the program is none of these or the machine has no name.
 */
char *vmm_name(const char *program, const char *args, size_t n);

/* ID of the sandbox, if Kata Containers named the machine; allocated. */
char *vmm_sandbox(const char *name);

#endif
