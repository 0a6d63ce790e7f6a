/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ends the file system of a folder as a crash of the host does: nothing more reaches its disk. */
#include <fcntl.h>
#include <linux/types.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define EXT4_IOC_SHUTDOWN _IOR('X', 125, __u32) /* include/uapi/linux/ext4.h */
#define NOT_EVEN_THE_JOURNAL 2

int main(int argc, char **argv)
{
	const __u32 how = NOT_EVEN_THE_JOURNAL;
	int fd = argc == 2 ? open(argv[1], O_RDONLY | O_DIRECTORY) : -1;

	if (fd < 0 || ioctl(fd, EXT4_IOC_SHUTDOWN, &how) < 0) {
		perror("crash");
		return 71;
	}
	(void)close(fd);
	return 0;
}
