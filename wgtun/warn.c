/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What weakens a tunnel by the policy's wish, and what of the host's stands beside it: no
 * differences, but to be known. See wgtun/domain.h. */
#include "wgtun/domain.h"

#include "lib/ini.h"
#include "lib/util.h"

#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void warn_unguarded(const struct wgt_job *j, struct strbuf *out)
{
	for (size_t i = 0; i < j->rec.n_nics; i++) {
		const struct record_nic *nic = &j->rec.nics[i];

		if (nic->gone || nic->guarded || !nic->bridge[0])
			continue;
		sb_addf(out,
			"warning: allow_unguarded: %s is on the bridge %s, which is not guarded: "
			"while nftables is flushed or its rules are loaded anew by another "
			"program, what the guest sends leaves beside the tunnel, in clear\n",
			nic->tap, nic->bridge);
	}
}

/* A WireGuard device of another program, such as wg-quick's; false: none, or no answer. */
static bool foreign_device(const struct rtnl_link *link, struct wgt_state *ret)
{
	char path[PATH_MAX];

	if (tunnel_link_ok(link->name))
		return false;
	if (strcmp(link->kind, "wireguard") == 0)
		return wgt_kernel_get(link->name, ret, NULL) == 0;
	if (strcmp(link->kind, "tun") != 0)
		return false;
	wgt_user_socket(link->name, path, sizeof(path));
	return access(path, F_OK) == 0 && wgt_user_get(link->name, ret, NULL) == 0;
}

static void warn_key(const struct wgt_job *j, const struct rtnl_link *link, struct strbuf *out)
{
	char name[INI_QUOTE_MAX + 8];
	struct wgt_state state = {0};

	if (!foreign_device(link, &state))
		return;
	if (wgt_state_same_key(&state, &j->conf))
		sb_addf(out,
			"warning: the host's WireGuard device %s has the private key of %s, too: "
			"the server takes both for one peer and answers whichever spoke last; give "
			"the domain a file of its own\n",
			ini_quote(link->name, name), j->conf.path);
	wgt_state_free(&state);
}

static const char *name_of(const struct rtnl_link *links, size_t n, int index)
{
	for (size_t i = 0; i < n; i++)
		if (links[i].index == index)
			return links[i].name;
	return "?";
}

static void warn_address(struct wgt_job *j, const struct ip_addr *mine,
			 const struct rtnl_link *links, size_t n_links, struct strbuf *out)
{
	char name[INI_QUOTE_MAX + 8], text[PREFIX_STRLEN];
	auto_free struct rtnl_addr *list = NULL;
	size_t n = 0;

	if (!mine->family || rtnl_addr_list(&j->route, mine->family, &list, &n, NULL) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (ip_equal(&list[i].addr, mine))
			sb_addf(out,
				"warning: the Address %s of %s is the host's own, too, on %s: its "
				"program (wg-quick, for one) may drop what comes for it out of "
				"this tunnel; give the domain a file of its own\n",
				ip_str(mine, text), j->conf.path,
				ini_quote(name_of(links, n_links, list[i].link), name));
}

static void warn_beside(struct wgt_job *j, struct strbuf *out)
{
	auto_free struct rtnl_link *links = NULL;
	size_t n = 0;

	if (rtnl_link_list(&j->route, &links, &n, NULL) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		warn_key(j, &links[i], out);
	warn_address(j, &j->plan.tunnel.address, links, n, out);
	warn_address(j, &j->plan.tunnel.address6, links, n, out);
}

void wgt_warnings(struct wgt_job *j, struct strbuf *out)
{
	if (policy_dns_effective(&j->policy) == DNS_HOST)
		sb_adds(out, "warning: dns = host: the host's resolver, and whoever it asks, sees "
			     "the names that the guest looks up\n");
	if (j->policy.ipv6 == IPV6_NAT && !j->plan.ipv6)
		sb_addf(out,
			"warning: ipv6 = nat, but %s has no IPv6 address or no IPv6 AllowedIPs: no "
			"IPv6 leaves the guest\n",
			j->conf.path);
	warn_unguarded(j, out);
	warn_beside(j, out);
}
