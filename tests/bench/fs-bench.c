/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One measurement of a folder's file system: sequential or random, reading or writing. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/*
 *	fs-bench FILE seq-write|seq-read|rand-write|rand-read cached|direct THREADS
 *
 * Sequential: FILE, SIZE bytes in blocks of 1 MiB. Random: blocks of 4 KiB for a second, each
 * thread one at a time. cached: through the page cache, as virtiofsd does; what is read is not in
 * it before, what is written is waited for. direct: past the cache. Prints MiB/s or operations/s.
 */
#define SIZE ((off_t)256 << 20)
#define LARGE ((size_t)1 << 20)
#define SMALL ((size_t)4096)
#define RUN_NS 1000000000

static int fd;
static int writing;

static uint64_t now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void die(const char *what)
{
	perror(what);
	exit(71);
}

static void *block(size_t size)
{
	void *p = NULL;

	if (posix_memalign(&p, 4096, size) != 0)
		die("memory");
	memset(p, 'x', size);
	return p;
}

static double sequential(void)
{
	char *buf = block(LARGE);
	const uint64_t begin = now_ns();

	for (off_t at = 0; at < SIZE; at += (off_t)LARGE) {
		const ssize_t n = writing ? pwrite(fd, buf, LARGE, at) : pread(fd, buf, LARGE, at);

		if (n != (ssize_t)LARGE)
			die("sequential");
	}
	if (writing && fsync(fd) < 0)
		die("fsync");
	free(buf);
	return (double)(SIZE >> 20) * 1e9 / (double)(now_ns() - begin);
}

static void *random_blocks(void *arg)
{
	uint64_t *count = arg, state = (uint64_t)(uintptr_t)arg;
	const uint64_t end = now_ns() + RUN_NS;
	char *buf = block(SMALL);

	while (now_ns() < end) {
		off_t at;
		ssize_t n;

		state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		at = (off_t)((state >> 33) % (uint64_t)(SIZE / (off_t)SMALL)) * (off_t)SMALL;
		n = writing ? pwrite(fd, buf, SMALL, at) : pread(fd, buf, SMALL, at);
		if (n != (ssize_t)SMALL)
			die("random");
		++*count;
	}
	free(buf);
	return NULL;
}

static double randomly(int threads)
{
	pthread_t ids[64];
	uint64_t counts[64] = {0}, sum = 0, begin = now_ns();

	for (int i = 0; i < threads; i++)
		if (pthread_create(&ids[i], NULL, random_blocks, &counts[i]) != 0)
			die("thread");
	for (int i = 0; i < threads; i++) {
		(void)pthread_join(ids[i], NULL);
		sum += counts[i];
	}
	if (writing && fsync(fd) < 0)
		die("fsync");
	return (double)sum * 1e9 / (double)(now_ns() - begin);
}

int main(int argc, char **argv)
{
	const char *what = argc == 5 ? argv[2] : "";
	const int sequentially = strncmp(what, "seq-", 4) == 0;
	const int threads = argc == 5 ? (int)strtol(argv[4], NULL, 10) : 0;
	int flags = O_RDWR | O_CREAT | O_CLOEXEC;

	if ((!sequentially && strncmp(what, "rand-", 5) != 0) || threads < 1 || threads > 64)
		return 64;
	writing = strstr(what, "write") != NULL;
	if (strcmp(argv[3], "direct") == 0)
		flags |= O_DIRECT;
	fd = open(argv[1], flags, 0600);
	if (fd < 0)
		die(argv[1]);
	if (!writing &&
	    (fsync(fd) < 0 || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0 ||
	     posix_fadvise(fd, 0, 0, sequentially ? POSIX_FADV_NORMAL : POSIX_FADV_RANDOM) != 0))
		die("fadvise");
	printf("%.0f\n", sequentially ? sequential() : randomly(threads));
	return 0;
}
