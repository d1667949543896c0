// SPDX-License-Identifier: PostgreSQL
//
// events.js under Node: subscriptions, publishing, resets, errors, and how it ends.
import assert from "node:assert/strict";
import { EventsClient } from "../../sidecar/web/events.js";
import { Stand } from "./kit/stand.js";
import { after, run, test, until } from "./kit/tap.js";

const stand = await Stand.start();
after(() => stand.stop());

function publish(type, data = {}, topic = null) {
	const more = topic ? `, topic => '{${topic}}'` : "";
	return stand.psql(`SELECT events.publish('${type}', '${JSON.stringify(data)}'${more});`);
}

// A client that keeps what it hears.
function open(options = {}) {
	const client = new EventsClient({
		url: `${stand.url}/v1/events`,
		transports: ["sse", "poll"],
		maxDelay: 300,
		onevent: (event) => client.events.push(event),
		onreset: (reset) => client.resets.push(reset),
		onerror: (error) => client.errors.push(error),
		...options,
	});
	Object.assign(client, { events: [], resets: [], errors: [] });
	return client;
}
const isOpen = (client) => until("the client is connected", () => client.state === "open");
const types = (client) => client.events.map(({ type }) => type);
const hasGot = (client, count) =>
	until(`${count} events came`, () => client.events.length >= count);

for (const transport of ["sse", "poll"]) {
	test(`client_subscriptions_${transport}: can be added and taken away`, async () => {
		const client = open({ transports: [transport], topics: [["a"]] });
		await isOpen(client);
		await publish("one", {}, "a,x");
		await publish("two", {}, "b,y");
		await hasGot(client, 1);
		client.subscribe({ topics: [["b", "*", "z"]] });
		await isOpen(client);
		await publish("three", {}, "b,y,z");
		await hasGot(client, 2);
		client.unsubscribe({ topics: [["a"]] });
		await isOpen(client);
		await publish("four", {}, "a");
		await publish("five", {}, "b,q,z");
		await hasGot(client, 3);
		client.unsubscribe({ topics: [["b", "*", "z"]] });
		await until("nothing is left to receive", () => client.state === "paused");
		assert.deepEqual(types(client), ["one", "three", "five"]);
		client.close();
		await until("it is closed", () => client.state === "closed");
	});

	test(`client_pause_${transport}: nothing is lost`, async () => {
		const client = open({ transports: [transport], types: ["paused.*"] });
		await isOpen(client);
		await publish("paused.one");
		await hasGot(client, 1);
		client.pause();
		await until("it is paused", () => client.state === "paused");
		await publish("paused.two");
		client.resume();
		await hasGot(client, 2);
		assert.deepEqual(types(client), ["paused.one", "paused.two"]);
		client.close();
	});

	test(`client_reset_${transport}: a cursor of another epoch is told`, async () => {
		const client = open({
			transports: [transport],
			types: ["reset.*"],
			after: "zzzzzzzz-0000000000000000001",
		});
		await isOpen(client);
		await until("the reset was told", () => client.resets.length === 1);
		const [{ reason, lost, cursor }] = client.resets;
		assert.deepEqual(
			{ reason, lost },
			{ reason: "epoch", lost: "zzzzzzzz-0000000000000000001" },
		);
		assert.match(cursor, /^[a-z0-9]{8}-\d{19}$/);
		await publish("reset.one");
		await hasGot(client, 1);
		client.close();
	});

	test(`client_new_epoch_${transport}: a reset under way is told too`, async () => {
		const client = open({ transports: [transport], types: ["epoch.*"] });
		await isOpen(client);
		await publish("epoch.one");
		await hasGot(client, 1);
		await stand.psql("SELECT events.new_epoch();");
		await until("the reset was told", () => client.resets.length === 1);
		assert.equal(client.resets[0].reason, "epoch");
		await isOpen(client);
		await publish("epoch.two");
		await until("it goes on", () => types(client).includes("epoch.two"));
		client.close();
	});
}

test("client_from_the_beginning: earliest, since, and a cursor that was kept", async () => {
	await publish("history.one");
	const format = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"';
	const now = await stand.psql(
		`SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', '${format}')`,
	);
	await publish("history.two");
	const first = open({ types: ["history.*"], after: "earliest" });
	await hasGot(first, 2);
	assert.deepEqual(types(first), ["history.one", "history.two"]);
	const second = open({ types: ["history.*"], since: now });
	await hasGot(second, 1);
	assert.deepEqual(types(second), ["history.two"]);
	const third = open({ types: ["history.*"], after: first.events[0].sequence });
	await hasGot(third, 1);
	assert.deepEqual(types(third), ["history.two"]);
	for (const client of [first, second, third]) client.close();
});

test("client_publish: one, several, and what the server refuses", async () => {
	const client = open({ types: ["published.*"], source: "/test" });
	await isOpen(client);
	await client.publish({ type: "published.one", data: { text: "ä" }, topic: "p/q" });
	await client.publish([
		{ type: "published.two", id: "own-id" },
		{ type: "published.three", source: "/other" },
	]);
	await hasGot(client, 3);
	assert.deepEqual(types(client), ["published.one", "published.two", "published.three"]);
	const [one, two, three] = client.events;
	assert.deepEqual(
		[one.data, one.topic, one.source, two.id, three.source],
		[{ text: "ä" }, "p/q", "/test", "own-id", "/other"],
	);
	await assert.rejects(
		client.publish({ data: 1 }),
		(error) => error.status === 400 && /\S/.test(error.message),
	);
	client.close();
});

test("client_refused: a wrong question is not asked again", async () => {
	const client = open({ params: { nonsense: "1" } });
	await until("it has given up", () => client.state === "closed");
	assert.equal(client.errors.length, 1);
	assert.equal(client.errors[0].status, 400);
	assert.match(client.errors[0].message, /nonsense/);
});

test("client_without_server: it backs off with jitter, and does not give up", async () => {
	const delays = [];
	const client = open({
		url: "http://127.0.0.1:9/v1/events",
		minDelay: 20,
		maxDelay: 100,
		onstate: ({ state, delay }) => state === "waiting" && delays.push(delay),
	});
	await until("it has tried often", () => delays.length >= 12);
	client.close();
	assert.ok(
		delays.every((delay) => delay >= 0 && delay <= 100),
		String(delays),
	);
	assert.ok(new Set(delays).size > 6, "no jitter");
	await until("it is closed", () => client.state === "closed");
});

await run();
