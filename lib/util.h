/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ownership helpers: cleanup attributes, TAKE_PTR, TAKE_FD; closers keep errno. */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static inline void util_freep(void *p)
{
	int saved = errno;

	free(*(void **)p);
	*(void **)p = NULL;
	errno = saved;
}

static inline void util_closep(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
	errno = saved;
}

static inline void util_fclosep(FILE **f)
{
	int saved = errno;

	if (*f)
		(void)fclose(*f);
	*f = NULL;
	errno = saved;
}

static inline void util_closedirp(DIR **d)
{
	int saved = errno;

	if (*d)
		(void)closedir(*d);
	*d = NULL;
	errno = saved;
}

#define auto_free __attribute__((cleanup(util_freep)))
#define auto_close __attribute__((cleanup(util_closep)))
#define auto_fclose __attribute__((cleanup(util_fclosep)))
#define auto_closedir __attribute__((cleanup(util_closedirp)))

/* Gives a pointer or descriptor away: the variable is left empty, its cleanup does nothing. */
#define TAKE_PTR(p)                                                                                \
	__extension__({                                                                            \
		__typeof__(p) *take_pp = &(p);                                                     \
		__typeof__(p) take_p = *take_pp;                                                   \
		*take_pp = NULL;                                                                   \
		take_p;                                                                            \
	})
#define TAKE_FD(fd)                                                                                \
	__extension__({                                                                            \
		int *take_pfd = &(fd);                                                             \
		int take_fd = *take_pfd;                                                           \
		*take_pfd = -1;                                                                    \
		take_fd;                                                                           \
	})
