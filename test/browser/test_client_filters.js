// SPDX-License-Identifier: PostgreSQL
//
// events.js with pattern and filter, in a browser, over each transport: what comes,
// what is refused, and what ends by itself.
import assert from "node:assert/strict";
import { Browser } from "./kit/browser.js";
import { Stand } from "./kit/stand.js";
import { after, run, test } from "./kit/tap.js";

const stand = await Stand.start();
after(() => stand.stop());
const browser = await Browser.start();
after(() => browser.stop());

const publish = (type, data = {}) =>
	`SELECT events.publish('${type}', '${JSON.stringify(data)}');\n`;
const ORDERS = [
	publish("order.paid", { total: 150 }),
	publish("order.paid", { total: 100 }),
	publish("user.registered", { total: 120 }),
].join("");

// What a browser writes of a refused request is not a fault of the page.
const forgive = (pattern) => {
	browser.faults = browser.faults.filter((fault) => !pattern.test(fault));
};

// What events.js does in the page with these options, until it has ended or has so many events.
const listen = (page, options, count) =>
	page.evaluate(
		async ([given, wanted]) => {
			const { EventsClient } = await import("/events.js");
			const got = { types: [], errors: [], attempts: 0 };
			await new Promise((resolve) => {
				const client = new EventsClient({
					...given,
					minDelay: 10,
					maxDelay: 50,
					onevent({ type: name }) {
						got.types.push(name);
						if (got.types.length === wanted) client.close();
					},
					onerror({ message, isFilter, isFinal }) {
						got.errors.push({ message, isFilter, isFinal });
					},
					onstate({ state }) {
						got.attempts += state === "connecting" ? 1 : 0;
						if (state === "closed") resolve();
					},
				});
			});
			return got;
		},
		[options, count],
	);

for (const transport of ["websocket", "sse", "poll"]) {
	test(`client_filter_${transport}: pattern and filter hold together`, async () => {
		const page = await browser.open(stand.url);
		const since = new Date(Date.now() - 1000).toISOString();
		await stand.psql(`BEGIN;\n${ORDERS}${publish("order.paid", { total: 101 })}COMMIT;`);
		const { types, errors } = await listen(
			page,
			{
				transports: [transport],
				after: undefined,
				since,
				pattern: { type: [{ prefix: "order." }] },
				filter: "data.total > 100 and data.total < 150",
			},
			1,
		);
		assert.deepEqual([types, errors], [["order.paid"], []]);
		await page.close();
	});

	test(`client_filter_refused_${transport}: told once, with the place`, async () => {
		const page = await browser.open(stand.url);
		for (const [options, place] of [
			[{ filter: "1 +\n )" }, /line 2/i],
			[{ pattern: { type: "order" } }, /\/type/],
			[{ pattern: "{" }, /./],
		]) {
			const got = await listen(page, { transports: [transport], ...options });
			assert.equal(got.errors.length, 1, JSON.stringify(got));
			assert.match(got.errors[0].message, place);
			assert.equal(got.errors[0].isFinal, true);
		}
		forgive(/status of 400|WebSocket connection/);
		await page.close();
	});

	test(`client_filter_failed_${transport}: a limit ends it for good`, async () => {
		const page = await browser.open(stand.url);
		const since = new Date(Date.now() - 60000).toISOString();
		await stand.psql(publish("limit.passed"));
		const got = await listen(page, {
			transports: [transport],
			after: undefined,
			since,
			filter: 'type = "limit.passed" and count(for i in 1..100000000 return i) > 0',
		});
		assert.equal(got.errors.length, 1, JSON.stringify(got));
		assert.deepEqual([got.errors[0].isFilter, got.types], [true, []]);
		forgive(/status of 4\d\d/);
		await page.close();
	});
}

test("client_filters_policy: no other fault in the browser's console", async () => {
	assert.deepEqual(browser.faults, []);
});

await run();
