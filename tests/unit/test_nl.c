/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers of netlink: how a dump and a request end, well or badly. The socket is wrapped. */
#include "lib/nl.h"

#include "lib/util.h"

#include <errno.h>
#include <linux/netlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define PORTID 77

static char answer[256];
static size_t answer_len;
static unsigned seen;

unsigned int __wrap_mnl_socket_get_portid(const struct mnl_socket *s);
ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *s, const void *req, size_t len);
ssize_t __wrap_mnl_socket_recvfrom(const struct mnl_socket *s, void *buf, size_t size);

unsigned int __wrap_mnl_socket_get_portid(const struct mnl_socket *s)
{
	(void)s;
	return PORTID;
}

ssize_t __wrap_mnl_socket_sendto(const struct mnl_socket *s, const void *req, size_t len)
{
	(void)s;
	(void)req;
	return (ssize_t)len;
}

ssize_t __wrap_mnl_socket_recvfrom(const struct mnl_socket *s, void *buf, size_t size)
{
	(void)s;
	assert_true(answer_len && answer_len <= size);
	memcpy(buf, answer, answer_len);
	return (ssize_t)answer_len;
}

/* One more message, with a number as its payload, or (@len 0) none. */
static void add(uint16_t type, uint16_t flags, int number, size_t len)
{
	struct nlmsghdr h = {.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + len),
			     .nlmsg_type = type,
			     .nlmsg_flags = flags,
			     .nlmsg_seq = 1,
			     .nlmsg_pid = PORTID};

	memcpy(answer + answer_len, &h, sizeof(h));
	if (len)
		memcpy(answer + answer_len + NLMSG_HDRLEN, &number, sizeof(number));
	answer_len += NLMSG_ALIGN(h.nlmsg_len);
}

static int count(const struct nlmsghdr *nlh, void *data)
{
	(void)nlh;
	(void)data;
	seen++;
	return 0;
}

static int talk(uint16_t flags)
{
	struct nl nl = {.seq = 1};
	struct nlmsghdr req = {.nlmsg_len = NLMSG_HDRLEN, .nlmsg_flags = flags};
	int r = nl_talk(&nl, &req, count, NULL);

	answer_len = 0;
	return r;
}

static void test_dump(void **state)
{
	(void)state;
	seen = 0;
	add(NLMSG_MIN_TYPE, NLM_F_MULTI, 0, 4);
	add(NLMSG_DONE, NLM_F_MULTI, 0, 4);
	assert_int_equal(talk(NLM_F_DUMP), 0);
	assert_int_equal(seen, 1);
	/* Without the number: kernels of old. */
	add(NLMSG_DONE, NLM_F_MULTI, 0, 0);
	assert_int_equal(talk(NLM_F_DUMP), 0);
}

/* Not an empty list: one that could not be given. */
static void test_dump_fails_at_its_end(void **state)
{
	(void)state;
	seen = 0;
	add(NLMSG_DONE, NLM_F_MULTI, -EINVAL, 4);
	assert_int_equal(talk(NLM_F_DUMP), -EINVAL);
	add(NLMSG_MIN_TYPE, NLM_F_MULTI, 0, 4);
	add(NLMSG_DONE, NLM_F_MULTI, -ENOMEM, 4);
	assert_int_equal(talk(NLM_F_DUMP), -ENOMEM);
	assert_int_equal(seen, 1);
}

static void test_dump_changed_meanwhile(void **state)
{
	(void)state;
	add(NLMSG_MIN_TYPE, NLM_F_MULTI | NLM_F_DUMP_INTR, 0, 4);
	add(NLMSG_DONE, NLM_F_MULTI, 0, 4);
	assert_int_equal(talk(NLM_F_DUMP), -EINTR);
}

/* An error too short to have its number is no success. */
static void test_short_error(void **state)
{
	(void)state;
	add(NLMSG_ERROR, 0, 0, 4);
	assert_int_equal(talk(0), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dump),
		cmocka_unit_test(test_dump_fails_at_its_end),
		cmocka_unit_test(test_dump_changed_meanwhile),
		cmocka_unit_test(test_short_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
