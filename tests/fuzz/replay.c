/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stands in for libFuzzer's main: runs each file of a corpus once and reports it as TAP. */
#include "lib/util.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define REPLAY_FILE_MAX (16 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

static int no_dots(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

/* Runs the target on an exact copy on the heap, so that reading one byte too far is seen. */
static bool replay(const char *dir, const char *name)
{
	auto_free char *path = NULL;
	auto_free uint8_t *data = NULL;
	auto_fclose FILE *f = NULL;
	struct stat st;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		return false;
	f = fopen(path, "re");
	if (!f || fstat(fileno(f), &st) || !S_ISREG(st.st_mode) || st.st_size > REPLAY_FILE_MAX)
		return false;
	data = malloc(st.st_size ? (size_t)st.st_size : 1);
	if (!data || fread(data, 1, (size_t)st.st_size, f) != (size_t)st.st_size)
		return false;
	/* The name of the file that kills the process is the last one here. */
	fprintf(stderr, "running %s\n", path);
	return LLVMFuzzerTestOneInput(data, (size_t)st.st_size) == 0;
}

static int replay_all(const char *dir)
{
	struct dirent **list;
	int i, n, bad = 0;

	n = scandir(dir, &list, no_dots, alphasort);
	if (n <= 0) {
		printf("1..1\nnot ok 1 - %s has no file\n", dir);
		return 1;
	}
	printf("1..%d\n", n);
	for (i = 0; i < n; i++) {
		bool ok;

		fflush(stdout);
		ok = replay(dir, list[i]->d_name);
		printf("%s %d - %s\n", ok ? "ok" : "not ok", i + 1, list[i]->d_name);
		bad |= !ok;
		free(list[i]);
	}
	free(list);
	return bad;
}

/* Without an argument the corpus is the one of the program's own name. */
int main(int argc, char **argv)
{
	auto_free char *dir = NULL;
	const char *name = strrchr(argv[0], '/');

	if (LLVMFuzzerInitialize)
		(void)LLVMFuzzerInitialize(&argc, &argv);
	if (argc > 1)
		return replay_all(argv[1]);
	if (asprintf(&dir, "tests/fuzz/corpus/%s", name ? name + 1 : argv[0]) < 0)
		return 1;
	return replay_all(dir);
}
