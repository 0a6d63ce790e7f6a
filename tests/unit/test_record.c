/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records: the text form and its damage. */
#include "lib/record.h"

#include "lib/util.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define UUID "5d1c25f5-1d4e-4fbc-9b0a-2f0b0a6f3c01"
#define PORT "0b2c7f9e-61aa-4f38-8f57-6e3a52a1d8c4"

static struct uuid uuid_of(const char *text)
{
	struct uuid u;

	assert_true(uuid_parse(text, &u));
	return u;
}

static void set_link(char dst[static IFNAMSIZ], const char *name)
{
	assert_true(strlen(name) < IFNAMSIZ);
	memcpy(dst, name, strlen(name) + 1);
}

static struct record_nic *add_nic(struct record_nic **list, size_t *n, const char *tap,
				  const char *network)
{
	struct record_nic *nic;

	*list = realloc(*list, (*n + 1) * sizeof(**list));
	assert_non_null(*list);
	nic = &(*list)[(*n)++];
	*nic = (struct record_nic){.mac = {{0x52, 0x54, 0, 1, 2, (uint8_t)*n}},
				   .network = network ? strdup(network) : NULL,
				   .lease_s = 3600};
	set_link(nic->tap, tap);
	return nic;
}

static void add_disk(struct record *r)
{
	static const struct disk disk = {.device = (char *)"disk",
					 .type = (char *)"file",
					 .format = (char *)"qcow2",
					 .source = (char *)"/srv/a b.qcow2",
					 .target = (char *)"vda",
					 .bus = (char *)"",
					 .plain = true};

	assert_true(disks_copy(&disk, 1, &r->disks));
	r->n_disks = 1;
}

static struct record full_record(void)
{
	struct record r = {.name = strdup("web 1"),
			   .uuid = uuid_of(UUID),
			   .phase = PHASE_RUNNING,
			   .slot = 7,
			   .isolation = true,
			   .parts = 1u << PART_FSGUARD | 1u << PART_PROVISION};
	struct record_nic *nic = add_nic(&r.nics, &r.n_nics, "vnet0", "cordon");

	set_link(nic->bridge, "virbr-cordon");
	nic->has_port = true;
	nic->port = uuid_of(PORT);
	nic->guarded = true;
	nic = add_nic(&r.nics, &r.n_nics, "tap%1", NULL);
	set_link(nic->bridge, "br0");
	nic->lease_s = 0;
	nic->gone = true;
	nic = add_nic(&r.ports, &r.n_ports, "", "net = \"x\"\n");
	nic->has_port = true;
	nic->port = uuid_of(PORT);
	r.fs = calloc(1, sizeof(*r.fs));
	assert_non_null(r.fs);
	r.fs[r.n_fs++] = (struct record_fs){.tag = strdup("my share"),
					    .source = strdup("/srv/a b"),
					    .driver = strdup("virtiofs")};
	add_disk(&r);
	return r;
}

static char *print(const struct record *r)
{
	struct strbuf text = {0};
	char *ret;

	record_print(r, &text);
	ret = sb_take(&text);
	assert_non_null(ret);
	return ret;
}

static void assert_nic_equal(const struct record_nic *a, const struct record_nic *b)
{
	assert_true(mac_equal(&a->mac, &b->mac));
	assert_string_equal(a->tap, b->tap);
	assert_string_equal(a->bridge, b->bridge);
	assert_int_equal(a->network != NULL, b->network != NULL);
	if (a->network)
		assert_string_equal(a->network, b->network);
	assert_int_equal(a->has_port, b->has_port);
	if (a->has_port)
		assert_true(uuid_equal(&a->port, &b->port));
	assert_int_equal(a->lease_s, b->lease_s);
	assert_int_equal(a->guarded, b->guarded);
	assert_int_equal(a->gone, b->gone);
}

static void assert_record_equal(const struct record *a, const struct record *b)
{
	assert_string_equal(a->name, b->name);
	assert_true(uuid_equal(&a->uuid, &b->uuid));
	assert_int_equal(a->phase, b->phase);
	assert_int_equal(a->incoming, b->incoming);
	assert_int_equal(a->slot, b->slot);
	assert_int_equal(a->isolation, b->isolation);
	assert_int_equal(a->parts, b->parts);
	assert_int_equal(a->n_nics, b->n_nics);
	assert_int_equal(a->n_ports, b->n_ports);
	for (size_t i = 0; i < a->n_nics; i++)
		assert_nic_equal(&a->nics[i], &b->nics[i]);
	assert_int_equal(a->n_disks, b->n_disks);
	for (size_t i = 0; i < a->n_disks; i++) {
		assert_string_equal(a->disks[i].device, b->disks[i].device);
		assert_string_equal(a->disks[i].source, b->disks[i].source);
		assert_string_equal(a->disks[i].bus, b->disks[i].bus);
		assert_int_equal(a->disks[i].readonly, b->disks[i].readonly);
		assert_int_equal(a->disks[i].plain, b->disks[i].plain);
	}
	for (size_t i = 0; i < a->n_ports; i++)
		assert_nic_equal(&a->ports[i], &b->ports[i]);
	assert_int_equal(a->n_fs, b->n_fs);
	for (size_t i = 0; i < a->n_fs; i++) {
		assert_string_equal(a->fs[i].tag, b->fs[i].tag);
		assert_string_equal(a->fs[i].source, b->fs[i].source);
		assert_string_equal(a->fs[i].driver, b->fs[i].driver);
	}
}

/* Prints, reads, compares, prints again. */
static void round_trip(const struct record *r)
{
	char *first = print(r), *second;
	struct record again = {0};
	struct err e = {0};

	if (record_parse(first, strlen(first), &again, &e) < 0)
		fail_msg("%s\n%s", first, e.msg);
	assert_record_equal(r, &again);
	second = print(&again);
	assert_string_equal(first, second);
	record_free(&again);
	free(first);
	free(second);
}

static void test_round_trip(void **state)
{
	struct record r = full_record();

	(void)state;
	for (int phase = PHASE_PREPARED; phase <= PHASE_STOPPING; phase++) {
		r.phase = (enum record_phase)phase;
		r.incoming = phase % 2;
		r.isolation = phase % 3;
		r.slot = phase ? RECORD_SLOT_MAX : 0;
		round_trip(&r);
	}
	record_free(&r);
}

/* Names as libvirt takes them, and worse. */
static void test_names(void **state)
{
	static const char *const names[] = {
		"a",
		"--help",
		".hidden",
		"..",
		"a/b",
		"a%41",
		"%",
		"a b",
		"tab\there",
		"new\nline",
		"cr\rlf",
		"\"q\" 'q'",
		"\xc3\xbc\xe2\x82\xac",
		"\xff\x01\x7f",
		"end",
		"nic mac=",
	};
	char longest[248];

	(void)state;
	memset(longest, '/', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	for (size_t i = 0; i <= ARRAY_SIZE(names); i++) {
		struct record r = {.uuid = uuid_of(UUID), .slot = 1};

		r.name = strdup(i < ARRAY_SIZE(names) ? names[i] : longest);
		round_trip(&r);
		record_free(&r);
	}
}

static void test_encode(void **state)
{
	static const struct {
		const char *plain, *encoded;
	} good[] = {{"", ""},	    {"vnet0", "vnet0"}, {"a.b-c_d:e", "a.b-c_d:e"},
		    {".a", "%2Ea"}, {"a b", "a%20b"},	{"a/b", "a%2Fb"},
		    {"%", "%25"},   {"\xff", "%FF"},	{"x\n", "x%0A"}};
	/* What the encoder would have written otherwise, and what is no encoding at all. */
	static const char *const bad[] = {"%41", "%2e", "a%2E", "%",  "%2",  "%2G", "%G2",
					  "a b", ".a",	"%00",	"\n", "a/b", "\xff"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct strbuf out = {0}, back = {0};

		record_encode(good[i].plain, &out);
		assert_string_equal(sb_str(&out), good[i].encoded);
		assert_true(record_decode(good[i].encoded, &back));
		assert_string_equal(sb_str(&back), good[i].plain);
		sb_free(&out);
		sb_free(&back);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct strbuf out = {0};

		if (record_decode(bad[i], &out))
			fail_msg("'%s' was decoded", bad[i]);
		sb_free(&out);
	}
}

static bool parses(const char *text, size_t len)
{
	struct record r = {0};
	struct err e = {0};
	int status = record_parse(text, len, &r, &e);

	assert_int_equal(status < 0, err_is_set(&e));
	if (status < 0) {
		assert_int_equal(e.exit, EX_CORDON_DATA);
		assert_null(r.name); /* nothing was written */
	}
	record_free(&r);
	return status == 0;
}

static void test_every_truncation(void **state)
{
	struct record r = full_record();
	char *text = print(&r);
	size_t len = strlen(text);

	(void)state;
	assert_true(parses(text, len));
	for (size_t n = 0; n < len; n++)
		if (parses(text, n))
			fail_msg("accepted the first %zu of %zu bytes", n, len);
	free(text);
	record_free(&r);
}

/* The text with line @which left out (0), doubled (1), or swapped with the next one (2). */
static char *without_line(const char *text, unsigned which, int how)
{
	struct strbuf out = {0};
	const char *held = NULL;
	size_t held_len = 0;
	unsigned i = 0;

	for (const char *p = text; *p; i++) {
		const size_t n = strcspn(p, "\n") + 1;

		if (i == which && how == 2) {
			held = p;
			held_len = n;
		} else if (i != which || how == 1) {
			sb_add(&out, p, n);
			if (i == which)
				sb_add(&out, p, n);
			if (held)
				sb_add(&out, held, held_len);
			held = NULL;
		}
		p += n;
	}
	if (held)
		sb_add(&out, held, held_len);
	return sb_take(&out);
}

static unsigned count_lines(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* Lines 0 to 6 and "end" stand once and in order; NICs, then ports, may be any number. */
static void test_lines_lost_doubled_swapped(void **state)
{
	struct record r = full_record();
	char *text = print(&r);
	const unsigned lines = count_lines(text), first_nic = 8;

	(void)state;
	for (unsigned i = 0; i < lines; i++) {
		for (int how = 0; how <= 2; how++) {
			const bool free_line = i >= first_nic && i < lines - 1;
			bool ok = free_line && (how < 2 || i == first_nic);
			char *damaged = without_line(text, i, how);

			if (how == 2 && i == lines - 1)
				ok = true; /* the last has no next one */
			if (parses(damaged, strlen(damaged)) != ok)
				fail_msg("line %u, damage %d:\n%s", i, how, damaged);
			free(damaged);
		}
	}
	free(text);
	record_free(&r);
}

/* None of these bytes may stand anywhere but where it was written. */
static void test_every_byte_changed(void **state)
{
	static const char bytes[] = {'\0', '\n', ' ', '=', '%', '/', '\x7f', '\xff', '\r'};
	struct record r = full_record();
	char *text = print(&r);
	const size_t len = strlen(text);

	(void)state;
	for (size_t i = 0; i < len; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(bytes); k++) {
			const char old = text[i];

			if (bytes[k] == old)
				continue;
			text[i] = bytes[k];
			if (parses(text, len))
				fail_msg("byte %zu of %zu ('%c') became 0x%02x unnoticed", i, len,
					 old, (unsigned char)bytes[k]);
			text[i] = old;
		}
	}
	free(text);
	record_free(&r);
}

static void test_values(void **state)
{
	static const char head[] = "virt-cordon-record 1\nname a\nuuid " UUID "\n";
	static const struct {
		const char *rest;
		bool ok;
	} cases[] = {
		{"phase running\nincoming no\nslot 1\nisolation yes\nparts none\nend\n", true},
		{"phase running\nincoming no\nslot 16383\nisolation yes\nparts none\nend\n", true},
		{"phase running\nincoming no\nslot 16384\nisolation yes\nparts none\nend\n", false},
		{"phase running\nincoming no\nslot -1\nisolation yes\nparts none\nend\n", false},
		{"phase running\nincoming no\nslot 01\nisolation yes\nparts none\nend\n", false},
		{"phase Running\nincoming no\nslot 1\nisolation yes\nparts none\nend\n", false},
		{"phase unknown\nincoming no\nslot 1\nisolation yes\nparts none\nend\n", false},
		{"phase running\nincoming maybe\nslot 1\nisolation yes\nparts none\nend\n", false},
		{"phase running\nincoming no\nslot 1\nisolation\nend\n", false},
		{"phase running\nincoming no\nslot 1\nisolation yes\nparts none\nend\nmore\n",
		 false},
		{"phase running\nincoming no\nslot 1\nisolation yes\nparts none\nextra x\nend\n",
		 false},
		{"phase running\nincoming no\nslot 1\nisolation yes\nparts none\nend \n", false},
		{"phase running\nincoming no\nslot 1\nisolation yes\nparts fsguard:wgtun\nend\n",
		 true},
		{"phase running\nincoming no\nslot 1\nisolation yes\nparts wgtun:fsguard\nend\n",
		 false},
		{"phase running\nincoming no\nslot 1\nisolation yes\nparts wgtun:wgtun\nend\n",
		 false},
		{"phase running\nincoming no\nslot 1\nisolation yes\nparts wgtun:\nend\n", false},
		{"phase running\nincoming no\nslot 1\nisolation yes\nparts fsguar\nend\n", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strbuf sb = {0};

		sb_addf(&sb, "%s%s", head, cases[i].rest);
		if (parses(sb_str(&sb), sb.len) != cases[i].ok)
			fail_msg("case %zu: %s", i, cases[i].rest);
		sb_free(&sb);
	}
	assert_false(parses("virt-cordon-record 2\nend\n", 25));
	assert_false(parses("", 0));
}

static void test_nic_values(void **state)
{
	static const char nic[] = "nic mac=52:54:00:00:00:01 tap=%s bridge=%s network= port= "
				  "lease=%s guarded=no gone=no%s\n";
	static const struct {
		const char *tap, *bridge, *lease, *tail;
		bool ok;
	} cases[] = {
		{"fifteen-bytes--", "br", "1", "", true},
		{"sixteen-bytes---", "br", "1", "", false},
		{"t", "sixteen-bytes---", "1", "", false},
		{"t", "br", "18446744073709551615", "", true},
		{"t", "br", "18446744073709551616", "", false},
		{"t", "br", "1s", "", false},
		{"t", "br", "1", " more=1", false},
		{"t", "br", "1", " ", false},
		{"a%2Fb", "br", "1", "", true},
		{"a/b", "br", "1", "", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strbuf sb = {0};

		sb_adds(&sb, "virt-cordon-record 1\nname a\nuuid " UUID
			     "\nphase running\nincoming no\nslot 1\nisolation yes\nparts none\n");
		sb_addf(&sb, nic, cases[i].tap, cases[i].bridge, cases[i].lease, cases[i].tail);
		sb_adds(&sb, "end\n");
		if (parses(sb_str(&sb), sb.len) != cases[i].ok)
			fail_msg("case %zu", i);
		sb_free(&sb);
	}
}

static void test_bounds(void **state)
{
	struct record r = {.name = strdup("a"), .uuid = uuid_of(UUID)};
	size_t len;
	char *text;

	(void)state;
	for (size_t i = 0; i < RECORD_NICS_MAX; i++)
		(void)add_nic(&r.nics, &r.n_nics, "t", NULL);
	round_trip(&r);
	(void)add_nic(&r.nics, &r.n_nics, "t", NULL);
	text = print(&r);
	assert_false(parses(text, strlen(text)));
	free(text);
	record_free(&r);

	/* One byte over the bound of a file is refused for that alone. */
	for (size_t over = 0; over <= 1; over++) {
		r = (struct record){.name = strdup("a"), .uuid = uuid_of(UUID)};
		text = print(&r);
		len = RECORD_FILE_MAX + over - strlen(text) + 1;
		free(text);
		free(r.name);
		r.name = calloc(1, len + 1);
		assert_non_null(r.name);
		memset(r.name, 'a', len);
		text = print(&r);
		assert_int_equal(strlen(text), RECORD_FILE_MAX + over);
		assert_int_equal(parses(text, strlen(text)), !over);
		free(text);
		record_free(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_encode),
		cmocka_unit_test(test_every_truncation),
		cmocka_unit_test(test_lines_lost_doubled_swapped),
		cmocka_unit_test(test_every_byte_changed),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_nic_values),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
