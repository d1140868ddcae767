/* SPDX-License-Identifier: GPL-2.0 */
#ifndef IDENTITY_H
#define IDENTITY_H

#include "process.h"
#include "roundwatch.h"

/**
 * struct identity - who a tallied process is, as far as the host tells
 * @found: /proc/TGID is there and is still that process
 * @exe: executable, without " (deleted)"; of a memfd its name, as in "memfd:x"
 * @deleted: the executable has been deleted
 * @memfd: the executable never was a file
 * @cmdline: command line, arguments separated by blanks
 * @comm: name of the process now, which may not be what the module saw
 * @ppid: parent, 0 if not known
 * @parent: its name
 * @user: name of the user; never NULL: the number, if it has none
 * @unit: systemd unit: service, scope or machine; NULL for none
 * @runtime: of the container: docker, containerd, cri-o, podman, lxc, nspawn; NULL outside any
 * @container: id, or for lxc and nspawn the name
 * @container_name: of the container in its pod
 * @pod: name, @pod_uid: as in Kubernetes' metadata.uid, @pod_namespace: of the pod
 * @vm: name of the virtual machine that the process runs; NULL if it runs none
 * @hidden: readdir() of /proc does not show it, though it is there
 * @covered: something is mounted over /proc/TGID
 * @renamed: the host's name for it is not what the module saw
 *
 * Text is allocated, and NULL where nothing is known; it may hold any byte.
 */
struct identity {
	bool found;
	char *exe;
	bool deleted;
	bool memfd;
	char *cmdline;
	char *comm;
	uint32_t ppid;
	char *parent;
	char *user;
	char *unit;
	char *runtime;
	char *container;
	char *container_name;
	char *pod;
	char *pod_uid;
	char *pod_namespace;
	char *vm;
	bool hidden;
	bool covered;
	bool renamed;
};

/* Who @tally is about; on a host that is not known, only @user is set. */
void identity_read(const struct host *host, const struct roundwatch_tally *tally,
		   struct identity *id);
void identity_free(struct identity *id);

#endif
