-- SPDX-License-Identifier: PostgreSQL
--
-- publish.sql: publishing in transactions.  psql -d mydb -f examples/publish.sql
--
-- Receivers get eight events: those of transactions that commit, in the order
-- of their positions, and none of what is rolled back.

\set ON_ERROR_STOP on
SET events.source = '/examples/shop';

\echo One event, in a transaction of its own: the answer is its id.
SELECT events.publish('order.created', '{"order": 1, "total": 129.80}');

\echo Two events together with the business rows they speak of.
BEGIN;
CREATE TEMP TABLE payment (number bigint, amount numeric) ON COMMIT DROP;
INSERT INTO payment VALUES (1, 129.80);
SELECT events.publish('payment.captured', jsonb_build_object('order', number, 'amount', amount))
FROM payment;
SELECT events.publish('order.paid', '{"order": 1}', topic => '{order,1}');
COMMIT;

\echo Rolled back: nobody hears of it.
BEGIN;
SELECT events.publish('order.created', '{"order": 2, "note": "never"}');
ROLLBACK;

\echo A savepoint: what came after it is dropped, the rest is published.
BEGIN;
SELECT events.publish('order.created', '{"order": 3}');
SAVEPOINT coupon;
SELECT events.publish('coupon.redeemed', '{"order": 3, "note": "never"}');
ROLLBACK TO coupon;
SELECT events.publish('order.confirmed', '{"order": 3}');
COMMIT;

\echo Many rows at once: an event for each.
SELECT count(events.publish('sensor.measured',
	jsonb_build_object('sensor', n, 'value', n * 1.5), subject => n::text))
FROM generate_series(1, 3) AS n;
