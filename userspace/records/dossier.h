/* SPDX-License-Identifier: GPL-2.0 */
#ifndef DOSSIER_H
#define DOSSIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "roundwatch.h"
#include "who/identity.h"

/*
 * A dossier is what "roundwatch record" found out about an accused process: JSON text with the
 * members "identity" and "findings", in records that only recordings have. The module's types
 * stay far below, and readers that do not know this one skip it, as roundwatch.h says.
 */
#define RECORD_DOSSIER	0x8001

/**
 * struct dossier_record - a part of a dossier
 * @header: type RECORD_DOSSIER
 * @process_start_ns: start of the process; with @tgid, its identity
 * @offset: of this part in the text
 * @size: of the whole text
 * @text: up to the end of the record, or of the whole text
 *
 * The parts follow each other in order.
 */
struct dossier_record {
	struct roundwatch_header header;
	__u64 process_start_ns;
	__u32 tgid;
	__u32 offset;
	__u32 size;
	__u32 reserved;
	char text[];
};

/**
 * struct dossier - all of it
 * @have: bytes of @text, of @size
 */
struct dossier {
	uint32_t tgid;
	uint64_t start_ns;
	char *text;
	size_t have, size;
};

struct dossiers {
	struct dossier *dossier;
	size_t n;
};

/* Take in a record; what makes no sense is left out. */
void dossiers_add(struct dossiers *d, const struct roundwatch_header *record);

/* The text about a process; NULL if there is none, or it is not complete. */
const char *dossiers_find(const struct dossiers *d, uint32_t tgid, uint64_t start_ns);

/* The identity in such a text; false if there is none. Free it with identity_free(). */
bool dossier_identity(const char *text, struct identity *id);

void dossiers_free(struct dossiers *d);

/* Write @text as records, each through @put. */
void dossier_write(const struct roundwatch_tally *t, uint64_t now_ns, const char *text,
		   void (*put)(void *to, const void *record, size_t n), void *to);

#endif
