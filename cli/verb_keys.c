/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virt-cordon keys: what a policy can say, and what holds on this host when it says nothing. */
#include "cli/verbs.h"

#include "cli/print.h"
#include "lib/policy.h"
#include "lib/safe.h"
#include "lib/suggest.h"
#include "lib/util.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* One line of at most 78 columns each; virt-cordon.ini(5) has the whole. */
static const struct {
	const char *values, *help;
} keys[KEY_COUNT] = {
	[KEY_DOMAIN_UUID] = {"UUID", "any other domain of this name is refused"},
	[KEY_NET_ISOLATION] = {"yes | no", "no leaves the domain's network alone"},
	[KEY_NET_EGRESS] = {"internet | tunnel | none", "where the guest's packets may go"},
	[KEY_NET_ALLOW_HOST_PORT] = {"tcp/PORT, udp/PORT, ...",
				     "ports of the gateway's own address that the guest may reach"},
	[KEY_NET_ALLOW_LAN] = {"ADDRESS, ADDRESS:tcp/PORT, PREFIX, ...",
			       "what it may reach that is not the Internet"},
	[KEY_NET_FORWARD_PORT] = {"tcp/PORT ADDRESS:PORT [via-tunnel], ...",
				  "ports of the gateway that lead elsewhere"},
	[KEY_NET_DNS] = {"auto | host | none | ADDRESS", "who answers the guest's queries"},
	[KEY_NET_ADDRESSES] = {"dhcp | ADDRESS, ...", "the addresses that the guest may use"},
	[KEY_NET_IPV6] = {"no | nat", "nat lets IPv6 out behind the host's address"},
	[KEY_NET_RATE_OUT] = {"NUMBERkbit, mbit, gbit", "the most that the guest sends"},
	[KEY_NET_RATE_IN] = {"NUMBERkbit, mbit, gbit", "the most that the guest receives"},
	[KEY_NET_MAX_FLOWS] = {"NUMBER", "connections in the host's table at one time"},
	[KEY_NET_LOG_DENIED] = {"yes | no", "whether virt-cordon log shows what is denied"},
	[KEY_NET_ALLOW_UNGUARDED] = {"yes | no",
				     "egress = tunnel or none on a network that is not guarded"},
	[KEY_TUN_CONFIG] = {"FILE", "of wg-quick, root's and 0600; for egress = tunnel"},
	[KEY_TUN_BACKEND] = {"auto | kernel | userspace", "who does WireGuard"},
	[KEY_TUN_SHARED] = {"yes | no", "one device for all domains with this file"},
	[KEY_TUN_REQUIRE_HANDSHAKE] = {"TIME", "no start unless a peer answers within it"},
	[KEY_SHARE_SIZE] = {"NUMBERK, M, G, T", "the most that the shared folder holds"},
	[KEY_SHARE_MODE] = {"rw | ro", "whether the guest writes to it"},
	[KEY_SHARE_OWNER] = {"USER[:GROUP]", "of the top folder of a new image"},
	[KEY_SHARE_ADOPT] = {"yes | no", "copy what lies in the folder into a new image"},
	[KEY_SHARE_RESERVE] = {"yes | no", "take the disk space for all of it at once"},
	[KEY_DEV_ALLOW] = {"KIND, ...", "devices that lead past the cordon, let through"},
	[KEY_PROV_USER_DATA] = {"FILE", "of cloud-init, for the guest"},
	[KEY_PROV_NETWORK_CONFIG] = {"FILE", "of cloud-init, for the guest"},
	[KEY_PROV_PLAYBOOK] = {"FILE", "of Ansible, run after the first boot"},
	[KEY_PROV_PLAYBOOK_WHEN] = {"once | always", "for each instance, or after each start"},
	[KEY_PROV_RUN_AS] = {"USER", "of this host who runs it, not root"},
	[KEY_PROV_SSH_USER] = {"USER", "of the guest, as whom it logs in"},
	[KEY_PROV_SEED_AFTER] = {"eject | keep",
				 "the secrets of the seed, once the guest is set up"},
	[KEY_PROV_DISK_RESET] = {"never | on-start", "the disks go back to their snapshot"},
};

/* "network.dns"; each has one, as completion offers them. */
static void full_name(enum policy_key key, struct strbuf *out)
{
	const char *section;
	const char *name = policy_key_name(key, &section);

	sb_addf(out, "%s.%s", section, name);
}

static void print_all(const struct policy *p)
{
	for (unsigned k = 0; k < KEY_COUNT; k++) {
		auto_sb struct strbuf name = {0}, value = {0};

		full_name((enum policy_key)k, &name);
		policy_key_print(p, (enum policy_key)k, &value);
		print_cell(sb_str(&name), 24, COLOUR_NONE);
		print_cell(value.len ? sb_str(&value) : "-", 12, COLOUR_NONE);
		printf("%.40s\n", keys[k].values);
	}
}

static void print_one(const struct policy *p, enum policy_key key)
{
	auto_sb struct strbuf value = {0};
	const char *section;
	const char *name = policy_key_name(key, &section);

	policy_key_print(p, key, &value);
	printf("[%s%s]\n", section, strcmp(section, "share") == 0 ? " TAG" : "");
	safe_printf("%s =%s%s\n", name, value.len ? " " : "", sb_str(&value));
	printf("  %s\n  %s\n", keys[key].values, keys[key].help);
}

/* "network.dns", "dns", "[network] dns" as messages have it. */
static bool is_key(enum policy_key key, const char *arg)
{
	auto_sb struct strbuf full = {0}, shown = {0};
	const char *section;
	const char *name = policy_key_name(key, &section);

	full_name(key, &full);
	sb_addf(&shown, "[%s] %s", section, name);
	return strcmp(arg, name) == 0 || strcmp(arg, sb_str(&full)) == 0 ||
	       strcmp(arg, sb_str(&shown)) == 0;
}

static int unknown(const char *arg, struct err *e)
{
	const char *names[2 * KEY_COUNT], *near;
	struct strbuf full[KEY_COUNT] = {0};
	const char *section;
	int r;

	for (unsigned k = 0; k < KEY_COUNT; k++) {
		full_name((enum policy_key)k, &full[k]);
		names[k] = policy_key_name((enum policy_key)k, &section);
		names[KEY_COUNT + k] = sb_str(&full[k]);
	}
	near = suggest_closest(arg, names, ARRAY_SIZE(names));
	r = err_set(e, EX_CORDON_USAGE, EINVAL, "a policy has no key '%s'%s%s%s", arg,
		    near ? ", did you mean '" : "", near ? near : "", near ? "'" : "");
	for (unsigned k = 0; k < KEY_COUNT; k++)
		sb_free(&full[k]);
	return r;
}

static int print_named(const struct policy *p, const char *arg, struct err *e)
{
	bool any = false;

	for (unsigned k = 0; k < KEY_COUNT; k++) {
		if (!is_key((enum policy_key)k, arg))
			continue;
		print_one(p, (enum policy_key)k);
		any = true;
	}
	return any ? 0 : unknown(arg, e);
}

int verb_keys(const struct cli *cli, struct err *e)
{
	static const char text[] = "[share TAG]\n"; /* whose keys have defaults, too */
	struct host_config host = {0};
	struct policy p = {0};
	int r = host_config_load(cli->root, &host, e);

	if (r == 0)
		r = policy_parse("(defaults)", text, strlen(text), &host, &p, e);
	if (r == 0 && cli->n_args == 0)
		print_all(&p);
	for (int i = 0; r == 0 && i < cli->n_args; i++)
		r = print_named(&p, cli->args[i], e);
	policy_free(&p);
	host_config_free(&host);
	return r;
}
