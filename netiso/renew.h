/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables that another version of virt-cordon has made. */
#pragma once

#include "netiso/job.h"

#include <stddef.h>

/*
 * Theory of operation
 * ===================
 *
 * nftables changes neither the type of a set nor the hook of a chain, and what undo recorded speaks
 * of the sets as they were. So where the layout is another one (virt-cordon was upgraded while
 * guests run), the first to be started or repaired has all of it put in anew, in one transaction:
 * the tables are deleted, made again, and filled by the plans of all domains that run. No packet
 * meets less than it did before. If one domain's plan cannot be made, nothing is done.
 *
 * What guests' packets have added to sets is read before and added again, where it still fits;
 * counters and what limits count begin anew. Each domain's undo becomes that of its new plan.
 */

/* Commands in the order in which they are run. */
struct commands {
	struct strbuf first;  /* the shared part */
	struct strbuf guests; /* the networks where guests live, each once */
	struct strbuf learnt; /* what guests' packets had added to it; may be left out */
	struct strbuf rest;
	struct strbuf last; /* as @learnt, of sets that the plans make */
};
void commands_free(struct commands *c);
#define auto_commands __attribute__((cleanup(commands_free)))

/** commands_add_guests - the networks of @plan. */
void commands_add_guests(struct commands *c, const struct iso_plan *plan);

/** commands_run - as one transaction; when that is refused, once more without what was learnt. */
int commands_run(const struct commands *c, struct err *e);

/* The other domains in a transaction, malloc'd; their sockets are those of the one it is for. */
struct renewal {
	struct job **list;
	size_t n;
};
void renewal_free(struct renewal *n);
#define auto_renewal __attribute__((cleanup(renewal_free)))

/**
 * renew_others - the plans of all other domains that are isolated and run into @c. From then on
 * their recorded undo takes back the old and the new. The caller holds the host lock.
 * @ret: zero-initialised; release with renewal_free
 *
 * Fails with the name of a domain whose plan cannot be made.
 */
int renew_others(struct job *j, struct renewal *ret, struct commands *c, struct err *e);

/** renew_done - the transaction is through: their undo takes back the new alone. */
int renew_done(struct job *j, const struct renewal *n, struct err *e);

/** renew_compare - them with their plans; the error names one that differs. */
int renew_compare(struct job *j, const struct renewal *n, struct err *e);

/**
 * renew_keep_learnt - from the kernel into @c, what guests' packets have added to the sets of
 * addresses; and then to sets that the plans make which @c has so far.
 */
void renew_keep_learnt(struct commands *c);
void renew_keep_learnt_last(struct commands *c);

/**
 * renew_learnt - the same from a listing of a table of @family as nft writes it.
 * @plans: only of sets that these commands make; NULL for all
 */
void renew_learnt(const char *family, const char *listing, const char *plans, struct strbuf *out);
