/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A local user who swaps names below a folder of his as fast as he can, until he is killed. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/*
 *	swap UID FOLDER A B [A B...]
 *
 * In FOLDER, as user UID, each A and B change places, over and over. A name that is a mount point
 * refuses, which is as it should be.
 */
int main(int argc, char **argv)
{
	uid_t uid;

	if (argc < 5 || argc % 2 == 0)
		return 64;
	uid = (uid_t)strtoul(argv[1], NULL, 10);
	if (chdir(argv[2]) < 0 || setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0) {
		perror(argv[2]);
		return 71;
	}
	for (unsigned round = 0;; round++) {
		for (int i = 3; i < argc; i += 2)
			(void)renameat2(AT_FDCWD, argv[i], AT_FDCWD, argv[i + 1], RENAME_EXCHANGE);
		/* Not always in step with the one that is attacked. */
		if (round % 7 == 0)
			(void)usleep(round % 13 * 37);
	}
}
