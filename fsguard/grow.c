/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Growing a share: see fsguard/grow.h. */
#include "fsguard/grow.h"

#include "fsguard/create.h"
#include "fsguard/image.h"
#include "lib/util.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#define EXT4_IOC_RESIZE_FS _IOW('f', 16, __u64) /* fs/ext4/ext4.h of the kernel; blocks */

static int follow(struct volume *d, struct err *e)
{
	if (fstat(d->fd, &d->st) < 0)
		return err_os(e, errno, "cannot stat %s", d->path);
	return d->loop.fd >= 0 ? fsg_loop_resize(&d->loop, (uint64_t)d->st.st_size, e) : 0;
}

static int enlarge(const struct share *share, struct volume *d, uint64_t want, struct err *e)
{
	if (share->policy->reserve)
		return fsg_create_reserve(d->fd, want, d->path, e);
	if (ftruncate(d->fd, (off_t)want) < 0)
		return err_os(e, errno, "cannot grow %s", d->path);
	return 0;
}

int fsg_grow_file(const struct share *share, struct volume *d, uint64_t *was, struct err *e)
{
	const uint64_t want = fsg_image_bytes(share->policy->size), have = (uint64_t)d->st.st_size;
	int r = 0;

	*was = have;
	if (want < have)
		return err_set(e, EX_CORDON_POLICY, EINVAL,
			       "size: the image has %llu MiB, and a share does not shrink; write "
			       "size = %lluK, or move its content to a new one",
			       (unsigned long long)(have >> 20), (unsigned long long)(have >> 10));
	if (want > have)
		r = enlarge(share, d, want, e);
	/* Also when the image has its size: an earlier run may have come no further. */
	if (r == 0)
		r = follow(d, e);
	if (r < 0)
		fsg_grow_back(d, *was);
	return r;
}

void fsg_grow_back(struct volume *d, uint64_t was)
{
	const int source = d->loop.fd >= 0 ? d->loop.fd : d->fd;
	struct fsg_image_super super;

	if (fstat(d->fd, &d->st) < 0 || (uint64_t)d->st.st_size <= was ||
	    fsg_image_super(source, d->path, &super, NULL) < 0 || super.bytes > was)
		return;
	/* Half resized, or with a journal to be played back: its superblock is not all. */
	if (!d->in_use && !super.clean)
		return;
	if (ftruncate(d->fd, (off_t)was) == 0)
		(void)follow(d, NULL);
}

bool fsg_grow_missing(const struct volume *d, uint64_t size)
{
	struct fsg_image_super super;

	return fsg_image_super(d->loop.fd, d->path, &super, NULL) == 0 &&
	       super.bytes < fsg_image_fits(fsg_image_bytes(size));
}

int fsg_grow_mounted(int fd, const struct volume *d, struct err *e)
{
	const uint64_t want = fsg_image_fits((uint64_t)d->st.st_size);
	const __u64 blocks = want / IMAGE_BLOCK;
	struct fsg_image_super super = {0};
	int r;

	r = fsg_image_super(d->loop.fd, d->path, &super, e);
	if (r < 0 || super.bytes >= want)
		return r;
	if (ioctl(fd, EXT4_IOC_RESIZE_FS, &blocks) == 0)
		return 0;
	if (errno == EPERM)
		return err_set(e, EX_CORDON_UNAVAILABLE, EPERM,
			       "size: the share is in use, and its file system cannot grow while "
			       "it is (no CAP_SYS_RESOURCE here, or it had an error); it grows at "
			       "the next start that finds it free");
	return err_os(e, errno, "size: cannot grow the mounted file system of %s", d->path);
}
