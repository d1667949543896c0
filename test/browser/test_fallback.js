// SPDX-License-Identifier: PostgreSQL
//
// events.js behind a proxy that stands in the way: without WebSocket it goes on
// by SSE, without SSE by long-poll, and what moves from one to the other keeps
// its order and repeats nothing.
import assert from "node:assert/strict";
import { Browser } from "./kit/browser.js";
import { Obstacle } from "./kit/obstacle.js";
import { Stand } from "./kit/stand.js";
import { after, run, test, until } from "./kit/tap.js";

const stand = await Stand.start();
after(() => stand.stop());
const browser = await Browser.start();
after(() => browser.stop());
const proxy = await Obstacle.start(stand.url);
after(() => proxy.stop());

const publish = (type, n) => stand.psql(`SELECT events.publish('${type}', '{"n": ${n}}');`);

async function client(type, options = {}) {
	const page = await browser.open(`${proxy.url}/icon.svg`);
	await page.evaluate(
		async ({ wanted, more }) => {
			const { EventsClient } = await import("/events.js");
			const got = (window.got = []);
			window.client = new EventsClient({
				types: [wanted],
				maxDelay: 300,
				...more,
				onevent: ({ data }) => got.push(data.n),
			});
		},
		{ wanted: type, more: options },
	);
	return page;
}
const isOn = (page, transport) =>
	until(`the client is on ${transport}`, () =>
		page.evaluate(
			(name) => window.client.state === "open" && window.client.transport === name,
			transport,
		),
	);
const got = (page) => page.evaluate(() => window.got);
const hasGot = (page, count) =>
	until(`${count} events came`, async () => (await got(page)).length >= count);

for (const [refused, transport] of [
	[{}, "websocket"],
	[{ websocket: true }, "sse"],
	[{ websocket: true, sse: true }, "poll"],
]) {
	const what = Object.keys(refused).join(" and ") || "nothing";
	test(`fallback_${transport}: when refused: ${what}`, async () => {
		proxy.refuse = refused;
		const page = await client(`fallback.${transport}`);
		await isOn(page, transport);
		for (const n of [1, 2, 3]) await publish(`fallback.${transport}`, n);
		await hasGot(page, 3);
		assert.deepEqual(await got(page), [1, 2, 3]);
		await page.close();
	});
}

test("fallback_mute: a stream that opens and stays silent is given up", async () => {
	proxy.refuse = { websocket: true, mute: true };
	const page = await client("fallback.mute", { silence: 1500 });
	await isOn(page, "poll");
	await publish("fallback.mute", 1);
	await hasGot(page, 1);
	await page.close();
});

test("fallback_under_way: order is kept over changes of the transport", async () => {
	const EVENTS = 300;
	proxy.refuse = {};
	const page = await client("fallback.moved", { upgradeAfter: 1500 });
	await isOn(page, "websocket");
	const publisher = stand.psql(`DO $$ BEGIN FOR n IN 1..${EVENTS} LOOP
		PERFORM events.publish('fallback.moved', jsonb_build_object('n', n));
		COMMIT; PERFORM pg_sleep(0.01); END LOOP; END $$;`);
	const stages = [
		[{ websocket: true }, "sse"],
		[{ websocket: true, sse: true }, "poll"],
		[{}, "websocket"],
	];
	for (const [i, [refused, transport]] of stages.entries()) {
		await hasGot(page, 30 + 70 * i);
		proxy.refuse = refused;
		proxy.cut();
		await isOn(page, transport);
	}
	await publisher;
	await hasGot(page, EVENTS);
	assert.deepEqual(
		await got(page),
		Array.from({ length: EVENTS }, (_, i) => i + 1),
	);
	await page.close();
});

test("fallback_of_the_console: it says how it is connected", async () => {
	proxy.refuse = { websocket: true };
	const page = await browser.open(proxy.url);
	await page.getByText("Live, Server-Sent Events").waitFor();
	await publish("fallback.console", 1);
	await page.locator(".row:visible", { hasText: "fallback.console" }).waitFor();
	await page.close();
});

await run();
