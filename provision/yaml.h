/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a text is YAML that cloud-init reads as it was meant. */
#pragma once

#include "lib/err.h"

#include <stddef.h>

enum yaml_root { YAML_MAPPING, YAML_LIST };

/**
 * yaml_check - one document whose root is of that kind, no key twice in a mapping of the root.
 * @name: file, for messages: "NAME:LINE: what is wrong"
 *
 * PyYAML, which cloud-init uses, keeps the last of two keys and says nothing. Exit code 78.
 */
int yaml_check(const char *name, const char *text, size_t len, enum yaml_root root, struct err *e);
