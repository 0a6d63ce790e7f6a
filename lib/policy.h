/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The policy of a domain and the host's settings, virt-cordon.ini(5): types, reading, printing. */
#pragma once

#include "lib/err.h"
#include "lib/net.h"
#include "lib/strbuf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bounds; one more of any of these is an error with file and line. */
#define POLICY_LIST_MAX 256	     /* entries of one list */
#define POLICY_SHARES_MAX 32	     /* [share TAG] sections */
#define POLICY_TAG_MAX 36	     /* bytes of a target tag, as virtio-fs has it */
#define POLICY_FILE_MAX (256 * 1024) /* bytes of one file */
#define POLICY_ERRORS_MAX 20	     /* errors reported of one file */
#define POLICY_MAX_FLOWS_MAX 1000000u
#define POLICY_HANDSHAKE_MAX_MS 15000u /* the hook has 20 s for all, unless told otherwise */

enum policy_egress { EGRESS_INTERNET, EGRESS_TUNNEL, EGRESS_NONE };
enum policy_dns { DNS_AUTO, DNS_HOST, DNS_NONE, DNS_REDIRECT };
enum policy_ipv6 { IPV6_NO, IPV6_NAT };
enum policy_backend { BACKEND_AUTO, BACKEND_KERNEL, BACKEND_USERSPACE };
enum policy_reset { RESET_NEVER, RESET_ON_START };
enum policy_playbook_when { PLAYBOOK_ONCE, PLAYBOOK_ALWAYS };
enum policy_seed_after { SEED_EJECT, SEED_KEEP };
enum policy_unlisted { UNLISTED_IGNORE, UNLISTED_REFUSE, UNLISTED_ISOLATE };

/* Kinds of device that cross the border between guest and host; names as in [devices] allow. */
enum device_class {
	DEV_HOSTDEV,
	DEV_SHMEM,
	DEV_VSOCK,
	DEV_QEMU_COMMANDLINE,
	DEV_TPM_PASSTHROUGH,
	DEV_HOST_CHARDEV,
	DEV_HOST_INPUT,
	DEV_RNG_EGD,
	DEV_SMARTCARD_HOST,
	DEV_NVDIMM,
	DEV_VHOST_USER,
	DEV_EXTERNAL_VIRTIOFSD,
	DEV_FS_OTHER,
	DEV_REFUSABLE_COUNT,
	/* only warned of, never refused, not valid in allow */
	DEV_USB_REDIR = DEV_REFUSABLE_COUNT,
	DEV_SPICE,
	DEV_GUEST_AGENT,
	DEV_CLASS_COUNT,
};

/** device_class_name - "hostdev", "usb-redir", …; never NULL for a valid class. */
const char *device_class_name(enum device_class c);
/** device_class_parse - the refusable classes only. */
bool device_class_parse(const char *s, enum device_class *ret);

struct policy_port {   /* an entry of allow_host_port */
	uint8_t proto; /* IPPROTO_TCP or IPPROTO_UDP */
	uint16_t port;
	unsigned line;
};

struct policy_lan { /* an entry of allow_lan */
	struct ip_prefix prefix;
	uint8_t proto; /* 0: any protocol, then port is 0 */
	uint16_t port; /* 0: any port */
	unsigned line;
};

struct policy_forward { /* an entry of forward_port: on the gateway's PORT, to ADDR:PORT */
	uint8_t proto;
	uint16_t port;
	struct ip_addr to;
	uint16_t to_port;
	bool via_tunnel;
	unsigned line;
};

struct policy_addr { /* an entry of addresses */
	struct ip_addr addr;
	unsigned line;
};

struct policy_share {
	char *tag;     /* byte for byte as in the section header */
	uint64_t size; /* bytes */
	bool ro;
	char *owner;  /* "USER", "USER:GROUP", names or numbers; NULL: the folder's own */
	bool adopt;   /* copy in what the folder holds, when the image is made */
	bool reserve; /* the host's blocks are taken up front */
	unsigned line;
};

/* Every key, for line numbers and messages; policy_rows in policy_schema.c has the names. */
enum policy_key {
	KEY_DOMAIN_UUID,
	KEY_NET_ISOLATION,
	KEY_NET_EGRESS,
	KEY_NET_ALLOW_HOST_PORT,
	KEY_NET_ALLOW_LAN,
	KEY_NET_FORWARD_PORT,
	KEY_NET_DNS,
	KEY_NET_ADDRESSES,
	KEY_NET_IPV6,
	KEY_NET_RATE_OUT,
	KEY_NET_RATE_IN,
	KEY_NET_MAX_FLOWS,
	KEY_NET_LOG_DENIED,
	KEY_NET_ALLOW_UNGUARDED,
	KEY_TUN_CONFIG,
	KEY_TUN_BACKEND,
	KEY_TUN_SHARED,
	KEY_TUN_REQUIRE_HANDSHAKE,
	KEY_SHARE_SIZE,
	KEY_SHARE_MODE,
	KEY_SHARE_OWNER,
	KEY_SHARE_ADOPT,
	KEY_SHARE_RESERVE,
	KEY_DEV_ALLOW,
	KEY_PROV_USER_DATA,
	KEY_PROV_NETWORK_CONFIG,
	KEY_PROV_PLAYBOOK,
	KEY_PROV_PLAYBOOK_WHEN,
	KEY_PROV_RUN_AS,
	KEY_PROV_SSH_USER,
	KEY_PROV_SEED_AFTER,
	KEY_PROV_DISK_RESET,
	KEY_COUNT,
};

/* Zero-initialise, fill with policy_load or policy_parse, release with policy_free. */
struct policy {
	char *path; /* where it was read from, for messages; NULL for one that is only defaults */
	unsigned
		line[KEY_COUNT]; /* line that set the key; 0: default or [defaults …] of the host */

	bool has_uuid;
	struct uuid uuid;

	bool isolation;
	enum policy_egress egress;
	struct policy_port *host_ports;
	size_t n_host_ports;
	struct policy_lan *lan;
	size_t n_lan;
	struct policy_forward *forwards;
	size_t n_forwards;
	enum policy_dns dns;	       /* as written; policy_dns_effective resolves DNS_AUTO */
	struct ip_addr dns_addr;       /* for DNS_REDIRECT, IPv4; family 0: none */
	struct ip_addr dns_addr6;      /* and IPv6; at least one of them */
	struct policy_addr *addresses; /* empty: dhcp */
	size_t n_addresses;
	enum policy_ipv6 ipv6;
	uint64_t rate_out; /* bits per second, 0: no limit */
	uint64_t rate_in;
	uint32_t max_flows;
	bool log_denied;
	bool allow_unguarded;

	char *tunnel_config; /* absolute path, or NULL */
	enum policy_backend tunnel_backend;
	bool tunnel_shared;
	uint32_t handshake_ms; /* to wait for one at the start, 0: not at all */

	struct policy_share *shares;
	size_t n_shares;

	uint32_t dev_allow; /* bit 1 << enum device_class */

	char *user_data; /* absolute paths, or NULL */
	char *network_config;
	char *playbook;
	enum policy_playbook_when playbook_when;
	char *run_as;
	char *ssh_user;
	enum policy_seed_after seed_after;
	enum policy_reset disk_reset;
};

/* virt-cordon.ini; zero-initialise, release with host_config_free. */
struct host_config {
	char *path; /* NULL when the file does not exist: all defaults */
	enum policy_unlisted unlisted;
	bool unlisted_migration; /* may come from another host */
	uint32_t mark_base;	 /* low 16 bits zero, not all zero */
	char **guarded_networks;
	size_t n_guarded_networks;
	uint32_t hook_deadline_ms;
	uint32_t lock_deadline_ms;
	uint16_t log_group;	/* nflog group */
	struct policy defaults; /* built-in defaults with the [defaults …] sections over them */
};

/**
 * host_config_load - read ROOT/etc/virt-cordon/virt-cordon.ini.
 * @root: "" or the folder of --root
 *
 * A file that does not exist gives the defaults. Ownership and mode of the file and every folder
 * above it (up to @root) are checked on descriptors. Exit code 78 with every error of the file.
 */
int host_config_load(const char *root, struct host_config *ret, struct err *e);
void host_config_free(struct host_config *c);

/**
 * policy_load_domain - read ROOT/etc/virt-cordon/domains/NAME.ini.
 * @name: the domain's name; one that parse_domain_name refuses has no policy file (ENOENT, exit 66)
 *
 * Returns -ENOENT (exit code 66) when there is no such file and the folder could be searched: only
 * then is a domain "without a policy". Every other failure (missing, unreadable, foreign-owned or
 * writable folder, bad content) is a different error with exit code 78, 71 or 77.
 */
int policy_load_domain(const char *root, const char *name, const struct host_config *host,
		       struct policy *ret, struct err *e);

/**
 * policy_load_file - read a policy from any path (of a person's command line).
 * @secure: also demand the ownership and modes of policy_load_domain, for every parent folder
 */
int policy_load_file(const char *path, bool secure, const struct host_config *host,
		     struct policy *ret, struct err *e);

/**
 * policy_parse - the same from memory. @path is used in messages, and names relative to its folder.
 * @text: @len bytes; NUL bytes inside are an error
 */
int policy_parse(const char *path, const char *text, size_t len, const struct host_config *host,
		 struct policy *ret, struct err *e);
int host_config_parse(const char *path, const char *text, size_t len, struct host_config *ret,
		      struct err *e);

/** policy_defaults - the built-in defaults of virt-cordon.ini(5). */
void policy_defaults(struct policy *ret);
void policy_free(struct policy *p);

/**
 * policy_copy_of - @p was read from a copy of domain @name's policy: messages are to name the file
 * that a person edits, without a line. -ENOMEM leaves @p as it was.
 */
int policy_copy_of(struct policy *p, const char *root, const char *name, struct err *e);

/** policy_tag_valid - whether a share of this tag can have a section, see virt-cordon.ini(5). */
bool policy_tag_valid(const char *tag);

/** policy_equal - whether both ask for the same; paths of origin and lines are not compared. */
bool policy_equal(const struct policy *a, const struct policy *b);

/** policy_dns_effective - DNS_AUTO resolved by egress: host, or none; for a tunnel it stays. */
enum policy_dns policy_dns_effective(const struct policy *p);

/**
 * policy_print - the effective policy as canonical INI text: each key with its value, defaults too.
 * policy_parse of the result gives an equal policy (paths are absolute). Same policy, same bytes.
 */
void policy_print(const struct policy *p, struct strbuf *out);

/** policy_key_name - "dns", and "network" in @ret_section. */
const char *policy_key_name(enum policy_key key, const char **ret_section);

/**
 * policy_key_print - a key's value as policy_print has it, a list in one line; nothing when it is
 * empty. A key of a share: that of the first one, which must be there.
 */
void policy_key_print(const struct policy *p, enum policy_key key, struct strbuf *out);

/**
 * policy_where - "PATH:LINE: [section] key" of a key, for messages; without ":LINE" when the value
 * is a default. Returns @buf.
 */
const char *policy_where(const struct policy *p, enum policy_key key, char *buf, size_t size);

/**
 * policy_unbuilt - what the policy asks for that this release does not have: a message per key or
 * share, each on a line of its own, appended to @out. Returns how many; 0 appends nothing. Such a
 * policy is refused, never applied in part.
 */
size_t policy_unbuilt(const struct policy *p, struct strbuf *out);
