/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the wg-quick parser share. */
#pragma once

#include "wgtun/conf.h"

enum wgt_section { WGT_NONE, WGT_INTERFACE, WGT_PEER };

struct wgt_reader {
	struct wgt_conf *conf;
	struct ini_report report;
	unsigned line;
	enum wgt_section section;
	const char *key; /* as the table writes it, for messages */
	uint64_t seen;	 /* bit per row of the table, of this section */
	bool has_interface;
	bool section_bad; /* its keys are not known to belong anywhere */
};

/** wgt_bad - an error at this line and key. */
void wgt_bad(struct wgt_reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/**
 * wgt_assign - one "key = value" line of the section that the reader is in.
 * @key: @key_len bytes as written; @value without blanks around it
 */
void wgt_assign(struct wgt_reader *r, const char *key, size_t key_len, const char *value);

/** wgt_cross_check - what single lines cannot show. */
void wgt_cross_check(struct wgt_reader *r);

/** wgt_peer_now - the peer whose section the reader is in. */
struct wgt_peer *wgt_peer_now(struct wgt_reader *r);
