// SPDX-License-Identifier: GPL-2.0
/* What a recording knows of accused processes besides their tallies. */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/util.h"
#include "records/dossier.h"

#define DOSSIER_MAX	(1 << 20)
#define PART_MAX	(ROUNDWATCH_MAX_RECORD - sizeof(struct dossier_record))

static struct dossier *begin(struct dossiers *d, const struct dossier_record *r)
{
	struct dossier *of;

	d->dossier = xrealloc(d->dossier, d->n + 1, sizeof(*d->dossier));
	of = &d->dossier[d->n++];
	*of = (struct dossier){
		.tgid = r->tgid, .start_ns = r->process_start_ns, .size = r->size,
	};
	return of;
}

void dossiers_add(struct dossiers *d, const struct roundwatch_header *record)
{
	const struct dossier_record *r = (const struct dossier_record *)record;
	struct dossier *of = d->n ? &d->dossier[d->n - 1] : NULL;
	size_t n;

	if (record->size <= sizeof(*r) || r->size > DOSSIER_MAX || r->offset >= r->size)
		return;
	if (!r->offset)
		of = begin(d, r);
	if (!of || of->tgid != r->tgid || of->start_ns != r->process_start_ns ||
	    of->size != r->size || of->have != r->offset)
		return;
	n = record->size - sizeof(*r);
	if (n > of->size - of->have)
		n = of->size - of->have;
	of->text = xrealloc(of->text, of->have + n + 1, 1);
	memcpy(of->text + of->have, r->text, n);
	of->have += n;
	of->text[of->have] = '\0';
}

const char *dossiers_find(const struct dossiers *d, uint32_t tgid, uint64_t start_ns)
{
	for (size_t i = d->n; i-- > 0; ) {
		const struct dossier *of = &d->dossier[i];

		if (of->tgid == tgid && of->start_ns == start_ns && of->have == of->size)
			return of->text;
	}
	return NULL;
}

bool dossier_identity(const char *text, struct identity *id)
{
	json_object *root = json_tokener_parse(text), *member;
	bool good = json_object_object_get_ex(root, "identity", &member) &&
		    identity_from_json(member, id);

	json_object_put(root);
	return good;
}

void dossiers_free(struct dossiers *d)
{
	for (size_t i = 0; i < d->n; i++)
		free(d->dossier[i].text);
	free(d->dossier);
	*d = (struct dossiers){ 0 };
}

void dossier_write(const struct roundwatch_tally *t, uint64_t now_ns, const char *text,
		   void (*put)(void *to, const void *record, size_t n), void *to)
{
	static _Alignas(8) char buf[ROUNDWATCH_MAX_RECORD];
	size_t size = strlen(text);
	struct dossier_record *r = (struct dossier_record *)buf;

	for (size_t offset = 0, n; offset < size; offset += n) {
		n = size - offset < PART_MAX ? size - offset : PART_MAX;
		memset(buf, 0, sizeof(buf));
		r->header.type = RECORD_DOSSIER;
		r->header.abi = ROUNDWATCH_ABI;
		r->header.size = sizeof(*r) + (n + 7) / 8 * 8;
		r->header.time_ns = now_ns;
		r->process_start_ns = t->process_start_ns;
		r->tgid = t->tgid;
		r->offset = offset;
		r->size = size;
		memcpy(r->text, text + offset, n);
		put(to, r, r->header.size);
	}
}
