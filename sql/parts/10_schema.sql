-- SPDX-License-Identifier: PostgreSQL
--
-- The install script of the extension events, first part.  The parts are
-- joined in the order of their numbers; see sql/README.md for their law.

\echo Use "CREATE EXTENSION events" to load this file. \quit

-- The schema is a member of the extension: a planted one is refused, and DROP
-- EXTENSION removes it.
CREATE SCHEMA events;
COMMENT ON SCHEMA events IS 'Event hub: publish events in a transaction, read them in one order without gaps';
