/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a policy and keys to the files of a seed: see provision/input.h. */
#include "provision/input.h"

#include "lib/securefile.h"
#include "lib/util.h"
#include "provision/domain.h"
#include "provision/schema.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int input_open(const char *root, const char *path, int *ret_fd, struct err *e)
{
	const size_t n = strlen(root);
	const bool below = n && strncmp(path, root, n) == 0 && path[n] == '/';
	const int r = securefile_open(below ? root : "", below ? path + n : path, SECUREFILE_SHARED,
				      ret_fd, e);

	/* Not there, as a policy's fault. */
	if (r < 0 && e && e->exit == EX_CORDON_NOINPUT)
		e->exit = EX_CORDON_POLICY;
	return r;
}

static int read_input(const char *root, const char *path, bool secure, char **ret, size_t *len,
		      struct err *e)
{
	auto_close int fd = -1;
	int r;

	r = secure ? input_open(root, path, &fd, e) : securefile_open_any(path, &fd, e);
	if (r == 0)
		r = securefile_read(fd, path, SEED_INPUT_MAX, ret, len, e);
	if (r == 0 && *len == 0)
		r = err_set(e, EX_CORDON_POLICY, EINVAL, "%s: it is empty", path);
	if (r < 0 && e && e->exit == EX_CORDON_NOINPUT)
		e->exit = EX_CORDON_POLICY;
	return r;
}

int input_load(const char *root, const struct policy *p, const char *name, const struct uuid *uuid,
	       uint32_t number, const struct keys *keys, bool secure, bool clean, struct input *ret,
	       struct err *e)
{
	struct seed_input *in = &ret->in;
	int r = 0;

	(void)snprintf(ret->instance, sizeof(ret->instance), "%s-%" PRIu32,
		       uuid_str(uuid, ret->uuid), number);
	*in = (struct seed_input){
		.name = name,
		.uuid = ret->uuid,
		.instance = ret->instance,
		.pubkey = keys->client_pub,
		.host_key = keys->host_key,
		.host_pub = keys->host_pub,
		.clean = clean,
	};
	if (p->user_data && !clean) {
		in->user_data_path = p->user_data;
		r = read_input(root, p->user_data, secure, &ret->user_data, &in->user_data_len, e);
		in->user_data = ret->user_data;
		if (r < 0)
			return prov_blame(p, KEY_PROV_USER_DATA, e);
	}
	if (p->network_config) {
		in->network_path = p->network_config;
		r = read_input(root, p->network_config, secure, &ret->network, &in->network_len, e);
		in->network = ret->network;
		if (r < 0)
			return prov_blame(p, KEY_PROV_NETWORK_CONFIG, e);
	}
	return 0;
}

/* The key is that of the file that the message begins with. */
static int blame(const struct policy *p, const struct input *i, const struct err *why,
		 struct err *e)
{
	const char *path = i->in.network_path;
	const bool network = path && strncmp(why->msg, path, strlen(path)) == 0;

	(void)err_set(e, why->exit, why->errnum, "%s", why->msg);
	return prov_blame(p, network ? KEY_PROV_NETWORK_CONFIG : KEY_PROV_USER_DATA, e);
}

int input_seed(const struct policy *p, const struct input *i, struct seed *ret, struct err *e)
{
	struct err why = {0};

	return seed_fill(&i->in, ret, &why) < 0 ? blame(p, i, &why, e) : 0;
}

int input_check(const struct policy *p, const struct input *i, const struct seed *seed,
		struct err *e)
{
	struct err why = {0};

	int r = seed_check(&i->in, seed, &why);

	if (r == 0 && seed_is_cloud_config(&i->in))
		r = schema_check(i->in.user_data_path, sb_str(&seed->user_data),
				 seed->user_data.len, &why);
	return r < 0 ? blame(p, i, &why, e) : 0;
}

void input_free(struct input *i)
{
	if (i->user_data)
		explicit_bzero(i->user_data, i->in.user_data_len);
	free(i->user_data);
	free(i->network);
	*i = (struct input){0};
}
