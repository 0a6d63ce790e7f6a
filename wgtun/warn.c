/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What weakens a tunnel by the policy's wish, and what of the host's stands beside it: no
 * differences, but to be known. See wgtun/domain.h. */
#include "wgtun/domain.h"

#include "lib/util.h"

#include <string.h>

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

void wgt_warnings(const struct wgt_job *j, struct strbuf *out)
{
	if (policy_dns_effective(&j->policy) == DNS_HOST)
		sb_adds(out, "warning: dns = host: the host's resolver, and whoever it asks, sees "
			     "the names that the guest looks up\n");
	warn_unguarded(j, out);
}
