# SPDX-License-Identifier: GPL-2.0-or-later
# Packages: make deb builds them into build/deb.

.PHONY: deb
deb:
	$(Q)packaging/build-deb build/deb
