// SPDX-License-Identifier: PostgreSQL
//
// events.js through the death of eventsd: while psql publishes, eventsd is killed
// (and once told to end) and started again.  A client on each transport gets
// every committed event once, in order, and nothing of what was rolled back.
import assert from "node:assert/strict";
import { Browser } from "./kit/browser.js";
import { Stand } from "./kit/stand.js";
import { after, run, test, until } from "./kit/tap.js";

const TRANSPORTS = ["websocket", "sse", "poll"];
const EVENTS = 400;

const stand = await Stand.start();
after(() => stand.stop());
const browser = await Browser.start();
after(() => browser.stop());

// Starts a client in the page for each list of transports: window.clients.
const startClients = (page, type) =>
	page.evaluate(
		async ({ transports, wanted }) => {
			const { EventsClient } = await import("/events.js");
			window.clients = Object.fromEntries(
				transports.map((transport) => {
					const client = new EventsClient({
						transports: [transport],
						types: [wanted],
						maxDelay: 500,
						onevent: ({ data }) => client.got.push(data.n),
					});
					client.got = [];
					client.states = [];
					client.delays = [];
					client.resets = [];
					client.onstate = ({ state, delay }) => {
						client.states.push(state);
						if (state === "waiting") client.delays.push(delay);
					};
					client.onreset = (reset) => client.resets.push(reset);
					return [transport, client];
				}),
			);
		},
		{ transports: TRANSPORTS, wanted: type },
	);
const each = (page, body) =>
	page.evaluate(`Object.fromEntries(
		Object.entries(window.clients).map(([name, client]) => [name, (${body})(client)]))`);
const every = (what, page, body) =>
	until(what, async () => Object.values(await each(page, body)).every(Boolean));

test("resume_after_kill: no gap, no repetition, on every transport", async () => {
	const page = await browser.open(`${stand.url}/icon.svg`);
	await startClients(page, "resume.tested");
	await every("all are connected", page, "(client) => client.state === 'open'");
	const publisher = stand.psql(`DO $$ BEGIN FOR n IN 1..${EVENTS} LOOP
		PERFORM events.publish('resume.tested', jsonb_build_object('n', n));
		COMMIT;
		PERFORM events.publish('resume.tested', jsonb_build_object('n', -n));
		ROLLBACK;
		PERFORM pg_sleep(0.01);
	END LOOP; END $$;`);
	const ends = [
		[60, "SIGKILL"],
		[150, "SIGTERM"],
		[240, "SIGKILL"],
	];
	for (const [count, signal] of ends) {
		await every(`all have ${count}`, page, `(client) => client.got.length >= ${count}`);
		await stand.kill(signal);
		await every("all have noticed", page, "(client) => client.state !== 'open'");
		await stand.restart();
	}
	await publisher;
	await every("all have the last one", page, `(client) => client.got.at(-1) === ${EVENTS}`);
	const wanted = Array.from({ length: EVENTS }, (_, i) => i + 1);
	for (const [transport, got] of Object.entries(await each(page, "(client) => client.got")))
		assert.deepEqual(got, wanted, transport);
	for (const [transport, resets] of Object.entries(await each(page, "(client) => client.resets")))
		assert.deepEqual(resets, [], transport);
	await page.close();
});

test("resume_when_sent_away: the server says when to come back", async () => {
	const page = await browser.open(`${stand.url}/icon.svg`);
	await startClients(page, "away.tested");
	await every("all are connected", page, "(client) => client.state === 'open'");
	await stand.kill("SIGTERM");
	await every("all have noticed", page, "(client) => client.delays.length > 0");
	const delays = await each(page, "(client) => client.delays[0]");
	for (const transport of ["websocket", "sse"])
		assert.ok(delays[transport] >= 1000, `${transport}: after ${delays[transport]} ms`);
	await stand.restart();
	await every("all are back", page, "(client) => client.state === 'open'");
	await page.close();
});

test("resume_before_the_first_event: latest is a position too", async () => {
	const page = await browser.open(`${stand.url}/icon.svg`);
	await startClients(page, "quiet.tested");
	await every("all are connected", page, "(client) => client.state === 'open'");
	await stand.kill();
	await every("all have noticed", page, "(client) => client.state !== 'open'");
	await stand.psql("SELECT events.publish('quiet.tested', '{\"n\": 1}');");
	await stand.restart();
	await every("all have it", page, "(client) => client.got.length === 1");
	await page.close();
});

test("resume_of_the_console: it says that it is not connected, then goes on", async () => {
	const page = await browser.open(stand.url);
	await page.locator("#connection[data-state=open]").waitFor();
	await stand.kill();
	await page.locator("#connection[data-state=waiting]").waitFor();
	await stand.psql("SELECT events.publish('while.away', '{}');");
	await stand.restart();
	await page.locator("#connection[data-state=open]").waitFor();
	await page.locator(".row:visible", { hasText: "while.away" }).waitFor();
	await page.close();
});

await run();
