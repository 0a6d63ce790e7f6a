/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The compiler: whatever the policy and the facts, nft gets text of known bytes and lines of known
 * commands. The input is facts, an empty line, and a policy. */
#include "netiso/compile.h"

#include "lib/util.h"
#include "netiso/factsfile.h"
#include "netiso/gather.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok, const char *what, const char *text)
{
	if (ok)
		return;
	(void)fprintf(stderr, "%s: %.200s\n", what, text);
	abort();
}

/* Letters, digits, what numbers, addresses and names have in them, and braces and quotes in pairs
 * within a line. */
static void check_line(const char *line, size_t n)
{
	static const char *const commands[] = {"add ", "flush ", "delete "};
	int braces = 0, quotes = 0;
	bool known = false;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		known = known || strncmp(line, commands[i], strlen(commands[i])) == 0;
	require(known, "no known command", line);
	for (size_t i = 0; i < n; i++) {
		const unsigned char c = (unsigned char)line[i];

		require(isalnum(c) || strchr(" _-.,:;/{}\"@=!&|()<>", c), "a byte not allowed",
			line);
		quotes += c == '"';
		braces += (c == '{') - (c == '}');
		require(braces == 0 || braces == 1, "braces", line);
	}
	require(braces == 0 && quotes % 2 == 0, "braces or quotes", line);
}

static void check_text(const struct strbuf *sb)
{
	const char *text = sb_str(sb);

	require(strlen(text) == sb->len, "a NUL byte", text);
	while (*text) {
		const size_t n = strcspn(text, "\n");

		require(text[n] == '\n', "a line without its end", text);
		check_line(text, n);
		text += n + 1;
	}
}

static void check_ranges(const struct ip_range *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		require(ip_compare(&list[i].first, &list[i].last) <= 0, "an empty range", "");
		require(!i || ip_compare(&list[i - 1].last, &list[i].first) < 0,
			"ranges out of order", "");
	}
}

static void check_plan(const struct iso_plan *plan)
{
	check_text(&plan->apply);
	check_text(&plan->clear);
	check_text(&plan->guests);
	check_text(&plan->fresh);
	check_text(&plan->undo);
	check_text(&plan->public);
	check_text(&plan->public6);
	check_ranges(plan->ranges, plan->n_ranges);
	check_ranges(plan->ranges6, plan->n_ranges6);
	for (size_t i = 0; i < plan->n_elements; i++)
		require(plan->elements[i].key_len <= ISO_KEY_MAX, "a key too long", "");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *gap = memmem(data, size, "\n\n", 2);
	struct iso_facts facts = {0};
	struct iso_plan plan = {0};
	struct policy policy = {0};
	struct err e = {0};
	size_t at;

	if (!gap)
		return 0;
	at = (size_t)(gap - data) + 2;
	if (factsfile_parse((const char *)data, at - 1, &facts, &e) == 0 &&
	    policy_parse("/d/vm.ini", (const char *)data + at, size - at, NULL, &policy, &e) == 0 &&
	    policy.isolation) {
		e = (struct err){0};
		if (iso_compile(&policy, &facts, &plan, &e) == 0)
			check_plan(&plan);
		else
			require(err_is_set(&e), "no error is set", "");
	}
	iso_plan_free(&plan);
	policy_free(&policy);
	iso_facts_free(&facts);
	return 0;
}
