// SPDX-License-Identifier: GPL-2.0
/* Runs the reporter for the harnesses. */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <json-c/json.h>

#include "base/util.h"
#include "command.h"
#include "fuzz.h"

#define ARGS	32

static FILE *real_stderr;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	real_stderr = stderr;
	return 0;
}

void fuzz_fail(const char *cond, const char *file, int line)
{
	fprintf(real_stderr, "%s:%d: does not hold: %s\n", file, line, cond);
	abort();
}

const char *fuzz_file(const void *data, size_t size)
{
	static char path[32];
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("input", MFD_CLOEXEC);
	must(fd >= 0 && !ftruncate(fd, 0));
	must(pwrite(fd, data, size, 0) == (ssize_t)size);
	/* Opening this name reads the file from its beginning. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}

/* The output must be a sequence of JSON values and nothing else. */
static bool is_json(const char *text, size_t n)
{
	struct json_tokener *tok = json_tokener_new();
	bool good = true;

	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS |
			       JSON_TOKENER_VALIDATE_UTF8);
	while (n && good) {
		json_object *value = json_tokener_parse_ex(tok, text, n);
		size_t end = json_tokener_get_parse_end(tok);

		good = json_tokener_get_error(tok) == json_tokener_success;
		json_object_put(value);
		while (end < n && text[end] == '\n')
			end++;
		text += end;
		n -= end;
		json_tokener_reset(tok);
	}
	json_tokener_free(tok);
	return good;
}

/* Safe on a terminal: no C0 or C1 control characters except newline. */
static bool is_harmless(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = text[i];

		if ((c < ' ' && c != '\n') || c == 0x7f)
			return false;
		if (c == 0xc2 && i + 1 < n && (unsigned char)text[i + 1] < 0xa0)
			return false;
	}
	return true;
}

/* The descriptor that the next opened file will get. */
static int next_descriptor(void)
{
	int fd = dup(STDIN_FILENO);

	must(fd >= 0);
	close(fd);
	return fd;
}

void fuzz_run(const char *arg, ...)
{
	char *argv[ARGS + 1] = { (char *)"roundwatch" }, *out, *err;
	size_t out_size, err_size;
	FILE *real_stdout = stdout;
	bool json = false;
	int argc = 1, status, descriptor = next_descriptor();
	va_list ap;

	va_start(ap, arg);
	for (; arg; arg = va_arg(ap, const char *)) {
		must(argc < ARGS);
		argv[argc++] = (char *)arg;
		json |= !strcmp(arg, "--json");
	}
	va_end(ap);

	stdout = open_memstream(&out, &out_size);
	stderr = open_memstream(&err, &err_size);
	must(stdout && stderr);
	optind = 0;	/* restart getopt */
	status = reporter_main(argc, argv);
	fclose(stdout);
	fclose(stderr);
	stdout = real_stdout;
	stderr = real_stderr;

	must(next_descriptor() == descriptor);
	must(status == STATUS_OK || status == STATUS_FAILURE || status == STATUS_NO_MODULE ||
	     status == STATUS_BLIND);
	must(status == STATUS_OK || !strncmp(err, "roundwatch: ", strlen("roundwatch: ")));
	must(is_harmless(out, out_size));
	must(is_harmless(err, err_size));
	if (json)
		must(is_json(out, out_size));
	free(out);
	free(err);
}
