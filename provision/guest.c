/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virt-cordon-guest(8): options and verbs. */
#include "provision/verbs.h"

#include <sys/stat.h>

/*
 * A program of its own: what a person types needs libvirt and libxml2, whose loading takes longer
 * than all that libvirt's hook waits for virt-cordon-provision to do.
 */
static const struct cli_verb verbs[] = {
	{"snapshot", "DOMAIN [NAME]", 1, 2, "keep its disks as they are now", verb_snapshot},
	{"snapshots", "DOMAIN", 1, 1, "list what was kept; * is what the disks stand on",
	 verb_snapshots},
	{"reset", "DOMAIN [NAME]", 1, 2, "set its disks back", verb_reset},
	{"resize", "DOMAIN SIZE [DISK]", 2, 3, "make a disk larger", verb_resize},
	{"new", "NAME --image FILE|POOL/VOLUME", 1, 1, "make a guest: disk, policy, domain",
	 verb_new},
	{"remove", "DOMAIN", 1, 1, "remove one that was made so, and what came of it", verb_remove},
	{NULL, NULL, 0, 0, NULL, NULL},
};

#define OWN(field) offsetof(struct prov_cli, field)

static const struct cli_option options[] = {
	CLI_OPTION_ROOT,
	CLI_OPTION_JSON("snapshots"),
	CLI_OPTION_QUIET(NULL),
	CLI_OPTION_YES("snapshot reset remove"),
	{"--delete", NULL, "snapshot", "delete the one that is named", OWN(delete)},
	{"--new-instance", NULL, "reset", "cloud-init sets the guest up anew", OWN(new_instance)},
	{"--image", "FILE", "new", "what the disk begins with; never written", OWN(image)},
	{"--sha256", "HEX", "new", "that the image must have", OWN(sha256)},
	{"--memory", "SIZE", "new", "2G", OWN(memory)},
	{"--vcpus", "N", "new", "2", OWN(vcpus)},
	{"--disk", "SIZE", "new", "20G, or the image's", OWN(disk)},
	{"--network", "NAME", "new", "libvirt network, cordon", OWN(network)},
	{"--share", "TAG=DIR,...", "new", "shared folders", OWN(share)},
	{"--tunnel", "FILE", "new", "all traffic through this WireGuard file", OWN(tunnel)},
	{"--user-data", "FILE", "new", "for cloud-init", OWN(user_data)},
	{"--playbook", "FILE", "new", "for Ansible", OWN(playbook)},
	{"--run-as", "USER", "new", "who runs it here", OWN(run_as)},
	{"--ssh-user", "USER", "new", "who logs in there", OWN(ssh_user)},
	{"--firmware", "bios|uefi", "new", "bios", OWN(firmware)},
	{"--virt-type", "kvm|qemu", "new", "kvm where it is", OWN(virt_type)},
	{"--graphics", NULL, "new", "a display, VNC on this host's loopback", OWN(graphics)},
	{"--print", NULL, "new", "print XML and policy, make nothing", OWN(print)},
	{NULL, NULL, NULL, NULL, 0},
};

int main(int argc, char **argv)
{
	static const struct cli_program prog = {
		.name = "virt-cordon-guest",
		.summary = "Make guests from images, keep and set back their disks.",
		.example = "  virt-cordon-guest new sandbox --image debian-12.qcow2 --print\n"
			   "  virt-cordon-guest snapshot sandbox ready\n"
			   "  virt-cordon-guest reset sandbox\n"
			   "  virt-cordon-guest snapshots sandbox\n"
			   "  virt-cordon-guest resize sandbox 20G\n"
			   "  virt-cordon-guest remove sandbox\n",
		.verbs = verbs,
		.options = options,
		.cli_size = sizeof(struct prov_cli),
	};

	umask(022);
	return cli_main(&prog, argc, argv);
}
