// SPDX-License-Identifier: GPL-2.0
/* Whose mining is no surprise: /etc/roundwatch/allow */
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
#include "who/image.h"

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

/* A line allows whom all its patterns match; NULL is none. */
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
		error("%s: line %zu: %s; it allows nobody, and no action is taken until it is mended",
		      path, number, why);
		a->broken = true;
		free_line(&line);
		free(why);
		return;
	}
	a->line = xrealloc(a->line, a->n + 1, sizeof(*a->line));
	a->line[a->n++] = line;
}

/* Whoever may write it may have a miner spared. */
static void check_owner(struct allow *a, const char *path, int fd)
{
	struct stat st;

	if (geteuid() || fstat(fd, &st) || (!st.st_uid && !(st.st_mode & (S_IWGRP | S_IWOTH))))
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

/*
 * In a mount namespace of its own, whoever made it can give any file any path:
 * the file has to be the one that has this path on the host.
 */
static bool is_hosts_file(const struct host *host, const struct roundwatch_tally *t,
			  const char *path)
{
	struct stat theirs, ours;
	int process = process_open(host, t->tgid, t->process_start_ns);
	bool same;

	if (process < 0)
		return false;
	same = !fstatat(process, "exe", &theirs, 0) && !fstatat(host->root, path + 1, &ours, 0) &&
	       theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
	close(process);
	return same;
}

static bool match_exe(const char *pattern, const struct host *host,
		      const struct roundwatch_tally *t, const struct identity *id)
{
	if (!id->exe || *id->exe != '/' || id->deleted || id->memfd ||
	    fnmatch(pattern, id->exe, FNM_PATHNAME))
		return false;
	return !host->live || is_hosts_file(host, t, id->exe);
}

static bool match(const char *pattern, const char *text)
{
	return text && !fnmatch(pattern, text, 0);
}

static bool match_user(const char *pattern, const struct roundwatch_tally *t,
		       const struct identity *id)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", t->uid);
	return match(pattern, id->user) || match(pattern, number);
}

static bool match_image(const char *pattern, const struct host *host, const struct identity *id)
{
	char *image = image_name(host->root, id->container);
	bool matched = match(pattern, image);

	free(image);
	return matched;
}

static bool match_pod(const char *pattern, const struct identity *id)
{
	char *text;
	bool matched;

	if (!id->pod || !id->pod_namespace)
		return false;
	text = xasprintf("%s/%s", id->pod_namespace, id->pod);
	matched = match(pattern, text);
	free(text);
	return matched;
}

static bool match_line(const struct allow_line *line, const struct host *host,
		       const struct roundwatch_tally *t, const struct identity *id)
{
	const char *const *pattern = (const char *const *)line->pattern;

	return (!pattern[KEY_EXE] || match_exe(pattern[KEY_EXE], host, t, id)) &&
	       (!pattern[KEY_UNIT] || match(pattern[KEY_UNIT], id->unit)) &&
	       (!pattern[KEY_USER] || match_user(pattern[KEY_USER], t, id)) &&
	       (!pattern[KEY_CONTAINER] || match(pattern[KEY_CONTAINER], id->container) ||
		match(pattern[KEY_CONTAINER], id->container_name)) &&
	       (!pattern[KEY_IMAGE] || match_image(pattern[KEY_IMAGE], host, id)) &&
	       (!pattern[KEY_POD] || match_pod(pattern[KEY_POD], id));
}

const char *allow_find(const struct allow *a, const struct host *host,
		       const struct roundwatch_tally *tally, const struct identity *id)
{
	for (size_t i = 0; i < a->n; i++)
		if (match_line(&a->line[i], host, tally, id))
			return a->line[i].text;
	return NULL;
}

void allow_free(struct allow *a)
{
	for (size_t i = 0; i < a->n; i++)
		free_line(&a->line[i]);
	free(a->line);
	*a = (struct allow){ 0 };
}
