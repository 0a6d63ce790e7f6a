/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Traffic of a domain's taps, by the kernel's own counters: see cli/counters.h. */
#include "cli/counters.h"

#include "lib/parse.h"
#include "lib/util.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool read_one(const char *tap, const char *name, uint64_t *sum)
{
	char path[128], text[32];
	auto_fclose FILE *f = NULL;
	uint64_t v;

	(void)snprintf(path, sizeof(path), "/sys/class/net/%s/statistics/%s", tap, name);
	f = fopen(path, "re");
	if (!f || !fgets(text, sizeof(text), f))
		return false;
	text[strcspn(text, "\n")] = '\0';
	if (!parse_u64(text, UINT64_MAX, &v))
		return false;
	*sum += v;
	return true;
}

bool counters_read(const struct record *rec, struct counters *ret)
{
	struct counters c = {0};
	bool any = false;

	for (size_t i = 0; i < rec->n_nics; i++) {
		const char *tap = rec->nics[i].tap;

		/* What the guest sends, its tap receives. */
		if (rec->nics[i].gone || !tap[0] || !read_one(tap, "rx_bytes", &c.out.bytes))
			continue;
		any = read_one(tap, "rx_packets", &c.out.packets) &&
		      read_one(tap, "tx_bytes", &c.in.bytes) &&
		      read_one(tap, "tx_packets", &c.in.packets);
	}
	if (any)
		*ret = c;
	return any;
}

const char *counters_text(uint64_t bytes, char buf[static 32])
{
	static const char units[] = "kMGTPE";
	uint64_t tenths = bytes / 100; /* of the unit */
	size_t unit = 0;

	if (bytes < 1000) {
		(void)snprintf(buf, 32, "%" PRIu64 " B", bytes);
		return buf;
	}
	while (tenths >= 10000 && unit < strlen(units) - 1) {
		tenths /= 1000;
		unit++;
	}
	if (tenths < 100)
		(void)snprintf(buf, 32, "%" PRIu64 ".%" PRIu64 " %cB", tenths / 10, tenths % 10,
			       units[unit]);
	else
		(void)snprintf(buf, 32, "%" PRIu64 " %cB", tenths / 10, units[unit]);
	return buf;
}

const char *counters_number(uint64_t n, char buf[static 32])
{
	static const char units[] = " kMGTPE";
	size_t unit = 0;

	while (n > (unit ? 99999 : 999999) && unit < strlen(units) - 1) {
		n /= 1000;
		unit++;
	}
	(void)snprintf(buf, 32, unit ? "%" PRIu64 "%c" : "%" PRIu64, n, units[unit]);
	return buf;
}
