/* SPDX-License-Identifier: GPL-2.0 */
#ifndef RECALL_H
#define RECALL_H

#include "corroboration/corroborate.h"

struct json_object;

/* What was found, as an array: for people who read JSON, and for a recording. */
struct json_object *findings_to_json(const struct corroboration *c);

/* Take from a recording what was found then, in place of corroborate_end(). */
void findings_recall(struct corroboration *c, struct json_object *from);

#endif
