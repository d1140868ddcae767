// SPDX-License-Identifier: GPL-2.0
/* Prints wrapped text, headings and bars to a terminal. */
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/util.h"
#include "output/page.h"

#define WIDTH_DEFAULT	80
#define WIDTH_MIN	50
#define WIDTH_MAX	100

static bool color, unicode;
static unsigned int width = WIDTH_DEFAULT;

void page_open(void)
{
	color = want_colors();
	unicode = !strcmp(nl_langinfo(CODESET), "UTF-8");
	width = terminal_width();
	if (!width || width > WIDTH_MAX)
		width = WIDTH_DEFAULT;
	if (width < WIDTH_MIN)
		width = WIDTH_MIN;
}

bool page_has_blocks(void)
{
	return unicode;
}

void paint(const char *how, const char *text)
{
	if (color && how)
		printf("%s%s\033[0m", how, text);
	else
		fputs(text, stdout);
}

int columns_of(const char *text, size_t n)
{
	mbstate_t state = { 0 };
	int columns = 0;

	while (n) {
		wchar_t wc;
		size_t len = mbrtowc(&wc, text, n, &state);

		if (!len || len > n)
			return columns + n;
		columns += wcwidth(wc) > 0 ? wcwidth(wc) : 0;
		text += len;
		n -= len;
	}
	return columns;
}

void wrap_from(unsigned int column, unsigned int at, const char *raw)
{
	char *text = text_for_terminal(raw);
	unsigned int first = column;

	for (char *word = text; *word;) {
		size_t n = strcspn(word, " ");
		unsigned int needs = columns_of(word, n);

		if (column > first && column + 1 + needs > width) {
			printf("\n%*s", at, "");
			column = first = at;
		} else if (column > first) {
			putchar(' ');
			column++;
		}
		printf("%.*s", (int)n, word);
		column += needs;
		word += n;
		word += strspn(word, " ");
	}
	putchar('\n');
	free(text);
}

bool page_has_room(unsigned int column, const char *text)
{
	return column + 4 + columns_of(text, strlen(text)) <= width;
}

void wrap(unsigned int at, const char *text)
{
	wrap_from(at, at, text);
}

/* Bytes of @text that fit into so many columns. */
static size_t fitting(const char *text, unsigned int columns)
{
	mbstate_t state = { 0 };
	size_t n = 0;

	while (text[n]) {
		wchar_t wc;
		size_t len = mbrtowc(&wc, text + n, strlen(text + n), &state);
		unsigned int needs = 1;

		if (len && len <= strlen(text + n))
			needs = wcwidth(wc) > 0 ? wcwidth(wc) : 0;
		else
			len = 1;
		if (needs > columns)
			break;
		columns -= needs;
		n += len;
	}
	return n;
}

void clip(unsigned int at, unsigned int lines, const char *raw)
{
	static const char more[] = "...";
	const unsigned int room = width > at + 10 ? width - at : 10;
	char *text = text_for_terminal(raw), *line = text;

	for (; lines; lines--) {
		size_t n = fitting(line, room), cut = n;

		if (!line[n])
			lines = 1;
		else if (lines == 1)
			n = fitting(line, room - strlen(more));
		else
			while (cut && line[cut] != ' ')
				cut--;
		if (lines > 1 && cut)
			n = cut;
		printf("%.*s%s\n", (int)n, line, line[n] && lines == 1 ? more : "");
		line += n;
		line += strspn(line, " ");
		if (lines > 1)
			printf("%*s", at, "");
	}
	free(text);
}

void heading(const char *text)
{
	putchar('\n');
	paint(BOLD, text);
}

void bar(uint64_t value, uint64_t of, unsigned int cells, const char *how)
{
	unsigned int halves, full;
	char buf[128] = "";

	if (value > of)
		value = of;
	halves = of ? (double)value / of * cells * 2 + 0.5 : 0;
	full = unicode ? halves / 2 : (halves + 1) / 2;
	for (unsigned int i = 0; i < full; i++)
		strcat(buf, unicode ? "█" : "#");
	if (unicode && halves % 2)
		strcat(buf, "▌");
	paint(how, buf);
	/* Print blanks up to a column. */
	printf("%*s", (int)(cells - full - (unicode && halves % 2)), "");
}
