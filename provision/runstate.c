/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far the setting up is: see provision/runstate.h. */
#include "provision/runstate.h"

#include "lib/parse.h"
#include "lib/record.h"
#include "lib/strbuf.h"
#include "lib/util.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define FILE_NAME "provision.run"

static const char *const names[] = {[RUN_ADDRESS] = "address",
				    [RUN_SSH] = "ssh",
				    [RUN_CLOUD_INIT] = "cloud-init",
				    [RUN_PLAYBOOK] = "playbook"};

const char *runstate_phase(enum run_phase p)
{
	return (size_t)p < ARRAY_SIZE(names) ? names[p] : "unknown";
}

int runstate_write(const char *root, const struct uuid *uuid, const struct runstate *s,
		   struct err *e)
{
	auto_sb struct strbuf text = {0};

	sb_addf(&text, "%s %" PRId64 " ", runstate_phase(s->phase), s->since);
	record_encode(s->last, &text);
	sb_adds(&text, "\n");
	if (text.failed)
		return err_os(e, ENOMEM, "state");
	return record_file_write(root, uuid, FILE_NAME, text.data, text.len, e);
}

int runstate_read(const char *root, const struct uuid *uuid, struct runstate *ret, struct err *e)
{
	auto_sb struct strbuf last = {0};
	auto_free char *text = NULL;
	struct runstate s = {0};
	char *since, *word;
	uint64_t when = 0;
	size_t len, i = 0;
	int r;

	r = record_file_read(root, uuid, FILE_NAME, &text, &len, e);
	if (r < 0)
		return r;
	text[strcspn(text, "\n")] = '\0';
	since = strchr(text, ' ');
	word = since ? strchr(since + 1, ' ') : NULL;
	if (!word)
		return err_set(e, EX_CORDON_DATA, EBADMSG, FILE_NAME " is damaged");
	*since++ = '\0';
	*word++ = '\0';
	while (i < ARRAY_SIZE(names) && strcmp(names[i], text) != 0)
		i++;
	if (i == ARRAY_SIZE(names) || !parse_u64(since, INT64_MAX, &when) ||
	    !record_decode(word, &last) || last.len >= sizeof(s.last))
		return err_set(e, EX_CORDON_DATA, EBADMSG, FILE_NAME " is damaged");
	s.since = (int64_t)when;
	s.phase = (enum run_phase)i;
	memcpy(s.last, sb_str(&last), last.len + 1);
	*ret = s;
	return 0;
}
