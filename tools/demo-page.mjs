// SPDX-License-Identifier: PostgreSQL
//
// demo-page.mjs URL CURSOR: a page that receives, for tools/demo.
//
// Opens the console of eventsd in a headless Chromium and runs events.js in it,
// on WebSocket; where there is no Chromium or no playwright-core, events.js
// runs here, on what this Node has.  Prints each event as a line of JSON on
// standard output and the states of the connection on standard error, until it
// is told to stop.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

const [url, cursor] = process.argv.slice(2);
const PLAYWRIGHT = new URL(
	"../test/browser/node_modules/playwright-core/index.mjs",
	import.meta.url,
);
const CHROMIUM = process.env.CHROMIUM || "/usr/bin/chromium";
const SWITCHES = [
	"--no-sandbox",
	"--disable-gpu",
	"--disable-quic",
	"--disable-dev-shm-usage",
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
];

const event = (text) => process.stdout.write(`${text}\n`);
const state = (text) => process.stderr.write(`${text}\n`);

async function inChromium() {
	const { chromium } = await import(PLAYWRIGHT);
	const profile = fs.mkdtempSync(path.join(os.tmpdir(), "events-demo-page-"));
	const context = await chromium.launchPersistentContext(profile, {
		executablePath: CHROMIUM,
		args: SWITCHES,
		handleSIGINT: false,
		handleSIGTERM: false,
	});
	const stop = async () => {
		await context.close();
		fs.rmSync(profile, { recursive: true, force: true });
		process.exit(0);
	};
	process.once("SIGTERM", stop).once("SIGINT", stop);
	const page = context.pages()[0] || (await context.newPage());
	await page.exposeFunction("onEvent", event);
	await page.exposeFunction("onState", state);
	await page.goto(url);
	await page.evaluate(async (after) => {
		const { EventsClient } = await import("/events.js");
		window.client = new EventsClient({
			after,
			onevent: (received) => window.onEvent(JSON.stringify(received)),
			onstate: ({ state: now, transport }) => window.onState(`${now} ${transport}`),
		});
	}, cursor);
}

async function here() {
	const { EventsClient } = await import("../sidecar/web/events.js");
	const client = new EventsClient({
		url: `${url}/v1/events`,
		after: cursor,
		onevent: (received) => event(JSON.stringify(received)),
		onstate: ({ state: now, transport }) => state(`${now} ${transport}`),
	});
	process.once("SIGTERM", () => client.close());
}

await (fs.existsSync(PLAYWRIGHT) && fs.existsSync(CHROMIUM) ? inChromium() : here());
