/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a file system is mounted, and taking it off there: see fsguard/mnt.h. */
#include "fsguard/mnt.h"

#include "fsguard/target.h"
#include "lib/util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

/* Blanks, newlines and backslashes stand as \ooo in /proc/self/mountinfo: proc_pid_mountinfo(5). */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
		    s[3] >= '0' && s[3] <= '7') {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 3;
		} else {
			*to++ = *s;
		}
	}
	*to = '\0';
}

/* "36 35 98:0 /root /point options …": the third, fourth and fifth field. */
static bool parse_line(char *line, dev_t dev, char **root, char **point)
{
	char *save = NULL, want[32], *field = strtok_r(line, " ", &save);

	(void)snprintf(want, sizeof(want), "%u:%u", major(dev), minor(dev));
	for (int i = 0; i < 2 && field; i++)
		field = strtok_r(NULL, " ", &save);
	if (!field || strcmp(field, want) != 0)
		return false;
	*root = strtok_r(NULL, " ", &save);
	*point = *root ? strtok_r(NULL, " ", &save) : NULL;
	return *point != NULL;
}

static int add_point(struct mnt_point **list, size_t *n, const char *root, char *point)
{
	struct mnt_point *grown = reallocarray(*list, *n + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	*list = grown;
	unescape(point);
	grown[*n] = (struct mnt_point){.path = strdup(point), .whole = strcmp(root, "/") == 0};
	return grown[*n].path ? (*n)++, 0 : -ENOMEM;
}

int fsg_mnt_points(dev_t dev, struct mnt_point **ret, size_t *n_ret, struct err *e)
{
	auto_fclose FILE *f = fopen("/proc/self/mountinfo", "re");
	auto_free char *line = NULL;
	struct mnt_point *list = NULL;
	char *root, *point;
	size_t n = 0, size = 0;
	int r = 0;

	if (!f)
		return err_os(e, errno, "cannot open /proc/self/mountinfo");
	while (r == 0 && getline(&line, &size, f) >= 0)
		if (parse_line(line, dev, &root, &point))
			r = add_point(&list, &n, root, point);
	if (r < 0) {
		fsg_mnt_points_free(list, n);
		return err_os(e, -r, "mounts");
	}
	*ret = list;
	*n_ret = n;
	return 0;
}

void fsg_mnt_points_free(struct mnt_point *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i].path);
	free(list);
}

int fsg_mnt_detach(const char *path, dev_t dev, unsigned wait_ms, struct err *e)
{
	const struct timespec pause = {.tv_nsec = 10000000};
	auto_free char *copy = strdup(path);
	auto_close int parent = -1;
	char where[NAME_MAX + 64], *slash;
	struct stat st;
	int r;

	slash = copy ? strrchr(copy, '/') : NULL;
	if (!slash || !slash[1] || strlen(slash + 1) > NAME_MAX)
		return err_set(e, EX_CORDON_BUG, EINVAL, "'%s' cannot be a mount of ours", path);
	*slash = '\0';
	r = fsg_target_open(*copy ? copy : "/", &parent, e);
	if (r < 0)
		return r;
	/* A folder with a mount on it can be neither renamed nor removed: its name is safe. */
	if (fstatat(parent, slash + 1, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_dev != dev)
		return -ENOENT;
	(void)snprintf(where, sizeof(where), "/proc/self/fd/%d/%s", parent, slash + 1);
	while (umount2(where, UMOUNT_NOFOLLOW) < 0) {
		if (errno != EBUSY || wait_ms == 0)
			return errno == EBUSY
				       ? err_set(e, EX_CORDON_TEMPFAIL, EBUSY, "%s is busy", path)
				       : err_os(e, errno, "cannot unmount %s", path);
		(void)nanosleep(&pause, NULL);
		wait_ms -= wait_ms < 10 ? wait_ms : 10;
	}
	return 0;
}
