// SPDX-License-Identifier: PostgreSQL
//
// browser.js: a headless Chromium with a profile of its own, removed afterwards.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { chromium } from "playwright-core";

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

export class Browser {
	faults = []; // what pages wrote to the console as errors, and uncaught ones

	static async start() {
		const browser = new Browser();
		browser.profile = fs.mkdtempSync(path.join(os.tmpdir(), "events-chromium-"));
		browser.context = await chromium.launchPersistentContext(browser.profile, {
			executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
			args: SWITCHES,
			viewport: { width: 1280, height: 800 },
		});
		return browser;
	}

	async open(url) {
		const page = await this.context.newPage();
		page.on("pageerror", (error) => this.faults.push(`${url}: ${error.message}`));
		page.on("console", (message) => {
			if (message.type() === "error") this.faults.push(`${url}: ${message.text()}`);
		});
		await page.goto(url);
		return page;
	}

	async stop() {
		await this.context.close();
		fs.rmSync(this.profile, { recursive: true, force: true });
	}
}
