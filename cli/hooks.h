/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether libvirt's daemons find the hook, and have looked for it since it is there. */
#pragma once

#include "lib/strbuf.h"

#include <stdbool.h>

enum hook_state { HOOK_LOADED, HOOK_STALE, HOOK_MISSING };

/**
 * hook_state - of the hook @kind, "qemu" or "network"; @why: a line when it is not as it should be.
 *
 * A daemon looks for hooks when it starts: one that is older than the link has not loaded it. The
 * daemon is libvirtd, or virtqemud or virtnetworkd.
 */
enum hook_state hook_state(const char *root, const char *kind, struct strbuf *why);
