/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Nearest word by restricted Damerau-Levenshtein distance: see lib/suggest.h. */
#include "lib/suggest.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Three rows of the matrix are enough: a swap looks back two. */
size_t suggest_distance(const char *a, const char *b)
{
	size_t rows[3][SUGGEST_WORD_MAX + 1] = {0};
	size_t la = strnlen(a, SUGGEST_WORD_MAX + 1), lb = strnlen(b, SUGGEST_WORD_MAX + 1);

	if (la > SUGGEST_WORD_MAX || lb > SUGGEST_WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= lb; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t *row = rows[i % 3], *up = rows[(i + 2) % 3], *up2 = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			bool same = fold(a[i - 1]) == fold(b[j - 1]);

			row[j] = min3(up[j] + 1, row[j - 1] + 1, up[j - 1] + !same);
			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
			    fold(a[i - 2]) == fold(b[j - 1]) && up2[j - 2] + 1 < row[j])
				row[j] = up2[j - 2] + 1;
		}
	}
	return rows[la % 3][lb];
}

const char *suggest_closest(const char *word, const char *const *candidates, size_t n)
{
	size_t best_distance = SIZE_MAX;
	const char *best = NULL;

	for (size_t i = 0; i < n; i++) {
		size_t d = suggest_distance(word, candidates[i]);
		size_t la = strlen(word), lb = strlen(candidates[i]);
		size_t longer = la > lb ? la : lb;
		size_t limit = longer / 3 ? longer / 3 : longer > 1;

		if (d <= limit && d < best_distance) {
			best = candidates[i];
			best_distance = d;
		}
	}
	return best;
}
