/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the static analyzers, which see one file at a time, are told about functions elsewhere. */
#pragma once

#include "lib/err.h"

#include <errno.h>

/*
 * The contract of lib/err.h: always negative, so that what a caller reads behind `if (r < 0)` has
 * been written. A constant, since clang's analyzer does not follow the sign of -n.
 */
#define err_set(...) ((void)err_set(__VA_ARGS__), -EINVAL)
#define err_os(...) ((void)err_os(__VA_ARGS__), -EINVAL)
#define err_wrap(...) ((void)err_wrap(__VA_ARGS__), -EINVAL)
