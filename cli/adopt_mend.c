/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a start would refuse of devices and shares, and the commands that mend: see cli/adopt.h. */
#include "cli/adopt.h"

#include "lib/safe.h"
#include "lib/util.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* "virsh VERB DOMAIN" */
static void virsh(const struct adopt *a, const char *verb, struct strbuf *out)
{
	sb_addf(out, "virsh %s ", verb);
	adopt_word(a->facts->name, out);
	sb_adds(out, "\n");
}

/* libvirt gives each NIC a MAC when the domain is defined. */
static void define_first(const struct adopt *a, struct strbuf *out)
{
	sb_adds(out, "  virsh define ");
	adopt_word(a->file ? a->file : "FILE", out);
	sb_adds(out, " &&\n    virt-cordon adopt --print ");
	adopt_word(a->facts->name, out);
	sb_adds(out, "\n");
}

void adopt_move_nic(const struct adopt *a, size_t i, struct strbuf *out)
{
	const struct nic *nic = &a->facts->nics[i];
	char mac[MAC_STRLEN];

	if (!nic->has_mac) {
		define_first(a, out);
		return;
	}
	mac_str(&nic->mac, mac);
	sb_addf(out, "  virsh detach-interface --config --mac %s --type %s ", mac, nic->type_name);
	adopt_word(a->facts->name, out);
	sb_addf(out,
		" &&\n    virsh attach-interface --config --mac %s --model virtio --type network "
		"--source cordon ",
		mac);
	adopt_word(a->facts->name, out);
	sb_adds(out, "\n");
}

/* virsh edit with an editor that deletes the elements of one name. Its own temporary file has each
 * on lines of its own. */
static void edit_out(const struct adopt *a, const char *element, struct strbuf *out)
{
	sb_addf(out, "  VISUAL=\"sed -i -e '/<%s[ >].*\\/>/d' -e '/<%s[ >]/,/<\\/%s>/d'\" \\\n    ",
		element, element, element);
	virsh(a, "edit", out);
}

/* Those that virsh detach-device --config does not know (libvirt 9.0, qemuDomainDetachDeviceConfig)
 * and that have one element or are all to go. */
static bool is_edited(const char *element)
{
	static const char *const names[] = {"tpm", "smartcard", "crypto"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(element, names[i]) == 0)
			return true;
	return false;
}

void adopt_take_out(const struct adopt *a, unsigned line, struct strbuf *out)
{
	auto_sb struct strbuf xml = {0};
	char element[32] = "";

	if (facts_element(a->xml, strlen(a->xml), line, element, &xml, NULL) < 0 ||
	    strcmp(element, "video") == 0 || strcmp(element, "audio") == 0) {
		sb_adds(out, "  ");
		virsh(a, "edit", out);
	} else if (is_edited(element)) {
		edit_out(a, element, out);
	} else {
		sb_adds(out, "  printf '%s\\n' ");
		adopt_word(sb_str(&xml), out);
		sb_adds(out, " |\n    virsh detach-device --config --file /dev/stdin ");
		adopt_word(a->facts->name, out);
		sb_adds(out, "\n");
	}
}

/* libvirt shows the first serial port once more as a console, and takes out both at once. */
static bool is_same_port(const struct device *console, const struct device *serial)
{
	static const char c[] = "console ", s[] = "serial ";

	return strncmp(console->what, c, strlen(c)) == 0 &&
	       strncmp(serial->what, s, strlen(s)) == 0 &&
	       strcmp(console->what + strlen(c), serial->what + strlen(s)) == 0;
}

/* Taken out with its NIC, or by what was printed for another class of the same element. */
static bool is_done(const struct facts *f, size_t i)
{
	for (size_t k = 0; k < f->n_nics; k++)
		if (f->nics[k].line == f->devices[i].line)
			return true;
	for (size_t k = 0; k < i; k++)
		if (f->devices[k].cls < DEV_REFUSABLE_COUNT &&
		    (f->devices[k].line == f->devices[i].line ||
		     is_same_port(&f->devices[i], &f->devices[k])))
			return true;
	return false;
}

static void take_out_each(const struct adopt *a, struct strbuf *out)
{
	const struct facts *f = a->facts;
	bool edited = false;

	for (size_t i = 0; i < f->n_devices; i++) {
		const struct device *d = &f->devices[i];

		if (d->cls >= DEV_REFUSABLE_COUNT || (a->policy->dev_allow & 1U << d->cls) ||
		    is_done(f, i))
			continue;
		if (d->cls == DEV_QEMU_COMMANDLINE) {
			if (!edited)
				sb_adds(out, "To take out the options of QEMU:\n");
			if (!edited)
				edit_out(a, "qemu:commandline", out);
			edited = true;
			continue;
		}
		sb_adds(out, "To take out ");
		safe_add(out, d->what);
		sb_adds(out, ":\n");
		adopt_take_out(a, d->line, out);
	}
}

size_t adopt_device_refusals(const struct adopt *a, struct strbuf *out)
{
	struct err why = {0};

	if (facts_audit_devices(a->facts, a->policy, &why) == 0)
		return 0;
	sb_addf(out, "%s\n", why.msg);
	take_out_each(a, out);
	return 1;
}

/* 1: something is in it, 0: nothing, -ENOENT: there is none; others: it cannot be told. */
static int has_content(const char *path)
{
	auto_closedir DIR *dir = opendir(path);
	struct dirent *de;

	if (!dir)
		return -errno;
	while ((de = readdir(dir)))
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0)
			return 1;
	return 0;
}

static const struct policy_share *section_of(const struct policy *p, const char *tag)
{
	for (size_t i = 0; tag && i < p->n_shares; i++)
		if (strcmp(p->shares[i].tag, tag) == 0)
			return &p->shares[i];
	return NULL;
}

static size_t folder_refusal(const struct adopt *a, const struct filesystem *fs,
			     const struct policy_share *share, struct strbuf *out)
{
	const int content = has_content(fs->source);

	if (content == -ENOENT) {
		sb_adds(out, "The shared folder ");
		safe_add(out, fs->source);
		sb_adds(out, " is not there:\n  mkdir -p ");
		adopt_word(fs->source, out);
		sb_adds(out, "\n");
		return 1;
	}
	if (content != 1 || share->adopt)
		return 0;
	sb_adds(out, "The shared folder ");
	safe_add(out, fs->source);
	sb_addf(out,
		" is not empty, and its image would hide what is in it. To have it copied into "
		"the image at the first start (size must suffice):\n  sed -i '%ua adopt = yes' ",
		share->line);
	adopt_word(a->policy->path, out);
	sb_adds(out, "\n");
	return 1;
}

size_t adopt_share_refusals(const struct adopt *a, struct strbuf *out)
{
	const struct facts *f = a->facts;
	size_t n = 0;

	for (size_t i = 0; i < f->n_fs; i++) {
		const struct filesystem *fs = &f->fs[i];
		const struct policy_share *share = section_of(a->policy, fs->target);
		bool again = false;

		for (size_t k = 0; share && k < i; k++)
			again = again ||
				(f->fs[k].target && strcmp(f->fs[k].target, fs->target) == 0);
		if (!filesystem_is_plain(fs))
			continue;
		if (share && !again) {
			n += folder_refusal(a, fs, share, out);
			continue;
		}
		n++;
		sb_adds(out, "The shared folder ");
		safe_add(out, fs->source);
		sb_addf(out, " has %s. To take it out:\n",
			!fs->target ? "no tag"
			: again	    ? "the tag of another one"
				    : "a tag that no section of the policy can be named after");
		adopt_take_out(a, fs->line, out);
	}
	return n;
}
