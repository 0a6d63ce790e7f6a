/* SPDX-License-Identifier: GPL-2.0-or-later */
/* virt-cordon-adopt(8): domain XML from libvirt or a file; the one program that links libvirt. */
#include "cli/adopt.h"
#include "cli/domains.h"
#include "cli/hooks.h"
#include "cli/print.h"
#include "lib/cli.h"
#include "lib/parse.h"
#include "lib/policy.h"
#include "lib/record.h"
#include "lib/safe.h"
#include "lib/util.h"

#include <fcntl.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <limits.h>
#include <locale.h>
#include <string.h>
#include <sys/stat.h>

#define URI "qemu:///system"

/* A domain, from wherever it was read. */
struct source {
	const struct cli *cli;
	virConnectPtr conn; /* NULL: from a file */
	bool active;
	char *xml;
	struct facts facts;
	struct adopt_nic *nics;
	char *modes[FACTS_NICS_MAX]; /* what @nics point to */
	char bridges[FACTS_NICS_MAX][IFNAMSIZ];
	struct host_config host;
};

static void source_free(struct source *s)
{
	free(s->xml);
	facts_free(&s->facts);
	host_config_free(&s->host);
	free(s->nics);
	for (size_t i = 0; i < ARRAY_SIZE(s->modes); i++)
		free(s->modes[i]);
	if (s->conn)
		(void)virConnectClose(s->conn);
}
#define auto_source __attribute__((cleanup(source_free)))

/* libvirt's own messages come with ours, once. */
static void be_quiet(void *data, virErrorPtr error)
{
	(void)data;
	(void)error;
}

static int libvirt_failed(struct err *e, enum exit_code code, const char *what)
{
	return err_set(e, code, EIO, "%s: %s", what, virGetLastErrorMessage());
}

/* --- where the XML comes from ----------------------------------------------------------------- */

static int read_file(const char *path, char **ret, struct err *e)
{
	auto_fclose FILE *f = fopen(path, "re");
	auto_free char *text = malloc(FACTS_XML_MAX + 1);
	size_t n;

	if (!text)
		return err_os(e, ENOMEM, "%s", path);
	if (!f)
		return errno == ENOENT
			       ? err_set(e, EX_CORDON_NOINPUT, ENOENT, "%s: no such file", path)
			       : err_os(e, errno, "cannot open %s", path);
	n = fread(text, 1, FACTS_XML_MAX, f);
	if (ferror(f) || !feof(f))
		return err_set(e, EX_CORDON_DATA, EFBIG, "%s: cannot be read, or is too long",
			       path);
	text[n] = '\0';
	*ret = TAKE_PTR(text);
	return 0;
}

static virDomainPtr lookup(virConnectPtr conn, const char *arg)
{
	struct uuid uuid;

	return cli_target(arg, &uuid) == CLI_UUID ? virDomainLookupByUUID(conn, uuid.b)
						  : virDomainLookupByName(conn, arg);
}

/* As the next start will have it, not as it runs. */
static int read_domain(struct source *s, const char *arg, char **ret, struct err *e)
{
	virDomainPtr domain;

	s->conn = virConnectOpen(URI);
	if (!s->conn)
		return libvirt_failed(e, EX_CORDON_UNAVAILABLE, "cannot reach libvirt at " URI);
	domain = lookup(s->conn, arg);
	if (!domain)
		return libvirt_failed(e, EX_CORDON_NOINPUT, arg);
	s->active = virDomainIsActive(domain) == 1;
	*ret = virDomainGetXMLDesc(domain, VIR_DOMAIN_XML_INACTIVE);
	(void)virDomainFree(domain);
	return *ret ? 0 : libvirt_failed(e, EX_CORDON_OS, arg);
}

/* --- what the XML does not say ---------------------------------------------------------------- */

static bool is_guarded(const struct host_config *host, const char *network)
{
	for (size_t i = 0; network && i < host->n_guarded_networks; i++)
		if (strcmp(host->guarded_networks[i], network) == 0)
			return true;
	return false;
}

/* As the isolator tells: a port with a device behind it. */
static bool has_uplink(const char *bridge)
{
	char path[PATH_MAX];
	auto_closedir DIR *d = NULL;
	struct dirent *de;

	(void)snprintf(path, sizeof(path), "/sys/class/net/%s/brif", bridge);
	d = opendir(path);
	while (d && (de = readdir(d))) {
		(void)snprintf(path, sizeof(path), "/sys/class/net/%s/device", de->d_name);
		if (de->d_name[0] != '.' && access(path, F_OK) == 0)
			return true;
	}
	return false;
}

/* The forward mode, from XML put into the frame that the network hook is given.
 * @bridge: for one in bridge mode, its bridge */
static char *forward_mode(virNetworkPtr network, char bridge[static IFNAMSIZ])
{
	auto_sb struct strbuf doc = {0};
	auto_free char *xml = virNetworkGetXMLDesc(network, 0);
	struct port_facts p = {0};
	char *mode = NULL;

	sb_addf(&doc, "<hookData>%s</hookData>", xml ? xml : "");
	if (facts_parse_hook_data(sb_str(&doc), doc.len, &p, NULL) < 0)
		return NULL;
	mode = TAKE_PTR(p.forward_mode);
	if (mode && strcmp(mode, "bridge") == 0)
		memcpy(bridge, p.bridge, IFNAMSIZ);
	port_facts_free(&p);
	return mode;
}

static void look_at_nic(struct source *s, size_t i)
{
	const struct nic *nic = &s->facts.nics[i];
	struct adopt_nic *more = &s->nics[i];
	virNetworkPtr network;

	more->guarded = is_guarded(&s->host, nic->network);
	more->uplink = nic->bridge[0] && has_uplink(nic->bridge);
	if (!s->conn || !nic->network)
		return;
	network = virNetworkLookupByName(s->conn, nic->network);
	if (!network) {
		more->no_network = true;
		return;
	}
	more->inactive = virNetworkIsActive(network) == 0;
	more->forward_mode = s->modes[i] = forward_mode(network, s->bridges[i]);
	if (s->bridges[i][0]) {
		more->bridge = s->bridges[i];
		more->uplink = has_uplink(more->bridge);
	}
	(void)virNetworkFree(network);
}

static int load(struct source *s, const char *arg, struct err *e)
{
	struct uuid uuid;
	int r;

	r = host_config_load(s->cli->root, &s->host, e);
	if (r == 0)
		r = cli_target(arg, &uuid) == CLI_FILE ? read_file(arg, &s->xml, e)
						       : read_domain(s, arg, &s->xml, e);
	if (r == 0)
		r = facts_parse_domain(s->xml, strlen(s->xml), &s->facts, e);
	if (r == 0 && !parse_domain_name(s->facts.name))
		r = err_set(e, EX_CORDON_DATA, EINVAL,
			    "this domain's name cannot be that of a file; rename it first: "
			    "virsh domrename");
	if (r < 0)
		return r;
	s->nics = calloc(s->facts.n_nics + 1, sizeof(*s->nics));
	if (!s->nics)
		return err_os(e, ENOMEM, "NICs");
	for (size_t i = 0; i < s->facts.n_nics; i++)
		look_at_nic(s, i);
	return 0;
}

/* --- output ----------------------------------------------------------------------------------- */

static int write_policy(const char *path, const char *text, struct err *e)
{
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	const size_t len = strlen(text);
	ssize_t n;

	if (fd < 0 && errno == EEXIST)
		return err_set(e, EX_CORDON_POLICY, EEXIST,
			       "%s is there already and stays as it is; --print shows what would "
			       "be written",
			       path);
	if (fd < 0)
		return err_os(e, errno, "cannot write %s", path);
	n = write(fd, text, len);
	if (n == (ssize_t)len && fsync(fd) == 0)
		return 0;
	n = errno;
	(void)unlink(path);
	return err_os(e, n ? (int)n : EIO, "cannot write %s", path);
}

static void title(FILE *out, const char *text)
{
	(void)fflush(stdout);
	fprintf(out, "\n%s\n", text);
}

/* On standard error when standard output is the policy. */
static void say(FILE *out, const char *head, const struct strbuf *text)
{
	if (!text->len)
		return;
	title(out, head);
	for (const char *line = sb_str(text); *line;) {
		const size_t n = strcspn(line, "\n");
		auto_sb struct strbuf one = {0}, safe = {0};

		sb_add(&one, line, n);
		safe_add(&safe, sb_str(&one));
		fprintf(out, "%s\n", sb_str(&safe));
		line += n + (line[n] == '\n');
	}
}

static void report(const struct source *s, const struct policy *p, FILE *out)
{
	const struct adopt a = {.facts = &s->facts,
				.nics = s->nics,
				.policy = p,
				.xml = s->xml,
				.file = s->conn ? NULL : s->cli->args[0]};
	auto_sb struct strbuf refusals = {0}, hints = {0}, hooks = {0}, run = {0};

	(void)adopt_refusals(&a, &refusals);
	(void)adopt_hints(&a, &hints);
	if (hook_state(s->cli->root, "qemu", &hooks) == HOOK_LOADED)
		(void)hook_state(s->cli->root, "network", &hooks);
	say(out, "A start would be refused:", &refusals);
	say(out, "Better otherwise:", &hints);
	say(out, "libvirt's hook:", &hooks);
	if (s->active) {
		sb_adds(&run, "  virsh shutdown ");
		adopt_word(s->facts.name, &run);
		sb_adds(&run, "\n  virsh start ");
		adopt_word(s->facts.name, &run);
		sb_adds(&run, "\n");
		say(out,
		    "It runs now, without the policy, which holds from the next start on:", &run);
	}
	if (!refusals.len && !hooks.len && !s->active)
		title(out, "It can be started.");
}

static int adopt(const struct cli *cli, bool print, struct err *e)
{
	auto_source struct source s = {.cli = cli};
	auto_sb struct strbuf text = {0};
	auto_free char *path = NULL;
	struct policy p = {0};
	int r;

	(void)virInitialize();
	virSetErrorFunc(NULL, be_quiet);
	r = load(&s, cli->args[0], e);
	if (r < 0)
		return r;
	path = domain_policy_path(cli->root, s.facts.name);
	adopt_policy(&s.facts, s.nics, &text);
	if (!path || text.failed)
		return err_os(e, ENOMEM, "policy");
	r = policy_parse(path, sb_str(&text), text.len, &s.host, &p, e);
	if (r == 0 && !print)
		r = write_policy(path, sb_str(&text), e);
	if (r == 0) {
		if (print)
			fputs(sb_str(&text), stdout);
		else
			print_lines("written", path, COLOUR_NONE);
		report(&s, &p, print ? stderr : stdout);
	}
	policy_free(&p);
	return r;
}

static int verb_plan(const struct cli *cli, struct err *e)
{
	return adopt(cli, true, e);
}

static int verb_apply(const struct cli *cli, struct err *e)
{
	return adopt(cli, false, e);
}

static const struct cli_verb verbs[] = {
	{"plan", "DOMAIN|XML", 1, 1, "print the policy; writes nothing", verb_plan},
	{"apply", "DOMAIN|XML", 1, 1, "write it, unless there is one", verb_apply},
	{NULL, NULL, 0, 0, NULL, NULL},
};

static const struct cli_option options[] = {
	CLI_OPTION_ROOT,
	{NULL, NULL, NULL, NULL, 0},
};

int main(int argc, char **argv)
{
	static const struct cli_program prog = {
		.name = "virt-cordon-adopt",
		.summary = "Write a policy for a libvirt domain that is already there.",
		.example = "  virt-cordon-adopt plan sandbox\n"
			   "  virt-cordon-adopt apply sandbox\n",
		.verbs = verbs,
		.options = options,
	};

	umask(022);
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	return cli_main(&prog, argc, argv);
}
