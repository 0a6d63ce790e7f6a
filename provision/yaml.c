/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checking YAML, by libyaml's events: see provision/yaml.h. */
#include "provision/yaml.h"

#include "lib/strbuf.h"
#include "lib/util.h"

#include <errno.h>
#include <string.h>
#include <yaml.h>

#define KEYS_MAX 256 /* keys of the root; cloud-init knows about a hundred */

struct reader {
	yaml_parser_t parser;
	const char *name;
	enum yaml_root root;
	unsigned depth;	    /* of collections that are open */
	unsigned documents; /* seen so far */
	bool key_next;	    /* in the root: the next node is a key */
	char *keys[KEYS_MAX];
	size_t n_keys;
};

static void reader_free(struct reader *r)
{
	for (size_t i = 0; i < r->n_keys; i++)
		free(r->keys[i]);
	yaml_parser_delete(&r->parser);
}

static int bad(const struct reader *r, const yaml_mark_t *mark, struct err *e, const char *what)
{
	return err_set(e, EX_CORDON_POLICY, EINVAL, "%s:%zu: %s", r->name, mark->line + 1, what);
}

/* What libyaml says of the text. */
static int not_yaml(const struct reader *r, struct err *e)
{
	const yaml_parser_t *p = &r->parser;

	if (p->error == YAML_MEMORY_ERROR)
		return err_os(e, ENOMEM, "%s", r->name);
	return err_set(e, EX_CORDON_POLICY, EINVAL, "%s:%zu: %s%s%s", r->name,
		       p->problem_mark.line + 1, p->problem ? p->problem : "not YAML",
		       p->context ? " " : "", p->context ? p->context : "");
}

static int add_key(struct reader *r, const yaml_event_t *ev, struct err *e)
{
	const char *key = (const char *)ev->data.scalar.value;

	for (size_t i = 0; i < r->n_keys; i++)
		if (strcmp(r->keys[i], key) == 0)
			return bad(r, &ev->start_mark, e,
				   "a key for the second time; only one would count, remove the "
				   "other");
	if (r->n_keys == KEYS_MAX)
		return bad(r, &ev->start_mark, e, "too many keys");
	r->keys[r->n_keys] = strdup(key);
	if (!r->keys[r->n_keys])
		return err_os(e, ENOMEM, "%s", r->name);
	r->n_keys++;
	return 0;
}

static int root_event(struct reader *r, const yaml_event_t *ev, struct err *e)
{
	if (r->root == YAML_MAPPING && ev->type != YAML_MAPPING_START_EVENT)
		return bad(r, &ev->start_mark, e, "not a mapping; write lines of KEY: VALUE");
	if (r->root == YAML_LIST && ev->type != YAML_SEQUENCE_START_EVENT)
		return bad(r, &ev->start_mark, e, "not a list; write lines of - ITEM");
	r->key_next = true;
	return 0;
}

/* A node: the root, one directly in it, or one that lies deeper and is of no interest. */
static int node_event(struct reader *r, const yaml_event_t *ev, struct err *e)
{
	int status = 0;

	if (r->depth == 0)
		return root_event(r, ev, e);
	if (r->depth == 1 && r->root == YAML_MAPPING) {
		if (r->key_next && ev->type == YAML_SCALAR_EVENT)
			status = add_key(r, ev, e);
		r->key_next = !r->key_next;
	}
	return status;
}

static int event(struct reader *r, const yaml_event_t *ev, struct err *e)
{
	int status = 0;

	switch (ev->type) {
	case YAML_DOCUMENT_START_EVENT:
		return ++r->documents > 1 ? bad(r, &ev->start_mark, e,
						"a second document; cloud-init reads one")
					  : 0;
	case YAML_MAPPING_START_EVENT:
	case YAML_SEQUENCE_START_EVENT:
		status = node_event(r, ev, e);
		r->depth++;
		return status;
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		r->depth--;
		return 0;
	case YAML_SCALAR_EVENT:
	case YAML_ALIAS_EVENT:
		return node_event(r, ev, e);
	default:
		return 0;
	}
}

int yaml_check(const char *name, const char *text, size_t len, enum yaml_root root, struct err *e)
{
	__attribute__((cleanup(reader_free))) struct reader r = {.name = name, .root = root};
	bool end = false;
	int status = 0;

	if (!yaml_parser_initialize(&r.parser))
		return err_os(e, ENOMEM, "%s", name);
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, len);
	while (status == 0 && !end) {
		yaml_event_t ev;

		if (!yaml_parser_parse(&r.parser, &ev))
			return not_yaml(&r, e);
		end = ev.type == YAML_STREAM_END_EVENT;
		status = event(&r, &ev, e);
		yaml_event_delete(&ev);
	}
	if (status == 0 && r.documents == 0)
		return err_set(e, EX_CORDON_POLICY, EINVAL, "%s:1: it is empty", name);
	return status;
}
