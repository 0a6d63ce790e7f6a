/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a domain's XML to a policy that a person goes on with: see cli/adopt.h. */
#include "cli/adopt.h"

#include "cli/print.h"
#include "lib/safe.h"
#include "lib/util.h"

#include <string.h>

#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@%+=-"

void adopt_word(const char *s, struct strbuf *out)
{
	if (*s && s[strspn(s, PLAIN)] == '\0' && *s != '-') {
		sb_adds(out, s);
		return;
	}
	sb_adds(out, "'");
	for (; *s; s++) {
		if (*s == '\'')
			sb_adds(out, "'\\''");
		else
			sb_add(out, s, 1);
	}
	sb_adds(out, "'");
}

/* One line of a comment: what comes from the XML must not end it. */
static void comment(struct strbuf *out, const char *what, const char *text)
{
	sb_addf(out, "; %s", what);
	safe_add(out, text);
	sb_adds(out, "\n");
}

static uint32_t classes(const struct facts *f)
{
	uint32_t found = 0;

	for (size_t i = 0; i < f->n_devices; i++)
		found |= UINT32_C(1) << f->devices[i].cls;
	return found;
}

/* --- the policy ------------------------------------------------------------------------------- */

static void network_section(const struct facts *f, const struct adopt_nic *nics, struct strbuf *out)
{
	char mac[MAC_STRLEN];

	sb_adds(out, "[network]\n");
	for (size_t i = 0; i < f->n_nics; i++) {
		const struct nic *nic = &f->nics[i];

		sb_addf(out, "; NIC %s on ",
			nic->has_mac ? mac_str(&nic->mac, mac) : "without a MAC");
		safe_add(out, nic->network     ? nic->network
			      : nic->bridge[0] ? nic->bridge
					       : nic->type_name);
		sb_addf(out, "%s\n", nics[i].guarded ? ", a guarded network" : "");
	}
	sb_adds(out, "; internet: the Internet and nothing else.  none: nothing but DHCP.\n"
		     "egress = internet\n"
		     "\n"
		     "; Holes, each one on purpose: services on this host, then hosts in the LAN.\n"
		     ";allow_host_port = tcp/11434\n"
		     ";allow_lan = 192.168.1.50:tcp/443\n"
		     "\n"
		     "; No more of the line than this.\n"
		     ";rate_out = 50mbit\n");
}

/* Whether the tag can be the name of a section, and is used once. */
static bool good_tag(const struct facts *f, size_t i)
{
	const char *tag = f->fs[i].target;

	if (!tag || !policy_tag_valid(tag))
		return false;
	for (size_t k = 0; k < i; k++)
		if (f->fs[k].target && strcmp(f->fs[k].target, tag) == 0)
			return false;
	return true;
}

static void share_sections(const struct facts *f, struct strbuf *out)
{
	for (size_t i = 0; i < f->n_fs; i++) {
		const struct filesystem *fs = &f->fs[i];

		/* Any other is a device, see [devices] allow. */
		if (!filesystem_is_plain(fs))
			continue;
		if (!good_tag(f, i)) {
			comment(out, "a shared folder whose tag cannot be written here: ",
				fs->target ? fs->target : "(none)");
			continue;
		}
		sb_adds(out, "\n");
		comment(out, "now ", fs->source ? fs->source : "(no folder)");
		sb_addf(out, "[share %s]\nsize = 10G\nmode = %s\n", fs->target,
			fs->readonly ? "ro" : "rw");
	}
}

static void device_section(const struct facts *f, struct strbuf *out)
{
	const uint32_t found = classes(f);
	bool any = false;

	sb_adds(out, "\n[devices]\n");
	for (unsigned c = 0; c < DEV_REFUSABLE_COUNT; c++)
		any = any || (found & UINT32_C(1) << c);
	if (!any) {
		sb_adds(out, "; Nothing was found that leads past the cordon.\n");
		return;
	}
	sb_adds(out, "; Found, and refused at a start unless named here.  Each leads past the "
		     "cordon.\n");
	for (size_t i = 0; i < f->n_devices; i++) {
		if (f->devices[i].cls >= DEV_REFUSABLE_COUNT)
			continue;
		sb_addf(out, ";   %s: ", device_class_name(f->devices[i].cls));
		safe_add(out, f->devices[i].what);
		sb_adds(out, "\n");
	}
	sb_adds(out, ";allow = ");
	for (unsigned c = 0, n = 0; c < DEV_REFUSABLE_COUNT; c++)
		if (found & UINT32_C(1) << c)
			sb_addf(out, "%s%s", n++ ? ", " : "",
				device_class_name((enum device_class)c));
	sb_adds(out, "\n");
}

void adopt_policy(const struct facts *f, const struct adopt_nic *nics, struct strbuf *out)
{
	char uuid[UUID_STRLEN];

	comment(out, "Policy of the domain ", f->name);
	sb_adds(out, "; Keys and values: man 5 virt-cordon.ini.  In force from the next start on;\n"
		     "; of a running domain: virt-cordon reload.\n\n"
		     "[domain]\n"
		     "; Another domain that is given this name does not get in.\n");
	sb_addf(out, "uuid = %s\n\n", uuid_str(&f->uuid, uuid));
	network_section(f, nics, out);
	share_sections(f, out);
	device_section(f, out);
}

/* --- what would be refused -------------------------------------------------------------------- */

static const char *why_not(const struct nic *nic, const struct adopt_nic *more)
{
	static const char *const bridged[] = {"bridge", "private", "vepa", "passthrough",
					      "hostdev"};

	if (nic->type != NIC_NETWORK && nic->type != NIC_BRIDGE)
		return "its packets do not pass a bridge of the host";
	if (nic->virtualport)
		return "it has a <virtualport>, whose switch is not the host's bridge";
	if (nic->vlan)
		return "it has a <vlan>";
	if (more->no_network)
		return "libvirt has no network of that name";
	/* On a bridge of the host, which is judged like any other. */
	if (more->bridge)
		return NULL;
	for (size_t i = 0; more->forward_mode && i < ARRAY_SIZE(bridged); i++)
		if (strcmp(more->forward_mode, bridged[i]) == 0)
			return "its network leads past the host";
	return NULL;
}

/* On a switched bridge the host's DNS server is not to be had. */
static bool lacks_dns(const struct adopt_nic *more, const struct policy *p)
{
	const enum policy_dns dns = policy_dns_effective(p);

	return more->uplink && dns != DNS_NONE && dns != DNS_REDIRECT;
}

static size_t nic_refusals(const struct adopt *a, struct strbuf *out)
{
	const struct facts *f = a->facts;
	const struct adopt_nic *nics = a->nics;
	char mac[MAC_STRLEN];
	size_t n = 0;

	for (size_t i = 0; i < f->n_nics; i++) {
		const char *why = why_not(&f->nics[i], &nics[i]);

		if (why && ++n) {
			sb_addf(out,
				"NIC %zu (%s, %s) cannot be isolated: %s. Put it on the "
				"guarded network:\n",
				i + 1,
				f->nics[i].has_mac ? mac_str(&f->nics[i].mac, mac) : "no MAC",
				f->nics[i].type_name, why);
			adopt_move_nic(a, i, out);
		} else if (lacks_dns(&nics[i], a->policy) && ++n) {
			sb_addf(out,
				"NIC %zu: its bridge %s has the host's uplink as a port, so the "
				"guest cannot ask the host for names. Write [network] dns = none, "
				"or an address,\nor put it on the guarded network:\n",
				i + 1, nics[i].bridge ? nics[i].bridge : f->nics[i].bridge);
			adopt_move_nic(a, i, out);
		} else if (nics[i].inactive && ++n) {
			sb_addf(out, "NIC %zu: its network is not started:\n  virsh net-start ",
				i + 1);
			adopt_word(f->nics[i].network, out);
			sb_adds(out, "\n");
		}
	}
	return n;
}

size_t adopt_refusals(const struct adopt *a, struct strbuf *out)
{
	auto_sb struct strbuf unbuilt = {0};
	size_t n = nic_refusals(a, out);

	n += adopt_device_refusals(a, out);
	n += adopt_share_refusals(a, out);
	if (policy_unbuilt(a->policy, &unbuilt) > 0) {
		sb_addf(out, "%s\n", sb_str(&unbuilt));
		n++;
	}
	return n;
}

size_t adopt_hints(const struct adopt *a, struct strbuf *out)
{
	const struct facts *f = a->facts;
	const struct adopt_nic *nics = a->nics;
	char mac[MAC_STRLEN];
	size_t n = 0;

	for (size_t i = 0; i < f->n_nics; i++) {
		if (nics[i].guarded || why_not(&f->nics[i], &nics[i]))
			continue;
		n++;
		sb_addf(out,
			"NIC %zu (%s): its network is not guarded, so a flush of the packet "
			"filter opens it. On the guarded network it holds:\n",
			i + 1, f->nics[i].has_mac ? mac_str(&f->nics[i].mac, mac) : "no MAC");
		adopt_move_nic(a, i, out);
	}
	for (size_t i = 0; i < f->n_devices; i++)
		if (f->devices[i].cls >= DEV_REFUSABLE_COUNT && ++n) {
			sb_addf(out, "%s is let through, and is a way to the host: ",
				device_class_name(f->devices[i].cls));
			safe_add(out, f->devices[i].what);
			sb_adds(out, "\n");
		}
	return n;
}
