/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the provisioner reads: the first byte chooses the reader, the rest is the text. */
#include "provision/instance.h"
#include "provision/qcow2.h"
#include "provision/seed.h"
#include "provision/snap.h"
#include "provision/yaml.h"

#include "lib/util.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is let through must be what would be written. */
static void read_snap(const char *text, size_t len)
{
	auto_sb struct strbuf again = {0};
	auto_snap struct snap s = {0};
	struct snap second = {0};

	if (snap_parse("s", text, len, &s, NULL) < 0)
		return;
	snap_print(&s, &again);
	if (snap_parse("s", sb_str(&again), again.len, &second, NULL) < 0)
		abort();
	snap_free(&second);
}

static void read_instance(const char *text, size_t len)
{
	auto_sb struct strbuf again = {0};
	struct instance i, second;

	if (instance_parse(text, len, &i, NULL) < 0)
		return;
	instance_print(&i, &again);
	if (instance_parse(sb_str(&again), again.len, &second, NULL) < 0)
		abort();
}

static void read_seed(const char *text, size_t len)
{
	const struct seed_input in = {.name = "n",
				      .uuid = "u",
				      .instance = "i",
				      .pubkey = "k",
				      .user_data_path = "f",
				      .user_data = text,
				      .user_data_len = len};
	struct seed seed = {0};
	char *image = NULL;
	size_t n;

	/* An empty file is refused before. */
	if (len && seed_fill(&in, &seed, NULL) == 0) {
		(void)seed_check(&in, &seed, NULL);
		(void)seed_image(&seed, &image, &n, NULL);
	}
	free(image);
	seed_free(&seed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = size ? malloc(size) : NULL;
	struct qcow2 q;

	if (!text)
		return 0;
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	switch (data[0]) {
	case 'q':
		(void)qcow2_parse(text, size - 1, &q, NULL);
		break;
	case 's':
		read_snap(text, size - 1);
		break;
	case 'i':
		read_instance(text, size - 1);
		break;
	case 'y':
		(void)yaml_check("f", text, size - 1, YAML_MAPPING, NULL);
		break;
	case 'l':
		(void)yaml_check("f", text, size - 1, YAML_LIST, NULL);
		break;
	default:
		read_seed(text, size - 1);
		break;
	}
	return 0;
}
