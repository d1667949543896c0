# SPDX-License-Identifier: PostgreSQL
#
# The isolation tests in the order in which they run, one name to a line:
# test/isolation/specs/NAME.spec against test/isolation/expected/NAME.out.

ISOLATION =
