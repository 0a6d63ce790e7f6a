/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one table of exit codes; every program and every man page uses these. */
#pragma once

enum exit_code {
	EX_CORDON_OK = 0,	    /* done, or already so */
	EX_CORDON_DIFFERS = 1,	    /* the live system differs from the plan */
	EX_CORDON_USAGE = 64,	    /* wrong command line */
	EX_CORDON_DATA = 65,	    /* bad domain XML, hook data, state or tunnel file */
	EX_CORDON_NOINPUT = 66,	    /* no such domain or file */
	EX_CORDON_UNAVAILABLE = 69, /* a kernel feature or a tool is missing */
	EX_CORDON_BUG = 70,	    /* an internal invariant does not hold */
	EX_CORDON_OS = 71,	    /* the operating system refused */
	EX_CORDON_TEMPFAIL = 75,    /* a lock was not free before its deadline */
	EX_CORDON_NOPERM = 77,	    /* privilege is missing */
	EX_CORDON_POLICY = 78,	    /* the policy is bad, or refuses this domain */
};
