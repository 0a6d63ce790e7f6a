/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What cloud-init itself says of user-data, where this host has it. */
#pragma once

#include "lib/err.h"

#include <stdbool.h>
#include <stddef.h>

/**
 * schema_check - `cloud-init schema` of @text, which begins with #cloud-config.
 * @name: file, for the message
 *
 * Exit code 78 when cloud-init says that its schema does not fit. No cloud-init, one that fails in
 * another way or takes too long: 0, since the guest may have another release of it.
 */
int schema_check(const char *name, const char *text, size_t len, struct err *e);

/**
 * schema_read - the key that the output of `cloud-init schema` complains of, "users.0.sudo" say.
 * @ret: @size bytes; "" when it complains of no key
 *
 * False when there is no complaint. What follows the key is left out: it may hold a password.
 */
bool schema_read(const char *output, char *ret, size_t size);
