/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the policy reader share; nobody else includes this. */
#pragma once

#include "lib/ini.h"
#include "lib/policy.h"

#define POLICY_PATH_MAX 960 /* bytes of an absolute path: with its key it must fit a line */
#define POLICY_SHARE_MIN (UINT64_C(16) << 20) /* bytes: ext4 with its journal needs some room */
#define POLICY_SHARE_MAX (UINT64_C(1) << 60)  /* bytes: no ext4 is larger */

enum policy_section {
	SEC_DOMAIN,
	SEC_NETWORK,
	SEC_TUNNEL,
	SEC_SHARE,
	SEC_DEVICES,
	SEC_PROVISION,
	SEC_COUNT,
};

/* Where the reader is, for messages. */
struct policy_reader {
	struct ini_report *report;
	const char *dir; /* absolute folder of the file, "" for the root folder */
	const char *section;
	const char *key;
	unsigned line;
	uint64_t bad; /* 1 << enum policy_key of keys with an error: no rule may build on them */
	bool dhcp;    /* "dhcp" stood among the addresses */
};

/** reader_bad - an error at the key being read. */
void reader_bad(struct policy_reader *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * reader_grow - @array, a list of @n elements of @size bytes, with room for one more.
 * Returns NULL after reporting a full list or a failed allocation; @array is then as it was.
 */
void *reader_grow(struct policy_reader *r, void *array, size_t n, size_t size);

/**
 * reader_word - the index of @value in @words, which has @n; reports and returns false when it is
 * none of them.
 */
bool reader_word(struct policy_reader *r, const char *value, const char *const *words, size_t n,
		 unsigned *ret);

/* "yes" and "no". */
bool reader_bool(struct policy_reader *r, const char *value, bool *ret);

/*
 * One row per key. For a list, parse gets one item of it at a time, is never called for an empty
 * list, and print writes item @i of count(). For a scalar, count is NULL and @i is 0; for the keys
 * of shares @i is the share.
 */
struct policy_row {
	enum policy_section section;
	enum policy_key key;
	const char *name;
	void (*parse)(struct policy_reader *r, const char *value, struct policy *p);
	void (*print)(const struct policy *p, size_t i, struct strbuf *out);
	size_t (*count)(const struct policy *p);
	void (*clear)(struct policy *p);
};

extern const struct policy_row policy_rows[KEY_COUNT]; /* by enum policy_key */
extern const char *const policy_section_names[SEC_COUNT];

/**
 * reader_items - call @item for each entry of a comma-separated list; blanks around it are cut, an
 * empty one is reported. An empty @value has no items.
 */
void reader_items(struct policy_reader *r, const char *value,
		  void (*item)(struct policy_reader *r, const char *value, void *arg), void *arg);

/**
 * policy_read_section - the keys of section @index of @ini into @p.
 * @p: its line[] tells which keys this file has set before
 */
void policy_read_section(struct policy_reader *r, const struct ini *ini, size_t index,
			 enum policy_section section, struct policy *p);

/** policy_section_bad - leave the keys of a whole section out of policy_check. */
void policy_section_bad(struct policy_reader *r, enum policy_section section);

/** policy_dir - the absolute folder of @path as in policy_reader; malloc'd, NULL with errno. */
char *policy_dir(const char *path);

/** policy_copy - deep copy; lines become 0. Returns false without memory, @ret is then empty. */
bool policy_copy(const struct policy *p, struct policy *ret);

/**
 * policy_check - report what single values cannot show.
 * @bad: keys to leave out, see struct policy_reader
 * @host_defaults: @p is the [defaults ...] of the host: what a policy must add is not demanded
 */
void policy_check(const struct policy *p, uint64_t bad, bool host_defaults,
		  struct ini_report *report);

/* Parsers and printers of the rows, in policy_values.c, policy_lists.c and policy_files.c. */
#define ROW_SCALAR(name)                                                                           \
	void row_parse_##name(struct policy_reader *r, const char *value, struct policy *p);       \
	void row_print_##name(const struct policy *p, size_t i, struct strbuf *out)
#define ROW_LIST(name)                                                                             \
	ROW_SCALAR(name);                                                                          \
	size_t row_count_##name(const struct policy *p);                                           \
	void row_clear_##name(struct policy *p)

ROW_SCALAR(uuid);
ROW_SCALAR(isolation);
ROW_SCALAR(egress);
ROW_LIST(host_ports);
ROW_LIST(lan);
ROW_LIST(forwards);
ROW_SCALAR(dns);
ROW_LIST(addresses);
ROW_SCALAR(ipv6);
ROW_SCALAR(rate_out);
ROW_SCALAR(rate_in);
ROW_SCALAR(max_flows);
ROW_SCALAR(log_denied);
ROW_SCALAR(allow_unguarded);
ROW_SCALAR(tunnel_config);
ROW_SCALAR(tunnel_backend);
ROW_SCALAR(tunnel_shared);
ROW_SCALAR(handshake);
ROW_SCALAR(share_size);
ROW_SCALAR(share_mode);
ROW_SCALAR(share_owner);
ROW_SCALAR(share_adopt);
ROW_SCALAR(share_reserve);
ROW_LIST(dev_allow);
ROW_SCALAR(user_data);
ROW_SCALAR(network_config);
ROW_SCALAR(playbook);
ROW_SCALAR(playbook_when);
ROW_SCALAR(run_as);
ROW_SCALAR(ssh_user);
ROW_SCALAR(seed_after);
ROW_SCALAR(disk_reset);
