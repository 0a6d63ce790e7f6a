/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the probe share: verdicts, addresses, sockets, clocks. */
#pragma once

#include <net/ethernet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* What an order ends with; also the exit code of the program. */
enum verdict {
	THROUGH = 0, /* the other side answered, or the thing was done */
	DENIED = 1,  /* nothing came back in time, or a refusal did */
	BROKEN = 2,  /* the probe could not even try: this proves nothing */
};

enum {
	TOKEN_MAX = 64,	      /* longest token that marks a probe's packets */
	FRAME_MAX = 2048,     /* longest frame sent or looked at */
	TIMEOUT_MS = 1000,    /* how long an answer is waited for unless told */
	ADDR_TEXT = 80,	      /* an address, its scope and its port as text */
	OUTPUT_MAX = 1 << 16, /* most that an order may print through the agent */
};

/* An IPv4 or IPv6 address with a port. */
union endpoint {
	struct sockaddr sa;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_storage storage;
};

/* probe.c */
int say(int verdict, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void say_nothing(bool on);
int broken(const char *what);
void ready_to(int fd);
void now_ready(void);
int run_order(int argc, char **argv);
const char *option(int argc, char **argv, const char *name);
bool flag(int argc, char **argv, const char *name);
bool number(const char *text, unsigned long min, unsigned long max, unsigned long *ret);
void random_bytes(void *buf, size_t len);
void make_token(char token[static TOKEN_MAX]);
int64_t now_ms(void);
bool wait_readable(int fd, int64_t deadline);

/* addr.c */
bool endpoint_parse(const char *addr, const char *port, union endpoint *ret);
socklen_t endpoint_len(const union endpoint *e);
const char *endpoint_text(const union endpoint *e, char buf[static ADDR_TEXT]);
bool endpoint_same_host(const union endpoint *a, const union endpoint *b);
size_t hex_parse(const char *text, uint8_t *ret, size_t size);
bool mac_parse(const char *text, uint8_t ret[static ETH_ALEN]);
int link_index(const char *ifname);
bool link_mac(const char *ifname, uint8_t ret[static ETH_ALEN]);
int link_up(const char *ifname);
int addr4_set(const char *ifname, struct in_addr addr, unsigned int len);
int route4_default(const char *ifname, struct in_addr gw);
int order_addr(int argc, char **argv);
int order_mac(int argc, char **argv);
int order_up(int argc, char **argv);
int order_show(int argc, char **argv);

/* frames.c */
int packet_socket(const char *ifname, uint16_t protocol);
int frame_send(const char *ifname, const void *frame, size_t len);
int order_arp(int argc, char **argv);
int order_frame(int argc, char **argv);
int order_ether(int argc, char **argv);
int order_vlan(int argc, char **argv);
int order_qinq(int argc, char **argv);
int order_llc(int argc, char **argv);
int order_stp(int argc, char **argv);
int order_lldp(int argc, char **argv);
int order_sniff(int argc, char **argv);

/* flow.c */
int order_ping(int argc, char **argv);
int order_tcp(int argc, char **argv);
int order_udp(int argc, char **argv);
int order_hold(int argc, char **argv);
int order_udponeway(int argc, char **argv);
int order_udplisten(int argc, char **argv);
int order_iplisten(int argc, char **argv);

/* dns.c */
size_t dns_query(uint8_t *buf, size_t size, uint16_t id, const char *name);
int order_dns(int argc, char **argv);

/* dhcp.c */
int order_dhcp(int argc, char **argv);

/* raw.c */
uint16_t checksum(const void *data, size_t len, uint32_t sum);
int order_tcpflags(int argc, char **argv);
int order_ipsrc(int argc, char **argv);
int order_ippacket(int argc, char **argv);

/* flood.c */
int order_flood(int argc, char **argv);

/* serve.c */
int order_serve(int argc, char **argv);

/* jobs.c */
int order_bg(int argc, char **argv);
int order_wait(int argc, char **argv);
int order_stop(int argc, char **argv);
int order_go(int argc, char **argv);

/* agent.c */
int agent_main(const char *tty);
int order_ask(int argc, char **argv);

/* guest.c */
int guest_main(void);
int order_modprobe(int argc, char **argv);
int order_poweroff(int argc, char **argv);
int order_reboot(int argc, char **argv);
int order_run(int argc, char **argv);
int order_sync(int argc, char **argv);
