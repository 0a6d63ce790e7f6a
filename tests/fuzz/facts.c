/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzz target: XML of a domain and of the network hook, and what the audit says of it. */
#include "lib/facts.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The promises of the headers, whatever the input. */
static void check_result(int r, const struct err *e)
{
	if ((r != 0) != err_is_set(e) || (r != 0 && r != -e->errnum))
		abort();
	for (const char *p = e->msg; *p; p++)
		if ((unsigned char)*p < ' ' && *p != '\n')
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct facts f = {0};
	struct port_facts port = {0};
	struct policy p = {0};
	struct err e = {0};
	int r;

	r = facts_parse_domain((const char *)data, size, &f, &e);
	check_result(r, &e);
	if (r == 0) {
		if (!f.name[0] || f.n_nics > FACTS_NICS_MAX || f.n_devices > FACTS_DEVICES_MAX)
			abort();
		check_result(facts_audit_devices(&f, &p, &e), &e);
	}
	facts_free(&f);

	memset(&e, 0, sizeof(e));
	r = facts_parse_hook_data((const char *)data, size, &port, &e);
	check_result(r, &e);
	if (r == 0 && !port.network[0])
		abort();
	port_facts_free(&port);
	return 0;
}
