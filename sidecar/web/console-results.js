/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * console-results.js: the events that were found, with their hits marked.
 *
 * A headline comes from the server as HTML-escaped text with <mark> around
 * the hits.  It is read here by a grammar of just that, into text and <mark>
 * elements; whatever else it holds stays text.  Nothing is ever given to the
 * browser as HTML.
 *
 * One row at a time is in the order of Tab; the arrow keys go from row to row.
 *
 * The rows of a page stand in an element of their own, which the browser passes over while
 * it is out of sight: with each frame it looks where all such elements are, so it must not
 * be as many as there are rows.
 */
import { element } from "/console-detail.js";
import { clock, hue, rowOfKey } from "/console-list.js";

const PREVIEW = 400;
const [SHORT, TAIL] = [18, 12]; // characters of a name that is whole, and of the end of one
const NAMED = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

const plain = (text) =>
	text.replace(
		/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(amp|lt|gt|quot|apos));/gi,
		(whole, decimal, hex, name) => {
			if (name) return NAMED[name.toLowerCase()];
			const code = decimal ? Number(decimal) : parseInt(hex, 16);
			return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
		},
	);

/* "a &lt; <mark>b</mark>" → ["a < ", <mark>b</mark>] */
export function marked(headline) {
	return headline
		.split(/(<mark>[^]*?<\/mark>)/)
		.filter(Boolean)
		.map((part) => {
			const hit = /^<mark>([^]*)<\/mark>$/.exec(part);
			return hit ? element("mark", "", plain(hit[1])) : plain(part);
		});
}

/* A name in two parts, of which the first one may be shortened where there is no room. */
export function clip(text) {
	const at = text.length > SHORT ? text.length - TAIL : text.length;
	return [element("span", "", text.slice(0, at)), element("span", "", text.slice(at))];
}

const keyOf = ({ sequence, source, id }) => sequence ?? `${source} ${id}`;

export class Results {
	#rows = [];
	#selected = null; // the key of the event in the details

	constructor({ list, onselect, onstream }) {
		Object.assign(this, { list, onselect, onstream });
		list.addEventListener("keydown", (event) => this.#key(event));
	}

	get size() {
		return this.#rows.length;
	}

	/* In place of what is there. */
	show(events, highlights) {
		const hadFocus = this.list.contains(document.activeElement);
		this.#rows = [];
		this.list.replaceChildren();
		this.add(events, highlights);
		const row = this.#rows.find(({ key }) => key === this.#selected) ?? this.#rows[0];
		if (row) row.button.tabIndex = 0;
		if (row && hadFocus) row.button.focus();
	}

	add(events, highlights) {
		const made = events.map((event, i) => this.#make(event, highlights?.[i] ?? null));
		this.#rows.push(...made);
		if (!made.length) return;
		const page = element("div", "hits-page", ...made.map(({ item }) => item));
		page.setAttribute("role", "presentation");
		page.style.setProperty("--rows", made.length);
		this.list.append(page);
		if (made.length === this.#rows.length) made[0].button.tabIndex = 0;
	}

	/* The row of an event is marked as the one in the details. */
	select(event) {
		this.#selected = event ? keyOf(event) : null;
		for (const row of this.#rows) this.#mark(row);
	}

	/* Puts the focus on the row that is marked, or the first one. */
	focus() {
		const row = this.#rows.find(({ key }) => key === this.#selected) ?? this.#rows[0];
		if (row) this.#move(row);
	}

	#mark({ button, key }) {
		if (key === this.#selected) button.setAttribute("aria-current", "true");
		else button.removeAttribute("aria-current");
	}

	#make(event, headline) {
		const when = event.recordedtime ?? event.time;
		const time = element("time", "time", clock(when));
		time.dateTime = when ?? "";
		time.title = when ?? "";
		const type = element("span", "type clip", ...clip(event.type));
		type.title = event.type;
		type.style.setProperty("--hue", hue(event.type));
		const data = JSON.stringify(event.data ?? event.data_base64) ?? "";
		const text = headline === null ? [data.slice(0, PREVIEW)] : marked(headline);
		const button = element(
			"button",
			"hit",
			time,
			type,
			element("span", "topic", (event.topic ?? "").split("/").join(" / ")),
			element("span", headline === null ? "text data" : "text", ...text),
		);
		button.type = "button";
		button.tabIndex = -1;
		const stream = element("button", "hit-stream quiet", "▸ Stream on");
		stream.type = "button";
		stream.tabIndex = -1;
		stream.title = "Go on with the live stream after this event";
		const item = element("div", "hit-row", button, stream);
		item.setAttribute("role", "listitem");
		const row = { item, button, entry: { event }, key: keyOf(event) };
		button.addEventListener("click", () => this.#choose(row));
		stream.addEventListener("click", () => this.onstream(event));
		this.#mark(row);
		return row;
	}

	#choose(row) {
		this.#move(row);
		this.select(row.entry.event);
		this.onselect(row.entry, true);
	}

	#move(row) {
		const before = this.list.querySelector('.hit[tabindex="0"]');
		if (before) before.tabIndex = -1;
		row.button.tabIndex = 0;
		row.button.focus();
	}

	#key(event) {
		const here = this.#rows.findIndex(({ button }) => button === event.target);
		const target = here < 0 ? undefined : rowOfKey(event, here, this.#rows.length - 1);
		if (target === undefined) return;
		event.preventDefault();
		const row = this.#rows[target];
		this.#move(row);
		if (this.onselect(row.entry, false)) this.select(row.entry.event);
	}
}
