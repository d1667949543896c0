// SPDX-License-Identifier: PostgreSQL
//
// stand.js: a private PostgreSQL with the extension, an eventsd, and psql.
//
// They come from the harness of the wire tests, which removes everything when
// its standard input ends, so also when this process is killed.  eventsd can
// be killed and started again, at the address it had.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { until } from "./tap.js";

const HARNESS = fileURLToPath(new URL("../../sidecar/wire/harness.py", import.meta.url));

async function firstLine(child, stream, wanted = () => true) {
	const lines = createInterface({ input: stream });
	const seen = [];
	const found = new Promise((resolve, reject) => {
		lines.on("line", (line) => {
			seen.push(line);
			if (wanted(line)) resolve(line);
		});
		lines.on("close", () =>
			reject(new Error(`ended before it was ready:\n${seen.slice(-12).join("\n")}`)),
		);
	});
	return found;
}

export class Stand {
	static async start(...settings) {
		const stand = new Stand();
		stand.harness = spawn("python3", [HARNESS, "serve", ...settings], {
			stdio: ["pipe", "pipe", "inherit"],
		});
		Object.assign(stand, JSON.parse(await firstLine(stand.harness, stand.harness.stdout)));
		return stand;
	}

	// Runs a script as a superuser of the database; resolves with what it printed.
	async psql(script) {
		const psql = spawn("psql", this.#psqlArguments(), { stdio: ["pipe", "pipe", "pipe"] });
		let [out, err] = ["", ""];
		psql.stdout.on("data", (data) => {
			out += data;
		});
		psql.stderr.on("data", (data) => {
			err += data;
		});
		psql.stdin.end(script);
		const [status] = await once(psql, "close");
		if (status !== 0) throw new Error(`psql ended with ${status}: ${err}`);
		return out.trimEnd();
	}

	// A psql that stays, so that a transaction can be held open.
	session() {
		const psql = spawn("psql", this.#psqlArguments(), { stdio: ["pipe", "pipe", "inherit"] });
		const waiting = [];
		createInterface({ input: psql.stdout }).on("line", (line) => {
			if (line === "done") waiting.shift().resolve();
		});
		psql.on("close", () =>
			waiting.forEach(({ reject }) => reject(new Error("psql has ended"))),
		);
		return {
			// Resolves when the statements are done.
			run: (statements) =>
				new Promise((resolve, reject) => {
					waiting.push({ resolve, reject });
					psql.stdin.write(`${statements}\n\\echo done\n`);
				}),
			async close() {
				psql.stdin.end();
				await once(psql, "close");
			},
		};
	}

	#psqlArguments() {
		return [
			"-X",
			"-qAt",
			"-v",
			"ON_ERROR_STOP=1",
			"-h",
			this.pghost,
			"-U",
			"postgres",
			this.dbname,
		];
	}

	// Resolves when eventsd is gone.
	async kill(signal = "SIGKILL") {
		const pid = this.eventsd_pid;
		process.kill(pid, signal);
		if (this.again?.pid === pid) await once(this.again, "close");
		else await until("eventsd is gone", async () => !(await this.#isServing()));
	}

	async restart() {
		this.again = spawn(this.eventsd[0], this.eventsd.slice(1), {
			stdio: ["ignore", "ignore", "pipe"],
		});
		await firstLine(this.again, this.again.stderr, (line) => line.includes('"ready"'));
		this.eventsd_pid = this.again.pid;
	}

	async #isServing() {
		try {
			await fetch(this.url, { headers: { Connection: "close" } });
			return true;
		} catch {
			return false;
		}
	}

	async stop() {
		if (this.again && this.again.exitCode === null && this.again.signalCode === null) {
			this.again.kill("SIGTERM");
			await once(this.again, "exit");
		}
		this.harness.stdin.end();
		if (this.harness.exitCode === null) await once(this.harness, "close");
	}
}
