/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking libvirt: see provision/virt.h. */
#include "provision/virt.h"

#include "lib/cli.h"
#include "lib/util.h"

#include <dlfcn.h>
#include <errno.h>
#include <libvirt/virterror.h>
#include <string.h>

#define LIBRARY "libvirt.so.0"

/* What is called in the library; each has the name and the type that its header gives it. */
#define FUNCTIONS(X)                                                                               \
	X(virConnectOpen)                                                                          \
	X(virConnectClose)                                                                         \
	X(virConnectGetCapabilities)                                                               \
	X(virDomainLookupByName)                                                                   \
	X(virDomainLookupByUUIDString)                                                             \
	X(virDomainGetXMLDesc)                                                                     \
	X(virDomainIsActive)                                                                       \
	X(virDomainHasManagedSaveImage)                                                            \
	X(virDomainSnapshotNum)                                                                    \
	X(virDomainGetBlockInfo)                                                                   \
	X(virDomainBlockResize)                                                                    \
	X(virDomainDefineXMLFlags)                                                                 \
	X(virDomainUndefineFlags)                                                                  \
	X(virDomainFree)                                                                           \
	X(virStoragePoolLookupByName)                                                              \
	X(virStoragePoolFree)                                                                      \
	X(virStorageVolLookupByName)                                                               \
	X(virStorageVolGetPath)                                                                    \
	X(virStorageVolFree)                                                                       \
	X(virGetLastErrorMessage)                                                                  \
	X(virSetErrorFunc)

/* NOLINTNEXTLINE(bugprone-macro-parentheses): a declaration */
#define MEMBER(name) __typeof__(name) *name;
static struct {
	FUNCTIONS(MEMBER)
} lv;

static void be_silent(void *data, virErrorPtr error)
{
	(void)data;
	(void)error;
}

static int load(struct virt *v, struct err *e)
{
	v->lib = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!v->lib)
		return err_set(e, EX_CORDON_UNAVAILABLE, ENOENT, "no libvirt here: %s", dlerror());
#define LOAD(name)                                                                                 \
	lv.name = (__typeof__(lv.name))(uintptr_t)dlsym(v->lib, #name);                            \
	if (!lv.name)                                                                              \
		return err_set(e, EX_CORDON_UNAVAILABLE, ENOSYS,                                   \
			       "the libvirt of this host is too old: no %s", #name);
	FUNCTIONS(LOAD)
	lv.virSetErrorFunc(NULL, be_silent);
	return 0;
}

static int failed(struct err *e, enum exit_code code, const char *what)
{
	const char *why = lv.virGetLastErrorMessage();

	return err_set(e, code, EIO, "%s: %s", what, why ? why : "libvirt does not say why");
}

int virt_connect(struct virt *ret, struct err *e)
{
	int r = load(ret, e);

	if (r < 0)
		return r;
	ret->conn = lv.virConnectOpen(NULL);
	return ret->conn ? 0 : failed(e, EX_CORDON_UNAVAILABLE, "cannot reach libvirt");
}

static int read_facts(const struct virt *v, struct facts *facts, struct err *e)
{
	auto_free char *xml = lv.virDomainGetXMLDesc(v->dom, VIR_DOMAIN_XML_INACTIVE);
	int r;

	if (!xml)
		return failed(e, EX_CORDON_UNAVAILABLE, "cannot read the domain");
	r = facts_parse_domain(xml, strlen(xml), facts, e);
	return r < 0 ? err_wrap(e, "domain XML") : 0;
}

int virt_open(const char *arg, struct virt *ret, struct facts *facts, struct err *e)
{
	struct uuid uuid;
	int r;

	if (cli_target(arg, &uuid) == CLI_FILE)
		return err_set(e, EX_CORDON_USAGE, EINVAL, "'%s' is a file; name a domain", arg);
	r = virt_connect(ret, e);
	if (r < 0)
		return r;
	ret->dom = cli_target(arg, &uuid) == CLI_UUID
			   ? lv.virDomainLookupByUUIDString(ret->conn, arg)
			   : lv.virDomainLookupByName(ret->conn, arg);
	if (!ret->dom)
		return err_set(e, EX_CORDON_NOINPUT, ENOENT,
			       "libvirt knows no domain '%s'; virsh list --all prints them", arg);
	return read_facts(ret, facts, e);
}

void virt_close(struct virt *v)
{
	if (v->dom)
		(void)lv.virDomainFree(v->dom);
	if (v->conn)
		(void)lv.virConnectClose(v->conn);
	/* Its threads may still run: the library stays loaded. */
	*v = (struct virt){0};
}

int virt_is_active(const struct virt *v, struct err *e)
{
	const int active = lv.virDomainIsActive(v->dom);

	return active < 0 ? failed(e, EX_CORDON_UNAVAILABLE, "cannot ask for the domain's state")
			  : active;
}

int virt_need_idle(const struct virt *v, const char *name, struct err *e)
{
	const int active = virt_is_active(v, e);
	int saved, snapshots;

	if (active < 0)
		return active;
	if (active)
		return err_set(e, EX_CORDON_POLICY, EBUSY,
			       "domain '%s' is running; shut it down first: virsh shutdown '%s'",
			       name, name);
	saved = lv.virDomainHasManagedSaveImage(v->dom, 0);
	snapshots = lv.virDomainSnapshotNum(v->dom, 0);
	if (saved < 0 || snapshots < 0)
		return failed(e, EX_CORDON_UNAVAILABLE, "cannot ask for the domain's state");
	if (saved)
		return err_set(e, EX_CORDON_POLICY, EBUSY,
			       "domain '%s' has a saved state, which fits its disks as they are; "
			       "start it, or drop the state: virsh managedsave-remove '%s'",
			       name, name);
	if (snapshots)
		return err_set(e, EX_CORDON_POLICY, EBUSY,
			       "domain '%s' has snapshots of libvirt's own, which fit its disks as "
			       "they are; see virsh snapshot-list '%s'",
			       name, name);
	return 0;
}

int virt_has_domain(const struct virt *v, const char *name)
{
	virDomainPtr dom = lv.virDomainLookupByName(v->conn, name);

	if (!dom)
		return 0;
	(void)lv.virDomainFree(dom);
	return 1;
}

int virt_define(const struct virt *v, const char *xml, struct err *e)
{
	virDomainPtr dom = lv.virDomainDefineXMLFlags(v->conn, xml, VIR_DOMAIN_DEFINE_VALIDATE);

	if (!dom)
		return failed(e, EX_CORDON_UNAVAILABLE, "libvirt does not take the domain");
	(void)lv.virDomainFree(dom);
	return 0;
}

int virt_undefine(const struct virt *v, struct err *e)
{
	/* A driver without firmware does not know the flag. */
	if (lv.virDomainUndefineFlags(v->dom, VIR_DOMAIN_UNDEFINE_NVRAM) < 0 &&
	    lv.virDomainUndefineFlags(v->dom, 0) < 0)
		return failed(e, EX_CORDON_UNAVAILABLE, "cannot undefine the domain");
	return 0;
}

int virt_disk_size(const struct virt *v, const char *target, uint64_t *ret, struct err *e)
{
	virDomainBlockInfo info;

	if (lv.virDomainGetBlockInfo(v->dom, target, &info, 0) < 0)
		return failed(e, EX_CORDON_UNAVAILABLE, "cannot ask how large the disk is");
	*ret = info.capacity;
	return 0;
}

int virt_resize(const struct virt *v, const char *target, uint64_t size, struct err *e)
{
	if (lv.virDomainBlockResize(v->dom, target, size, VIR_DOMAIN_BLOCK_RESIZE_BYTES) < 0)
		return failed(e, EX_CORDON_UNAVAILABLE, "libvirt does not make the disk larger");
	return 0;
}

int virt_volume_path(const struct virt *v, const char *pool, const char *vol, char **ret,
		     struct err *e)
{
	virStoragePoolPtr p = lv.virStoragePoolLookupByName(v->conn, pool);
	virStorageVolPtr s = p ? lv.virStorageVolLookupByName(p, vol) : NULL;
	char *path = s ? lv.virStorageVolGetPath(s) : NULL;
	int r = 0;

	if (!path)
		r = failed(e, EX_CORDON_NOINPUT, "no such volume");
	else
		*ret = path;
	if (s)
		(void)lv.virStorageVolFree(s);
	if (p)
		(void)lv.virStoragePoolFree(p);
	return r;
}

int virt_capabilities(const struct virt *v, char **ret, struct err *e)
{
	*ret = lv.virConnectGetCapabilities(v->conn);
	return *ret ? 0 : failed(e, EX_CORDON_UNAVAILABLE, "cannot ask what the host can do");
}
