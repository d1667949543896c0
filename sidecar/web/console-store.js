/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * console-store.js: the events that the console keeps, and which of them it shows.
 *
 * Everything is bounded.  The page keeps the newest KEEP events (and at most
 * KEEP_SIZE characters of data), drops older ones and counts them.  While the
 * page is paused nothing that is shown is dropped: what comes is *held* beside
 * it, up to HOLD events; then the store is `full`, and its owner stops to
 * receive.  Since a client resumes by its cursor, what is not received yet
 * waits in the database, and is not lost.
 *
 * A filter holds topic paths and types with the meaning they have for eventsd:
 * a path matches topics that begin with it, `*` is any one element; a type may
 * end in `*`.  Alternatives are separated by commas (one of their own has a
 * backslash before it), both kinds must match.
 */
import { listOf } from "/console-question.js";

export const KEEP = 10000;
export const KEEP_SIZE = 64e6;
export const HOLD = 5000;
const PREVIEW = 240;

/* "order/created, service/*" → a test of an event's topic. */
function topicTest(text) {
	const paths = listOf(text).map((path) => path.split("/"));
	if (!paths.length) return () => true;
	return (topic = "") => {
		const elements = topic.split("/");
		return paths.some(
			(path) =>
				path.length <= elements.length &&
				path.every((element, i) => element === "*" || element === elements[i]),
		);
	};
}

/* "order.*, payment.captured" → a test of an event's type. */
function typeTest(text) {
	const types = listOf(text);
	if (!types.length) return () => true;
	return (type) =>
		types.some((one) => (one.endsWith("*") ? type.startsWith(one.slice(0, -1)) : type === one));
}

export class Store {
	#serial = 0;
	#size = 0;
	#matches = () => true;
	entries = []; // shown or filtered out, oldest first
	view = []; // those that the filter lets through
	held = []; // came while paused
	paused = false;
	dropped = 0;
	received = 0;

	add(event) {
		const text = JSON.stringify(event.data ?? event.data_base64) ?? "";
		const entry = {
			serial: ++this.#serial,
			event,
			preview: text.slice(0, PREVIEW),
			size: text.length,
		};
		this.received++;
		if (this.paused) this.held.push(entry);
		else this.#show(entry);
	}

	get full() {
		return this.held.length >= HOLD;
	}

	pause() {
		this.paused = true;
	}

	resume() {
		this.paused = false;
		for (const entry of this.held) this.#show(entry);
		this.held = [];
	}

	/* Shows what was kept and passes the new filter. */
	filter({ topic = "", type = "" }) {
		const [ofTopic, ofType] = [topicTest(topic), typeTest(type)];
		this.#matches = ({ event }) => ofType(event.type) && ofTopic(event.topic);
		this.view = this.entries.filter(this.#matches);
	}

	clear() {
		Object.assign(this, { entries: [], view: [], held: [], dropped: 0, received: 0 });
		this.#size = 0;
	}

	#show(entry) {
		this.entries.push(entry);
		this.#size += entry.size;
		if (this.#matches(entry)) this.view.push(entry);
		/* In strides, since each one moves the whole array. */
		if (this.entries.length > KEEP + 500 || this.#size > KEEP_SIZE) this.#drop();
	}

	#drop() {
		let count = Math.max(0, this.entries.length - KEEP);
		let size = this.#size;
		for (let i = 0; i < count; i++) size -= this.entries[i].size;
		while (size > KEEP_SIZE * 0.9 && count < this.entries.length - 1)
			size -= this.entries[count++].size;
		this.entries.splice(0, count);
		const first = this.entries[0].serial;
		const gone = this.view.findIndex((entry) => entry.serial >= first);
		this.view.splice(0, gone < 0 ? this.view.length : gone);
		this.#size = size;
		this.dropped += count;
	}
}
