# SPDX-License-Identifier: GPL-2.0-or-later
# The provisioner's tests.
UNIT_TESTS += test_iso test_yaml test_seed test_instance test_store test_new test_snap
