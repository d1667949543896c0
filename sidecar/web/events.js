/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * events.js: receives events from eventsd, each one once and in order.
 *
 *	import { EventsClient } from "/events.js";
 *
 *	const client = new EventsClient({
 *		topics: [["order"]],			// or none: everything
 *		types: ["order.*"],
 *		filter: "data.total > 100",		// FEEL; or pattern: { data: { total: [...] } }
 *		after: localStorage.cursor,		// a cursor, "earliest", "latest" (default)
 *		onevent(event) { localStorage.cursor = event.sequence; },
 *		onreset(reset) { reloadEverything(); },
 *	});
 *	await client.publish({ type: "order.created", data: { order: 7 } });
 *
 * A client has a *cursor*: the position of the last event it has seen.  All
 * it knows is in there, so it can lose its connection, its server or its
 * transport at any moment and go on from where it was, on another one.  An
 * event at or before the cursor is never delivered again.  Each round tries
 * the transports in their order (WebSocket, Server-Sent Events, long-poll)
 * until one opens; when none does, it backs off with full jitter, so that a
 * thousand clients do not come back in the same instant.
 *
 * When the server can no longer go on from the cursor (the events were
 * dropped by retention, or the database was restored to an earlier point) it
 * says so, and the client calls `onreset`: from there on there may be a gap,
 * and only the application knows what to do about that.
 *
 * SSE is read by fetch rather than by EventSource, which hides the status
 * and the problem document of an answer, and so the reset.
 *
 * An ES module; it also sets globalThis.EventsClient.  No dependency.  It
 * runs in Node 18 and later too (WebSocket only where the global exists).
 * docs/events-js.md describes every option.
 */

const CURSOR = /^[a-z0-9]{8}-\d{19}$/;
const isText = (value) => typeof value === "string";
const FINAL = [400, 401, 403, 414, 422, 501];
const DEFAULTS = {
	url: "/v1/events",
	transports: ["websocket", "sse", "poll"],
	after: "latest",
	minDelay: 500, // of the back-off, in milliseconds
	maxDelay: 30000,
	openTimeout: 10000, // for a connection to open
	silence: 45000, // without a byte: the connection is dead
	pingInterval: 15000,
	wait: 25, // of a long-poll, in seconds
	upgradeAfter: 300000, // on a fallback: then try the better ones again
};

/* What failed; `status` and `problem` when the server said so (RFC 9457). */
export class EventsError extends Error {
	constructor(message, { status = 0, problem = {}, retryAfter } = {}) {
		super(message);
		this.name = "EventsError";
		Object.assign(this, { status, problem, retryAfter });
	}

	static async from(response) {
		const { status, statusText, headers } = response;
		const problem = await response.json().catch(() => ({}));
		return new EventsError(problem.detail || `${status} ${problem.title || statusText}`, {
			status,
			problem,
			retryAfter: 1000 * headers.get("Retry-After") || undefined,
		});
	}

	get isReset() {
		return this.status === 410 || this.problem.code === "reset";
	}

	/* The request itself is wrong: asking again, in whatever way, will not help. */
	get isFinal() {
		return FINAL.includes(this.status) || this.isFilter;
	}

	/* The pattern or filter is refused, or passed a limit on an event of the stream. */
	get isFilter() {
		return /^(invalid[-_]filter|filter[-_]failed)$/.test(this.problem.code);
	}
}

/* What an error message on a WebSocket says; a detail is not said twice. */
function sentence({ message, code, detail }) {
	if (!detail || message?.includes(detail)) return message || code;
	return message ? `${message}: ${detail}` : detail;
}

/* One attempt over one transport: what it heard, and how it ends. */
class Link {
	#abort = new AbortController();
	#timer;
	#upgrade;
	#began = Date.now();
	heard = false;
	signal = this.#abort.signal;

	constructor(client, transport) {
		Object.assign(this, { client, transport, options: client.options });
		const upgrade = () => this.end("restart");
		if (transport !== client.transports[0])
			this.#upgrade = setTimeout(upgrade, this.options.upgradeAfter * (1 + Math.random()));
	}

	end(reason) {
		clearTimeout(this.#timer);
		clearTimeout(this.#upgrade);
		this.#abort.abort(reason);
	}

	/* Something must be heard within so many milliseconds. */
	expect(milliseconds) {
		clearTimeout(this.#timer);
		const silent = () => this.end(new EventsError(`${this.transport}: the server is silent`));
		this.#timer = this.signal.aborted ? undefined : setTimeout(silent, milliseconds);
	}

	open() {
		if (!this.signal.aborted) this.client._opened(this);
	}

	/* Something came; the next must come before the connection counts as dead. */
	hear() {
		this.heard = true;
		this.expect(this.options.silence);
	}

	get lasted() {
		return this.heard && Date.now() - this.#began > 5000;
	}

	event(event) {
		if (!this.signal.aborted) this.client._deliver(event);
	}

	advance(cursor) {
		if (!this.signal.aborted) this.client._advance(cursor);
	}

	async fetch(accept, parameters) {
		const { url, headers } = this.options;
		const response = await fetch(`${url}?${this.client._query(parameters)}`, {
			headers: { Accept: accept, ...headers },
			cache: "no-store",
			signal: this.signal,
		});
		if (!response.ok) throw await EventsError.from(response);
		return response;
	}
}

/* Each transport resolves when its stream has ended, and throws when it failed. */
const TRANSPORTS = {
	websocket: (link) =>
		new Promise((resolve, reject) => {
			const { Socket } = link.client;
			const url = new URL(link.options.url, globalThis.location?.href);
			url.protocol = url.protocol.replace("http", "ws");
			url.search = link.client._query();
			const socket = new Socket(url.href, ["events.v1"]);
			const ping = setInterval(() => {
				if (socket.readyState === 1) socket.send('{"type":"ping"}');
			}, link.options.pingInterval);
			const finish = (settle, value) => {
				clearInterval(ping);
				socket.onmessage = socket.onclose = socket.onerror = null;
				socket.close();
				settle(value);
			};
			link.signal.addEventListener("abort", () => finish(reject, link.signal.reason));
			socket.onopen = () => {
				link.expect(link.options.silence);
				link.open();
			};
			socket.onmessage = ({ data }) => {
				link.hear();
				try {
					const message = JSON.parse(data);
					if (message.sequence) link.event(message);
					else if (message.type === "WebSessionStarted")
						link.advance(message.data.cursor);
					else if (message.type === "error")
						throw new EventsError(sentence(message), { problem: message });
				} catch (error) {
					finish(reject, error);
				}
			};
			socket.onerror = () => {}; // close follows, and knows more
			socket.onclose = ({ code, reason }) => {
				const retry = /^retry=(\d+)$/.exec(reason);
				if (retry) link.retry = Number(retry[1]);
				if ([1000, 1001, 1012].includes(code)) finish(resolve);
				else finish(reject, new EventsError(`websocket: closed with ${code} ${reason}`));
			};
		}),

	async sse(link) {
		const response = await link.fetch("text/event-stream");
		if (!/^text\/event-stream/.test(response.headers.get("Content-Type")))
			throw new EventsError("sse: the answer is not an event stream");
		link.open();
		const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
		let rest = "";
		let block = { data: [] };
		link.expect(link.options.silence);
		for (;;) {
			const { value, done } = await reader.read();
			if (done) return;
			link.hear();
			const lines = (rest + value).split(/\r?\n/);
			rest = lines.pop();
			for (const line of lines) {
				const [, name, text] = /^([^:]*):? ?(.*)$/.exec(line);
				if (name === "data") block.data.push(text);
				else if (name === "retry") link.retry = Number(text);
				else if (name) block[name] = text;
				else if (line === "") {
					const message = block.data.length ? JSON.parse(block.data.join("\n")) : null;
					if (block.event === "reset" || block.event === "error")
						throw new EventsError(message?.detail || block.event, {
							problem: message ?? {},
						});
					if (message) link.event(message);
					else if (block.id) link.advance(block.id);
					block = { data: [] };
				}
			}
		}
	},

	async poll(link) {
		for (let wait = 0; ; wait = link.options.wait) {
			link.expect(1000 * wait + link.options.openTimeout);
			const response = await link.fetch("application/json", { wait });
			const events = response.status === 200 ? await response.json() : [];
			if (!link.heard) link.open();
			link.hear();
			for (const event of events) link.event(event);
			link.advance(response.headers.get("Events-Cursor"));
		}
	},
};

export class EventsClient {
	#link = null;
	#closed = false;
	#paused = false;
	#wake = () => {};

	constructor(options = {}) {
		this.options = { ...DEFAULTS, ...options };
		const { after, topics, types, pattern, filter } = this.options;
		const { onevent, onreset, onstate, onerror } = this.options;
		Object.assign(this, { topics, types, pattern, filter });
		Object.assign(this, { onevent, onreset, onstate, onerror });
		this.Socket = this.options.WebSocket || globalThis.WebSocket;
		this.transports = this.options.transports.filter(
			(one) => one !== "websocket" || this.Socket,
		);
		this.cursor = CURSOR.test(after) ? after : null;
		this.state = "connecting";
		this.transport = null;
		queueMicrotask(() => this.#run());
	}

	/* Adds to what is received, from the cursor on. */
	subscribe({ topics = [], types = [] }) {
		const key = JSON.stringify;
		const add = (old = [], more) => [
			...old,
			...more.filter((one) => !old.some((other) => key(other) === key(one))),
		];
		if (topics.length) this.topics = add(this.topics, topics);
		if (types.length) this.types = add(this.types, types);
		this.#restart();
	}

	/* Takes away; a client whose last topic or type is taken receives nothing. */
	unsubscribe({ topics = [], types = [] }) {
		const key = JSON.stringify;
		const without = (old, less) =>
			old?.filter((one) => !less.some((other) => key(other) === key(one)));
		this.topics = without(this.topics, topics);
		this.types = without(this.types, types);
		this.#restart();
	}

	/* One event or an array; resolves when it is committed, with the answer's body. */
	async publish(events) {
		const whole = (event) => ({
			specversion: "1.0",
			source: this.options.source || globalThis.location?.origin || "events.js",
			...event,
		});
		const batch = Array.isArray(events);
		const response = await fetch(this.options.url, {
			method: "POST",
			headers: {
				"Content-Type": `application/cloudevents${batch ? "-batch" : ""}+json`,
				...this.options.headers,
			},
			body: JSON.stringify(batch ? events.map(whole) : whole(events)),
		});
		if (!response.ok || response.status === 207) throw await EventsError.from(response);
		return response.json();
	}

	/* Stops receiving without losing anything: resume() goes on from the cursor. */
	pause() {
		this.#paused = true;
		this.#restart();
	}

	resume() {
		this.#paused = false;
		this.#wake();
	}

	close() {
		this.#closed = true;
		this.#restart();
	}

	#restart() {
		this.#link?.end("restart");
		this.#wake();
	}

	async #run() {
		let failures = 0;
		while (!this.#closed) {
			if (this.#paused || this.topics?.length === 0 || this.types?.length === 0) {
				this.#setState("paused");
				await this.#sleep();
				continue;
			}
			const { error, lasted, delay } = await this.#round();
			if (error === "restart" || this.#closed) continue;
			if (error?.isReset && this.#reset(error.problem)) continue;
			if (error) this.#call("onerror", error);
			if (error?.isFinal) break;
			failures = lasted ? 0 : failures + 1;
			const { minDelay, maxDelay } = this.options;
			const jitter = Math.random() * Math.min(maxDelay, minDelay * 2 ** failures);
			const rest = delay ?? error?.retryAfter ?? jitter;
			this.#setState("waiting", null, { delay: rest, error });
			await this.#sleep(rest);
		}
		this.#closed = true;
		this.#setState("closed");
	}

	/*
	 * Tries the transports until one works, and returns when that one has
	 * ended.  One that opens and stays mute (a proxy that buffers) does not.
	 */
	async #round() {
		let error;
		for (const transport of this.transports) {
			const link = (this.#link = new Link(this, transport));
			this.#setState("connecting", transport);
			try {
				link.expect(this.options.openTimeout);
				await this.#findStart(link);
				await TRANSPORTS[transport](link);
				return { lasted: link.lasted, delay: link.retry };
			} catch (caught) {
				error = await this.#reason(link, caught);
				if (link.heard || error === "restart" || error.isReset || error.isFinal)
					return { error, lasted: link.lasted };
			} finally {
				link.end("over");
			}
		}
		return { error };
	}

	/*
	 * A browser does not tell a page why a handshake was refused.  Where no
	 * other transport comes to hear it, the same is asked once by HTTP.
	 */
	async #reason(link, error) {
		const { transport, signal, heard } = link;
		if (transport !== "websocket" || this.transports.at(-1) !== transport) return error;
		if (heard || signal.aborted || error.status) return error;
		try {
			await link.fetch("application/json", { wait: 0 });
			return error;
		} catch (refusal) {
			return refusal.isFinal || refusal.isReset ? refusal : error;
		}
	}

	/*
	 * "latest" is a position too: it is asked for once, so that what is
	 * published before the first event arrives is not lost by a reconnection.
	 */
	async #findStart(link) {
		const { after, since } = this.options;
		if (this.cursor || since || after !== "latest") return;
		const response = await link.fetch("application/json", { wait: 0 });
		this._advance(response.headers.get("Events-Cursor"));
	}

	/* False: the problem names no cursor to go on from. */
	#reset(problem) {
		const { reset, cursor, oldest } = problem;
		const lost = this.cursor;
		this.cursor = CURSOR.test(cursor) ? cursor : null;
		this.options.after = "latest";
		this.options.since = undefined;
		if (this.onreset) this.#call("onreset", { reason: reset, cursor, oldest, lost });
		else console.warn(`events.js: reset (${reset}): events after ${lost} may be lost`);
		return this.cursor !== null && this.cursor !== lost;
	}

	_query(more) {
		const { after, since, params } = this.options;
		const query = new URLSearchParams({ ...params, ...more });
		if (!this.cursor && since) query.set("since", since);
		else query.set("after", this.cursor || after);
		if (this.topics) query.set("topics", JSON.stringify(this.topics));
		if (this.types) query.set("types", this.types.join(","));
		const { pattern, filter } = this;
		if (pattern) query.set("pattern", isText(pattern) ? pattern : JSON.stringify(pattern));
		if (filter) query.set("filter", filter);
		return query;
	}

	_opened(link) {
		this.#setState("open", link.transport);
	}

	/* Inside an epoch cursors sort as strings. */
	_advance(cursor) {
		if (!CURSOR.test(cursor)) return true;
		const sameEpoch = this.cursor?.slice(0, 8) === cursor.slice(0, 8);
		if (sameEpoch && cursor <= this.cursor) return false;
		this.cursor = cursor;
		return true;
	}

	_deliver(event) {
		if (this._advance(event.sequence)) this.#call("onevent", event);
	}

	/* A fault in a callback is the page's: reported as its own, the stream goes on. */
	#call(name, value) {
		try {
			this[name]?.(value);
		} catch (error) {
			queueMicrotask(() => {
				throw error;
			});
		}
	}

	#setState(state, transport = null, details = {}) {
		Object.assign(this, { state, transport });
		this.#call("onstate", { state, transport, ...details });
	}

	#sleep(milliseconds) {
		return new Promise((resolve) => {
			const timer =
				milliseconds === undefined ? undefined : setTimeout(resolve, milliseconds);
			this.#wake = () => {
				clearTimeout(timer);
				resolve();
			};
		});
	}
}

globalThis.EventsClient = EventsClient;
