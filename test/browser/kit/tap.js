// SPDX-License-Identifier: PostgreSQL
//
// tap.js: tests that are run one after the other and reported as TAP.
//
//	test("name", async () => { ... });		registers one; it fails when it throws
//	after(async () => { ... });				registers a clean-up, run in any case
//	await run();							runs them all, sets the exit status
//	await until(what, condition)			the first true value of the condition
//
// There are no sleeps: a test waits for a condition, with a deadline.
import { setTimeout as sleep } from "node:timers/promises";

export const DEADLINE = 30000;

const tests = [];
const cleanups = [];

export const test = (name, body) => tests.push({ name, body });
export const after = (cleanup) => cleanups.unshift(cleanup);

export async function until(what, condition, milliseconds = DEADLINE) {
	const end = Date.now() + milliseconds;
	for (let pause = 5; ; pause = Math.min(100, pause * 1.5)) {
		const value = await condition();
		if (value) return value;
		if (Date.now() > end)
			throw new Error(`did not come true in ${milliseconds / 1000} s: ${what}`);
		await sleep(pause);
	}
}

function comment(text) {
	console.log(String(text).replace(/^/gm, "#   "));
}

async function attempt(body) {
	let timer;
	const late = new Promise((resolve, reject) => {
		timer = setTimeout(() => reject(new Error("the test took too long")), 3 * DEADLINE);
	});
	try {
		await Promise.race([body(), late]);
		return null;
	} catch (error) {
		return error;
	} finally {
		clearTimeout(timer);
	}
}

export async function run() {
	let failed = 0;
	for (const name of ["SIGINT", "SIGTERM"])
		process.once(name, () => cleanUp().then(() => process.exit(1)));
	console.log(`1..${tests.length}`);
	for (const [i, { name, body }] of tests.entries()) {
		const error = await attempt(body);
		console.log(`${error ? "not ok" : "ok"} ${i + 1} - ${name}`);
		if (error) comment(error.stack || error);
		failed += error ? 1 : 0;
	}
	failed += await cleanUp();
	process.exit(failed ? 1 : 0);
}

async function cleanUp() {
	let failed = 0;
	for (const cleanup of cleanups.splice(0)) {
		const error = await attempt(cleanup);
		if (error) comment(`cleaning up: ${error.stack || error}`);
		failed += error ? 1 : 0;
	}
	return failed;
}
