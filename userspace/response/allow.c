// SPDX-License-Identifier: GPL-2.0
/* Processes that may mine: /etc/roundwatch/allow */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "response/allow.h"

#define BLANKS " \t\r\n"

enum key {
	KEY_EXE,
	KEY_UNIT,
	KEY_USER,
	KEY_CONTAINER,
	KEY_IMAGE,
	KEY_POD,
	KEYS,
};

static const char *const key_name[KEYS] = {
	[KEY_EXE] = "exe",
	[KEY_UNIT] = "unit",
	[KEY_USER] = "user",
	[KEY_CONTAINER] = "container",
	[KEY_IMAGE] = "image",
	[KEY_POD] = "pod",
};

/* A line allows a process that all its patterns match; NULL is none. */
struct allow_line {
	char *pattern[KEYS];
	char *text;
};

static enum key find_key(const char *word)
{
	enum key key;

	for (key = 0; key < KEYS; key++)
		if (!strcmp(key_name[key], word))
			break;
	return key;
}

/* What is wrong with a line, allocated; NULL if nothing is. */
static char *parse(char *text, struct allow_line *line)
{
	char *save = NULL, *word = strtok_r(text, BLANKS, &save);

	for (; word; word = strtok_r(NULL, BLANKS, &save)) {
		enum key key = find_key(word);
		const char *value = strtok_r(NULL, BLANKS, &save);

		if (key == KEYS)
			return xasprintf("'%s' is none of exe, unit, user, container, "
					 "image and pod", word);
		if (!value)
			return xasprintf("there is nothing after '%s'", word);
		if (line->pattern[key])
			return xasprintf("'%s' twice; write a line for each", word);
		if (key == KEY_EXE && *value != '/')
			return xasprintf("exe '%s' does not begin with /", value);
		if (key == KEY_POD && !strchr(value, '/'))
			return xasprintf("pod '%s' is not NAMESPACE/NAME", value);
		line->pattern[key] = xasprintf("%s", value);
	}
	return NULL;
}

static void free_line(struct allow_line *line)
{
	for (int i = 0; i < KEYS; i++)
		free(line->pattern[i]);
	free(line->text);
}

static void add_line(struct allow *a, const char *path, size_t number, char *text)
{
	struct allow_line line = { 0 };
	char *why;

	text += strspn(text, BLANKS);
	text[strcspn(text, "#")] = '\0';
	for (size_t n = strlen(text); n && strchr(BLANKS, text[n - 1]); n--)
		text[n - 1] = '\0';
	if (!*text)
		return;
	line.text = xasprintf("line %zu: %s", number, text);
	why = parse(text, &line);
	if (why) {
		error("%s: line %zu: %s; it allows nothing, and no action is taken until it is corrected",
		      path, number, why);
		a->broken = true;
		free_line(&line);
		free(why);
		return;
	}
	a->line = xrealloc(a->line, a->n + 1, sizeof(*a->line));
	a->line[a->n++] = line;
}

/*
 * A user that can write the list can protect a miner. The user that runs this
 * program may have a list of its own.
 */
static void check_owner(struct allow *a, const char *path, int fd)
{
	struct stat st;

	if (fstat(fd, &st) || (st.st_uid && st.st_uid == geteuid()) ||
	    (!st.st_uid && !(st.st_mode & (S_IWGRP | S_IWOTH))))
		return;
	error("%s: others than root may write it (owner %u, mode %03o), so no action is taken; "
	      "chown root and chmod 644 it", path, st.st_uid, st.st_mode & 0777);
	a->broken = true;
}

enum status allow_read(struct allow *a, const char *path)
{
	char *text = NULL;
	size_t room = 0, number = 0;
	FILE *f;

	allow_free(a);
	f = fopen(path ? path : ALLOW_FILE, "re");
	if (!f && !path && errno == ENOENT)
		return STATUS_OK;
	path = path ? path : ALLOW_FILE;
	if (!f) {
		error("%s: %s; name a list that is there", path, strerror(errno));
		a->broken = true;
		return STATUS_FAILURE;
	}
	check_owner(a, path, fileno(f));
	while (getline(&text, &room, f) >= 0)
		add_line(a, path, ++number, text);
	if (ferror(f)) {
		error("%s: %s; it counts only as far as it was read, and no action is taken", path,
		      strerror(errno));
		a->broken = true;
	}
	free(text);
	fclose(f);
	return STATUS_OK;
}

enum match {
	MATCH_NO,
	MATCH_UNKNOWN,	/* what the pattern is about could not be looked up */
	MATCH_YES,
};

/*
 * In a mount namespace of its own, its maker can give any file any path: the file has to
 * be the one that has this path on the host.
 */
static bool is_hosts_file(const struct host *host, const struct roundwatch_tally *t,
			  const char *path)
{
	struct stat theirs, ours;
	int process = process_open(host, t->tgid, t->process_start_ns);
	int task = process < 0 ? -1 : process_task(process, NULL);
	bool same = false;

	if (process >= 0)
		close(process);
	if (task < 0)
		return false;
	same = !fstatat(task, "exe", &theirs, 0) && !fstatat(host->root, path + 1, &ours, 0) &&
	       theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
	close(task);
	return same;
}

static enum match match_exe(const char *pattern, const struct host *host,
			    const struct roundwatch_tally *t, const struct identity *id)
{
	if (!id->exe)
		return MATCH_UNKNOWN;
	if (*id->exe != '/' || id->deleted || id->memfd ||
	    fnmatch(pattern, id->exe, FNM_PATHNAME) ||
	    (host->live && !is_hosts_file(host, t, id->exe)))
		return MATCH_NO;
	return MATCH_YES;
}

static bool match(const char *pattern, const char *text)
{
	return text && !fnmatch(pattern, text, 0);
}

/* systemd's \xHH in the name of a unit are four characters, not an escape of the pattern. */
static enum match match_unit(const char *pattern, const struct identity *id)
{
	size_t n = strlen(pattern);
	char *copy, *to;
	bool matched;

	if (!id->unit)
		return id->cgroup ? MATCH_NO : MATCH_UNKNOWN;
	copy = to = xrealloc(NULL, 2 * n + 1, 1);
	for (const char *s = pattern; *s; s++) {
		if (s[0] == '\\' && s[1] == 'x' && isxdigit((unsigned char)s[2]) &&
		    isxdigit((unsigned char)s[3]))
			*to++ = '\\';
		*to++ = *s;
	}
	*to = '\0';
	matched = match(copy, id->unit);
	free(copy);
	return matched ? MATCH_YES : MATCH_NO;
}

static enum match match_user(const char *pattern, const struct roundwatch_tally *t,
			     const struct identity *id)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", t->uid);
	return match(pattern, id->user) || match(pattern, number) ? MATCH_YES : MATCH_NO;
}

/* Below the group of a user's own systemd, that user may name groups after any container. */
static bool is_users_own(const struct identity *id)
{
	return id->unit && !strncmp(id->unit, "user@", 5);
}

/* Whether containers of that runtime have names besides their IDs. */
static bool has_names(const char *runtime)
{
	static const char *const has[] = {
		"docker", "containerd", "cri-o", "podman", "kata", "unknown",
	};

	for (size_t i = 0; i < ARRAY_SIZE(has); i++)
		if (!strcmp(has[i], runtime))
			return true;
	return false;
}

static enum match match_container(const char *pattern, const struct identity *id)
{
	if (!id->container)
		return id->cgroup ? MATCH_NO : MATCH_UNKNOWN;
	if (is_users_own(id))
		return MATCH_UNKNOWN;
	if (match(pattern, id->container) || match(pattern, id->container_name))
		return MATCH_YES;
	return id->container_name || !has_names(id->runtime) ? MATCH_NO : MATCH_UNKNOWN;
}

static enum match match_image(const char *pattern, const struct identity *id)
{
	if (!id->container)
		return id->cgroup ? MATCH_NO : MATCH_UNKNOWN;
	if (!id->image || is_users_own(id))
		return MATCH_UNKNOWN;
	return match(pattern, id->image) ? MATCH_YES : MATCH_NO;
}

static enum match match_pod(const char *pattern, const struct identity *id)
{
	char *text;
	bool matched;

	if (!id->container && !id->pod_uid && !id->pod)
		return id->cgroup ? MATCH_NO : MATCH_UNKNOWN;
	if (is_users_own(id))
		return MATCH_UNKNOWN;
	/* Of a container outside any pod, nothing is to be found. */
	if (!id->pod || !id->pod_namespace)
		return id->pod_uid ? MATCH_UNKNOWN : MATCH_NO;
	text = xasprintf("%s/%s", id->pod_namespace, id->pod);
	matched = match(pattern, text);
	free(text);
	return matched ? MATCH_YES : MATCH_NO;
}

static enum match match_key(enum key key, const char *pattern, const struct host *host,
			    const struct roundwatch_tally *t, const struct identity *id)
{
	switch (key) {
	case KEY_EXE:
		return match_exe(pattern, host, t, id);
	case KEY_UNIT:
		return match_unit(pattern, id);
	case KEY_USER:
		return match_user(pattern, t, id);
	case KEY_CONTAINER:
		return match_container(pattern, id);
	case KEY_IMAGE:
		return match_image(pattern, id);
	case KEY_POD:
		return match_pod(pattern, id);
	default:
		return MATCH_NO;
	}
}

/* @unknown: the first key whose pattern could not be compared, with MATCH_UNKNOWN */
static enum match match_line(const struct allow_line *line, const struct host *host,
			     const struct roundwatch_tally *t, const struct identity *id,
			     enum key *unknown)
{
	enum match all = MATCH_YES;

	for (enum key key = 0; key < KEYS; key++) {
		enum match one = line->pattern[key] ?
				 match_key(key, line->pattern[key], host, t, id) : MATCH_YES;

		if (one == MATCH_NO)
			return MATCH_NO;
		if (one == MATCH_UNKNOWN && all == MATCH_YES)
			*unknown = key;
		all = one < all ? one : all;
	}
	return all;
}

const char *allow_find(const struct allow *a, const struct host *host,
		       const struct roundwatch_tally *tally, const struct identity *id)
{
	enum key unknown;

	for (size_t i = 0; i < a->n; i++)
		if (match_line(&a->line[i], host, tally, id, &unknown) == MATCH_YES)
			return a->line[i].text;
	return NULL;
}

/* Why it is not known. */
static const char *reason(enum key key, const struct host *host, const struct identity *id)
{
	if (host->root < 0)
		return "the host is not at hand (--sysroot names a copy of its files)";
	if (id->unseen)
		return id->unseen;
	if (!id->found)
		return "the process is not in /proc";
	if (key == KEY_EXE)
		return "the executable cannot be read";
	if (!id->cgroup)
		return "the control group cannot be read";
	if (is_users_own(id))
		return "the container is a user's own, and its runtime is not root's";
	if (key == KEY_IMAGE)
		return "no runtime's state names the image of this container";
	return key == KEY_POD ? "neither kubelet's logs nor a runtime's state name this pod" :
				"no runtime's state names this container";
}

char *allow_doubt(const struct allow *a, const struct host *host,
		  const struct roundwatch_tally *tally, const struct identity *id)
{
	const struct allow_line *doubtful = NULL;
	enum key key = KEYS, unknown = KEYS;

	for (size_t i = 0; i < a->n; i++) {
		enum match m = match_line(&a->line[i], host, tally, id, &unknown);

		if (m == MATCH_YES)
			return NULL;
		if (m == MATCH_UNKNOWN && !doubtful) {
			doubtful = &a->line[i];
			key = unknown;
		}
	}
	return doubtful ? xasprintf("%s: %s", doubtful->text, reason(key, host, id)) : NULL;
}

char *doubt_text(const char *doubt)
{
	return doubt ? xasprintf("not looked up: %s", doubt) : NULL;
}

void allow_free(struct allow *a)
{
	for (size_t i = 0; i < a->n; i++)
		free_line(&a->line[i]);
	free(a->line);
	*a = (struct allow){ 0 };
}
