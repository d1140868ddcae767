/* SPDX-License-Identifier: GPL-2.0 */
#ifndef IDENTITY_H
#define IDENTITY_H

#include "roundwatch.h"
#include "who/process.h"

struct json_object;

/**
 * struct identity - which process a tally is of, as far as the host knows
 * @found: /proc/TGID is there and is still that process
 * @unseen: why it is not found though it lives; NULL if it is, or has ended
 * @exe: executable, without the mark of a deleted one; of a memfd its name, as in "memfd:x"
 * @deleted: the executable has been deleted
 * @memfd: the executable never was a file
 * @args: the arguments, each with its NUL, @args_size bytes of them; what is more than
 *	64 KiB is cut off
 * @cmdline: the same in one line, separated by blanks
 * @comm: name of the process now, which may not be what the module saw
 * @ppid: parent, 0 if not known
 * @parent: its name
 * @user: name of the user; never NULL: the number, if it has none
 * @unit: systemd unit of the host: service, scope, socket, mount or swap; NULL for none
 * @cgroup: path of its control group, raw; NULL if that cannot be read
 * @runtime: of the container, as in struct container; NULL outside any
 * @container: ID, or the name if the runtime has no other; of containers in a container
 *	the outermost, which this host's runtime made
 * @inner: ID of the innermost container, if that is another
 * @container_name: as its pod or its runtime calls it
 * @image: from which it was made
 * @pod: name, @pod_uid: as in Kubernetes' metadata.uid, @pod_namespace: of the
 *	pod; of a Podman pod @pod_uid, its ID, alone
 * @vm: name of the virtual machine that the process runs, or COMM[PID] if only
 *	that is known; NULL if it runs none
 * @hidden: readdir() of /proc does not show it, though it is there
 * @by_library: @hidden from programs only, by a library put into them
 * @covered: something is mounted over /proc/TGID, or in it
 * @renamed: its name is not what the module saw, or not that of what it runs
 *
 * Text is allocated, and NULL where nothing is known; it may hold any byte.
 */
struct identity {
	bool found;
	char *unseen;
	char *exe;
	bool deleted;
	bool memfd;
	char *args;
	size_t args_size;
	char *cmdline;
	char *comm;
	uint32_t ppid;
	char *parent;
	char *user;
	char *unit;
	char *cgroup;
	char *runtime;
	char *container;
	char *inner;
	char *container_name;
	char *image;
	char *pod;
	char *pod_uid;
	char *pod_namespace;
	char *vm;
	bool hidden;
	bool by_library;
	bool covered;
	bool renamed;
};

/*
 * Look up the process that @tally is of; on a host that is not known, only @user (and @vm,
 * of a guest's) is set.
 */
void identity_read(const struct host *host, const struct roundwatch_tally *tally,
		   struct identity *id);
void identity_free(struct identity *id);

/*
 * Where it runs, in a few words, as "pod shop/web-7f", "docker 3f2a1b…", "vm
 * web1", a unit, or else the control group; allocated, NULL if it is not @found.
 */
char *identity_place(const struct identity *id);

/*
 * Its user and where it runs, in words: "user alice, unit cron.service, container
 * 3f2a1b… (docker)"; allocated.
 */
char *identity_describe(const struct identity *id);

/*
 * What is odd about it, a sentence a line without a newline at the end: hidden,
 * not to be seen, covered, renamed, deleted, memfd. Allocated, NULL if nothing is.
 */
char *identity_oddities(const struct identity *id, const struct roundwatch_tally *tally);

/* All of it, for json-c; what is not known is null. Names as in this structure. */
struct json_object *identity_to_json(const struct identity *id);

#endif
