/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virt-cordon new: an overlay, a policy, a domain. */
#include "provision/verbs.h"

#include "lib/parse.h"
#include "lib/policy.h"
#include "lib/record.h"
#include "lib/safe.h"
#include "lib/util.h"
#include "provision/domain.h"
#include "provision/image.h"
#include "provision/input.h"
#include "provision/made.h"
#include "provision/new.h"
#include "provision/qcow2.h"
#include "provision/snap.h"
#include "provision/virt.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#define IMAGES "/var/lib/libvirt/images"
#define DOMAINS "/etc/virt-cordon/domains"
#define MEMORY_DEFAULT (UINT64_C(2) << 30)
#define MEMORY_MIN (UINT64_C(64) << 20)
#define DISK_DEFAULT (UINT64_C(20) << 30)
#define VCPUS_MAX 512

/* Everything that is found out before anything is made. */
struct plan {
	const char *root;
	struct new_guest guest;
	struct image image;
	uint64_t size; /* of the disk */
	char uuid[UUID_STRLEN];
	char disk[PATH_MAX], seed[PATH_MAX], policy_path[PATH_MAX];
	char paths[3][PATH_MAX]; /* of files that the command line names */
	char *share_list;
	struct strbuf xml, policy;
};

static void plan_free(struct plan *p)
{
	free(p->share_list);
	sb_free(&p->xml);
	sb_free(&p->policy);
}

static int bad_option(struct err *e, const char *option, const char *value, const char *write)
{
	return err_set(e, EX_CORDON_USAGE, EINVAL, "%s: '%s' is not right; write %s", option, value,
		       write);
}

/* A UUID of version 4, RFC 4122 section 4.4. */
static int make_uuid(struct uuid *ret, struct err *e)
{
	if (getrandom(ret->b, sizeof(ret->b), 0) != sizeof(ret->b))
		return err_os(e, errno, "random numbers");
	ret->b[6] = (uint8_t)((ret->b[6] & 0x0f) | 0x40);
	ret->b[8] = (uint8_t)((ret->b[8] & 0x3f) | 0x80);
	return 0;
}

static int read_numbers(const struct prov_cli *o, struct plan *p, struct err *e)
{
	uint64_t vcpus = 2;

	p->guest.memory = MEMORY_DEFAULT;
	if (o->memory && (!parse_size(o->memory, &p->guest.memory) || p->guest.memory < MEMORY_MIN))
		return bad_option(e, "--memory", o->memory, "a size such as 2G, 64M at least");
	if (o->vcpus && (!parse_u64(o->vcpus, VCPUS_MAX, &vcpus) || vcpus == 0))
		return bad_option(e, "--vcpus", o->vcpus, "a number such as 2");
	p->guest.vcpus = (unsigned)vcpus;
	if (o->disk && (!parse_size(o->disk, &p->size) || p->size % 512))
		return bad_option(e, "--disk", o->disk, "a size such as 20G");
	return 0;
}

static int absolute(const char *option, const char *path, char buf[static PATH_MAX],
		    const char **ret, struct err *e)
{
	if (!path)
		return 0;
	if (!realpath(path, buf))
		return err_set(e, EX_CORDON_NOINPUT, errno, "%s %s: %s", option, path,
			       strerror(errno));
	*ret = buf;
	return 0;
}

/* "TAG=DIR,TAG=DIR" */
static int read_shares(const struct prov_cli *o, struct plan *p, struct err *e)
{
	char *save = NULL;

	if (!o->share)
		return 0;
	p->share_list = strdup(o->share);
	if (!p->share_list)
		return err_os(e, ENOMEM, "--share");
	for (char *s = strtok_r(p->share_list, ",", &save); s; s = strtok_r(NULL, ",", &save)) {
		char *equals = strchr(s, '=');

		if (!equals || equals == s || equals[1] != '/' ||
		    p->guest.n_shares == NEW_SHARES_MAX)
			return bad_option(e, "--share", s, "TAG=FOLDER, the folder from / on");
		*equals = '\0';
		p->guest.shares[p->guest.n_shares++] = (struct new_share){s, equals + 1};
	}
	return 0;
}

static int read_names(const struct prov_cli *o, struct plan *p, struct err *e)
{
	struct new_guest *g = &p->guest;
	const char *name = o->cli.args[0];
	int r;

	if (!new_name_ok(name))
		return err_set(e, EX_CORDON_USAGE, EINVAL,
			       "'%s' cannot be the name of a new domain; write letters, digits, "
			       "'_', '-', '.', 60 at most",
			       name);
	if (!o->image)
		return err_set(e, EX_CORDON_USAGE, EINVAL,
			       "an image is missing; write --image FILE, or POOL/VOLUME of a "
			       "storage pool");
	g->name = name;
	g->network = o->network ? o->network : "cordon";
	g->run_as = o->run_as;
	g->ssh_user = o->ssh_user;
	g->graphics = o->graphics;
	if (!*g->network)
		return bad_option(e, "--network", "", "a network's name, virsh net-list has them");
	if (o->firmware && strcmp(o->firmware, "bios") != 0 && strcmp(o->firmware, "uefi") != 0)
		return bad_option(e, "--firmware", o->firmware, "bios or uefi");
	g->uefi = o->firmware && strcmp(o->firmware, "uefi") == 0;
	r = absolute("--tunnel", o->tunnel, p->paths[0], &g->tunnel, e);
	if (r == 0)
		r = absolute("--user-data", o->user_data, p->paths[1], &g->user_data, e);
	if (r == 0)
		r = absolute("--playbook", o->playbook, p->paths[2], &g->playbook, e);
	return r;
}

static int set_paths(struct plan *p, struct err *e)
{
	const struct new_guest *g = &p->guest;

	uuid_str(&g->uuid, p->uuid);
	if (snprintf(p->disk, PATH_MAX, "%s" IMAGES "/%s.qcow2", p->root, g->name) >= PATH_MAX ||
	    snprintf(p->policy_path, PATH_MAX, "%s" DOMAINS "/%s.ini", p->root, g->name) >=
		    PATH_MAX ||
	    snprintf(p->seed, PATH_MAX, "%s/var/lib/virt-cordon/%s/" PROV_SEED, p->root, p->uuid) >=
		    PATH_MAX)
		return err_set(e, EX_CORDON_OS, ENAMETOOLONG, "path too long");
	p->guest.disk = p->disk;
	if (g->user_data || g->playbook)
		p->guest.seed = p->seed;
	return 0;
}

/* A file, or a volume of a pool: "default/debian.qcow2" where there is no such file. */
static int find_image(const struct prov_cli *o, const struct virt *v, struct plan *p, struct err *e)
{
	auto_free char *path = NULL, *pool = NULL;
	const char *slash = strchr(o->image, '/');
	int r;

	if (access(o->image, F_OK) == 0 || !v->conn || !slash || slash == o->image ||
	    strchr(slash + 1, '/'))
		return image_open(p->root, o->image, &p->image, e);
	pool = strndup(o->image, (size_t)(slash - o->image));
	if (!pool)
		return err_os(e, ENOMEM, "--image");
	r = virt_volume_path(v, pool, slash + 1, &path, e);
	if (r < 0)
		return err_wrap(e, "--image %s is no file, and", o->image);
	return image_open(p->root, path, &p->image, e);
}

static int set_size(struct plan *p, const struct prov_cli *o, struct err *e)
{
	if (!o->disk)
		p->size = p->image.size > DISK_DEFAULT ? p->image.size : DISK_DEFAULT;
	if (p->size < p->image.size)
		return err_set(e, EX_CORDON_USAGE, EINVAL,
			       "--disk %s: the disk in the image is larger, %llu bytes", o->disk,
			       (unsigned long long)p->image.size);
	return 0;
}

/* KVM where libvirt says that it is there. */
static int choose_type(const struct prov_cli *o, const struct virt *v, struct plan *p,
		       struct err *e)
{
	auto_free char *xml = NULL;
	int r;

	if (o->virt_type) {
		p->guest.kvm = strcmp(o->virt_type, "kvm") == 0;
		return p->guest.kvm || strcmp(o->virt_type, "qemu") == 0
			       ? 0
			       : bad_option(e, "--virt-type", o->virt_type, "kvm or qemu");
	}
	if (!v->conn) {
		p->guest.kvm = true;
		return 0;
	}
	r = virt_capabilities(v, &xml, e);
	if (r == 0)
		p->guest.kvm = strstr(xml, "<domain type='kvm'") != NULL;
	return r;
}

/* What would keep it from starting is said now. */
static int check_policy(const struct plan *p, struct err *e)
{
	struct keys keys = {.client_pub = (char *)(uintptr_t) "ssh-ed25519 AAAA"};
	__attribute__((cleanup(seed_free))) struct seed seed = {0};
	auto_sb struct strbuf unbuilt = {0};
	auto_input struct input input = {0};
	struct host_config host = {0};
	struct policy pol = {0};
	struct store_owner owner;
	int r;

	r = host_config_load(p->root, &host, e);
	if (r == 0)
		r = policy_parse(p->policy_path, sb_str(&p->policy), p->policy.len, &host, &pol, e);
	if (r == 0 && policy_unbuilt(&pol, &unbuilt) > 0)
		r = err_set(e, EX_CORDON_POLICY, EOPNOTSUPP, "%s", sb_str(&unbuilt));
	if (r == 0)
		r = prov_owner(&pol, &owner, e);
	if (r == 0 && prov_wants_seed(&pol))
		r = input_load(p->root, &pol, p->guest.name, &p->guest.uuid, 1, &keys, true, false,
			       &input, e);
	if (r == 0 && prov_wants_seed(&pol))
		r = input_seed(&pol, &input, &seed, e);
	if (r == 0 && prov_wants_seed(&pol))
		r = input_check(&pol, &input, &seed, e);
	policy_free(&pol);
	host_config_free(&host);
	return r;
}

static int make_plan(const struct prov_cli *o, const struct virt *v, struct plan *p, struct err *e)
{
	int r;

	p->root = o->cli.root;
	r = read_names(o, p, e);
	if (r == 0)
		r = read_numbers(o, p, e);
	if (r == 0)
		r = read_shares(o, p, e);
	if (r == 0)
		r = make_uuid(&p->guest.uuid, e);
	if (r == 0)
		r = set_paths(p, e);
	if (r == 0)
		r = find_image(o, v, p, e);
	if (r == 0)
		r = set_size(p, o, e);
	if (r == 0)
		r = choose_type(o, v, p, e);
	if (r < 0)
		return r;
	new_xml(&p->guest, &p->xml);
	new_policy(&p->guest, &p->policy);
	if (p->xml.failed || p->policy.failed)
		return err_os(e, ENOMEM, "new domain");
	return check_policy(p, e);
}

static int refuse_taken(const struct plan *p, const struct virt *v, struct err *e)
{
	const char *const files[] = {p->disk, p->policy_path};

	if (virt_has_domain(v, p->guest.name))
		return err_set(e, EX_CORDON_USAGE, EEXIST, "there is a domain '%s' already",
			       p->guest.name);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (access(files[i], F_OK) == 0 || errno != ENOENT)
			return err_set(e, EX_CORDON_USAGE, EEXIST,
				       "%s is there already; write another name, or remove it",
				       files[i]);
	return 0;
}

/* A first snapshot, the image itself: virt-cordon reset leads back to it. */
static int note_image(const struct plan *p, const struct store *s, struct err *e)
{
	auto_snap struct snap snap = {.name = "new",
				      .done = true,
				      .number = 1,
				      .when = time(NULL),
				      .inst = {.number = 1}};

	if (!snap_add_disk(&snap, "vda", p->disk, p->image.path, p->image.format))
		return err_os(e, ENOMEM, "snapshot");
	return snap_save(s, &snap, e);
}

static int write_policy(const struct plan *p, struct err *e)
{
	struct store domains = {.dir = -1};
	char *slash;
	int r;

	(void)snprintf(domains.path, PATH_MAX, "%s", p->policy_path);
	slash = strrchr(domains.path, '/');
	*slash = '\0';
	domains.dir = open(domains.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (domains.dir < 0)
		return err_os(e, errno, "cannot open %s", domains.path);
	r = store_write(&domains, slash + 1, p->policy.data, p->policy.len, 0644, NULL, true, e);
	store_close(&domains);
	return r;
}

/* All or nothing: what was made is noted first, and removed when a later step fails. */
static int make(const struct plan *p, const struct virt *v, struct err *e)
{
	auto_store struct store s = {.dir = -1};
	int r;

	r = image_protect(&p->image, e);
	if (r == 0)
		r = store_open(p->root, &p->guest.uuid, true, &s, e);
	if (r < 0)
		return r;
	r = made_save(&s, p->disk, p->policy_path, e);
	if (r == 0)
		r = note_image(p, &s, e);
	if (r == 0)
		r = qcow2_overlay(p->disk, p->image.path, p->image.format, p->size, e);
	if (r == 0 && chmod(p->disk, 0600) < 0)
		r = err_os(e, errno, "%s", p->disk);
	if (r == 0)
		r = write_policy(p, e);
	if (r == 0)
		r = virt_define(v, sb_str(&p->xml), e);
	if (r == 0)
		return 0;
	(void)unlink(p->policy_path);
	(void)unlink(p->disk);
	(void)snap_forget(&s, "new", NULL);
	(void)store_remove(&s, MADE_FILE, NULL);
	(void)unlinkat(s.dir, "snapshots", AT_REMOVEDIR);
	(void)rmdir(s.path);
	return r;
}

int verb_new(const struct cli *cli, struct err *e)
{
	const struct prov_cli *o = (const struct prov_cli *)cli;
	__attribute__((cleanup(plan_free))) struct plan p = {0};
	auto_virt struct virt v = {0};
	int r;

	/* To look at a plan no libvirt is needed, unless it is there and can tell more. */
	r = o->print ? (void)virt_connect(&v, NULL), 0 : virt_connect(&v, e);
	if (r == 0)
		r = make_plan(o, &v, &p, e);
	if (r < 0)
		return r;
	if (o->print) {
		printf("%s\n%s", sb_str(&p.xml), sb_str(&p.policy));
		return 0;
	}
	r = refuse_taken(&p, &v, e);
	if (r == 0)
		r = image_refuse_written(&p.image, e);
	if (r == 0 && o->sha256)
		r = image_verify(&p.image, o->sha256, e);
	if (r == 0)
		r = make(&p, &v, e);
	if (r == 0 && !cli->quiet)
		safe_printf("%s is defined, its policy is %s; virsh start %s\n", p.guest.name,
			    p.policy_path, p.guest.name);
	return r;
}
