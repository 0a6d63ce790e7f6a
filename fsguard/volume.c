/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An image and its loop device: see fsguard/volume.h. */
#include "fsguard/volume.h"

#include "fsguard/image.h"
#include "lib/util.h"

#include <stdio.h>

void fsg_volume_close(struct volume *d)
{
	fsg_loop_close(&d->loop);
	util_closep(&d->fd);
}

int fsg_volume_open(int store, const char *store_path, const char *name, struct volume *d,
		    struct err *e)
{
	(void)snprintf(d->path, sizeof(d->path), "%s/%s", store_path, name);
	return fsg_store_open_image(store, store_path, name, &d->fd, &d->st, e);
}

int fsg_volume_find_loop(struct volume *d, struct err *e)
{
	int r = fsg_loop_find(&d->st, &d->loop, e);

	if (r == 1)
		d->in_use = fsg_loop_in_use(&d->loop);
	return r;
}

int fsg_volume_ready(struct volume *d, uint32_t deadline_ms, struct err *e)
{
	struct fsg_image_super super = {0};
	char device[LOOP_PATH_MAX];
	int r = 0;

	if (d->loop.fd < 0)
		r = fsg_loop_attach(d->fd, d->path, &d->loop, e);
	if (r == 0)
		r = fsg_image_super(d->loop.fd, d->path, &super, e);
	if (r == 0 && !super.clean)
		r = fsg_image_repair(fsg_loop_path(&d->loop, device), d->path, deadline_ms, e);
	if (r < 0 || super.bytes >= fsg_image_fits((uint64_t)d->st.st_size))
		return r;
	return fsg_image_grow(fsg_loop_path(&d->loop, device), d->path, deadline_ms, e);
}
