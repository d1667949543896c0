// SPDX-License-Identifier: PostgreSQL
//
// The console: what psql publishes appears when it is committed; filters, pause,
// details, the publish form; at a thousand events a second, and on a phone.
import assert from "node:assert/strict";
import { Browser } from "./kit/browser.js";
import { Stand } from "./kit/stand.js";
import { after, run, test, until } from "./kit/tap.js";

const stand = await Stand.start();
after(() => stand.stop());
const browser = await Browser.start();
after(() => browser.stop());

const publish = (type, data = {}, more = "") =>
	`SELECT events.publish('${type}', '${JSON.stringify(data)}'${more});\n`;
const transaction = (...statements) => `BEGIN;\n${statements.join("")}COMMIT;\n`;
const many = (type, count) =>
	`SELECT count(events.publish('${type}', jsonb_build_object('n', n)))
	 FROM generate_series(1, ${count}) n;\n`;

// A fresh console, connected.
async function open(query = "") {
	const page = await browser.open(`${stand.url}/${query}`);
	await page.locator("#connection[data-state=open]").waitFor();
	return page;
}

// The visible rows, newest first.
const rows = (page) =>
	page.evaluate(() =>
		[...document.querySelectorAll(".row")]
			.filter((row) => !row.hidden)
			.sort((a, b) => a.getAttribute("aria-posinset") - b.getAttribute("aria-posinset"))
			.map((row) => [...row.children].map((cell) => cell.textContent)),
	);
const types = async (page) => (await rows(page)).map((cells) => cells[1]);
const showsTypes = (page, wanted) =>
	until(
		`the console shows ${wanted}`,
		async () => JSON.stringify(await types(page)) === JSON.stringify(wanted),
	);
const showsCount = (page, text) =>
	until(`the count is "${text}"`, async () => (await page.textContent("#count")) === text);

test("console_shows_committed_events: with type, topic, time and data, newest first", async () => {
	const page = await open();
	const session = stand.session();
	await session.run(`BEGIN;\n${publish("order.created", { order: 7 })}`);
	await session.run(publish("build.failed", { log: "é ≠ ü" }, ", topic => '{service,ci}'"));
	await stand.psql(publish("marker.one"));
	await showsTypes(page, ["marker.one"]);
	await session.run("COMMIT;");
	await showsTypes(page, ["build.failed", "order.created", "marker.one"]);
	const [build, order] = await rows(page);
	assert.equal(order[2], "order / created");
	assert.equal(order[3], '{"order":7}');
	assert.equal(build[2], "service / ci");
	assert.match(build[0], /^\d\d:\d\d:\d\d\.\d{3}$/);
	assert.match(build[3], /é ≠ ü/);
	await session.close();
	await page.close();
});

test("console_shows_nothing_rolled_back: transactions and savepoints", async () => {
	const page = await open();
	await stand.psql(`BEGIN;\n${publish("gone.one")}ROLLBACK;\n`);
	await stand.psql(
		transaction(
			publish("kept.one"),
			"SAVEPOINT s;\n",
			publish("gone.two"),
			"ROLLBACK TO s;\n",
			publish("kept.two"),
		),
	);
	await showsTypes(page, ["kept.two", "kept.one"]);
	await page.close();
});

test("console_filters: by topic and type, kept in the address", async () => {
	const page = await open();
	await stand.psql(
		transaction(
			publish("order.created"),
			publish("order.paid"),
			publish("payment.captured"),
			publish("build.done", {}, ", topic => '{service,production}'"),
		),
	);
	await showsCount(page, "4 events");
	await page.fill("#filter-type", "order.*");
	await showsTypes(page, ["order.paid", "order.created"]);
	await page.fill("#filter-type", "order.paid, payment.captured");
	await showsTypes(page, ["payment.captured", "order.paid"]);
	await page.fill("#filter-type", "");
	await page.fill("#filter-topic", "*/production, payment");
	await showsTypes(page, ["build.done", "payment.captured"]);
	await stand.psql(transaction(publish("payment.refunded"), publish("order.created")));
	await showsTypes(page, ["payment.refunded", "build.done", "payment.captured"]);
	await showsCount(page, "3 of 6 events");
	await page.fill("#filter-topic", "nothing/here");
	await page.getByText("Nothing matches the filter").waitFor();
	assert.match(page.url(), /\?topic=nothing%2Fhere$/);
	await page.close();
	const again = await open("?topic=payment&from=earliest");
	await until("an old event is there", async () =>
		(await types(again)).includes("payment.captured"),
	);
	assert.ok((await types(again)).every((type) => type.startsWith("payment.")));
	await again.close();
});

test("console_pause: holds what comes, and shows it afterwards in order", async () => {
	const page = await open();
	await stand.psql(publish("before.pause"));
	await showsTypes(page, ["before.pause"]);
	await page.keyboard.press("p");
	await stand.psql(transaction(publish("paused.one"), publish("paused.two")));
	await page.getByText("Paused: 2 new events held here.").waitFor();
	assert.deepEqual(await types(page), ["before.pause"]);
	await page.click("#pause");
	await showsTypes(page, ["paused.two", "paused.one", "before.pause"]);
	await page.close();
});

test("console_pause_overflow: what does not fit waits in the database", async () => {
	const page = await open();
	await page.click("#pause");
	await stand.psql(many("flood", 7000));
	await page.locator("#connection[data-state=paused]").waitFor();
	await page.getByText("5,000 new events held here, the others wait in the database").waitFor();
	await page.click("#pause");
	await showsCount(page, "7,000 events");
	assert.equal(await page.locator("#notice-dropped").isVisible(), false);
	await page.close();
});

test("console_drops_the_oldest: and says how many", async () => {
	const page = await open();
	await stand.psql(many("flood", 23000));
	await until("all are accounted for", async () => {
		const number = (text) => Number((/^[\d,]+/.exec(text) || ["0"])[0].replaceAll(",", ""));
		const kept = number(await page.textContent("#count"));
		const dropped = number(await page.textContent("#notice-dropped"));
		return kept + dropped === 23000 && kept >= 10000 && kept <= 10500;
	});
	await page.close();
});

test("console_details: by mouse and by keyboard", async () => {
	const page = await open();
	await stand.psql(
		transaction(
			publish("first.event", { a: 1 }),
			publish("second.event", { deep: { list: [1, { two: "zwei" }] } }),
		),
	);
	await showsCount(page, "2 events");
	await page.locator(".row:visible", { hasText: "second.event" }).click();
	await page.locator("#detail-type", { hasText: "second.event" }).waitFor();
	assert.match(await page.textContent("#detail-data"), /deep.*list.*two: "zwei"/s);
	const attributes = await page.textContent("#detail-attributes");
	for (const name of ["id", "source", "recordedtime", "sequence", "second/event"])
		assert.ok(attributes.includes(name), name);
	await page.keyboard.press("Escape");
	await page.locator("#detail").waitFor({ state: "hidden" });
	await page.locator("#list").focus();
	await page.keyboard.press("End");
	await page.keyboard.press("Enter");
	await page.locator("#detail-type", { hasText: "first.event" }).waitFor();
	await page.keyboard.press("ArrowUp");
	await page.locator("#detail-type", { hasText: "second.event" }).waitFor();
	await page.click("#only-type");
	await showsTypes(page, ["second.event"]);
	await page.close();
});

test("console_publish_form: says what is wrong, and what came of it", async () => {
	const page = await open();
	await page.keyboard.press("n");
	const error = page.locator("#publish-error");
	await page.fill("#publish-data", '{"greeting": }');
	await page.click("#publish-send");
	await error.filter({ hasText: "The data is not JSON" }).waitFor();
	await page.fill("#publish-type", " ");
	await page.fill("#publish-data", '{"greeting": "hello"}');
	await page.click("#publish-send");
	await error.filter({ hasText: "A type is needed" }).waitFor();
	await page.fill("#publish-type", "console.large");
	await page.fill("#publish-data", JSON.stringify("x".repeat(3e6)));
	await page.click("#publish-send");
	await error.filter({ hasText: /bytes|large|size/i }).waitFor();
	await page.fill("#publish-type", "console.tested");
	await page.fill("#publish-topic", "console/form");
	await page.fill("#publish-data", '{"greeting": "hello"}');
	await page.locator("#publish-data").press("Control+Enter");
	await page.getByText(/It came back on the stream after \d+ ms/).waitFor();
	assert.equal(await error.isVisible(), false);
	await page.keyboard.press("Escape");
	await showsTypes(page, ["console.tested"]);
	assert.deepEqual((await rows(page))[0].slice(2), ["console / form", '{"greeting":"hello"}']);
	browser.faults = browser.faults.filter((fault) => !/status of 4\d\d/.test(fault));
	await page.close();
});

test("console_tells_of_a_reset: and goes on", async () => {
	const page = await open();
	await stand.psql("SELECT events.new_epoch();");
	await page.getByText("could not go on where it was: the database was restored").waitFor();
	await page.locator("#connection[data-state=open]").waitFor();
	await stand.psql(publish("after.reset"));
	await showsTypes(page, ["after.reset"]);
	await page.getByText("Dismiss").click();
	await page.locator("#notice-trouble").waitFor({ state: "hidden" });
	browser.faults = browser.faults.filter((fault) => !/status of 410/.test(fault));
	await page.close();
});

test("console_keeps_up: a thousand events a second do not freeze it", async () => {
	const page = await open();
	const worst = page.evaluate(
		() =>
			new Promise((resolve) => {
				const begin = performance.now();
				let [last, longest] = [begin, 0];
				const frame = (now) => {
					longest = Math.max(longest, now - last);
					last = now;
					if (now - begin < 4000) requestAnimationFrame(frame);
					else resolve(longest);
				};
				requestAnimationFrame(frame);
			}),
	);
	await stand.psql(`DO $$ BEGIN FOR i IN 1..40 LOOP
		PERFORM events.publish('load.measured', jsonb_build_object('n', i * 100 + n))
			FROM generate_series(1, 100) n;
		COMMIT; PERFORM pg_sleep(0.1); END LOOP; END $$;`);
	assert.ok((await worst) < 1500, `a frame took ${await worst} ms`);
	await showsCount(page, "4,000 events");
	assert.notEqual(await page.textContent("#rate"), "0");
	await page.close();
});

test("console_on_a_phone: nothing is wider than the screen, in light and dark", async () => {
	const page = await open();
	await page.setViewportSize({ width: 360, height: 700 });
	await stand.psql(
		publish("a.type.with.a.rather.long.name.that.does.not.fit", { text: "long ".repeat(100) }),
	);
	await showsCount(page, "1 event");
	const width = () => page.evaluate(() => document.documentElement.scrollWidth);
	const colour = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
	assert.equal(await width(), 360);
	await page.locator(".row:visible").click();
	await page.locator("#detail").waitFor();
	assert.equal(await width(), 360);
	await page.click("#detail-close");
	await page.emulateMedia({ colorScheme: "light" });
	const light = await colour();
	await page.emulateMedia({ colorScheme: "dark" });
	assert.notEqual(await colour(), light);
	await page.close();
});

test("console_keeps_its_policy: no fault in the browser's console, nothing inline", async () => {
	const response = await fetch(stand.url);
	const policy = response.headers.get("content-security-policy");
	assert.match(policy, /default-src '(none|self)'/);
	assert.doesNotMatch(policy, /unsafe/);
	assert.doesNotMatch(await response.text(), /<style|style=|onclick=|<script(?![^>]*src=)/);
	assert.deepEqual(browser.faults, []);
});

await run();
