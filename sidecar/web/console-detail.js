/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * console-detail.js: the selected event: its attributes, and its data as a tree.
 *
 * A node of the tree makes its children when it is opened, a hundred at a
 * time, so that a large event costs what is looked at and no more.
 */
const CHUNK = 100;
const LONG = 600;
const FIRST = ["id", "source", "type", "topic", "subject", "time", "recordedtime", "sequence"];
const ORDER = new Map(FIRST.map((name, i) => [name, i]));

export function element(name, className, ...content) {
	const made = document.createElement(name);
	if (className) made.className = className;
	made.append(...content);
	return made;
}

function button(text, onclick) {
	const made = element("button", "link", text);
	made.type = "button";
	made.addEventListener("click", () => onclick(made));
	return made;
}

function scalar(value) {
	if (typeof value !== "string")
		return element("span", typeof value === "number" ? "number" : "word", String(value));
	const text = JSON.stringify(value);
	const isLong = text.length > LONG;
	const shown = element("span", "string", isLong ? `${text.slice(0, LONG)}…` : text);
	if (isLong)
		shown.append(
			" ",
			button(`all ${text.length.toLocaleString()} characters`, () =>
				shown.replaceChildren(text),
			),
		);
	return shown;
}

function addChildren(parent, entries, from = 0) {
	for (const [key, value] of entries.slice(from, from + CHUNK)) parent.append(node(key, value));
	const left = entries.length - from - CHUNK;
	if (left > 0)
		parent.append(
			button(`${left.toLocaleString()} more`, (self) => {
				self.remove();
				addChildren(parent, entries, from + CHUNK);
			}),
		);
}

/* One value of a JSON document, with the key that it has in its parent. */
export function node(key, value, open = false) {
	const label = key === null ? [] : [element("span", "key", String(key)), ": "];
	if (value === null || typeof value !== "object")
		return element("div", "leaf", ...label, scalar(value));
	const entries = Object.entries(value);
	const [left, right] = Array.isArray(value) ? "[]" : "{}";
	if (!entries.length) return element("div", "leaf", ...label, left + right);
	const size = element("span", "size", `${left} ${entries.length.toLocaleString()} ${right}`);
	const made = element("details", "", element("summary", "", ...label, size));
	const fill = () => made.childElementCount > 1 || addChildren(made, entries);
	made.addEventListener("toggle", fill);
	if (open || entries.length <= 8) {
		made.open = true;
		fill();
	}
	return made;
}

/* How long after its own time the event was recorded, where that says something. */
function lag({ time, recordedtime }) {
	const milliseconds = new Date(recordedtime) - new Date(time);
	return milliseconds >= 0 && milliseconds < 600000 ? ` (+${milliseconds} ms)` : "";
}

export async function copy(text) {
	if (navigator.clipboard) return navigator.clipboard.writeText(text);
	/* Outside a secure context there is only the old way. */
	const area = element("textarea", "", text);
	document.body.append(area);
	area.select();
	const done = document.execCommand("copy");
	area.remove();
	if (!done) throw new Error("the browser does not allow it");
}

export class Detail {
	#entry = null;

	constructor({ box, onclose, ononly, onstream }) {
		const find = (name) => box.querySelector(`#detail-${name}`);
		this.box = box;
		this.parts = { type: find("type"), attributes: find("attributes"), data: find("data") };
		const copyButton = find("copy");
		copyButton.addEventListener("click", async () => {
			try {
				await copy(JSON.stringify(this.#entry.event, null, 2));
				copyButton.textContent = "Copied";
			} catch (error) {
				copyButton.textContent = `Not copied: ${error.message}`;
			}
			setTimeout(() => {
				copyButton.textContent = "Copy";
			}, 1500);
		});
		find("close").addEventListener("click", () => this.close());
		for (const kind of ["type", "topic"])
			box.querySelector(`#only-${kind}`).addEventListener("click", () =>
				ononly(kind, this.#entry.event[kind] || ""),
			);
		find("stream").addEventListener("click", () => onstream(this.#entry.event));
		this.onclose = onclose;
	}

	get open() {
		return !this.box.hidden;
	}

	show(entry) {
		this.box.hidden = false;
		if (entry === this.#entry) return;
		this.#entry = entry;
		const { data, data_base64: binary, ...attributes } = entry.event;
		const rank = (name) => ORDER.get(name) ?? FIRST.length;
		const names = Object.keys(attributes).sort(
			(a, b) => rank(a) - rank(b) || a.localeCompare(b),
		);
		this.parts.type.textContent = attributes.type;
		this.parts.attributes.replaceChildren(
			...names.flatMap((name) => [
				element("dt", "", name),
				element(
					"dd",
					"",
					String(attributes[name]) + (name === "recordedtime" ? lag(attributes) : ""),
				),
			]),
		);
		this.parts.data.replaceChildren(node(null, data ?? binary ?? null, true));
	}

	/* Without a word to anybody. */
	hide() {
		this.box.hidden = true;
	}

	close() {
		this.hide();
		this.onclose();
	}
}
