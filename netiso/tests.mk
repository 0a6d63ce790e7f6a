# SPDX-License-Identifier: GPL-2.0-or-later
# Unit tests of the isolator's pure parts.
UNIT_TESTS += test_layout test_factsfile test_compile
test_compile_libs := $(INI_LIBS)
UNIT_TESTS += test_explain
test_explain_libs := $(INI_LIBS)
UNIT_TESTS += test_switched
test_switched_libs := $(INI_LIBS) $(MNL_LIBS) $(JANSSON_LIBS)
fuzz_compile_libs = $(JANSSON_LIBS)

UNIT_TESTS += test_renew
test_renew_libs = $(NFT_LIBS) $(MNL_LIBS) $(JANSSON_LIBS) $(INI_LIBS)
