/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * console-try.js: the panel in which a pattern or FEEL is tried on recent events.
 *
 *	Editor --typed--> question --> Matcher --answers--> TryList
 *	                     |                                 |
 *	               fault, marked                  the chosen event: why
 *
 * The question is what stands in the editor, once nothing was typed for a
 * moment.  JSON is read here, to say at once where it is none; all else is
 * eventsd's word, and the place that it names (a JSON Pointer, or line and
 * column) is marked in the editor.  The events are the newest ones of the
 * console's list; new ones are marked as they come.
 *
 * What is written is kept in the fragment of the address, which no server
 * gets to see, for each of the two languages; what is used as the stream's
 * filter is in the query, and console.js looks after that.
 */
import { copy, element } from "/console-detail.js";
import { Editor } from "/console-editor.js";
import { examples, write } from "/console-examples.js";
import { indexOf, JsonFault, lineAndColumn, scanJson } from "/console-json.js";
import { Matcher } from "/console-match.js";
import { TryList } from "/console-try-list.js";

const MOST = 200;
const TYPED = 200; // ms after the last key
const CAME = 200; // ms in which new events are gathered
const TOO_LONG = 6000; // characters of a filter in an address
const HINTS = {
	pattern:
		"A pattern has the shape of the event; its leaves are arrays of values and conditions.",
	filter: "A filter is an expression over the event: attributes by name, and data.",
};

/* For a POSIX shell, and for SQL. */
const shell = (text) => `'${text.replaceAll("'", "'\\''")}'`;
const literal = (text) => `'${text.replaceAll("'", "''")}'`;

/* The part of a text that a refusal is about: [from, to], or nothing. */
export function placeOf(kind, text, { message, problem }) {
	const said = `${message} ${problem.pointer ?? ""}`;
	if (kind === "pattern") {
		const { places } = scanJson(text);
		const named = [...places.keys()].filter((pointer) => pointer && said.includes(pointer));
		return places.get(named.sort((a, b) => b.length - a.length)[0]);
	}
	const found = /\bline (\d+)\D{1,12}column (\d+)/i.exec(said);
	if (!found) return undefined;
	const from = indexOf(text, Number(found[1]), Number(found[2]));
	const [word] = /^(?:[\p{L}\p{N}_]+|[^\n]?)/u.exec(text.slice(from));
	return [from, from + word.length];
}

/* On lines, where that changes nothing: a large number would lose digits. */
function layOut(text) {
	try {
		const lines = write(JSON.parse(text));
		return scanJson(lines).compact === scanJson(text).compact ? lines : text;
	} catch {
		return text;
	}
}

/* eventsd counts in the text that it was sent; what is meant is the one in the editor. */
function placed(message, { line, column }) {
	return message.replace(
		/\bline \d+, column \d+/i,
		(old) => `${old[0] === "L" ? "Line" : "line"} ${line}, column ${column}`,
	);
}

export class TryPanel {
	#kind = "pattern";
	#texts = { pattern: "", filter: "" };
	#timer = 0;
	#isWanted = false; // to be used when it is known to be good
	#due = 0;
	#compact = ""; // what stands in the editor, when it can be used
	#view = [];

	constructor({ box, getSelected, onuse, onchange, onclose }) {
		const find = (name) => box.querySelector(`#try-${name}`);
		Object.assign(this, { box, getSelected, onuse, onchange, onclose });
		this.parts = Object.fromEntries(
			["error", "count", "hint", "examples", "use", "curl", "sql", "empty"].map((name) => [
				name,
				find(name),
			]),
		);
		this.kinds = [...box.querySelectorAll("input[name=try-kind]")];
		this.editor = new Editor({
			area: find("text"),
			back: find("back"),
			onchange: () => this.#typed(),
			onsubmit: () => this.#use(),
		});
		this.matcher = new Matcher({ onchange: (error) => this.#answered(error) });
		this.list = new TryList({
			rows: find("rows"),
			answer: (entry) => this.matcher.answer(entry),
			question: () => this.matcher.question,
			explain: (entry, signal) =>
				this.#kind === "pattern" ? this.matcher.explain(entry, signal) : null,
			onselect: () => this.#drawExamples(),
		});
		for (const kind of this.kinds)
			kind.addEventListener("change", () => this.#choose(kind.value));
		find("close").addEventListener("click", () => this.close());
		find("error-place").addEventListener("click", () => this.editor.goto());
		this.parts.use.addEventListener("click", () => this.#use());
		for (const name of ["curl", "sql"])
			this.parts[name].addEventListener("click", () => this.#copy(name));
		box.addEventListener("keydown", (event) => {
			if (event.key !== "Escape") return;
			event.stopPropagation();
			this.close();
		});
	}

	get isOpen() {
		return !this.box.hidden;
	}

	open(focus = true) {
		this.box.hidden = false;
		if (!this.#texts[this.#kind].trim()) this.#fill();
		this.#choose(this.#kind);
		this.#refresh();
		/* On a phone a keyboard would come up, and cover the events. */
		if (focus && matchMedia("(hover: hover)").matches) this.editor.area.focus();
		this.onchange();
	}

	close() {
		this.box.hidden = true;
		clearTimeout(this.#timer);
		this.#timer = 0;
		this.matcher.hold();
		this.onchange();
		this.onclose();
	}

	/* What the console's list shows has changed. */
	update(view) {
		this.#view = view;
		if (!this.isOpen) return;
		this.#due ||= setTimeout(() => this.#refresh(), CAME);
	}

	#refresh() {
		clearTimeout(this.#due);
		this.#due = 0;
		const view = this.#view;
		const entries = view.slice(-MOST).reverse();
		const wasEmpty = this.list.entries.length === 0;
		if (!this.list.show(entries)) return;
		this.parts.empty.hidden = entries.length > 0;
		this.matcher.want(entries);
		if (wasEmpty) this.#drawExamples();
		this.#drawCount();
	}

	/* What a reload must find again; null when the panel is closed. */
	get state() {
		if (!this.isOpen) return null;
		const texts = Object.entries(this.#texts).filter(([, text]) => text);
		return { try: this.#kind, ...Object.fromEntries(texts) };
	}

	restore({ try: kind, pattern = "", filter = "" }) {
		this.#texts = { pattern, filter };
		this.#kind = kind === "filter" || kind === "feel" ? "filter" : "pattern";
		if (kind) this.open(false);
		else if (this.isOpen) this.close();
	}

	/* Opens with what is in use. */
	edit(kind, text) {
		this.#kind = kind;
		this.#texts[kind] = kind === "pattern" ? layOut(text) : text;
		this.open();
	}

	/* ---- the question */

	#choose(kind) {
		this.#kind = kind;
		for (const one of this.kinds) one.checked = one.value === kind;
		this.parts.hint.textContent = HINTS[kind];
		if (!this.#texts[kind].trim()) this.#fill();
		this.editor.show(this.#texts[kind], kind);
		this.#drawExamples();
		this.#typed(0);
	}

	#fill() {
		this.#texts[this.#kind] = this.#examples()[0].text;
	}

	#typed(delay = TYPED) {
		this.#texts[this.#kind] = this.editor.value;
		clearTimeout(this.#timer);
		this.#isWanted = false;
		this.matcher.hold();
		this.list.setState("stale");
		this.#timer = setTimeout(() => this.#ask(), delay);
	}

	/* Does not wait for another key. */
	#hurry() {
		if (!this.#timer) return;
		clearTimeout(this.#timer);
		this.#ask();
	}

	#ask() {
		this.#timer = 0;
		const text = this.#texts[this.#kind];
		this.onchange();
		this.#say("");
		this.#allow("");
		if (!text.trim()) return this.matcher.ask(null);
		try {
			const { compact } =
				this.#kind === "pattern" ? scanJson(text) : { compact: text.trim() };
			const json = this.#kind === "pattern" ? text : JSON.stringify(text);
			this.matcher.ask(`"${this.#kind}":${json}`);
			this.#allow(compact);
			this.#drawCount();
		} catch (fault) {
			if (!(fault instanceof JsonFault)) throw fault;
			const { line, column } = lineAndColumn(text, fault.from);
			this.matcher.ask(null);
			this.#say(`Line ${line}, column ${column}: ${fault.message}.`, [fault.from, fault.to]);
		}
	}

	#answered(error) {
		if (error) {
			const isFinal = error.isFinal ?? false;
			const away = error.problem ? error.message : "eventsd does not answer.";
			if (isFinal) this.#refused(error);
			else this.#say(`${away} It is asked again in a moment.`, undefined, "wait");
		} else if (this.matcher.question) this.#say("");
		this.list.setState(this.matcher.isStale ? "stale" : "");
		this.list.mark();
		this.#drawCount();
		if (this.#isWanted && this.matcher.isTaken) this.#use();
	}

	#refused(error) {
		const text = this.#texts[this.#kind];
		const place = placeOf(this.#kind, text, error);
		this.#allow("");
		this.#say(
			place ? placed(error.message, lineAndColumn(text, place[0])) : error.message,
			place,
		);
	}

	/* ---- drawing */

	#say(text, place, tone = "bad") {
		const [words, goto] = this.parts.error.children;
		if (words.textContent !== text) words.textContent = text;
		this.parts.error.hidden = !text;
		this.parts.error.dataset.tone = tone;
		goto.hidden = !place;
		this.editor.mark(...(place ?? []));
	}

	#drawCount() {
		const { entries } = this.list;
		const answers = entries.map((entry) => this.matcher.answer(entry));
		const count = (wanted) => answers.filter((answer) => answer === wanted).length;
		const known = entries.length - count(undefined);
		const unknown = count(null) ? `, ${count(null)} not known` : "";
		const events = `${entries.length} event${entries.length === 1 ? "" : "s"}`;
		const { question, isTaken } = this.matcher;
		const other = question && !isTaken ? `Asking about ${events}` : events;
		const text = known ? `${count(true)} of ${known} match${unknown}` : other;
		if (this.parts.count.textContent !== text) this.parts.count.textContent = text;
	}

	#examples() {
		const entry = this.list.selected ?? this.getSelected() ?? this.#view.at(-1);
		return examples(this.#kind, entry?.event);
	}

	#drawExamples() {
		const made = this.#examples().map(({ label, text }) => {
			const button = document.createElement("button");
			button.type = "button";
			button.title = text;
			const line = text.replace(/\s+/g, " ");
			button.append(element("span", "", label), element("code", "", line));
			button.addEventListener("click", () => {
				this.editor.show(text, this.#kind);
				this.#typed(0);
				this.editor.area.focus();
			});
			return button;
		});
		this.parts.examples.replaceChildren(...made);
	}

	/* ---- what can be done with it */

	#allow(compact) {
		this.#compact = compact;
		const isLong = encodeURIComponent(compact).length > TOO_LONG;
		this.parts.use.disabled = !compact || isLong;
		this.parts.use.title = isLong ? "Too long for the address of a stream" : "Ctrl + Enter";
		for (const name of ["curl", "sql"]) this.parts[name].disabled = !compact;
	}

	/* Once eventsd has taken it: what it refuses is better said here than by the stream. */
	#use() {
		this.#hurry();
		if (this.parts.use.disabled) return;
		this.#isWanted = !this.matcher.isTaken;
		if (this.#isWanted) return;
		this.onuse(this.#kind, this.#compact);
		this.close();
	}

	async #copy(name) {
		this.#hurry();
		if (!this.#compact) return;
		const button = this.parts[name];
		const label = (button.dataset.label ??= button.textContent);
		const url = `${location.origin}/v1/events?after=earliest`;
		const text = {
			curl:
				`curl -sNG -H 'Accept: application/x-ndjson' ${shell(url)} ` +
				`--data-urlencode ${shell(`${this.#kind}=${this.#compact}`)}`,
			sql: `SELECT * FROM events.read(${this.#kind} => ${literal(this.#compact)});`,
		}[name];
		try {
			await copy(text);
			button.textContent = "Copied";
		} catch (error) {
			button.textContent = `Not copied: ${error.message}`;
		}
		setTimeout(() => {
			button.textContent = label;
		}, 1500);
	}
}
