/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses of a NIC that libvirt's DHCP server has leased or reserved: see netiso/gather.h. */
#include "netiso/gather.h"

#include "lib/util.h"

#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#define LEASE_FILE_MAX (4 * 1024 * 1024)

static void add_lease(const json_t *lease, int64_t now, struct iso_nic *nic)
{
	const char *ip = json_string_value(json_object_get(lease, "ip-address"));
	const char *mac = json_string_value(json_object_get(lease, "mac-address"));
	const json_t *expiry = json_object_get(lease, "expiry-time");
	struct iso_lease *out = &nic->leases[nic->n_leases];
	struct ip_addr addr;
	struct mac m;
	int64_t end;

	if (!ip || !mac || !json_is_integer(expiry) || !mac_parse(mac, &m) ||
	    !mac_equal(&m, &nic->mac) || !ip_parse(ip, &addr) || addr.family != AF_INET ||
	    !iso_on_network(nic, &addr))
		return;
	end = json_integer_value(expiry);
	if (end != 0 && end <= now)
		return;
	out->addr = addr;
	out->remaining_s = end ? (uint64_t)(end - now) : 0;
	/* No lease lasts longer than its network's: the clock was set back. */
	if (nic->lease_s && out->remaining_s > nic->lease_s)
		out->remaining_s = nic->lease_s;
	nic->n_leases++;
}

/* Only the objects that name the MAC are parsed: of a thousand leases that saves 3 ms. They hold no
 * others; and one that a guest writes into a string, its quotes escaped, is no JSON by itself. */
void iso_leases_parse(const char *json, size_t len, int64_t now, struct iso_nic *nic)
{
	const char *at = json, *const end = json + len;
	char mac[MAC_STRLEN];

	mac_str(&nic->mac, mac);
	while (nic->n_leases < ISO_LEASES_MAX &&
	       (at = memmem(at, (size_t)(end - at), mac, strlen(mac)))) {
		const char *open = memrchr(json, '{', (size_t)(at - json));
		const char *close = memchr(at, '}', (size_t)(end - at));
		json_t *lease;

		if (!open || !close)
			return;
		at = close + 1;
		lease = json_loadb(open, (size_t)(at - open), JSON_REJECT_DUPLICATES, NULL);
		if (lease)
			add_lease(lease, now, nic);
		json_decref(lease);
	}
}

/* Whether the server's leases name @addr, whoever has it. */
static bool is_leased(const char *leases, size_t len, const struct ip_addr *addr)
{
	char text[PREFIX_STRLEN], quoted[PREFIX_STRLEN + 2];
	const int n = snprintf(quoted, sizeof(quoted), "\"%s\"", ip_str(addr, text));

	return leases && len && memmem(leases, len, quoted, (size_t)n);
}

void iso_reserved_parse(const char *hosts, size_t len, const char *leases, size_t leases_len,
			struct iso_nic *nic)
{
	const char *at = hosts, *const end = hosts + len;
	char mac[MAC_STRLEN];
	size_t n;

	mac_str(&nic->mac, mac);
	n = strlen(mac);
	while (at < end && nic->n_leases < ISO_LEASES_MAX) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		const char *stop = nl ? nl : end, *ip = at + n + 1;
		struct iso_lease *out = &nic->leases[nic->n_leases];
		char text[PREFIX_STRLEN] = "";

		if (ip < stop && memcmp(at, mac, n) == 0 && at[n] == ',')
			(void)snprintf(text, sizeof(text), "%.*s", (int)strcspn(ip, ",\n"), ip);
		at = stop + 1;
		if (!ip_parse(text, &out->addr) || out->addr.family != AF_INET ||
		    !iso_on_network(nic, &out->addr) || is_leased(leases, leases_len, &out->addr))
			continue;
		out->remaining_s = nic->lease_s;
		nic->n_leases++;
	}
}

/* @ret: malloc'd, NUL-terminated; NULL when it cannot be read, which seeds nothing. */
static char *read_file(const char *path, size_t *len)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	auto_free char *text = NULL;
	struct stat st;
	ssize_t n;

	*len = 0;
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > LEASE_FILE_MAX)
		return NULL;
	text = malloc((size_t)st.st_size + 1);
	if (!text)
		return NULL;
	n = read(fd, text, (size_t)st.st_size);
	if (n < 0)
		return NULL;
	text[n] = '\0';
	*len = (size_t)n;
	return TAKE_PTR(text);
}

void iso_leases_gather(const char *root, const char *network, struct iso_nic *nic)
{
	auto_free char *leases = NULL, *hosts = NULL;
	char path[PATH_MAX];
	size_t len, hosts_len;

	if (snprintf(path, sizeof(path), "%s/var/lib/libvirt/dnsmasq/%s.status", root,
		     nic->bridge) >= (int)sizeof(path))
		return;
	leases = read_file(path, &len);
	if (leases)
		iso_leases_parse(leases, len, time(NULL), nic);
	if (!network || snprintf(path, sizeof(path), "%s/var/lib/libvirt/dnsmasq/%s.hostsfile",
				 root, network) >= (int)sizeof(path))
		return;
	hosts = read_file(path, &hosts_len);
	if (hosts)
		iso_reserved_parse(hosts, hosts_len, leases, len, nic);
}
