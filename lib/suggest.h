/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "Did you mean": the word of a list that is nearest to what was typed. */
#pragma once

#include <stddef.h>

#define SUGGEST_WORD_MAX 64 /* bytes; a longer word has no suggestion */

/**
 * suggest_distance - edits (insert, delete, replace, swap of neighbours) that lead from @a to @b.
 * Letters are compared without case. Words over SUGGEST_WORD_MAX bytes give SIZE_MAX.
 */
size_t suggest_distance(const char *a, const char *b);

/**
 * suggest_closest - the candidate with the smallest distance to @word, the first of equals.
 *
 * Returns NULL when none is near: more edits than a third of the longer word's length (but one is
 * always allowed for words of two bytes or more). The result is one of @candidates.
 */
const char *suggest_closest(const char *word, const char *const *candidates, size_t n);
