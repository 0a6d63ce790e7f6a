/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What virt-cordon new made: see provision/made.h. */
#include "provision/made.h"

#include "lib/record.h"
#include "lib/strbuf.h"
#include "lib/util.h"

#include <errno.h>
#include <string.h>

#define HEAD "virt-cordon-made 1\n"

void made_free(struct made *m)
{
	free(m->disk);
	free(m->policy);
	*m = (struct made){0};
}

int made_save(const struct store *s, const char *disk, const char *policy, struct err *e)
{
	auto_sb struct strbuf text = {0};

	sb_adds(&text, HEAD "disk ");
	record_encode(disk, &text);
	sb_adds(&text, "\npolicy ");
	record_encode(policy, &text);
	sb_adds(&text, "\nend\n");
	if (text.failed)
		return err_os(e, ENOMEM, "note");
	return store_write(s, MADE_FILE, text.data, text.len, 0600, NULL, true, e);
}

static char *take(char **at, const char *key)
{
	auto_sb struct strbuf value = {0};
	const size_t n = strlen(key);
	char *end = strchr(*at, '\n'), *v = *at + n + 1;

	if (!end || strncmp(*at, key, n) != 0 || (*at)[n] != ' ')
		return NULL;
	*end = '\0';
	*at = end + 1;
	return record_decode(v, &value) && *sb_str(&value) == '/' ? sb_take(&value) : NULL;
}

int made_load(const struct store *s, struct made *ret, struct err *e)
{
	auto_free char *text = NULL;
	size_t len;
	char *at;
	int r;

	r = store_read(s, MADE_FILE, &text, &len, e);
	if (r < 0)
		return r;
	at = text + strlen(HEAD);
	if (strlen(text) == len && strncmp(text, HEAD, strlen(HEAD)) == 0) {
		ret->disk = take(&at, "disk");
		ret->policy = ret->disk ? take(&at, "policy") : NULL;
	}
	if (!ret->policy || strcmp(at, "end\n") != 0) {
		made_free(ret);
		return err_set(e, EX_CORDON_DATA, EBADMSG, "%s/" MADE_FILE " is damaged", s->path);
	}
	return 0;
}
