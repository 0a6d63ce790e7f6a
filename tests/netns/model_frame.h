/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What frames of both families are made with. */
#pragma once

#include "tests/netns/model.h"

void put(struct frame *f, const void *data, size_t len);
void put_zeros(struct frame *f, size_t n);
void put8(struct frame *f, unsigned v);
void put16(struct frame *f, unsigned v);
void put32(struct frame *f, uint32_t v);
void set16(uint8_t *at, unsigned v);
/* The Internet checksum (RFC 1071) over @data, added to @sum. */
uint16_t checksum(const uint8_t *data, size_t len, uint32_t sum);
uint32_t pseudo_header(const struct packet *p, size_t len);
/* Its TCP, UDP, ICMP or what else it has, with the token. */
void put_transport(struct frame *f, const struct packet *p);
/* Nothing when the host itself sends. */
void put_ethernet(struct frame *f, const struct packet *p, unsigned type);

/** build_ip6 - the frames of a packet of FRAME_IP6 (model_frame6.c). */
size_t build_ip6(const struct packet *p, struct frame out[static 2]);
