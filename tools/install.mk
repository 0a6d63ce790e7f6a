# SPDX-License-Identifier: GPL-2.0-or-later
# make install, make uninstall: tools/install-files walks the list INSTALL forwards or backwards.
#
# Entries are file:MODE:SOURCE:TARGET, conf:MODE:SOURCE:TARGET (never overwritten, removed only
# when unchanged), dir:MODE:TARGET (removed when empty), link:POINTS-TO:TARGET and
# apparmor:PROGRAM:FILE (a block in a file of the administrator's).

INSTALL := \
	$(foreach p,$(PROGS),file:0755:$(B)/$(p):$(sbindir)/$(p)) \
	$(foreach m,$(wildcard docs/man/*.[1-8]),\
		file:0644:$(m):$(mandir)/man$(patsubst .%,%,$(suffix $(m)))/$(notdir $(m))) \
	$(INSTALL)

.PHONY: install uninstall
install: all
	@tools/install-files install '$(DESTDIR)' $(INSTALL)
	@[ -n '$(DESTDIR)' ] || tools/install-files notes '$(datadir)' '$(sysconfdir)'

uninstall:
	@tools/install-files uninstall '$(DESTDIR)' $(INSTALL)
