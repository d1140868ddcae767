// SPDX-License-Identifier: GPL-2.0
/* Reads records, from the device or from a recording. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/signals.h"
#include "base/util.h"
#include "records/source.h"

static enum status open_failed(const char *name, int err)
{
	switch (err) {
	case ENOENT:
	case ENXIO:
	case ENODEV:
		if (!access("/sys/module/roundwatch", F_OK)) {
			error("%s: no such device, although the module is loaded; in a container, "
			      "pass the host's %s into it", name, ROUNDWATCH_DEVICE);
			return STATUS_NO_MODULE;
		}
		error("%s: the module is not loaded; as root, run:\n"
		      "    modprobe roundwatch         (or: insmod roundwatch.ko)\n"
		      "    roundwatch status           to see what it lacks, if that is refused\n"
		      "With Secure Boot on (mokutil --sb-state), it must be signed with an "
		      "enrolled key.", name);
		return STATUS_NO_MODULE;
	case EACCES:
		error("%s: %s; root and the members of the group roundwatch can read it: try sudo",
		      name, strerror(err));
		return STATUS_NO_MODULE;
	case EPERM:
		error("%s: %s; it can be opened only in the user and PID namespaces of the host",
		      name, strerror(err));
		return STATUS_NO_MODULE;
	default:
		error("%s: %s", name, strerror(err));
		return STATUS_FAILURE;
	}
}

/* Bytes to be had of the next @want; fewer only at the end or, for now, without waiting. */
static ssize_t fill(struct source *s, size_t want)
{
	if (s->have >= want)
		return s->have;

	memmove(s->buf, s->buf + s->pos, s->have);
	s->pos = 0;
	while (s->have < want) {
		ssize_t n = read(s->fd, s->buf + s->have, sizeof(s->buf) - s->have);

		if (n < 0 && errno == EINTR && !signals_came())
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			return -1;
		if (!n) {
			s->ended = true;
			break;
		}
		s->have += n;
	}
	return s->have;
}

static void consume(struct source *s, size_t n)
{
	s->pos += n;
	s->have -= n;
	s->offset += n;
}

static enum status read_failed(const struct source *s)
{
	error("%s: %s", s->name, strerror(errno));
	return STATUS_FAILURE;
}

static enum status truncated(const struct source *s)
{
	uint64_t end = s->offset + s->have;

	if (s->live) {
		error("%s: ended at byte %" PRIu64 ", inside the present state; "
		      "was the module unloaded?", s->name, end);
		return STATUS_NO_MODULE;
	}
	error("%s: truncated: ends at byte %" PRIu64 ", inside the record at %" PRIu64
	      "; record it again", s->name, end, s->offset);
	return STATUS_FAILURE;
}

static enum status damaged(const struct source *s, const char *why, unsigned int number)
{
	error("%s: damaged at byte %" PRIu64 ": %s %u; %s", s->name, s->offset, why, number,
	      s->live ? "are the module and this program of one release?" : "record it again");
	return STATUS_FAILURE;
}

static enum status read_recording_header(struct source *s)
{
	/* The number after this is the version of the format. */
	static const char name[] = "roundwatch record ";
	size_t known = sizeof(name) - 1;
	struct recording_header h;
	ssize_t n = fill(s, sizeof(h));

	if (n < 0)
		return read_failed(s);
	if (memcmp(s->buf, name, (size_t)n < known ? (size_t)n : known)) {
		error("%s: not a recording; make one with \"roundwatch record FILE\"", s->name);
		return STATUS_FAILURE;
	}
	if ((size_t)n < sizeof(h))
		return truncated(s);
	memcpy(&h, s->buf, sizeof(h));
	if (memcmp(h.magic, RECORDING_MAGIC, sizeof(h.magic))) {
		error("%s: a recording of another format; roundwatch %s reads format 1",
		      s->name, VERSION);
		return STATUS_FAILURE;
	}
	consume(s, sizeof(h));
	return STATUS_OK;
}

enum status source_open(struct source *s, const struct source_options *from)
{
	enum status status;

	s->live = !from->input;
	s->complete = false;
	s->ended = false;
	s->begun = false;
	s->offset = 0;
	s->pos = 0;
	s->have = 0;

	if (s->live) {
		s->name = from->device ? from->device : ROUNDWATCH_DEVICE;
		s->fd = open(s->name, O_RDONLY | O_CLOEXEC | (from->nonblock ? O_NONBLOCK : 0));
		return s->fd < 0 ? open_failed(s->name, errno) : STATUS_OK;
	}

	if (!strcmp(from->input, "-")) {
		s->name = "standard input";
		s->fd = STDIN_FILENO;
	} else {
		s->name = from->input;
		s->fd = open(s->name, O_RDONLY | O_CLOEXEC);
		if (s->fd < 0)
			return read_failed(s);
	}
	status = read_recording_header(s);
	if (status)
		source_close(s);
	return status;
}

static enum status check_record(const struct source *s, const struct roundwatch_header *h)
{
	if (h->size < sizeof(*h) || h->size > ROUNDWATCH_MAX_RECORD || h->size % 8)
		return damaged(s, "a record of size", h->size);
	if (h->abi != ROUNDWATCH_ABI) {
		error("%s: the module speaks ABI %u, roundwatch %s speaks ABI %d; "
		      "use module and program of one release",
		      s->name, h->abi, VERSION, ROUNDWATCH_ABI);
		return STATUS_FAILURE;
	}
	if (!s->begun && h->type != ROUNDWATCH_INFO)
		return damaged(s, "begins with a record of type", h->type);
	if ((h->type == ROUNDWATCH_INFO && h->size < INFO_MIN) ||
	    (h->type == ROUNDWATCH_TALLY && h->size < TALLY_MIN) ||
	    (h->type == ROUNDWATCH_LOST && h->size < LOST_MIN))
		return damaged(s, "too short for its type, a record of size", h->size);
	return STATUS_OK;
}

enum status source_next(struct source *s, const struct roundwatch_header **record)
{
	struct roundwatch_header h;
	ssize_t n = fill(s, sizeof(h));
	enum status status;

	*record = NULL;
	if (n < 0)
		return read_failed(s);
	if ((!n && s->complete) || ((size_t)n < sizeof(h) && !s->ended))
		return STATUS_OK;
	if ((size_t)n < sizeof(h))
		return truncated(s);

	memcpy(&h, s->buf + s->pos, sizeof(h));
	status = check_record(s, &h);
	if (status)
		return status;

	n = fill(s, h.size);
	if (n < 0)
		return read_failed(s);
	if ((size_t)n < h.size)
		return s->ended ? truncated(s) : STATUS_OK;

	/* Sizes are multiples of 8, and so is all that comes before a record. */
	*record = (const struct roundwatch_header *)(s->buf + s->pos);
	s->begun = true;
	if (h.type == ROUNDWATCH_SNAPSHOT_END)
		s->complete = true;
	consume(s, h.size);
	return STATUS_OK;
}

bool source_counters(const struct source *s, struct roundwatch_info *info)
{
	memset(info, 0, sizeof(*info));
	return s->live && !ioctl(s->fd, ROUNDWATCH_IOC_INFO, info) &&
	       info->header.abi == ROUNDWATCH_ABI;
}

void source_close(struct source *s)
{
	if (s->fd > STDIN_FILENO)
		close(s->fd);
	s->fd = -1;
}

static void copy_record(void *to, size_t size, const struct roundwatch_header *from)
{
	size_t n = from->size < size ? from->size : size;

	memcpy(to, from, n);
	memset((char *)to + n, 0, size - n);
}

void source_copy_info(struct roundwatch_info *to, const struct roundwatch_header *from)
{
	copy_record(to, sizeof(*to), from);
}

void source_copy_tally(struct roundwatch_tally *to, const struct roundwatch_header *from)
{
	copy_record(to, sizeof(*to), from);
}

void source_copy_lost(struct roundwatch_lost *to, const struct roundwatch_header *from)
{
	copy_record(to, sizeof(*to), from);
}

bool source_ask(const struct source *s, struct roundwatch_info *info)
{
	struct roundwatch_info now;

	if (ioctl(s->fd, ROUNDWATCH_IOC_INFO, &now) || now.header.size < INFO_MIN)
		return false;
	source_copy_info(info, &now.header);
	return true;
}

enum status source_read_info(const struct source_options *from, struct roundwatch_info *info)
{
	static struct source source;
	const struct roundwatch_header *record;
	enum status status = source_open(&source, from);

	if (status)
		return status;
	/* It comes first, or source_next() complains. */
	status = source_next(&source, &record);
	if (record)
		source_copy_info(info, record);
	source_close(&source);
	return status;
}
