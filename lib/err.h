/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Error object: set once where a thing fails, wrapped with context on the way up, printed by main.
 */
#pragma once

#include "lib/exitcode.h"

#include <stdbool.h>
#include <stddef.h>

/* Long enough for twenty policy errors of one line each; what is longer is cut, never overflows. */
#define ERR_MSG_MAX 8192

/*
 * Lives on the caller's stack, zero-initialised (`struct err err = {0};`). A function that takes a
 * `struct err *` returns 0 or -errno and sets the object exactly when it returns non-zero. NULL is
 * allowed where the caller only needs the return value.
 */
struct err {
	enum exit_code exit; /* what the process should exit with */
	int errnum;	     /* positive errno value */
	char msg[ERR_MSG_MAX];
};

/**
 * err_set - record a failure.
 * @e: object to fill, or NULL
 * @code: exit code of the process if nothing up the stack handles this
 * @errnum: positive errno; 0 is taken as EINVAL so that the return value is always negative
 * @fmt: message without trailing newline or full stop; no secret may be in it
 *
 * An object that is already set keeps its first message: the first failure is the cause.
 * Returns -errnum.
 */
int err_set(struct err *e, enum exit_code code, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/**
 * err_os - record a failed system call: exit code 71, the text of @errnum appended to the message.
 * EACCES and EPERM become exit code 77, ENOENT stays 71. Returns -errnum.
 */
int err_os(struct err *e, int errnum, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/**
 * err_wrap - put "context: " before the message of an object that is set; returns -e->errnum.
 */
int err_wrap(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** err_is_set - whether a failure was recorded. */
static inline bool err_is_set(const struct err *e)
{
	return e && e->msg[0] != '\0';
}
