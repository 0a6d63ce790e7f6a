# SPDX-License-Identifier: GPL-2.0-or-later
# The picture of who runs whom, from its text; kept in the tree, since few have graphviz.

docs/architecture.svg: docs/architecture.dot docs/picture
	$(call say,DOT,$@)
	$(Q)docs/picture $< >$@
