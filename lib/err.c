/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Error object: see lib/err.h. */
#include "lib/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *e, enum exit_code code, int errnum, const char *fmt, ...)
{
	va_list ap;

	if (errnum <= 0)
		errnum = EINVAL;
	if (!e || err_is_set(e))
		return -errnum;

	e->exit = code;
	e->errnum = errnum;
	va_start(ap, fmt);
	(void)vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	return -errnum;
}

int err_os(struct err *e, int errnum, const char *fmt, ...)
{
	enum exit_code code = errnum == EACCES || errnum == EPERM ? EX_CORDON_NOPERM : EX_CORDON_OS;
	char context[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(context, sizeof(context), fmt, ap);
	va_end(ap);
	return err_set(e, code, errnum, "%s: %s", context, strerror(errnum));
}

int err_wrap(struct err *e, const char *fmt, ...)
{
	char context[1024];
	size_t len, old;
	va_list ap;

	if (!e || !err_is_set(e))
		return e ? -(e->errnum ? e->errnum : EINVAL) : -EINVAL;

	va_start(ap, fmt);
	(void)vsnprintf(context, sizeof(context) - 2, fmt, ap);
	va_end(ap);
	len = strlen(context);
	memcpy(context + len, ": ", 3);
	len += 2;
	old = strlen(e->msg);
	if (len + old >= sizeof(e->msg))
		old = sizeof(e->msg) - len - 1;
	memmove(e->msg + len, e->msg, old);
	memcpy(e->msg, context, len);
	e->msg[len + old] = '\0';
	return -e->errnum;
}
