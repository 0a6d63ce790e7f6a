/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Ansible is told of a guest. */
#pragma once

#include "provision/domain.h"

#include <limits.h>

#define INVENTORY_FILE "inventory.json"

/** inventory_write - the file of one host, which YAML's readers read, too; its path in @ret. */
int inventory_write(const struct prov *p, const struct ip_addr *addr, char ret[static PATH_MAX],
		    struct err *e);
