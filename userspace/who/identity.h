/* SPDX-License-Identifier: GPL-2.0 */
#ifndef IDENTITY_H
#define IDENTITY_H

#include "roundwatch.h"
#include "who/process.h"

struct json_object;

/**
 * struct identity - the process of a tally, as known on its host
 * @found: /proc/TGID is there and is still that process
 * @unseen: why it is not found although it is alive; NULL if it is found or has ended
 * @exe: executable, without the mark of a deleted one; for a memfd its name, as in "memfd:x"
 * @deleted: the executable has been deleted
 * @memfd: the executable never was a file
 * @args: the arguments, each with its NUL, @args_size bytes, truncated to 64 KiB
 * @cmdline: the arguments in one line, separated by blanks
 * @comm: present name of the process, which may differ from the one that the module saw
 * @ppid: parent, 0 if unknown
 * @parent: its name
 * @parent_unit: systemd unit of the parent, if it is another one; that of what runs a container
 * @user: name of the user, or the number if it has no name; never NULL
 * @unit: systemd unit of the host: service, scope, socket, mount or swap; NULL for none
 * @cgroup: unchanged path of its control group; NULL if that cannot be read
 * @runtime: of the container, as in struct container; NULL outside a container
 * @container: ID, or the name if the runtime has no ID; of nested containers the
 *	outermost, which this host's runtime made
 * @inner: ID of the innermost container, if it is a different one
 * @container_name: name of the container in its pod or runtime
 * @image: image of the container
 * @pod, @pod_uid, @pod_namespace: of the Kubernetes pod, @pod_uid as in metadata.uid; for
 *	a Podman pod only @pod_uid, its ID
 * @vm: name of the virtual machine that the process runs, or COMM[PID] if it has no
 *	name; NULL if it runs none
 * @sha256: of the executable; only from a recording
 * @paused: how it is kept from running, "stopped" or "frozen"; NULL if it is not
 * @hidden: readdir() of /proc does not show it although it exists
 * @by_library: hidden only from programs, by a library loaded into them
 * @covered: something is mounted over /proc/TGID or in it
 * @renamed: its name is not the one that the module saw, or not that of its program
 *
 * Text is allocated, and NULL if unknown; it may contain any byte.
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
	char *parent_unit;
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
	char *sha256;
	char *paused;
	bool hidden;
	bool by_library;
	bool covered;
	bool renamed;
};

/*
 * Look up the process of @tally. If the host is not known, only @user is set, and @vm for
 * a guest.
 */
void identity_read(const struct host *host, const struct roundwatch_tally *tally,
		   struct identity *id);
void identity_free(struct identity *id);

/*
 * Where it runs, in a few words: "pod shop/web-7f", "docker 3f2a1b…", "vm web1", a unit,
 * otherwise the control group. Allocated, NULL if it is not @found.
 */
char *identity_place(const struct identity *id);

/*
 * Its user and where it runs, in words: "user alice, unit cron.service, container
 * 3f2a1b… (docker)"; allocated.
 */
char *identity_describe(const struct identity *id);

/*
 * What is unusual about it, one sentence on each line, without a final newline: hidden,
 * not visible, covered, renamed, deleted, memfd. Allocated, NULL if there is nothing.
 */
char *identity_oddities(const struct identity *id, const struct roundwatch_tally *tally);

/* All members but @args, for json-c, with the same names; unknown ones are null. */
struct json_object *identity_to_json(const struct identity *id);

/* And back, from a recording; false if it is no object. Free it in any case. */
bool identity_from_json(struct json_object *from, struct identity *id);

#endif
