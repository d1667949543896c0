// SPDX-License-Identifier: PostgreSQL
//
// The search of the console: words, filters, facets and the histogram find what SQL
// finds; pages, links, Back, and the stream that goes on from a found event.
import assert from "node:assert/strict";
import { Browser } from "./kit/browser.js";
import { Stand } from "./kit/stand.js";
import { after, run, test, until } from "./kit/tap.js";

const stand = await Stand.start();
after(() => stand.stop());
const browser = await Browser.start();
after(() => browser.stop());

const HOSTILE = 'parcel <img src=x onerror="window.hacked = 1"> <mark>no hit</mark> &lt;b&gt;';

const publish = (type, count, data, { user = "", source = "/shop" } = {}) =>
	`SET events."user" = '${user}';
	 SELECT count(events.publish('${type}', jsonb_build_object(${data}), source => '${source}'))
	 FROM generate_series(1, ${count}) n;\n`;

// Fifty events at one time.
const batch = [
	"BEGIN;\n",
	publish("order.created", 12, "'order', n, 'note', 'a parcel for you'", { user: "alice" }),
	publish("order.created", 8, "'order', n, 'note', 'two parcels'", { user: "bob" }),
	publish("order.paid", 15, "'order', n, 'total', n * 10", { user: "bob" }),
	publish("payment.refused", 10, "'note', 'the refund of order ' || n", { source: "/bank" }),
	publish("user.login", 5, "", { user: "carol", source: "/door" }),
	"COMMIT;\n",
].join("");

// Four times fifty, each in another second, so that there is something to zoom into.
async function fill() {
	for (let i = 0; i < 4; i++) {
		await stand.psql(batch);
		const second = await stand.psql(
			"SELECT extract(epoch FROM max(recorded_at))::int FROM events.event;",
		);
		await until(
			"another second has begun",
			async () =>
				Number(await stand.psql("SELECT floor(extract(epoch FROM clock_timestamp()));")) >
				Number(second) + 1,
		);
	}
	await stand.psql(
		`SELECT events.publish('note.added', jsonb_build_object('text', $$${HOSTILE}$$),
			topic => '{note,<i>slanted}');`,
	);
}

const count = async (condition = "true") =>
	Number(await stand.psql(`SELECT count(*) FROM events.event WHERE ${condition};`));
const plural = (number) => `${number} event${number === 1 ? "" : "s"}`;

async function open(hash = "#search=") {
	const page = await browser.open(`${stand.url}/${hash}`);
	await page.locator("#search").waitFor();
	return page;
}

// The rows as texts: time, type, topic, headline or data.
const rows = (page) =>
	page.evaluate(() =>
		[...document.querySelectorAll("#search-rows .hit")].map((row) =>
			[...row.children].map((cell) => cell.textContent),
		),
	);
const types = async (page) => [...new Set((await rows(page)).map((cells) => cells[1]))].sort();
const isCalm = (page) => page.evaluate(() => !document.querySelector("#search").ariaBusy);
const shows = (page, number) =>
	until(
		`the search shows ${plural(number)}`,
		async () =>
			(await page.textContent("#search-count")) === plural(number) && (await isCalm(page)),
	);
const marks = (page) => page.locator("#search-rows mark").allTextContents();

// { value: count } of a field
const facet = (page, field) =>
	page.evaluate(
		(name) =>
			Object.fromEntries(
				[...document.querySelectorAll(`[data-field=${name}] .facet-value`)].map(
					(button) => [button.title, Number(button.querySelector(".number").textContent)],
				),
			),
		field,
	);
const facetBySql = async (expression, condition) =>
	Object.fromEntries(
		JSON.parse(
			await stand.psql(
				`SELECT json_agg(json_build_array(value, count)) FROM (
				 SELECT ${expression} AS value, count(*) FROM events.event e
				 WHERE ${condition} GROUP BY 1) f WHERE value IS NOT NULL;`,
			),
		),
	);
const choose = (page, value) => page.locator(`.facet-value[title="${value}"]`).click();
const bars = (page) =>
	page.evaluate(() =>
		[...document.querySelectorAll("#search-chart [role=option]")].map((bar) =>
			Number(/: ([\d,]+) event/.exec(bar.ariaLabel)[1].replaceAll(",", "")),
		),
	);
const address = (page) => new URLSearchParams(new URL(page.url()).hash.slice(1));

await fill();

test("search_opens: by its key, newest first, with everything", async () => {
	const page = await browser.open(stand.url);
	await page.locator("#connection[data-state=open]").waitFor();
	await page.keyboard.press("s");
	await shows(page, await count());
	const shown = await rows(page);
	assert.equal(shown.length, 50);
	assert.equal(shown[0][1], "note.added");
	assert.equal(shown[1][1], "user.login");
	assert.match(shown[1][0], /^\d\d:\d\d:\d\d\.\d{3}$/);
	assert.equal(await page.evaluate(() => document.activeElement.id), "search-text");
	await page.locator("label", { hasText: "Oldest" }).click();
	await until("the oldest is first", async () => (await rows(page))[0]?.[1] === "order.created");
	await page.locator("#search-rows .hit").first().focus();
	await page.keyboard.press("ArrowDown");
	await page.keyboard.press("Enter");
	await page.locator("#detail-type", { hasText: "order.created" }).waitFor();
	await page.click("#only-type");
	await shows(page, await count("type = 'order.created'"));
	await page.keyboard.press("Escape");
	await page.locator("#detail").waitFor({ state: "hidden" });
	await page.keyboard.press("Escape");
	await page.locator("#search").waitFor({ state: "hidden" });
	await page.locator("#list").waitFor();
	await page.close();
});

test("search_finds_words: while they are typed, and marks them", async () => {
	const page = await open();
	await page.locator("#search-text").pressSequentially("refund");
	await shows(page, await count("data::text ~ 'refund'"));
	assert.deepEqual(await types(page), ["payment.refused"]);
	const found = await marks(page);
	assert.ok(found.length >= 40 && found.every((word) => word === "refund"), found.join());
	assert.equal(address(page).get("search"), "refund");
	await page.fill("#search-text", '"refund of order" -parcel');
	await shows(page, await count("data::text ~ 'refund'"));
	await page.fill("#search-text", "parcel*");
	await shows(page, await count("data::text ~ 'parcel'"));
	const id = await stand.psql("SELECT id FROM events.event WHERE type = 'order.paid' LIMIT 1;");
	await page.fill("#search-text", id);
	await shows(page, 1);
	assert.deepEqual(await types(page), ["order.paid"]);
	await page.close();
});

test("search_forgets_old_questions: a late answer is not shown", async () => {
	const page = await open();
	await shows(page, await count());
	let release;
	const held = new Promise((resolve) => {
		release = resolve;
	});
	let asked = 0;
	await page.route(/\/v1\/events\/search\?q=parcel/, async (route) => {
		asked++;
		await held;
		await route.continue().catch(() => {}); // it was cancelled
	});
	await page.fill("#search-text", "parcel");
	await until("it is asked", () => asked > 0);
	assert.ok((await rows(page)).length === 50, "what was found before stays");
	await page.fill("#search-text", "refund");
	release();
	await shows(page, await count("data::text ~ 'refund'"));
	assert.deepEqual(await types(page), ["payment.refused"]);
	await page.close();
});

test("search_facets: count as SQL does, narrow by a click, and widen again", async () => {
	const page = await open("#search=order");
	const words = "(type LIKE 'order.%' OR data::text ~ 'order')";
	await shows(page, await count(words));
	assert.deepEqual(await facet(page, "type"), await facetBySql("type", words));
	assert.deepEqual(await facet(page, "source"), await facetBySql("source", words));
	assert.deepEqual(
		await facet(page, "topic"),
		await facetBySql("array_to_string(topic, '/')", words),
	);
	const user = "attributes ->> 'user'";
	assert.deepEqual(await facet(page, "user"), await facetBySql(user, words));
	await choose(page, "order.paid");
	await shows(page, await count("type = 'order.paid'"));
	assert.deepEqual(await types(page), ["order.paid"]);
	assert.deepEqual(await facet(page, "type"), await facetBySql("type", words));
	assert.deepEqual(await facet(page, "user"), await facetBySql(user, "type = 'order.paid'"));
	await choose(page, "order.created");
	await shows(page, await count("type LIKE 'order.%'"));
	await choose(page, "alice");
	await shows(page, await count(`type LIKE 'order.%' AND ${user} = 'alice'`));
	assert.deepEqual(address(page).getAll("type"), ["order.paid", "order.created"]);
	assert.deepEqual(address(page).getAll("user"), ["alice"]);
	await page.getByLabel("Remove the filter User alice").click();
	await shows(page, await count("type LIKE 'order.%'"));
	await choose(page, "order.created");
	await shows(page, await count("type = 'order.paid'"));
	await page.goBack();
	await shows(page, await count("type LIKE 'order.%'"));
	await page.close();
});

test("search_filters: source, subject, contains, pattern and FEEL, all together", async () => {
	const page = await open();
	await page.click("#search-more");
	await page.fill("#search-contains", '{"order": 7}');
	await shows(page, await count(`data @> '{"order": 7}'`));
	await page.fill("#search-filter", "data.total > 60");
	await shows(page, await count(`data @> '{"order": 7}' AND type = 'order.paid'`));
	await page.fill("#search-contains", "");
	await page.fill("#search-filter", "");
	await page.fill("#search-pattern", '{"data": {"total": [{"numeric": [">", 100]}]}}');
	await shows(page, await count("(data -> 'total')::int > 100"));
	await page.fill("#search-user", "alice");
	await shows(page, 0);
	await page.getByText("Nothing was found").waitFor();
	await page.fill("#search-user", "alice, bob");
	await shows(page, await count("(data -> 'total')::int > 100"));
	await page.fill("#search-filter", "data.total < 130 // not too much");
	await shows(page, await count("(data -> 'total')::int IN (110, 120)"));
	await page.click("#search-chips >> text=Remove all");
	await page.fill("#search-source", "/bank, /door");
	await shows(page, await count("source IN ('/bank', '/door')"));
	await page.fill("#search-topic", "*/login");
	await shows(page, await count("type = 'user.login'"));
	await page.close();
});

test("search_histogram: adds up, and zooms by drag, by keys, and back", async () => {
	const page = await open("#search=&type=order.created");
	const all = await count("type = 'order.created'");
	await shows(page, all);
	const before = await bars(page);
	assert.equal(
		before.reduce((sum, one) => sum + one, 0),
		all,
	);
	assert.ok(before.filter((one) => one === 20).length === 4, `bars: ${before}`);
	const first = before.findIndex((one) => one > 0);
	const second = before.findIndex((one, i) => one > 0 && i > first);
	const box = await page.locator("#search-chart").boundingBox();
	const x = (i) => box.x + ((i + 0.5) / before.length) * box.width;
	await page.mouse.move(x(first), box.y + 40);
	await page.mouse.down();
	await page.mouse.move(x(second), box.y + 30, { steps: 4 });
	await page.mouse.up();
	await shows(page, 40);
	const [since, to] = ["since", "until"].map((name) => address(page).get(name));
	const range = `recorded_at >= '${since}' AND recorded_at < '${to}'`;
	assert.equal(await count(`type = 'order.created' AND ${range}`), 40);
	assert.equal(
		(await bars(page)).reduce((sum, one) => sum + one, 0),
		40,
	);
	await page.click("#search-reset");
	await shows(page, all);
	assert.equal(address(page).get("since"), null);
	await page.locator("#search-chart").focus();
	await page.keyboard.press("Home");
	for (let i = 0; i < second; i++) await page.keyboard.press("Shift+ArrowRight");
	await page.locator("#search-tip", { hasText: "40 events" }).waitFor();
	await page.keyboard.press("Enter");
	await shows(page, 40);
	await page.goBack();
	await shows(page, all);
	await page.close();
});

test("search_pages: to the end, none twice and none missing while events come", async () => {
	const page = await open();
	const all = await count();
	await shows(page, all);
	await stand.psql(`SELECT events.publish('late.one', '{}') FROM generate_series(1, 3);`);
	const end = page.locator("#search-end-text");
	await until("the end is there", async () => {
		await page.locator("#search-end").scrollIntoViewIfNeeded();
		return (await end.textContent()) === `That is all: ${plural(all)}.`;
	});
	const shown = await rows(page);
	assert.equal(shown.length, all);
	assert.ok(!shown.some((cells) => cells[1] === "late.one"));
	const wanted = await stand.psql(
		`SELECT type FROM events.event WHERE type <> 'late.one' ORDER BY position DESC;`,
	);
	assert.deepEqual(
		shown.map((cells) => cells[1]),
		wanted.split("\n"),
	);
	await page.locator("#search-rows .hit").nth(49).focus();
	await page.keyboard.press("ArrowDown");
	assert.equal(
		await page.evaluate(() =>
			[...document.querySelectorAll("#search-rows .hit")].indexOf(document.activeElement),
		),
		50,
		"the keys go on from page to page",
	);
	await page.keyboard.press("Escape");
	await page.close();
});

// Both are work for the browser with each page, and more of it the more rows there are.
test("search_pages_stay_quick: what it looks at anew are pages, not rows", async () => {
	const page = await open();
	await shows(page, await count());
	const { passedOver, rules } = await page.evaluate(() => ({
		passedOver: [...document.querySelectorAll("#search-rows *")]
			.filter((part) => getComputedStyle(part).contentVisibility === "auto")
			.map((part) => part.querySelectorAll(".hit").length),
		rules: [...document.styleSheets]
			.flatMap(({ cssRules }) => [...cssRules])
			.flatMap((rule) => [rule, ...(rule.cssRules ?? [])])
			.map(({ selectorText }) => selectorText ?? ""),
	}));
	assert.ok(passedOver.length > 0 && passedOver.every((hits) => hits === 50), passedOver.join());
	assert.ok(rules.includes(".hits-page"));
	assert.deepEqual(
		rules.filter((selector) => /\b(html|body|main)\b[^\s,]*:has\(/.test(selector)),
		[],
		"no rule for all of the page depends on what is in it",
	);
	await page.close();
});

test("search_to_stream: goes on after the event, filtered as the search was", async () => {
	const page = await open("#search=parcel&type=order.created&order=oldest");
	await shows(page, await count("type = 'order.created' AND data::text ~ '\\mparcel\\M'"));
	await page.locator("#search-rows .hit").nth(4).click();
	await page.locator("#detail-type", { hasText: "order.created" }).waitFor();
	const attributes = await page.textContent("#detail-attributes");
	const position = Number(/sequence[a-z0-9]{8}-(\d{19})/.exec(attributes)[1]);
	await page.click("#detail-stream");
	const after = `position > ${position}`;
	const [shown, all] = [await count(`${after} AND type = 'order.created'`), await count(after)];
	const says = (text) =>
		until(`the count is "${text}"`, async () => (await page.textContent("#count")) === text);
	await says(`${shown} of ${plural(all)}`);
	await page.getByText("Not filtered by words of the search.").waitFor();
	assert.match(page.url(), new RegExp(`type=order.created&from=[a-z0-9]{8}-0*${position}$`));
	await stand.psql(`SELECT events.publish('order.created', '{"new": true}');`);
	await says(`${shown + 1} of ${plural(all + 1)}`);
	await page.reload();
	await says(`${shown + 1} of ${plural(all + 1)}`);
	await page.goBack();
	await page.locator("#search").waitFor();
	assert.equal(await page.inputValue("#search-text"), "parcel");
	await page.close();
});

test("search_link: restores words, filters, order and times", async () => {
	const first = await open("#search=order&type=order.paid&user=bob&order=oldest&range=86400");
	const wanted = await count("type = 'order.paid'");
	await shows(first, wanted);
	const [found, url] = [await rows(first), first.url()];
	await first.close();
	const second = await browser.open(url);
	await shows(second, wanted);
	assert.deepEqual(await rows(second), found);
	assert.equal(await second.inputValue("#search-text"), "order");
	assert.equal(await second.inputValue("#search-range"), "86400");
	assert.ok(await second.isChecked("input[value=oldest]"));
	assert.deepEqual(await second.locator("#search-chips code").allTextContents(), [
		"order.paid",
		"bob",
	]);
	await second.click("#search-close");
	await second.locator("#list").waitFor();
	await second.goBack();
	await shows(second, wanted);
	await second.close();
});

test("search_says_what_is_wrong: and keeps what was found", async () => {
	const page = await open("#search=refund");
	const all = await count("data::text ~ 'refund'");
	await shows(page, all);
	const error = page.locator("#search-error");
	await page.click("#search-more");
	await page.fill("#search-pattern", '{"type": ');
	await error.filter({ hasText: "The pattern is not JSON: line 1, column 10" }).waitFor();
	await page.fill("#search-pattern", '{"type": "payment.refused"}');
	await error.filter({ hasText: /pattern/ }).waitFor();
	assert.equal(await page.getAttribute("#search-pattern", "aria-invalid"), "true");
	assert.equal((await rows(page)).length, all);
	await page.fill("#search-pattern", '{"type": ["payment.refused"]}');
	await error.waitFor({ state: "hidden" });
	await shows(page, all);
	await page.fill("#search-filter", "data.total > )");
	await error.filter({ hasText: /FEEL/ }).waitFor();
	assert.equal((await rows(page)).length, all);
	browser.faults = browser.faults.filter((fault) => !/status of 400/.test(fault));
	await page.close();
});

test("search_without_counts: shows what was found, and tries again when told to", async () => {
	const page = await open("#search=refund");
	const all = await count("data::text ~ 'refund'");
	await shows(page, all);
	const tooSlow = { detail: "The search takes too long.", hint: "Narrow the range of time." };
	await page.route(/limit=0/, (route) =>
		route.fulfill({
			status: 503,
			contentType: "application/problem+json",
			body: JSON.stringify({ status: 503, code: "search-too-slow", ...tooSlow }),
		}),
	);
	await page.fill("#search-text", "parcel*");
	const error = page.locator("#search-error");
	await error.filter({ hasText: `${tooSlow.detail}\n${tooSlow.hint}` }).waitFor();
	await until("parcels are shown", async () => (await types(page))[0] !== "payment.refused");
	await page.unroute(/limit=0/);
	await page.click("#search-retry");
	await error.waitFor({ state: "hidden" });
	await shows(page, await count("data::text ~ 'parcel'"));
	browser.faults = browser.faults.filter((fault) => !/status of 503/.test(fault));
	await page.close();
});

test("search_trusts_nothing: what is in an event stays text", async () => {
	const page = await open("#search=parcel&type=note.added");
	await shows(page, 1);
	const [[, , topic, text]] = await rows(page);
	assert.match(text, /<img src=x onerror=.*<mark>no hit<\/mark> &lt;b&gt;/);
	assert.equal(topic, "note / <i>slanted");
	assert.deepEqual(await marks(page), ["parcel"]);
	await page.locator("#search-rows .hit").click();
	await page.locator("#detail-data", { hasText: "<img src=x onerror=" }).waitFor();
	assert.equal(await page.locator("#search img, #search i, #detail img, #detail i").count(), 0);
	assert.equal(await page.evaluate(() => window.hacked), undefined);
	await page.close();
});

test("search_takes_any_address: nonsense in it is left out, or refused in words", async () => {
	const evil = encodeURIComponent("<img src=x onerror='window.hacked = 1'>");
	const all = await count();
	const found = {
		"search=%E0%A4%A&search=%": 0,
		"search&range=x&order=y&since=z&until=x&user=": all,
		"search=&since=%2B275760-09-13T00:00:00Z&until=-000001-01-01T00:00:00Z": all,
		"search=&since=0001-01-01T00:00:00Z": all,
		[`search=&user=${evil}&type=${evil}&source=${evil}&topic=%2525&subject=${evil}`]: 0,
	};
	for (const [hash, number] of Object.entries(found)) {
		const page = await open(`#${hash}`);
		await shows(page, number);
		assert.equal(await page.locator("#search-error:not([hidden])").count(), 0, hash);
		await page.close();
	}
	for (const hash of ["search=&topic=//", `search=&contains=${evil}`, `search=&filter=${evil}`]) {
		const page = await open(`#${hash}`);
		await page.locator("#search-error:not([hidden])").waitFor();
		assert.equal(await page.evaluate(() => window.hacked), undefined);
		await page.locator("#search-chips button").first().click();
		await shows(page, all);
		await page.close();
	}
	browser.faults = browser.faults.filter((fault) => !/status of 400/.test(fault));
});

test("search_times: a year that cannot be asked for is no time", async () => {
	const page = await open();
	await page.click("#search-more");
	for (const year of ["0002", "9999"]) {
		await page.fill("#search-since", `${year}-01-01T00:00`);
		await shows(page, year === "0002" ? await count() : 0);
	}
	await page.fill("#search-since", "");
	await shows(page, await count());
	await page.close();
});

test("search_on_a_phone: nothing is wider than the screen", async () => {
	const page = await open("#search=parcel*&type=order.created");
	await page.setViewportSize({ width: 360, height: 700 });
	await shows(page, await count("type = 'order.created' AND data::text ~ 'parcel'"));
	const width = () => page.evaluate(() => document.documentElement.scrollWidth);
	assert.equal(await width(), 360);
	await page.click("#search-narrow");
	await page.locator(".facet-value").first().waitFor();
	await page.click("#search-more");
	assert.equal(await width(), 360);
	await page.click("#search-more");
	await page.click("#search-narrow");
	await page.locator("#search-rows .hit").first().click();
	await page.locator("#detail").waitFor();
	assert.equal(await width(), 360);
	await page.close();
});

test("search_leaves_no_fault: in the browser's console", async () => {
	assert.deepEqual(browser.faults, []);
});

await run();
