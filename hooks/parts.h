/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The programs besides the isolator that a domain's events call, in order. */
#pragma once

#include "lib/err.h"
#include "lib/policy.h"
#include "lib/record.h"

#include <stdint.h>

/** parts_wanted - which parts @p asks for: a set of bits 1 << enum record_part. */
uint32_t parts_wanted(const struct policy *p);

/**
 * parts_apply - `virt-cordon-PART apply` for each part of @rec, in order. The first that fails is
 * the last that is called; what it and those before it did is left to parts_revert.
 */
int parts_apply(const struct record *rec, struct err *e);

/** parts_check - `check` for each part of @rec; the first difference is the error. */
int parts_check(const struct record *rec, struct err *e);

/**
 * parts_repair - `check`, and where that fails `apply`, for each part of @rec. What cannot be
 * repaired is logged: a tunnel that is down lets nothing out, a share that is gone takes nothing.
 */
void parts_repair(const struct record *rec);

/** parts_left - which parts still have something in force: a set as of parts_wanted. */
uint32_t parts_left(const struct record *rec);

/**
 * parts_revert - `revert` in reverse order for each part that has something in force, whether
 * @rec names it or not. All are tried; the first failure is the error.
 */
int parts_revert(const struct record *rec, struct err *e);

/**
 * parts_begin - what goes on after the start, in processes of their own. The guest runs: that one
 * cannot be started is logged.
 */
void parts_begin(const struct record *rec);
