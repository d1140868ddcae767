/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KERNEL_H
#define KERNEL_H

#include "who/process.h"

enum answer {
	NOT_KNOWN,
	NO,
	YES,
};

#define KERNEL_LOG_LINES	5

/**
 * struct kernel - the running kernel of a host, and what keeps it from having the module
 * @release: as uname -r has it
 * @efi: it was booted by EFI, and so may have Secure Boot
 * @secure_boot: it is on
 * @lockdown: "none", "integrity" or "confidentiality"
 * @enforced: no module is loaded without a valid signature
 * @loaded: a module roundwatch is
 * @file: the module, installed for this kernel, as an absolute path
 * @depmod: modprobe knows it
 * @is_signed: @file has a signature, whoever signed it
 * @headers: what it takes to build modules for this kernel is there
 * @dkms_version: of the module, as DKMS has it
 * @dkms_state: for this kernel: "installed", "built", "failed" or "added"
 * @blocked: what forbids to load it, and where that stands
 * @listed: a line that keeps it from being loaded at boot, but not by its name
 * @log: the last lines of the kernel log about it
 * @logs: how many
 * @log_error: errno, if the log cannot be read
 *
 * Text is allocated, and NULL where there is nothing or that is not known.
 */
struct kernel {
	char *release;
	bool efi;
	enum answer secure_boot;
	char *lockdown;
	enum answer enforced;
	bool loaded;
	char *file;
	bool depmod;
	enum answer is_signed;
	bool headers;
	char *dkms_version;
	const char *dkms_state;
	char *blocked;
	char *listed;
	char *log[KERNEL_LOG_LINES];
	size_t logs;
	int log_error;
};

/* Nothing is known of a host whose files are not. */
void kernel_read(const struct host *host, struct kernel *k);
void kernel_free(struct kernel *k);

/* What to do so that it has the module; a step a line, allocated. */
char *kernel_next(const struct kernel *k);

#endif
