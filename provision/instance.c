/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was done to an instance of a guest: see provision/instance.h. */
#include "provision/instance.h"

#include "lib/parse.h"
#include "lib/record.h"
#include "lib/util.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define HEAD "virt-cordon-instance 1\n"

static const char *const result_names[] = {
	[RESULT_NONE] = "none", [RESULT_DONE] = "done", [RESULT_FAILED] = "failed"};

const char *instance_result_name(enum instance_result r)
{
	return (size_t)r < ARRAY_SIZE(result_names) ? result_names[r] : "unknown";
}

void instance_print(const struct instance *i, struct strbuf *out)
{
	sb_addf(out, HEAD "number %" PRIu32 "\nbooted %s\nresult %s\nwhen %" PRId64 "\nsaid ",
		i->number, i->booted ? "yes" : "no", instance_result_name(i->result), i->when);
	record_encode(i->said, out);
	sb_adds(out, "\nend\n");
}

/* "KEY VALUE\n" at *@cursor, which moves on; the value in place, or NULL. */
static char *take_line(char **cursor, const char *key)
{
	const size_t n = strlen(key);
	char *at = *cursor, *end = strchr(at, '\n');

	if (!end || strncmp(at, key, n) != 0 || at[n] != ' ')
		return NULL;
	*end = '\0';
	*cursor = end + 1;
	return at + n + 1;
}

static bool parse_result(const char *s, enum instance_result *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(result_names); i++)
		if (strcmp(s, result_names[i]) == 0) {
			*ret = (enum instance_result)i;
			return true;
		}
	return false;
}

static bool parse_said(const char *s, char said[static INSTANCE_SAID_MAX + 1])
{
	auto_sb struct strbuf text = {0};

	if (!record_decode(s, &text) || text.len > INSTANCE_SAID_MAX)
		return false;
	memcpy(said, sb_str(&text), text.len + 1);
	return true;
}

static bool parse_lines(char *at, struct instance *i)
{
	uint64_t number = 0, when = 0;
	char *v;

	if (strncmp(at, HEAD, strlen(HEAD)) != 0)
		return false;
	at += strlen(HEAD);
	if (!(v = take_line(&at, "number")) || !parse_u64(v, INSTANCE_NUMBER_MAX, &number) ||
	    number == 0 || !(v = take_line(&at, "booted")) || !parse_bool(v, &i->booted) ||
	    !(v = take_line(&at, "result")) || !parse_result(v, &i->result) ||
	    !(v = take_line(&at, "when")) || !parse_u64(v, INT64_MAX, &when) ||
	    !(v = take_line(&at, "said")) || !parse_said(v, i->said))
		return false;
	i->number = (uint32_t)number;
	i->when = (int64_t)when;
	return strcmp(at, "end\n") == 0;
}

int instance_parse(const char *text, size_t len, struct instance *ret, struct err *e)
{
	auto_free char *copy = strndup(text, len);
	struct instance i = {0};

	if (!copy)
		return err_os(e, ENOMEM, "instance");
	if (strlen(copy) != len || !parse_lines(copy, &i))
		return err_set(e, EX_CORDON_DATA, EBADMSG, "is damaged");
	*ret = i;
	return 0;
}

int instance_load(const struct store *s, struct instance *ret, struct err *e)
{
	auto_free char *text = NULL;
	struct err why = {0};
	size_t len;
	int r;

	r = store_read(s, INSTANCE_FILE, &text, &len, &why);
	if (r == -ENOENT) {
		*ret = (struct instance){.number = 1};
		return 0;
	}
	if (r < 0)
		return err_set(e, why.exit, why.errnum, "%s", why.msg);
	r = instance_parse(text, len, ret, &why);
	if (r < 0)
		return err_set(e, why.exit, why.errnum,
			       "%s/" INSTANCE_FILE " %s; remove it, and the guest counts as new",
			       s->path, why.msg);
	return 0;
}

int instance_save(const struct store *s, const struct instance *i, struct err *e)
{
	auto_sb struct strbuf text = {0};

	instance_print(i, &text);
	if (text.failed)
		return err_os(e, ENOMEM, "instance");
	if (store_same(s, INSTANCE_FILE, text.data, text.len))
		return 0;
	return store_write(s, INSTANCE_FILE, text.data, text.len, 0644, NULL, true, e);
}
