/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers from the input, for harnesses of the module's files. Include it after u32 is defined. */
#ifndef INPUT_H
#define INPUT_H

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(cond)							\
	do {								\
		if (!(cond)) {						\
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #cond); \
			abort();					\
		}							\
	} while (0)

struct input {
	const uint8_t *data;
	size_t size;
};

/* The next @n bytes; 0 after the end. */
static inline u32 number(struct input *in, size_t n)
{
	u32 value = 0;

	while (n--) {
		value <<= 8;
		if (!in->size)
			continue;
		value |= *in->data++;
		in->size--;
	}
	return value;
}

static inline u32 between(struct input *in, u32 min, u32 max)
{
	return min + number(in, 2) % (max - min + 1);
}

#endif
