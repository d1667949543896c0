// SPDX-License-Identifier: PostgreSQL
//
// The panel of the console in which filters are tried on recent events, and the
// console's stream filtered by one.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { examples } from "../../sidecar/web/console-examples.js";
import { indexOf, lineAndColumn, scanJson } from "../../sidecar/web/console-json.js";
import { Browser } from "./kit/browser.js";
import { Stand } from "./kit/stand.js";
import { after, run, test, until } from "./kit/tap.js";

const stand = await Stand.start();
after(() => stand.stop());
const browser = await Browser.start();
after(() => browser.stop());
await browser.context.grantPermissions(["clipboard-read", "clipboard-write"]);

const publish = (type, data = {}) =>
	`SELECT events.publish('${type}', '${JSON.stringify(data)}');\n`;
const ORDERS = [
	publish("order.created", { order: 1, total: 150, lines: [{ sku: "A" }, { sku: "B" }] }),
	publish("order.created", { order: 2, total: 50, lines: [{ sku: "A" }] }),
	publish("order.paid", { order: 1, total: 150 }),
	publish("user.registered", { name: "Zoë" }),
].join("");
const NEWEST_FIRST = ["user.registered", "order.paid", "order.created", "order.created"];

const totals = (...pairs) => pairs.map(([type, total]) => publish(type, { total })).join("");

// A fresh console on which the four events above have come.
async function open() {
	const page = await browser.open(stand.url);
	await page.locator("#connection[data-state=open]").waitFor();
	await stand.psql(`BEGIN;\n${ORDERS}COMMIT;`);
	await showsCount(page, "4 events");
	return page;
}

async function openPanel() {
	const page = await open();
	await page.keyboard.press("t");
	await page.locator("#try").waitFor();
	return page;
}

const showsCount = (page, text) =>
	until(`the list has ${text}`, async () => (await page.textContent("#count")) === text);

const marks = (page) =>
	page.$$eval("#try-rows > li", (items) =>
		items.map((item) => [
			item.querySelector(".type").textContent,
			item.querySelector(".badge").textContent,
		]),
	);

// Marks newest first, as a word each: "✓match", "✕no match", "?not known", "".
const hasMarks = (page, wanted) =>
	until(`the marks are ${wanted}`, async () => {
		const found = (await marks(page)).map(([, mark]) => mark);
		return JSON.stringify(found) === JSON.stringify(wanted);
	});
const [YES, NO, UNKNOWN, NONE] = ["✓match", "✕no match", "?not known", ""];

// Into an empty editor, key by key.
async function type(page, text) {
	await page.fill("#try-text", "");
	await page.locator("#try-text").pressSequentially(text);
}
const choose = (page, label) => page.locator(".choice").getByText(label).click();
const saysError = (page, text) => page.locator("#try-error:visible", { hasText: text }).waitFor();
const marked = (page) =>
	page.$$eval("#try-back .fault", (nodes) => nodes.map((node) => node.textContent).join(""));

// What the page has asked of /v1/match.
function questions(page) {
	const asked = [];
	page.on("request", (request) => {
		if (new URL(request.url()).pathname === "/v1/match") asked.push(request.postDataJSON());
	});
	return asked;
}

const forgive = (pattern) => {
	browser.faults = browser.faults.filter((fault) => !pattern.test(fault));
};

test("filters_json: what is JSON, and where it is not", async () => {
	const good = [
		'{"a":[1,-0.5e+3,{"x~/y":null}],"":true}',
		' [ "\\u00e9\\n\\"" , false,\n\t{} ,[] ] ',
		"0",
		'"😀"',
	];
	const signs = [
		"",
		"{",
		"}",
		"[",
		"]",
		",",
		":",
		'"',
		"0",
		"-",
		".",
		"e",
		"\\",
		"\n",
		"\t",
		"é",
	];
	for (const text of good) {
		assert.deepEqual(JSON.parse(scanJson(text).compact), JSON.parse(text));
		assert.doesNotMatch(scanJson(text).compact, /\s/);
		/* Each sign replaced by each other, and left out: the same verdict as JSON.parse. */
		for (let i = 0; i < text.length; i++)
			for (const sign of signs) {
				const changed = text.slice(0, i) + sign + text.slice(i + 1);
				const verdict = (parse) => {
					try {
						parse(changed);
						return true;
					} catch (fault) {
						assert.ok(parse === JSON.parse || fault.from <= changed.length, changed);
						return false;
					}
				};
				assert.equal(verdict(scanJson), verdict(JSON.parse), JSON.stringify(changed));
			}
	}
	const { places } = scanJson('{"a/b": [1, {"~": 22}]}');
	assert.deepEqual(places.get("/a~1b/1/~0"), [13, 20]);
	assert.deepEqual(lineAndColumn("a\n😀b", 4), { line: 2, column: 2 });
	assert.equal(indexOf("a\n😀b", 2, 2), 4);
	assert.throws(() => scanJson("[".repeat(100000)), /nested too deeply/);
});

test("filters_examples: each one is taken, and matches the event it was made from", async () => {
	const events = [
		{ type: "order.created", data: { note: "a \"quoted\" 'word'", total: 0.5, gift: true } },
		{ type: "plain", data: [1, 2] },
		{ type: "a.b", data: { "odd name": -3, for: 1, deep: { er: { n: 1234.5 } }, list: [1] } },
		{ type: "none.at.all" },
	];
	const page = await browser.open(stand.url);
	for (const event of events)
		for (const kind of ["pattern", "filter"])
			for (const { text } of examples(kind, event)) {
				const answer = await page.evaluate(
					async ([name, written, one]) => {
						const value = name === "pattern" ? JSON.parse(written) : written;
						const response = await fetch("/v1/match", {
							method: "POST",
							headers: { "Content-Type": "application/json" },
							body: JSON.stringify({ [name]: value, events: [one] }),
						});
						return response.json();
					},
					[
						kind,
						text,
						{
							specversion: "1.0",
							id: "1",
							source: "/test",
							time: new Date().toISOString(),
							...event,
						},
					],
				);
				assert.deepEqual(answer.matches, [true], `${text} ${JSON.stringify(answer)}`);
			}
	await page.close();
});

test("filters_mark_while_typing: a pattern, then FEEL, then what comes", async () => {
	const page = await openPanel();
	await until("an example is there", async () => (await marks(page)).length === 4);
	assert.deepEqual(
		(await marks(page)).map(([name]) => name),
		NEWEST_FIRST,
	);
	await type(page, '{"type":["order.created"],"data":{"total":[{"numeric":[">",100]}]}}');
	await hasMarks(page, [NO, NO, NO, YES]);
	assert.equal(await page.textContent("#try-count"), "1 of 4 match");
	await choose(page, "FEEL");
	await type(page, "data.total > 100");
	await hasMarks(page, [NO, YES, NO, YES]);
	assert.equal(await page.textContent("#try-count"), "2 of 4 match");
	const asked = questions(page);
	await stand.psql(publish("order.paid", { total: 1000 }));
	await hasMarks(page, [YES, NO, YES, NO, YES]);
	assert.equal(await page.textContent("#try-count"), "3 of 5 match");
	assert.deepEqual(
		asked.map(({ filter, events }) => [filter, events.map(({ data }) => data)]),
		[["data.total > 100", [{ total: 1000 }]]],
	);
	await choose(page, "Event pattern");
	await hasMarks(page, [NO, NO, NO, NO, YES]);
	await page.fill("#try-text", "  ");
	await hasMarks(page, [NONE, NONE, NONE, NONE, NONE]);
	assert.equal(await page.textContent("#try-count"), "5 events");
	await page.close();
});

test("filters_errors: said with the place, which is marked", async () => {
	const page = await openPanel();
	await page.fill("#try-text", '{\n  "type": [tru]\n}');
	await saysError(page, "Line 2, column 12: a value is expected in place of tru.");
	assert.equal(await marked(page), "tru");
	await hasMarks(page, [NONE, NONE, NONE, NONE]);
	assert.equal(await page.isDisabled("#try-use"), true);
	assert.equal(await page.getAttribute("#try-text", "aria-invalid"), "true");
	await page.fill("#try-text", '{\n  "type": [{ "prefixed": "a" }]\n}');
	await saysError(page, "/type/0");
	assert.match(await marked(page), /prefixed/);
	await page.click("#try-error-place");
	const chosen = await page.$eval("#try-text", (area) =>
		area.value.slice(area.selectionStart, area.selectionEnd),
	);
	assert.match(chosen, /prefixed/);
	await page.fill("#try-text", '{"type": ["order.paid"]}');
	await hasMarks(page, [NO, YES, NO, NO]);
	assert.equal(await page.isVisible("#try-error"), false);
	assert.equal(await page.isDisabled("#try-use"), false);
	await choose(page, "FEEL");
	await page.fill("#try-text", "data.total > 100\n  and ) 5");
	await saysError(page, /line 2, column 7/i);
	assert.equal(await marked(page), ")");
	await page.fill("#try-text", "data.total >");
	await saysError(page, /line 1, column 1[23]/i);
	await page.fill("#try-text", "data.total > 100");
	await hasMarks(page, [NO, YES, NO, YES]);
	forgive(/status of 400/);
	await page.close();
});

test("filters_explain: which condition failed, and what was found", async () => {
	const page = await openPanel();
	const pattern = { type: ["order.created"], data: { total: [{ numeric: [">", 100] }] } };
	await page.fill("#try-text", JSON.stringify(pattern));
	await hasMarks(page, [NO, NO, NO, YES]);
	const conditions = () =>
		page.$$eval(".why tbody tr", (rows) =>
			rows.map((row) => [...row.children].map((cell) => cell.textContent)),
		);
	const explains = (wanted) =>
		until("the conditions are explained", async () => {
			const found = new Map(
				(await conditions()).map(([mark, at, , what]) => [at, [mark, what]]),
			);
			return Object.entries(wanted).every(
				([at, [mark, what]]) =>
					found.get(at)?.[0].includes(mark) && found.get(at)[1] === what,
			);
		});
	const row = (i) => page.locator(".try-row").nth(i);
	await row(2).click();
	await explains({ "/type": ["✓", '"order.created"'], "/data/total": ["✕", "50"] });
	assert.match(await page.textContent(".try-why .json"), /order.*lines/s);
	await row(0).click();
	await explains({ "/type": ["✕", '"user.registered"'], "/data/total": ["✕", "nothing"] });
	assert.equal(await page.locator(".try-why").count(), 1);
	await page.fill("#try-text", '{"data": {"name": ["Zoë"]}}');
	await hasMarks(page, [YES, NO, NO, NO]);
	await explains({ "/data/name": ["✓", '"Zoë"'] });
	await row(0).click();
	assert.equal(await page.locator(".try-why").count(), 0);
	await page.close();
});

test("filters_unknown: an event on which a limit is passed is neither", async () => {
	const page = await openPanel();
	await choose(page, "FEEL");
	await page.fill(
		"#try-text",
		'type = "order.paid" and count(for i in 1..100000000 return i) > 0',
	);
	await hasMarks(page, [NO, UNKNOWN, NO, NO]);
	assert.equal(await page.textContent("#try-count"), "0 of 4 match, 1 not known");
	await page.locator(".try-row").nth(1).click();
	await page.getByText("A limit was passed on this event").waitFor();
	await page.close();
});

test("filters_newest_wins: one request at a time, and late answers count for nothing", async () => {
	const page = await openPanel();
	await hasMarks(page, [YES, NO, NO, NO]);
	const held = [];
	let [under, most, released] = [0, 0, 0];
	await page.route("**/v1/match", async (route) => {
		const isHeld = route.request().postDataJSON().pattern.type[0] === "order.paid";
		if (isHeld) await new Promise((resolve) => held.push(resolve));
		else most = Math.max(most, ++under);
		await route.continue().catch(() => {});
		if (isHeld) released++;
		else under--;
	});
	await page.fill("#try-text", '{"type": ["order.paid"]}');
	await until("the first question is asked", () => held.length === 1);
	assert.equal(await page.getAttribute("#try-rows", "data-state"), "stale");
	await page.fill("#try-text", '{"type": ["order.created"]}');
	await hasMarks(page, [NO, NO, YES, YES]);

	/* Its answer, if it were still waited for, would come before that of another request. */
	held[0]();
	await until("the first question goes on", () => released === 1);
	await page.evaluate(async () => {
		const body = '{"pattern": {"type": ["none"]}, "events": []}';
		const response = await fetch("/v1/match", {
			method: "POST",
			headers: { "Content-Type": "application/json" },
			body,
		});
		await response.json();
	});
	assert.deepEqual(
		(await marks(page)).map(([, mark]) => mark),
		[NO, NO, YES, YES],
	);
	await page.fill("#try-text", '{"type": ["user.registered"]}');
	await hasMarks(page, [YES, NO, NO, NO]);
	assert.equal(most, 1);
	forgive(/ERR_(FAILED|ABORTED)/);
	await page.close();
});

test("filters_server_away: it is said, and asked again", async () => {
	const page = await openPanel();
	await hasMarks(page, [YES, NO, NO, NO]);
	await page.route("**/v1/match", (route) => route.abort());
	await page.fill("#try-text", '{"type": ["order.paid"]}');
	await saysError(page, "eventsd does not answer");
	await page.unroute("**/v1/match");
	await page.route("**/v1/match", (route) =>
		route.fulfill({
			status: 503,
			contentType: "application/problem+json",
			body: '{"status":503,"detail":"The database cannot be reached."}',
		}),
	);
	await saysError(page, "The database cannot be reached. It is asked again in a moment.");
	await page.unroute("**/v1/match");
	await hasMarks(page, [NO, YES, NO, NO]);
	assert.equal(await page.isVisible("#try-error"), false);
	forgive(/ERR_FAILED|status of 503/);
	await page.close();
});

test("filters_too_large: fewer events are sent, and all are marked", async () => {
	const page = await openPanel();
	await page.route("**/v1/match", (route) => {
		const { events } = route.request().postDataJSON();
		return events.length > 1
			? route.fulfill({ status: 413, contentType: "application/problem+json", body: "{}" })
			: route.continue();
	});
	await page.fill("#try-text", '{"type": ["order.created"]}');
	await hasMarks(page, [NO, NO, YES, YES]);
	await page.unroute("**/v1/match");
	await stand.psql(
		`SELECT count(events.publish('large.one', jsonb_build_object('text', repeat('x', 100000))))
		 FROM generate_series(1, 30);`,
	);
	await page.fill("#try-text", '{"type": ["large.one"]}');
	await until(
		"all large ones are marked",
		async () => (await page.textContent("#try-count")) === "30 of 34 match",
	);
	forgive(/status of 413/);
	await page.close();
});

test("filters_too_slow: fewer events are sent, and all are marked", async () => {
	const page = await openPanel();
	await page.route("**/v1/match", (route) => {
		const { events } = route.request().postDataJSON();
		return events.length > 1
			? route.fulfill({
					status: 422,
					contentType: "application/problem+json",
					body: '{"status":422,"code":"filter-too-slow","detail":"It takes too long."}',
				})
			: route.continue();
	});
	await page.fill("#try-text", '{"type": ["order.created"]}');
	await hasMarks(page, [NO, NO, YES, YES]);
	assert.equal(await page.isVisible("#try-error"), false);
	forgive(/status of 422/);
	await page.close();
});

test("filters_two_hundred: the newest are tried, of many", async () => {
	const page = await openPanel();
	await page.fill("#try-text", '{"data": {"n": [{"numeric": [">", 900]}]}}');
	await stand.psql(
		`SELECT count(events.publish('many.more', jsonb_build_object('n', n)))
		 FROM generate_series(1, 1000) n;`,
	);
	await until(
		"two hundred are marked",
		async () => (await page.textContent("#try-count")) === "100 of 200 match",
	);
	assert.equal(await page.locator("#try-rows > li").count(), 200);
	await page.close();
});

// What the list shows: types, newest first.
const shows = (page, wanted) =>
	until(`the list shows ${wanted}`, async () => {
		const found = await page.evaluate(() =>
			[...document.querySelectorAll(".row")]
				.filter((row) => !row.hidden)
				.sort((a, b) => a.getAttribute("aria-posinset") - b.getAttribute("aria-posinset"))
				.map((row) => row.querySelector(".type").textContent),
		);
		return JSON.stringify(found) === JSON.stringify(wanted);
	});

test("filters_use: the stream brings what matches, and only that", async () => {
	const page = await openPanel();
	await page.fill("#try-text", '{ "data": { "total": [{ "numeric": [">", 100] }] } }');
	await page.click("#try-use");
	await page.locator("#try").waitFor({ state: "hidden" });
	await shows(page, ["order.paid", "order.created"]);
	await showsCount(page, "2 events");
	assert.equal(
		new URL(page.url()).searchParams.get("pattern"),
		'{"data":{"total":[{"numeric":[">",100]}]}}',
	);
	await page.locator("#connection[data-state=open]").waitFor();
	await stand.psql(`BEGIN;\n${totals(["order.small", 1], ["order.large", 999])}COMMIT;`);
	await shows(page, ["order.large", "order.paid", "order.created"]);
	await showsCount(page, "3 events");

	/* Kept by a reload. */
	await page.reload();
	await page.locator("#connection[data-state=open]").waitFor();
	await stand.psql(`BEGIN;\n${totals(["order.small", 2], ["order.huge", 9999])}COMMIT;`);
	await shows(page, ["order.huge"]);
	await page.locator("#applied", { hasText: "Pattern" }).waitFor();

	/* Another one, of the other language, in its place. */
	await page.getByLabel("Edit the pattern of the stream").click();
	assert.equal(
		await page.inputValue("#try-text"),
		'{\n  "data": {\n    "total": [{ "numeric": [">", 100] }]\n  }\n}',
	);
	await choose(page, "FEEL");
	await page.fill("#try-text", "data.total < 10");
	await page.locator("#try-text").press("Control+Enter");
	await shows(page, ["order.small"]);
	const query = new URL(page.url()).searchParams;
	assert.deepEqual([query.get("pattern"), query.get("filter")], [null, "data.total < 10"]);

	/* And none. */
	await page.getByLabel("Remove the filter of the stream").click();
	await shows(page, ["order.huge", "order.small"]);
	assert.equal(new URL(page.url()).search, "");
	await page.close();
});

test("filters_refused_in_the_address: said once, and not asked for ever", async () => {
	const page = await browser.open(`${stand.url}/?filter=data.total+%3E`);
	await page.locator("#connection[data-state=closed]").waitFor();
	await page.locator("#notice-trouble", { hasText: "The server refuses the stream" }).waitFor();
	await page.getByLabel("Remove the filter of the stream").click();
	await page.locator("#connection[data-state=open]").waitFor();
	assert.equal(await page.isVisible("#notice-trouble"), false);
	forgive(/status of 400|WebSocket connection/);
	await page.close();
});

test("filters_address: what is being tried survives a reload", async () => {
	const page = await openPanel();
	await page.fill("#try-text", '{\n  "type": ["order.paid"]\n}');
	await choose(page, "FEEL");
	await page.fill("#try-text", 'contains(data.name, "ë & ü") // 100 %');
	await until("the address has it", () => page.url().includes("100"));
	await page.reload();
	await page.locator("#try").waitFor();
	assert.equal(await page.inputValue("#try-text"), 'contains(data.name, "ë & ü") // 100 %');
	assert.equal(await page.isChecked("input[value=filter]"), true);
	await choose(page, "Event pattern");
	assert.equal(await page.inputValue("#try-text"), '{\n  "type": ["order.paid"]\n}');
	await page.close();
});

test("filters_keyboard: everything without a mouse", async () => {
	const page = await openPanel();
	const focus = () => page.evaluate(() => document.activeElement.id);
	await until("the editor has the focus", async () => (await focus()) === "try-text");
	await page.keyboard.press("Control+A");
	await page.keyboard.type("{\n");
	await page.keyboard.press("Tab");
	await page.keyboard.type('"type": ["order.paid"]\n');
	await page.keyboard.press("Shift+Tab");
	await page.keyboard.type("}");
	assert.equal(await page.inputValue("#try-text"), '{\n  "type": ["order.paid"]\n}');
	await hasMarks(page, [NO, YES, NO, NO]);
	await page.keyboard.press("Escape");
	await page.keyboard.press("Tab");
	assert.equal(await focus(), "try-use");
	for (let i = 0; i < 30 && !(await page.$(".try-row:focus")); i++)
		await page.keyboard.press("Tab");
	await page.keyboard.press("ArrowDown");
	await page.keyboard.press("Enter");
	await page.locator(".why").waitFor();
	assert.equal(
		await page.locator(".try-row[aria-expanded=true] .type").textContent(),
		"order.paid",
	);
	await page.keyboard.press("Escape");
	await page.locator("#try").waitFor({ state: "hidden" });
	assert.equal(await focus(), "try-open");
	await page.close();
});

test("filters_copied: as curl and as SQL, which do what they say", async () => {
	const page = await openPanel();
	await choose(page, "FEEL");
	await page.fill("#try-text", `data.name = "Zo\u00eb" and\n  "it's" != data.name`);
	await hasMarks(page, [YES, NO, NO, NO]);
	const copied = async (button) => {
		await page.click(button);
		await page.locator(button, { hasText: "Copied" }).waitFor();
		return page.evaluate(() => navigator.clipboard.readText());
	};
	const sql = await copied("#try-sql");
	assert.match(sql, /^SELECT \* FROM events\.read\(filter => /);
	const found = await stand.psql(`SELECT DISTINCT type FROM (${sql.replace(";", "")}) AS e;`);
	assert.equal(found, "user.registered");
	const curl = await copied("#try-curl");
	const { stdout } = await promisify(execFile)("sh", [
		"-c",
		`${curl.replace("curl", "curl --max-time 2")} || [ $? = 28 ]`,
	]);
	const types = stdout
		.split("\n")
		.filter(Boolean)
		.map((line) => JSON.parse(line).type);
	assert.ok(types.length > 0);
	assert.deepEqual([...new Set(types)], ["user.registered"]);
	await page.close();
});

test("filters_on_a_phone: nothing is wider than the screen, in light and dark", async () => {
	const page = await openPanel();
	await page.setViewportSize({ width: 360, height: 700 });
	const names = Array.from({ length: 9 }, (_, i) => `"a.long.name.n${i}"`);
	await page.fill("#try-text", `{"type": [${names.join(", ")}]}`);
	await hasMarks(page, [NO, NO, NO, NO]);
	await page.locator(".try-row").first().click();
	await page.locator(".why").waitFor();
	const fits = () =>
		page.evaluate(() => [
			document.documentElement.scrollWidth,
			document.querySelector("#try").scrollWidth,
		]);
	assert.deepEqual(await fits(), [360, 360]);
	/* The coloured copy has the letters where the text area has them. */
	const heights = await page.evaluate(() =>
		["#try-text", "#try-back"].map((id) => document.querySelector(id).scrollHeight),
	);
	assert.equal(heights[0], heights[1]);
	const back = () =>
		page.evaluate(() => getComputedStyle(document.querySelector(".try-ask")).backgroundColor);
	await page.emulateMedia({ colorScheme: "light" });
	const light = await back();
	await page.emulateMedia({ colorScheme: "dark" });
	assert.notEqual(await back(), light);
	await page.close();
});

test("filters_policy: no fault in the browser's console", async () => {
	assert.deepEqual(browser.faults, []);
});

await run();
