/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recorded domain, and the seed that is written for it: see provision/domain.h. */
#include "provision/domain.h"

#include "lib/cli.h"
#include "lib/safe.h"
#include "lib/target.h"
#include "lib/util.h"
#include "provision/input.h"
#include "provision/reset.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* libvirt gives it to QEMU's user for as long as the guest runs. */
#define SEED_MODE 0600

void prov_free(struct prov *p)
{
	record_free(&p->rec);
	policy_free(&p->pol);
	host_config_free(&p->host);
	store_close(&p->store);
}

int prov_open(const char *root, const char *arg, struct prov *ret, struct err *e)
{
	auto_free char *text = NULL;
	size_t len = 0;
	int r;

	ret->root = root;
	ret->store.dir = -1;
	r = target_load(root, arg, &ret->rec, e);
	if (r == 0)
		r = host_config_load(root, &ret->host, e);
	if (r == 0)
		r = record_file_read(root, &ret->rec.uuid, "policy.ini", &text, &len, e);
	if (r == 0)
		r = policy_parse("policy.ini", text, len, &ret->host, &ret->pol, e);
	if (r == 0)
		r = policy_copy_of(&ret->pol, root, ret->rec.name, e);
	if (r == 0)
		r = store_open(root, &ret->rec.uuid, true, &ret->store, e);
	if (r == 0)
		r = instance_load(&ret->store, &ret->inst, e);
	return r;
}

bool prov_wants_seed(const struct policy *p)
{
	return p->user_data || p->network_config || p->playbook;
}

int prov_blame(const struct policy *p, enum policy_key key, struct err *e)
{
	char where[512];

	return err_wrap(e, "%s", policy_where(p, key, where, sizeof(where)));
}

int prov_owner(const struct policy *p, struct store_owner *ret, struct err *e)
{
	const struct passwd *pw;

	*ret = (struct store_owner){geteuid(), getegid()};
	if (!p->run_as)
		return 0;
	errno = 0;
	pw = getpwnam(p->run_as);
	if (!pw) {
		(void)err_set(e, EX_CORDON_POLICY, errno ? errno : ENOENT,
			      "there is no user %s; make one: useradd -m %s", p->run_as, p->run_as);
		return prov_blame(p, KEY_PROV_RUN_AS, e);
	}
	if (pw->pw_uid == 0) {
		(void)err_set(e, EX_CORDON_POLICY, EPERM,
			      "%s is another name of root; write a user who may log in to the "
			      "guest and nothing else",
			      p->run_as);
		return prov_blame(p, KEY_PROV_RUN_AS, e);
	}
	*ret = (struct store_owner){pw->pw_uid, pw->pw_gid};
	return 0;
}

/* The key of the policy that asks for a seed. */
static enum policy_key seed_key(const struct policy *p)
{
	if (p->user_data)
		return KEY_PROV_USER_DATA;
	return p->network_config ? KEY_PROV_NETWORK_CONFIG : KEY_PROV_PLAYBOOK;
}

/* A virtio disk's name that no disk of the domain has. */
static const char *free_target(const struct record *rec, char buf[static 4])
{
	for (int c = 'b'; c <= 'z'; c++) {
		size_t i = 0;

		(void)snprintf(buf, 4, "vd%c", c);
		while (i < rec->n_disks && strcmp(rec->disks[i].target, buf) != 0)
			i++;
		if (i == rec->n_disks)
			return buf;
	}
	return "vdNN";
}

static int need_disk(const struct prov *p, const char *path, struct err *e)
{
	char uuid[UUID_STRLEN], target[4];

	for (size_t i = 0; i < p->rec.n_disks; i++)
		if (strcmp(p->rec.disks[i].source, path) == 0)
			return 0;
	(void)err_set(e, EX_CORDON_POLICY, ENODEV,
		      "no disk of the domain is its seed; write: virsh attach-disk %s %s %s "
		      "--targetbus virtio --mode readonly --config",
		      uuid_str(&p->rec.uuid, uuid), path, free_target(&p->rec, target));
	return prov_blame(&p->pol, seed_key(&p->pol), e);
}

static void seed_path(const struct prov *p, char buf[static PATH_MAX])
{
	if (snprintf(buf, PATH_MAX, "%s/" PROV_SEED, p->store.path) >= PATH_MAX)
		buf[0] = '\0';
}

/* What tells the file that prepare left from any other, for check: not its owner, libvirt's. */
static int seed_identity(const struct prov *p, char *buf, size_t size, struct err *e)
{
	struct stat st;

	if (fstatat(p->store.dir, PROV_SEED, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_os(e, errno, "%s/" PROV_SEED, p->store.path);
	(void)snprintf(buf, size, "%" PRIu64 " %" PRIu64 " %" PRId64 ".%09ld\n",
		       (uint64_t)st.st_ino, (uint64_t)st.st_size, (int64_t)st.st_mtim.tv_sec,
		       st.st_mtim.tv_nsec);
	return 0;
}

static int note_seed(const struct prov *p, struct err *e)
{
	char text[100];
	int r = seed_identity(p, text, sizeof(text), e);

	return r < 0 ? r
		     : record_file_write(p->root, &p->rec.uuid, PROV_RECORD_SEED, text,
					 strlen(text), e);
}

int prov_write_seed(const struct prov *p, const struct keys *keys, struct err *e)
{
	__attribute__((cleanup(seed_free))) struct seed seed = {0};
	const bool clean = p->inst.booted && p->pol.seed_after == SEED_EJECT;
	auto_input struct input input = {0};
	auto_free char *image = NULL;
	bool same = false;
	size_t len = 0;
	int r;

	r = input_load(p->root, &p->pol, p->rec.name, &p->rec.uuid, p->inst.number, keys, true,
		       clean, &input, e);
	if (r == 0)
		r = input_seed(&p->pol, &input, &seed, e);
	if (r == 0)
		r = seed_image(&seed, &image, &len, e);
	if (r < 0 || !image)
		return r;
	if (!store_same(&p->store, PROV_SEED, image, len))
		r = input_check(&p->pol, &input, &seed, e);
	else
		same = true;
	if (r == 0 && !same)
		r = store_write(&p->store, PROV_SEED, image, len, SEED_MODE, NULL, false, e);
	if (image)
		explicit_bzero(image, len);
	return r < 0 ? r : note_seed(p, e);
}

/* Whoever can write it could do in the guest, and as run_as here, what he likes. */
static int check_playbook(const struct prov *p, struct err *e)
{
	auto_close int fd = -1;
	int r = p->pol.playbook ? input_open(p->root, p->pol.playbook, &fd, e) : 0;

	return r < 0 ? prov_blame(&p->pol, KEY_PROV_PLAYBOOK, e) : 0;
}

/* The memory that a saved or migrated guest comes with fits the seed that it had. */
static bool keeps_seed(const struct prov *p)
{
	return p->rec.incoming &&
	       faccessat(p->store.dir, PROV_SEED, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int apply_seed(const struct prov *p, struct err *e)
{
	auto_keys struct keys keys = {0};
	struct store_owner owner;
	char path[PATH_MAX], uuid[UUID_STRLEN];
	int r;

	seed_path(p, path);
	r = need_disk(p, path, e);
	if (r == 0)
		r = check_playbook(p, e);
	if (r == 0 && keeps_seed(p))
		return note_seed(p, e);
	if (r == 0)
		r = prov_owner(&p->pol, &owner, e);
	if (r == 0)
		r = keys_ensure(&p->store, uuid_str(&p->rec.uuid, uuid), &owner, &keys, e);
	return r < 0 ? r : prov_write_seed(p, &keys, e);
}

int prov_apply(const char *root, const char *arg, struct err *e)
{
	__attribute__((cleanup(reset_free))) struct reset reset = {0};
	auto_prov struct prov p = PROV_NONE;
	int r;

	r = prov_open(root, arg, &p, e);
	if (r < 0)
		return r;
	/* What a running guest was given is not changed under it. */
	if (p.rec.phase != PHASE_PREPARED)
		return 0;
	/* The seed is that of the guest as it will be; the disks come last, when nothing else can
	 * refuse any more. */
	r = reset_plan(&p, &reset, e);
	if (r == 0 && prov_wants_seed(&p.pol))
		r = apply_seed(&p, e);
	return r < 0 ? r : reset_do(&p, &reset, e);
}

static int differs(const struct prov *p, struct err *e)
{
	return err_set(e, EX_CORDON_DIFFERS, ESTALE,
		       "%s/" PROV_SEED " is not the file that was written when the domain started",
		       p->store.path);
}

int prov_check(const char *root, const char *arg, struct err *e)
{
	auto_prov struct prov p = PROV_NONE;
	auto_free char *noted = NULL;
	char now[100];
	size_t len;
	int r;

	r = prov_open(root, arg, &p, e);
	if (r < 0 || !prov_wants_seed(&p.pol))
		return r;
	r = record_file_read(root, &p.rec.uuid, PROV_RECORD_SEED, &noted, &len, NULL);
	if (r < 0 || seed_identity(&p, now, sizeof(now), NULL) < 0 || strcmp(noted, now) != 0)
		return differs(&p, e);
	return 0;
}

static void print_file(const char *name, const struct strbuf *text)
{
	safe_printf("--- %s\n", name);
	(void)fwrite(sb_str(text), 1, text->len, stdout);
	if (text->len && text->data[text->len - 1] != '\n')
		putchar('\n');
}

static int print_plan(const char *root, const struct policy *p, const char *name,
		      const struct uuid *uuid, const struct instance *inst, bool secure,
		      struct err *e)
{
	__attribute__((cleanup(seed_free))) struct seed seed = {0};
	struct keys keys = {.client_pub = (char *)(uintptr_t) "ssh-ed25519 THE-KEY-OF-THE-DOMAIN",
			    .host_key = (char *)(uintptr_t) "THE PRIVATE KEY IS NOT SHOWN\n",
			    .host_pub = (char *)(uintptr_t) "ssh-ed25519 THE-KEY-OF-THE-GUEST"};
	const bool clean = inst->booted && p->seed_after == SEED_EJECT;
	auto_input struct input input = {0};
	char text[UUID_STRLEN];
	int r;

	if (!prov_wants_seed(p)) {
		printf("# no user_data, network_config or playbook: no seed\n");
		return 0;
	}
	r = input_load(root, p, name, uuid, inst->number, &keys, secure, clean, &input, e);
	if (r == 0)
		r = input_seed(p, &input, &seed, e);
	if (r == 0)
		r = input_check(p, &input, &seed, e);
	if (r < 0)
		return r;
	safe_printf("# %s/var/lib/virt-cordon/%s/" PROV_SEED "%s\n", root, uuid_str(uuid, text),
		    clean ? ": of a guest that is set up" : "");
	print_file("meta-data", &seed.meta_data);
	if (seed.has_network)
		print_file("network-config", &seed.network_config);
	print_file("user-data", &seed.user_data);
	print_file("vendor-data", &seed.vendor_data);
	return 0;
}

static int print_plan_file(const char *root, const char *path, struct err *e)
{
	const struct instance first = {.number = 1};
	struct host_config host = {0};
	struct policy p = {0};
	int r;

	r = host_config_load(root, &host, e);
	if (r == 0)
		r = policy_load_file(path, false, &host, &p, e);
	if (r == 0)
		r = print_plan(root, &p, "NAME", &p.uuid, &first, false, e);
	policy_free(&p);
	host_config_free(&host);
	return r;
}

int prov_print_plan(const char *root, const char *arg, struct err *e)
{
	auto_prov struct prov p = PROV_NONE;
	struct uuid uuid;
	int r;

	if (cli_target(arg, &uuid) == CLI_FILE)
		return print_plan_file(root, arg, e);
	r = prov_open(root, arg, &p, e);
	return r < 0 ? r : print_plan(root, &p.pol, p.rec.name, &p.rec.uuid, &p.inst, true, e);
}
