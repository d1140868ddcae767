// SPDX-License-Identifier: GPL-2.0
/* Events from systemd's journal. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/util.h"
#include "past/past.h"

#ifdef HAVE_LIBSYSTEMD
#include <systemd/sd-id128.h>
#include <systemd/sd-journal.h>

#define UNIT		"roundwatch-monitor.service"
#define BOOT_MATCH	"_BOOT_ID="

/* What systemd says about a unit, see systemd.journal-fields(7) and sd-messages.h. */
static const struct {
	const char *id;
	enum entry_kind kind;
} messages[] = {
	{ "39f53479d3a045ac8e11786248231fbf", ENTRY_UNIT_STARTED },
	{ "9d1aaa27d60140bd96365438aad20286", ENTRY_UNIT_STOPPED },
	{ "be02cf6855d2428ba40df7e9d022f03d", ENTRY_UNIT_STOPPED },	/* failed */
	{ "d9b373ed55a64feb8242e02dbe79a49c", ENTRY_UNIT_STOPPED },	/* failed, with a result */
	{ "7ad2d189f7e94e70a38c781354912448", ENTRY_UNIT_STOPPED },	/* ended by itself */
};

/**
 * struct reader - a journal that is being read
 * @monitor_uid: user of the unit, "": none
 */
struct reader {
	sd_journal *j;
	struct past *p;
	const struct past_options *o;
	char monitor_uid[16];
};

static bool ends_with(const char *text, const char *with)
{
	size_t n = strlen(text), m = strlen(with);

	return n >= m && !strcmp(text + n - m, with);
}

/* libsystemd leaves out what it cannot read, and says nothing. */
static bool check_file(struct past *p, const char *path)
{
	const char *const one[] = { path, NULL };
	sd_journal *j;
	int err = sd_journal_open_files(&j, (const char **)one, 0);

	if (!err) {
		sd_journal_close(j);
		return true;
	}
	/* It was rotated away meanwhile. */
	if (err == -ENOENT)
		return false;
	p->damaged++;
	error("%s: %s; its entries are missing", path, strerror(-err));
	return false;
}

/* Of a machine, as libsystemd looks into; also one of a namespace. */
static bool is_machine(const char *name)
{
	return strspn(name, "0123456789abcdef") == 32 && (!name[32] || name[32] == '.');
}

/**
 * check_directory - whether files of a journal in a directory can be read
 * @deep: also those of machines in it
 * @good: counts those that can
 * @denied: counts those that only others may read
 */
static void check_directory(struct past *p, const char *path, bool deep, size_t *good,
			    size_t *denied)
{
	DIR *dir = opendir(path);
	struct dirent *d;

	if (!dir) {
		*denied += errno == EACCES;
		return;
	}
	while ((d = readdir(dir))) {
		char *name = xasprintf("%s/%s", path, d->d_name);
		bool is_journal = ends_with(name, ".journal") || ends_with(name, ".journal~");

		if (*d->d_name == '.')
			;
		else if (is_journal && faccessat(AT_FDCWD, name, R_OK, AT_EACCESS) &&
			 errno == EACCES)
			/* Those of other people are not about the system. */
			*denied += !!strncmp(d->d_name, "user-", 5);
		else if (is_journal)
			*good += check_file(p, name);
		else if (deep && is_machine(d->d_name))
			check_directory(p, name, false, good, denied);
		free(name);
	}
	closedir(dir);
}

static enum status check_access(struct past *p, const struct past_options *o)
{
	size_t good = 0, denied = 0;

	if (o->directory) {
		if (access(o->directory, F_OK)) {
			error("--directory %s: %s", o->directory, strerror(errno));
			return STATUS_FAILURE;
		}
		check_directory(p, o->directory, true, &good, &denied);
	} else {
		static const char *const places[] = { "var/log/journal", "run/log/journal" };

		for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
			char *path = xasprintf("%s/%s", o->sysroot ? o->sysroot : "", places[i]);

			check_directory(p, path, true, &good, &denied);
			free(path);
		}
	}
	if (denied) {
		error("%s: %zu file%s not readable; run this as root, or as a member of the group "
		      "systemd-journal or adm", p->name, denied, denied == 1 ? " is" : "s are");
		return STATUS_FAILURE;
	}
	if (good)
		return STATUS_OK;
	if (!p->damaged)
		error("%s: no files of a journal; journald does not run, or stores nothing. "
		      "--input reads events from a file", p->name);
	return STATUS_FAILURE;
}

static int open_journal(sd_journal **j, const struct past_options *o)
{
	if (o->directory)
		return sd_journal_open_directory(j, o->directory, 0);
	if (o->sysroot)
		return sd_journal_open_directory(j, o->sysroot, SD_JOURNAL_OS_ROOT);
	return sd_journal_open(j, SD_JOURNAL_LOCAL_ONLY);
}

static int64_t realtime(sd_journal *j)
{
	uint64_t us;

	return sd_journal_get_realtime_usec(j, &us) ? 0 : (int64_t)(us * 1000);
}

/* A field of the present entry; allocated, empty if it is missing. */
static char *get(sd_journal *j, const char *name)
{
	size_t n, prefix = strlen(name) + 1;
	const void *data;

	if (sd_journal_get_data(j, name, &data, &n) < 0 || n < prefix)
		return xasprintf("%s", "");
	return xstrndup((const char *)data + prefix, n - prefix);
}

static int compare_boot(const void *a, const void *b)
{
	const struct boot *x = a, *y = b;

	return x->first_ns < y->first_ns ? -1 : x->first_ns > y->first_ns;
}

static void add_boot(struct reader *r, const char *match, size_t n)
{
	char *id = xstrndup(match + strlen(BOOT_MATCH), n - strlen(BOOT_MATCH));
	char *machine, *host;
	struct boot *b;

	sd_journal_flush_matches(r->j);
	if (!sd_journal_add_match(r->j, match, n) && !sd_journal_seek_head(r->j) &&
	    sd_journal_next(r->j) > 0) {
		machine = get(r->j, "_MACHINE_ID");
		host = get(r->j, "_HOSTNAME");
		b = past_boot(r->p, id, machine, host);
		b->first_ns = realtime(r->j);
		b->last_ns = b->first_ns;
		if (!sd_journal_seek_tail(r->j) && sd_journal_previous(r->j) > 0)
			b->last_ns = realtime(r->j);
		free(machine);
		free(host);
	}
	free(id);
}

/* The matches are copied first: looking for one boot ends the enumeration. */
static int find_boots(struct reader *r)
{
	char **match = NULL;
	const void *data;
	size_t n, boots = 0;
	int err = sd_journal_query_unique(r->j, "_BOOT_ID");

	while (!err && sd_journal_enumerate_unique(r->j, &data, &n) > 0) {
		if (n <= strlen(BOOT_MATCH))
			continue;
		match = xrealloc(match, boots + 1, sizeof(*match));
		match[boots++] = xstrndup(data, n);
	}
	for (size_t i = 0; i < boots; i++) {
		add_boot(r, match[i], strlen(match[i]));
		free(match[i]);
	}
	free(match);
	if (r->p->boots)
		qsort(r->p->boot, r->p->boots, sizeof(*r->p->boot), compare_boot);
	return err;
}

/* Any user may write an entry with any field; those of journald begin with "_". */
static bool is_trusted(const struct reader *r, const struct past_entry *e)
{
	const char *uid = e->field[E_J_UID], *unit = e->field[E_J_UNIT];

	if (unit && !strcmp(unit, UNIT))
		return true;
	return uid && (!strcmp(uid, "0") || (*r->monitor_uid && !strcmp(uid, r->monitor_uid)));
}

static bool finish_unit(struct past_entry *e)
{
	const char *id = e->field[E_MESSAGE_ID];

	for (size_t i = 0; i < ARRAY_SIZE(messages); i++)
		if (id && !strcmp(id, messages[i].id))
			e->kind = messages[i].kind;
	return e->kind != ENTRY_OTHER && e->field[E_J_PID] && !strcmp(e->field[E_J_PID], "1");
}

static void take_entry(struct reader *r)
{
	struct past_entry e = { .time_ns = realtime(r->j) };
	const void *data;
	size_t n;

	SD_JOURNAL_FOREACH_DATA(r->j, data, n) {
		const char *value = memchr(data, '=', n);
		char *name;

		if (!value)
			continue;
		name = xstrndup(data, value - (const char *)data);
		entry_put(&e, name, value + 1, n - (value + 1 - (const char *)data));
		free(name);
	}
	if (e.field[E_ABOUT_UNIT] && !strcmp(e.field[E_ABOUT_UNIT], UNIT)) {
		if (finish_unit(&e))
			return past_add(r->p, &e);
	} else if (!r->o->untrusted && !is_trusted(r, &e)) {
		r->p->foreign++;
		if (!r->p->foreign_uid)
			r->p->foreign_uid = xasprintf("%s", e.field[E_J_UID] ? e.field[E_J_UID] :
						      "unknown");
	} else {
		const char *text = e.field[E_MESSAGE];

		/* With --format json, all of the event is in the message. */
		if (!e.field[E_DATASET] && text && *text == '{')
			entry_parse(&e, text, strlen(text));
		if (entry_finish(&e))
			return past_add(r->p, &e);
		r->p->mute++;
	}
	entry_free(&e);
}

static int read_entries(struct reader *r)
{
	int err;

	sd_journal_flush_matches(r->j);
	err = sd_journal_add_match(r->j, "EVENT_DATASET=roundwatch.monitor", 0);
	if (!err)
		err = sd_journal_add_disjunction(r->j);
	if (!err)
		err = sd_journal_add_match(r->j, "SYSLOG_IDENTIFIER=roundwatch", 0);
	if (!err)
		err = sd_journal_add_disjunction(r->j);
	if (!err)
		err = sd_journal_add_match(r->j, "UNIT=" UNIT, 0);
	if (!err)
		err = sd_journal_seek_head(r->j);
	while (!err) {
		int n = sd_journal_next(r->j);

		if (n <= 0)
			return n;
		take_entry(r);
	}
	return err;
}

/* The boot in which the host is now lasts until now; all others are over. */
static void find_present(struct past *p, const char *sysroot)
{
	char *path = xasprintf("%s/proc/sys/kernel/random/boot_id", sysroot ? sysroot : ""), id[40];
	FILE *f = fopen(path, "re");
	size_t n = 0;
	struct timespec now;
	int c;

	while (f && n < sizeof(id) - 1 && (c = fgetc(f)) != EOF && c != '\n')
		if (c != '-')
			id[n++] = c;
	id[n] = '\0';
	if (f)
		fclose(f);
	free(path);
	p->present = n;
	clock_gettime(CLOCK_REALTIME, &now);
	if (!sysroot)
		p->now_ns = now.tv_sec * (int64_t)NSEC + now.tv_nsec;
	for (size_t i = 0; p->present && i < p->boots; i++) {
		struct boot *b = &p->boot[i];

		if (strcmp(b->id, id)) {
			b->over = true;
			continue;
		}
		if (!sysroot)
			b->last_ns = p->now_ns;
		p->now_ns = b->last_ns;
	}
}

enum status past_read_journal(struct past *p, const struct past_options *o)
{
	const struct passwd *pwd = o->directory || o->sysroot ? NULL : getpwnam("roundwatch");
	struct reader r = { .p = p, .o = o };
	enum status status;
	int err;

	p->name = o->directory ? o->directory : "journal";
	p->journal = true;
	status = check_access(p, o);
	if (status)
		return status;
	if (pwd)
		snprintf(r.monitor_uid, sizeof(r.monitor_uid), "%u", pwd->pw_uid);
	err = open_journal(&r.j, o);
	if (!err)
		err = find_boots(&r);
	if (!err && !o->directory)
		find_present(p, o->sysroot);
	if (!err)
		err = read_entries(&r);
	sd_journal_close(r.j);
	if (!err)
		return STATUS_OK;
	error("%s: %s", p->name, strerror(-err));
	return STATUS_FAILURE;
}

#else

enum status past_read_journal(struct past *p, const struct past_options *o)
{
	(void)p;
	(void)o;
	error("this was built without libsystemd and cannot read the journal; --input reads "
	      "events from a file");
	return STATUS_FAILURE;
}

#endif
