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
 * struct kernel - the running kernel of a host, and what keeps it from loading the module
 * @release: as printed by uname -r
 * @efi: it was booted by EFI and may have Secure Boot
 * @secure_boot: Secure Boot is on
 * @lockdown: "none", "integrity" or "confidentiality"
 * @enforced: modules need a valid signature
 * @disabled: the kernel loads no modules any more: kernel.modules_disabled
 * @loaded: the module is loaded
 * @searched: there is a directory in which @file and @headers would be found
 * @file: absolute path of the module installed for this kernel
 * @depmod: modprobe knows the module
 * @is_signed: @file has a signature of any signer
 * @headers: the headers to build modules for this kernel are installed
 * @dkms_version: version of the module in DKMS
 * @dkms_state: state for this kernel: "installed", "built", "failed" or "added"
 * @blocked: what blocks the module, and where it is configured
 * @listed: a line that blocks loading at boot, but not loading by name
 * @unseen: what of the host is not visible here, and what is not known because of that; a
 *	sentence a line
 * @log: the last lines of the kernel log about the module
 * @logs: number of lines in @log
 * @log_error: errno, if the log cannot be read
 *
 * Text is allocated; NULL means none or unknown.
 */
struct kernel {
	char *release;
	bool efi;
	enum answer secure_boot;
	char *lockdown;
	enum answer enforced;
	enum answer disabled;
	enum answer loaded;
	bool searched;
	char *file;
	bool depmod;
	enum answer is_signed;
	bool headers;
	char *dkms_version;
	const char *dkms_state;
	char *blocked;
	char *listed;
	char *unseen;
	char *log[KERNEL_LOG_LINES];
	size_t logs;
	int log_error;
};

/* All values are unknown if the files of the host are not available. */
void kernel_read(const struct host *host, struct kernel *k);
void kernel_free(struct kernel *k);

/* Steps to get the module loaded, one on each line; allocated. */
char *kernel_next(const struct kernel *k);

#endif
