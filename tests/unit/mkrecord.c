// SPDX-License-Identifier: GPL-2.0
/*
 * Makes valid and invalid recordings for the tests of the reporter, and reads
 * JSON, so that the tests need no other language.
 *
 *	mkrecord WORD...	a recording on stdout
 *	mkrecord json [PATH]	print the value at PATH, such as roundwatch.0.pid,
 *				of the JSON on stdin; fails if it is not strict
 *				JSON, or has no such value
 *	mkrecord escapes	fails if stdin contains a control character or a
 *				byte outside ASCII
 *	mkrecord invert OFFSET	stdin with all bits of that byte inverted
 *	mkrecord start PID	start time of this process, as in the module's records
 *	mkrecord listen PATH	print each datagram sent to this socket, one line for
 *				each line in it; until killed
 *
 * Words: head, info, tally, dossier, end, lost and unknown start a record; NAME=VALUE changes
 * a member of the last record. The member "size" truncates the record or fills it
 * with 0xff; "claim" changes only the size in its header.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <json-c/json.h>

#include "records/dossier.h"
#include "records/source.h"

#define S		UINT64_C(1000000000)
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* The time of all recordings, since boot and as calendar time. */
#define NOW		(10000 * S)
#define CALENDAR	(INT64_C(1700000000) * (int64_t)S)	/* 2023-11-14T22:13:20Z */

static union {
	struct recording_header head;
	struct roundwatch_header header;
	struct roundwatch_info info;
	struct roundwatch_tally tally;
	struct roundwatch_lost lost;
	struct dossier_record dossier;
	unsigned char bytes[2 * ROUNDWATCH_MAX_RECORD];
} rec;

static size_t size;
static uint32_t claim;
static bool pending, is_head, claims;

#define MEMBER(type, field) \
	{ #type, #field, offsetof(struct roundwatch_##type, field), \
	  sizeof(((struct roundwatch_##type *)NULL)->field) }
#define ELEMENT(name, field, i) \
	{ "tally", name, offsetof(struct roundwatch_tally, field[i]), \
	  sizeof(((struct roundwatch_tally *)NULL)->field[i]) }

static const struct member {
	const char *type, *name;
	size_t offset, width;
} members[] = {
	MEMBER(header, type),
	MEMBER(header, abi),
	MEMBER(header, time_ns),
	MEMBER(info, flags),
	MEMBER(info, max_tasks),
	MEMBER(info, loaded_ns),
	MEMBER(info, realtime_offset_ns),
	MEMBER(info, observations),
	MEMBER(info, live),
	MEMBER(info, exited),
	MEMBER(info, claimed),
	MEMBER(info, evicted),
	MEMBER(info, dropped),
	MEMBER(info, contended),
	MEMBER(info, lost),
	MEMBER(info, suspect_evidence),
	MEMBER(info, randomx_evidence),
	MEMBER(info, gap_us),
	MEMBER(info, decay),
	MEMBER(info, looks),
	MEMBER(info, floor_hz),
	MEMBER(info, machine),
	MEMBER(info, reached_suspect),
	MEMBER(info, reached_randomx),
	MEMBER(info, suspect_ns),
	MEMBER(info, randomx_ns),
	MEMBER(tally, flags),
	MEMBER(tally, pid),
	MEMBER(tally, tgid),
	MEMBER(tally, uid),
	MEMBER(tally, verdict),
	MEMBER(tally, highest),
	MEMBER(tally, mode),
	MEMBER(tally, evidence),
	ELEMENT("score_rd", score, 0),
	ELEMENT("score_ru", score, 1),
	ELEMENT("score_rz", score, 2),
	ELEMENT("score_cross", score, 3),
	MEMBER(tally, mxcsr),
	MEMBER(tally, fcw),
	MEMBER(tally, start_ns),
	MEMBER(tally, process_start_ns),
	MEMBER(tally, first_ns),
	MEMBER(tally, last_ns),
	MEMBER(tally, verdict_ns),
	MEMBER(tally, cpu_ns),
	ELEMENT("rn", count, ROUNDWATCH_RN),
	ELEMENT("rd", count, ROUNDWATCH_RD),
	ELEMENT("ru", count, ROUNDWATCH_RU),
	ELEMENT("rz", count, ROUNDWATCH_RZ),
	MEMBER(tally, changes),
	MEMBER(tally, samples),
	MEMBER(tally, mapped),
	MEMBER(tally, id),
	MEMBER(lost, lost),
	{ "dossier", "tgid", offsetof(struct dossier_record, tgid), 4 },
	{ "dossier", "process_start_ns", offsetof(struct dossier_record, process_start_ns), 8 },
};

static void die(const char *why, const char *what)
{
	fprintf(stderr, "mkrecord: %s: %s\n", what, why);
	exit(2);
}

static void flush(void)
{
	if (!pending)
		return;
	if (!is_head)
		rec.header.size = claims ? claim : size;
	fwrite(&rec, 1, size, stdout);
	pending = false;
}

static void begin(uint16_t type, size_t n)
{
	flush();
	memset(&rec, 0, sizeof(rec));
	memset(rec.bytes + n, 0xff, sizeof(rec) - n);
	size = n;
	claims = false;
	pending = true;
	is_head = false;
	rec.header.type = type;
	rec.header.abi = ROUNDWATCH_ABI;
	rec.header.time_ns = NOW;
}

static void begin_head(void)
{
	begin(0, sizeof(rec.head));
	is_head = true;
	memset(&rec.head, 0, sizeof(rec.head));
	memcpy(rec.head.magic, RECORDING_MAGIC, sizeof(rec.head.magic));
}

static void begin_info(void)
{
	begin(ROUNDWATCH_INFO, sizeof(rec.info));
	strcpy(rec.info.version, "1.2.3");
	rec.info.max_tasks = 4096;
	rec.info.loaded_ns = NOW - 7200 * S;
	rec.info.realtime_offset_ns = CALENDAR - (int64_t)NOW;
	rec.info.observations = 1234567;
	rec.info.suspect_evidence = 300;
	rec.info.randomx_evidence = 1000;
	rec.info.gap_us = 4000;
	rec.info.decay = 2;
	rec.info.looks = 4321;
	rec.info.floor_hz = 20;
}

static void begin_tally(void)
{
	begin(ROUNDWATCH_TALLY, sizeof(rec.tally));
	strcpy(rec.tally.comm, "task");
	rec.tally.mxcsr = 0x1f80;
	rec.tally.fcw = 0x37f;
	rec.tally.start_ns = 100 * S;
	rec.tally.process_start_ns = 100 * S;
	rec.tally.first_ns = NOW - 3600 * S;
	rec.tally.last_ns = NOW - 3 * S;
	rec.tally.verdict_ns = NOW - 1800 * S;
}

static void begin_dossier(void)
{
	begin(RECORD_DOSSIER, sizeof(rec.dossier));
	rec.dossier.process_start_ns = 100 * S;
}

/* Of a dossier all of it, in one record. */
static void set_dossier(const char *text)
{
	size_t n = strlen(text);

	if (sizeof(rec.dossier) + n > ROUNDWATCH_MAX_RECORD)
		die("too long for one record", text);
	memcpy(rec.dossier.text, text, n);
	rec.dossier.size = n;
	size = sizeof(rec.dossier) + (n + 7) / 8 * 8;
}

/* Plain text, without a NUL if it fills the member. */
static void set_text(char *to, size_t n, const char *value)
{
	size_t len = strlen(value);

	memset(to, 0, n);
	memcpy(to, value, len < n ? len : n);
}

static void set(const char *name, const char *value)
{
	const char *type = rec.header.type == ROUNDWATCH_INFO ? "info" :
			   rec.header.type == ROUNDWATCH_LOST ? "lost" :
			   rec.header.type == RECORD_DOSSIER ? "dossier" : "tally";
	uint64_t number;
	char *end;

	if (!strcmp(name, "magic") && is_head) {
		set_text(rec.head.magic, sizeof(rec.head.magic), value);
		return;
	}
	if (!strcmp(name, "text") && rec.header.type == RECORD_DOSSIER) {
		set_dossier(value);
		return;
	}
	if (!strcmp(name, "comm")) {
		set_text(rec.tally.comm, sizeof(rec.tally.comm), value);
		return;
	}
	if (!strcmp(name, "version")) {
		set_text(rec.info.version, sizeof(rec.info.version), value);
		return;
	}

	number = strtoull(value, &end, 0);
	if (!*value || *end)
		die("not a number", value);
	if (!strcmp(name, "size")) {
		if (number > sizeof(rec))
			die("too large", value);
		size = number;
		return;
	}
	if (!strcmp(name, "claim")) {
		claim = number;
		claims = true;
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		const struct member *m = &members[i];

		if (strcmp(m->name, name) || (strcmp(m->type, type) && strcmp(m->type, "header")))
			continue;
		/* Little-endian, like all CPUs that the module supports. */
		memcpy(rec.bytes + m->offset, &number, m->width);
		return;
	}
	die("no such member", name);
}

static int make(char **word)
{
	for (; *word; word++) {
		char *equals = strchr(*word, '=');

		if (equals) {
			if (!pending)
				die("no record begun", *word);
			*equals = '\0';
			set(*word, equals + 1);
		} else if (!strcmp(*word, "head")) {
			begin_head();
		} else if (!strcmp(*word, "info")) {
			begin_info();
		} else if (!strcmp(*word, "tally")) {
			begin_tally();
		} else if (!strcmp(*word, "dossier")) {
			begin_dossier();
		} else if (!strcmp(*word, "end")) {
			begin(ROUNDWATCH_SNAPSHOT_END, sizeof(rec.header));
		} else if (!strcmp(*word, "lost")) {
			begin(ROUNDWATCH_LOST, sizeof(rec.lost));
		} else if (!strcmp(*word, "unknown")) {
			begin(77, 64);
		} else {
			die("no such word", *word);
		}
	}
	flush();
	return fflush(stdout) ? 2 : 0;
}

static char *read_stdin(size_t *n)
{
	static char text[(1 << 20) + 1];

	*n = fread(text, 1, sizeof(text) - 1, stdin);
	text[*n] = '\0';
	return text;
}

static int check_json(char *path)
{
	size_t n;
	char *text = read_stdin(&n);
	struct json_tokener *tok = json_tokener_new();
	json_object *root, *at;

	while (n && text[n - 1] == '\n')
		n--;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	at = root = json_tokener_parse_ex(tok, text, n);
	if (json_tokener_get_error(tok) != json_tokener_success)
		die(json_tokener_error_desc(json_tokener_get_error(tok)), "json");
	if (json_tokener_get_parse_end(tok) != n)
		die("more after the end", "json");

	for (char *key = path ? strtok(path, ".") : NULL; key; key = strtok(NULL, ".")) {
		if (!strcmp(key, "length") && json_object_is_type(at, json_type_array)) {
			printf("%zu\n", json_object_array_length(at));
			path = NULL;
			break;
		}
		if (json_object_is_type(at, json_type_array)) {
			size_t i = strtoul(key, NULL, 10);

			if (i >= json_object_array_length(at))
				die("no such element", key);
			at = json_object_array_get_idx(at, i);
		} else if (!json_object_object_get_ex(at, key, &at)) {
			die("no such member", key);
		}
	}
	/* Strings keep their quotes, which tells them from numbers. */
	if (path)
		puts(json_object_to_json_string_ext(at, JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(root);
	json_tokener_free(tok);
	return 0;
}

static int check_escapes(void)
{
	size_t n;
	char *text = read_stdin(&n);

	for (size_t i = 0; i < n; i++)
		if (text[i] != '\n' && (text[i] < ' ' || text[i] > '~'))
			return 1;
	return 0;
}

static int invert(const char *offset)
{
	size_t n, at = strtoul(offset, NULL, 10);
	char *text = read_stdin(&n);

	if (at >= n)
		die("beyond the end", offset);
	text[at] = ~text[at];
	fwrite(text, 1, n, stdout);
	return fflush(stdout) ? 2 : 0;
}

static int print_start(const char *pid)
{
	char path[64], stat[1024] = "", *s;
	unsigned long long ticks = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	f = fopen(path, "r");
	if (!f || !fgets(stat, sizeof(stat), f))
		die("no such process", pid);
	fclose(f);
	s = strrchr(stat, ')');
	for (int field = 2; s && field < 22; field++)
		s = strchr(s + 1, ' ');
	if (!s || sscanf(s, "%llu", &ticks) != 1)
		die("no start in its stat", pid);
	printf("%" PRIu64 "\n", (uint64_t)ticks * (S / sysconf(_SC_CLK_TCK)));
	return 0;
}

/* Replaces the sockets of systemd and syslog. */
static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	char text[8192];
	ssize_t n;

	if (strlen(path) >= sizeof(address.sun_path))
		die("too long for a socket", path);
	strcpy(address.sun_path, path);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)))
		die(strerror(errno), path);
	while ((n = recv(fd, text, sizeof(text), 0)) >= 0) {
		printf("%.*s\n", (int)n, text);
		fflush(stdout);
	}
	return 2;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "json"))
		return check_json(argv[2]);
	if (argc > 1 && !strcmp(argv[1], "escapes"))
		return check_escapes();
	if (argc > 2 && !strcmp(argv[1], "invert"))
		return invert(argv[2]);
	if (argc > 2 && !strcmp(argv[1], "start"))
		return print_start(argv[2]);
	if (argc > 2 && !strcmp(argv[1], "listen"))
		return listen_at(argv[2]);
	return make(argv + 1);
}
