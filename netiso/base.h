/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all domains share at run time: its parameters, whether it stands as it was made, its
 * removal. */
#pragma once

#include "lib/err.h"
#include "lib/nl.h"
#include "netiso/layout.h"

#include <stdbool.h>
#include <stdint.h>

/* ROOT/run/virt-cordon/base: parameters that hold while any domain is isolated, however the
 * configuration changes meanwhile, and the digest of the rules when they were made. */
struct base {
	struct layout_params params;
	uint64_t digest; /* of the rules in the kernel: kern_layout_digest */
	uint64_t text;	 /* of the commands that made them: another version of us makes others */
};

/** base_load - -ENOENT (exit code 66) when nothing is recorded. */
int base_load(const char *root, struct base *ret, struct err *e);
int base_save(const char *root, const struct base *b, struct err *e);
void base_forget(const char *root);

/**
 * base_chain_note - record the rules that a chain of a tap, or one shared by some domains, has now
 * (ROOT/run/virt-cordon/chains/NAME, forgotten with the base).
 * base_chain_stands - whether it still has them: 1 or 0, or -errno.
 * base_chain_forget - remove the note.
 */
int base_chain_note(const char *root, struct nl *nf, const char *family, const char *name,
		    struct err *e);
int base_chain_stands(const char *root, struct nl *nf, const char *family, const char *name,
		      struct err *e);
/** base_chain_digests - what was noted of it and what it has now, 0 for what is not there. */
int base_chain_digests(const char *root, struct nl *nf, const char *family, const char *name,
		       uint64_t *ret_noted, uint64_t *ret_now, struct err *e);
/** base_chain_noted - whether there is a note of it. */
bool base_chain_noted(const char *root, const char *name);
void base_chain_forget(const char *root, const char *name);

/** base_kernel_digest - kern_layout_digest, in the quicker way. */
int base_kernel_digest(const char *root, struct nl *nf, uint64_t *ret, struct err *e);

/** base_text_digest - a number over the commands of layout_emit. */
uint64_t base_text_digest(const struct layout_params *p);

/** base_is_ours - whether the shared part was made by commands as this version makes them. */
bool base_is_ours(const char *root, const struct layout_params *p);

/**
 * base_params - the parameters in force: those recorded, else those of virt-cordon.ini.
 */
int base_params(const char *root, struct layout_params *ret, struct err *e);

/** base_absent - whether there is none of the three tables; false when in doubt. */
bool base_absent(struct nl *nf);

/**
 * base_stands - whether the shared tables are in the kernel just as base_save recorded them: 1 or
 * 0, or -errno. @why: when 0, set to what is wrong; may be NULL.
 */
int base_stands(const char *root, const struct layout_params *p, struct nl *nf, struct err *why,
		struct err *e);
