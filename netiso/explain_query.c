/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A destination as a person writes it: see netiso/explain.h. */
#include "netiso/explain.h"

#include "lib/util.h"

#include <errno.h>
#include <string.h>

static bool protocol_parse(const char *s, uint8_t *ret)
{
	if (strcmp(s, "icmp") == 0 || strcmp(s, "ping") == 0)
		*ret = IPPROTO_ICMP;
	else if (!proto_parse(s, ret))
		return false;
	return true;
}

/* "443", "443/tcp" or "tcp/443" */
static bool port_part(char *s, struct explain_query *q)
{
	char *slash = strchr(s, '/');

	if (!slash) {
		q->proto = IPPROTO_TCP;
		return port_parse(s, &q->port);
	}
	*slash++ = '\0';
	if (port_parse(s, &q->port))
		return proto_parse(slash, &q->proto);
	return proto_parse(s, &q->proto) && port_parse(slash, &q->port);
}

/* Cuts what follows the host off @s; false when it is not understood. */
static bool split(char *s, char **ret_host, struct explain_query *q)
{
	char *close = s[0] == '[' ? strchr(s, ']') : NULL, *rest;

	if (s[0] == '[' && !close)
		return false;
	*ret_host = close ? s + 1 : s;
	if (close) {
		*close = '\0';
		rest = close + 1;
	} else {
		const char *colon = strchr(s, ':');

		/* More than one colon: an address of IPv6 alone. */
		rest = s + strcspn(s, colon && strchr(colon + 1, ':') ? "/" : ":/");
	}
	switch (*rest) {
	case '\0':
		return true;
	case ':':
		*rest = '\0';
		return port_part(rest + 1, q);
	case '/':
		*rest = '\0';
		return protocol_parse(rest + 1, &q->proto);
	default:
		return false;
	}
}

int explain_parse(const char *text, struct explain_query *ret, struct err *e)
{
	auto_free char *copy = strdup(text);
	struct explain_query q = {0};
	char *host = NULL;

	if (!copy)
		return err_os(e, ENOMEM, "%s", text);
	if (!split(copy, &host, &q) || !*host || strlen(host) >= sizeof(q.name))
		return err_set(e, EX_CORDON_USAGE, EINVAL,
			       "'%s' is no destination; write ADDRESS, NAME, ADDRESS:443/tcp, "
			       "[IPV6]:53/udp or ADDRESS/icmp",
			       text);
	memcpy(q.name, host, strlen(host) + 1);
	(void)ip_parse(host, &q.dst);
	*ret = q;
	return 0;
}
