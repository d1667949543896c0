/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * console-try-list.js: the events that a filter is tried on, each with its mark.
 *
 * A mark is a colour, a sign and a word.  One event can be chosen: below it
 * stands why, which is each condition of the pattern with what was found in its
 * place, and the whole event.  Rows are made once for an event and moved, so
 * that what has the focus keeps it.  One row at a time is in the order of Tab;
 * the arrow keys go from row to row.
 */
import { element, node } from "/console-detail.js";
import { clock, hue, rowOfKey } from "/console-list.js";

const MARKS = new Map([
	[true, { name: "yes", sign: "✓", word: "match" }],
	[false, { name: "no", sign: "✕", word: "no match" }],
	[null, { name: "unknown", sign: "?", word: "not known" }],
	[undefined, { name: "none", sign: "", word: "" }],
]);
const SENTENCES = new Map([
	[true, "The filter is true for this event."],
	[false, "The filter is false or null for this event; only true lets an event through."],
	[null, "A limit was passed on this event, so it is not known whether it matches."],
	[undefined, ""],
]);
const LONGEST = 300;

const clip = (text) => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);

/* What stands at the location of a condition; undefined when nothing does. */
function at(value, location) {
	const pointer = location.replace(/\/\$or\/\d+/g, "");
	const names = pointer.split("/").slice(1);
	return names.reduce((inner, name) => {
		const key = name.replace(/~1/g, "/").replace(/~0/g, "~");
		const isThere = inner !== null && typeof inner === "object" && Object.hasOwn(inner, key);
		return isThere ? inner[key] : undefined;
	}, value);
}

function explanation(event, conditions) {
	const rows = conditions.map(({ location = "", condition, found, matches }) => {
		const { name, sign, word } = MARKS.get(matches ?? null);
		const isThere = found !== null && found !== undefined;
		const nothing = at(event, location ?? "") === null ? "null" : "nothing";
		const row = element(
			"tr",
			"",
			element("td", "mark", element("b", "", sign), element("span", "unseen", word)),
			element("th", "", location || "/"),
			element("td", "", clip(JSON.stringify(condition))),
			element(
				"td",
				isThere ? "" : "nothing",
				isThere ? clip(JSON.stringify(found)) : nothing,
			),
		);
		row.dataset.match = name;
		row.querySelector("th").scope = "row";
		return row;
	});
	const heads = ["", "Where", "Condition", "Found"].map((name) => {
		const head = element("th", "", name);
		head.scope = "col";
		return head;
	});
	const table = element(
		"table",
		"why",
		element("thead", "", element("tr", "", ...heads)),
		element("tbody", "", ...rows),
	);
	return element("div", "why-box", table);
}

export class TryList {
	#rows = new Map(); // by serial
	#request = null;
	entries = [];
	selected = null;

	constructor({ rows, answer, question, explain, onselect }) {
		Object.assign(this, { rows, answer, question, explain, onselect });
		rows.addEventListener("keydown", (event) => this.#key(event));
	}

	/* The events, newest first; false when they are those that are shown. */
	show(entries) {
		const old = this.entries;
		if (entries.length === old.length && entries.every((entry, i) => entry === old[i]))
			return false;
		const wanted = new Set(entries.map(({ serial }) => serial));
		for (const [serial, row] of this.#rows)
			if (!wanted.has(serial)) {
				row.item.remove();
				this.#rows.delete(serial);
			}
		let next = this.rows.firstElementChild;
		for (const entry of entries) {
			const known = this.#rows.get(entry.serial);
			if (known?.item === next) next = next.nextElementSibling;
			else this.rows.insertBefore((known ?? this.#make(entry)).item, next);
		}
		this.entries = entries;
		if (this.selected && !wanted.has(this.selected.serial)) this.select(null);
		this.mark();
		this.#keepOneTab();
		return true;
	}

	/* "stale" while the marks are those of an earlier question. */
	setState(state) {
		this.rows.dataset.state = state;
		this.rows.setAttribute("aria-busy", state === "stale");
	}

	mark() {
		for (const entry of this.entries) this.#markRow(this.#rows.get(entry.serial));
		if (this.selected) this.#drawWhy();
	}

	select(entry) {
		const before = this.selected && this.#rows.get(this.selected.serial);
		if (before) {
			before.button.setAttribute("aria-expanded", false);
			before.why.remove();
			before.why = null;
		}
		this.#request?.abort();
		this.selected = entry;
		if (entry) {
			const row = this.#rows.get(entry.serial);
			row.button.setAttribute("aria-expanded", true);
			const { data, data_base64: binary, ...attributes } = entry.event;
			row.asked = null;
			row.reason = element("div", "reason");
			const whole = { ...attributes, data: data ?? binary ?? null };
			row.why = element(
				"div",
				"try-why",
				row.reason,
				element("div", "json", node(null, whole, true)),
			);
			row.item.append(row.why);
			this.#drawWhy();
		}
		this.onselect(entry);
	}

	/* Asked once for a question and its answer. */
	async #drawWhy() {
		const row = this.#rows.get(this.selected.serial);
		const answer = this.answer(row.entry);
		const question = this.question();
		if (row.asked === `${question} ${answer}`) return undefined;
		row.asked = `${question} ${answer}`;
		this.#request?.abort();
		const request = (this.#request = new AbortController());
		const asked = question && answer !== undefined && this.explain(row.entry, request.signal);
		if (!asked) return row.reason.replaceChildren(SENTENCES.get(answer));
		try {
			const conditions = await asked;
			if (request !== this.#request) return undefined;
			return row.reason.replaceChildren(
				answer === null ? SENTENCES.get(null) : "",
				explanation(row.entry.event, conditions),
			);
		} catch (error) {
			if (request !== this.#request) return undefined;
			row.asked = null;
			return row.reason.replaceChildren(`It cannot be explained now: ${error.message}`);
		}
	}

	#make(entry) {
		const { event, preview } = entry;
		const button = element("button", "try-row");
		const cell = (name, text) => {
			const made = element("span", name, text);
			button.append(made);
			return made;
		};
		button.type = "button";
		button.tabIndex = -1;
		button.setAttribute("aria-expanded", false);
		const badge = cell("badge", "");
		cell("time", clock(event.time || event.recordedtime));
		cell("type", event.type).style.setProperty("--hue", hue(event.type));
		cell("data", preview);
		const item = element("li", "", button);
		const row = { entry, item, button, badge, why: null };
		button.addEventListener("click", () => this.select(this.selected === entry ? null : entry));
		this.#rows.set(entry.serial, row);
		return row;
	}

	#markRow(row) {
		const { name, sign, word } = MARKS.get(this.answer(row.entry));
		if (row.item.dataset.match === name) return;
		row.item.dataset.match = name;
		row.badge.replaceChildren(element("b", "", sign), element("span", "", word));
	}

	#keepOneTab() {
		if (this.rows.querySelector('.try-row[tabindex="0"]')) return;
		const first = this.rows.querySelector(".try-row");
		if (first) first.tabIndex = 0;
	}

	#key(event) {
		const buttons = [...this.rows.querySelectorAll(".try-row")];
		const here = buttons.indexOf(event.target);
		const target = here < 0 ? undefined : rowOfKey(event, here, buttons.length - 1);
		if (target === undefined) return;
		event.preventDefault();
		const to = buttons[target];
		buttons[here].tabIndex = -1;
		to.tabIndex = 0;
		to.focus();
	}
}
