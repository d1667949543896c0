/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * console-match.js: asks eventsd which of the page's events a pattern or filter matches.
 *
 *	hold()				the question is being written: end what is under way
 *	ask(members)		another question, or null for none
 *	want(entries)		the events in question, the most important first
 *	answer(entry)		true, false, null (not known), undefined (not answered yet)
 *	explain(entry)		why: resolves with the rows of events.explain_match()
 *
 * There is one language, and it is the database's: nothing is evaluated here.
 * At most one request is under way.  A new question ends it, so an answer is
 * always to the question that was asked last; new events wait for it, and then
 * only those are sent that have no answer yet.  Until the first answer to a new
 * question the old ones stay, as `isStale`.  A request that is too large, or takes
 * too long, is asked again in halves; one that fails for want of a server or a
 * database, a little later.  A question is asked even where there is no event, to
 * know that it is one.
 */
const MOST_EVENTS = 200;
const MOST_SIZE = 500000; // characters of events in one request
const AGAIN = 2000; // ms, when the server or the database is away

/* What eventsd says against a question. */
export class Refusal extends Error {
	constructor(status, problem) {
		super(problem.detail || `${status} ${problem.title || ""}`.trim());
		Object.assign(this, { status, problem });
	}

	/* The question is good, only not for so many events at once. */
	get isTooMuch() {
		return this.status === 413 || this.problem.code === "filter-too-slow";
	}

	/* The question is at fault, and not the moment. */
	get isFinal() {
		return (
			this.status >= 400 &&
			this.status < 500 &&
			!this.isTooMuch &&
			![408, 429].includes(this.status)
		);
	}
}

export class Matcher {
	#members = null; // the question, as members of a JSON object
	#entries = [];
	#answers = new Map(); // by an event's serial
	#request = null;
	#timer;
	#isDue = false;
	#room = MOST_EVENTS;
	isStale = false;
	isTaken = false; // the question was answered, if only for no event

	constructor({ url = "/v1/match", onchange }) {
		Object.assign(this, { url, onchange });
	}

	hold() {
		this.#request?.abort();
		this.#request = null;
		clearTimeout(this.#timer);
		this.#isDue = false;
		this.#members = null;
		this.isStale = this.#answers.size > 0;
		this.isTaken = false;
	}

	ask(members) {
		this.hold();
		this.#members = members;
		this.#room = MOST_EVENTS;
		if (members !== null) return this.#plan(0);
		this.#answers.clear();
		this.isStale = false;
		return this.onchange(null);
	}

	/* null while there is none */
	get question() {
		return this.#members;
	}

	want(entries) {
		this.#entries = entries;
		if (!this.isStale) this.#prune();
		if (this.#members !== null && this.#unanswered(1).length) this.#plan(0);
	}

	answer(entry) {
		return this.#answers.get(entry.serial);
	}

	async explain(entry, signal) {
		const body = `{${this.#members},"explain":true,"events":[${JSON.stringify(entry.event)}]}`;
		return (await this.#post(body, signal)).explain?.[0] ?? [];
	}

	/* What is no longer wanted is forgotten. */
	#prune() {
		const wanted = new Set(this.#entries.map(({ serial }) => serial));
		for (const serial of this.#answers.keys())
			if (!wanted.has(serial)) this.#answers.delete(serial);
	}

	#plan(delay) {
		if (this.#request || this.#isDue) return;
		this.#isDue = true;
		this.#timer = setTimeout(() => {
			this.#isDue = false;
			this.#send();
		}, delay);
	}

	#unanswered(most) {
		const found = [];
		let size = 0;
		for (const entry of this.#entries) {
			if (!this.isStale && this.#answers.has(entry.serial)) continue;
			size += entry.size + 500;
			if (found.length && size > MOST_SIZE) break;
			found.push(entry);
			if (found.length === most) break;
		}
		return found;
	}

	async #send() {
		const entries = this.#unanswered(this.#room);
		if (this.#members === null || (this.isTaken && !entries.length)) return;
		const request = (this.#request = new AbortController());
		let [delay, error] = [0, null];
		try {
			const events = entries.map(({ event }) => JSON.stringify(event)).join(",");
			const { matches } = await this.#post(
				`{${this.#members},"events":[${events}]}`,
				request.signal,
			);
			if (request !== this.#request) return;
			this.#keep(entries, matches);
		} catch (caught) {
			if (request !== this.#request) return;
			error = caught;
			delay = this.#missed(entries, error);
		}
		this.#request = null;
		if (this.#members !== null && (!this.isTaken || this.#unanswered(1).length))
			this.#plan(delay);
		this.onchange(error?.isTooMuch ? null : error);
	}

	#keep(entries, matches) {
		if (this.isStale) this.#answers.clear();
		this.isStale = false;
		this.isTaken = true;
		entries.forEach(({ serial }, i) => {
			this.#answers.set(serial, matches[i] ?? null);
		});
		this.#prune();
	}

	/* How long to wait before the next request. */
	#missed(entries, { isTooMuch, isFinal }) {
		if (isFinal) {
			this.#members = null;
			this.#answers.clear();
			this.isStale = false;
		}
		if (!isTooMuch) return AGAIN;
		this.#room = Math.max(1, entries.length >> 1);
		if (entries.length === 1) this.#keep(entries, [null]);
		return 0;
	}

	async #post(body, signal) {
		const response = await fetch(this.url, {
			method: "POST",
			headers: { "Content-Type": "application/json", Accept: "application/json" },
			body,
			cache: "no-store",
			signal,
		});
		if (response.ok) return response.json();
		throw new Refusal(response.status, await response.json().catch(() => ({})));
	}
}
