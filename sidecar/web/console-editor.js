/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * console-editor.js: a text area that colours JSON or FEEL, and marks where a fault is.
 *
 * The text area's own letters are transparent.  The same text lies coloured
 * behind it, in an element that is laid out alike and gives the pair its
 * height, so that neither scrolls for itself.
 *
 * Tab puts in two blanks and Shift+Tab takes them away, but nobody is locked
 * in: after Escape, Tab moves on as everywhere else.  Enter keeps the
 * indentation.  Everything goes through the browser's own undo.
 */
const INDENT = "  ";

/* One expression out of several; a group's name is its colour's. */
function tokens(parts) {
	const groups = Object.entries(parts).map(([name, { source }]) => `(?<${name}>${source})`);
	return new RegExp(groups.join("|"), "gu");
}

const WORDS =
	"and|between|else|every|external|false|for|function|if|in|instance of|null|or|return|" +
	"satisfies|some|then|true";
const ALONE = "(?<![\\p{L}\\p{N}_])";
const TOKENS = {
	pattern: tokens({
		key: /"(?:[^"\\\n]|\\.)*"(?=\s*:)/u,
		string: /"(?:[^"\\\n]|\\.)*"?/u,
		number: /-?\b\d[\w.+]*/u,
		word: /\b(?:true|false|null)\b/u,
	}),
	filter: tokens({
		size: /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/u,
		string: /@?"(?:[^"\\\n]|\\.)*"?/u,
		number: new RegExp(`${ALONE}\\d[\\d.]*(?:[eE][+-]?\\d+)?`, "u"),
		word: new RegExp(`${ALONE}(?:${WORDS})(?![\\p{L}\\p{N}_])`, "u"),
	}),
};

function colour(text, language) {
	const pieces = [];
	let end = 0;
	for (const token of text.matchAll(TOKENS[language])) {
		pieces.push({ from: end, to: token.index });
		const [name] = Object.entries(token.groups).find(([, value]) => value !== undefined);
		end = token.index + token[0].length;
		pieces.push({ from: token.index, to: end, name });
	}
	pieces.push({ from: end, to: text.length });
	return pieces.filter(({ from, to }) => from < to);
}

function span(text, className) {
	if (!className) return document.createTextNode(text);
	const made = document.createElement("span");
	made.className = className;
	made.textContent = text;
	return made;
}

export class Editor {
	#language = "pattern";
	#mark = null;
	#isFree = false; // Tab moves on

	constructor({ area, back, onchange, onsubmit }) {
		Object.assign(this, { area, back, onchange, onsubmit });
		area.addEventListener("input", () => {
			this.#mark = null;
			this.#draw();
			this.onchange();
		});
		area.addEventListener("keydown", (event) => this.#key(event));
		area.addEventListener("focus", () => {
			this.#isFree = false;
		});
	}

	get value() {
		return this.area.value;
	}

	show(text, language) {
		this.#language = language;
		this.#mark = null;
		this.area.value = text;
		this.#draw();
	}

	/* Marks a part of the text as wrong; nothing, when `from` is left out. */
	mark(from, to) {
		const size = this.value.length;
		this.#mark =
			from === undefined ? null : { from: Math.min(from, size), to: Math.min(to, size) };
		this.area.setAttribute("aria-invalid", this.#mark !== null);
		this.#draw();
	}

	/* Puts the caret where the mark is. */
	goto() {
		this.area.focus();
		if (this.#mark) this.area.setSelectionRange(this.#mark.from, this.#mark.to);
	}

	#draw() {
		const { value } = this;
		const { from, to } = this.#mark ?? { from: -1, to: -1 };
		const nodes = [];
		let isPlaced = from < 0;
		const put = (start, end, name) => {
			if (start < end) nodes.push(span(value.slice(start, end), name));
		};
		/* The mark lies over the colours: a piece that it touches is cut at its ends. */
		for (const piece of colour(value, this.#language)) {
			const [left, right] = [from, to].map((at) =>
				Math.min(Math.max(at, piece.from), piece.to),
			);
			put(piece.from, left, piece.name);
			if (!isPlaced && from === to && from >= piece.from && from < piece.to) {
				nodes.push(span("", "fault gap"));
				isPlaced = true;
			}
			put(left, right, `${piece.name ?? ""} fault`);
			put(right, piece.to, piece.name);
		}
		if (!isPlaced && from === to) nodes.push(span("", "fault gap"));
		/* A last line that is empty has its height by what stands in it. */
		this.back.replaceChildren(...nodes, "\n");
	}

	#key(event) {
		const { area } = this;
		if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
			event.preventDefault();
			this.onsubmit();
		} else if (event.key === "Escape" && !this.#isFree) {
			this.#isFree = true;
			event.stopPropagation();
		} else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
			const [indent] = /^[ \t]*/.exec(this.#line());
			if (!indent) return;
			event.preventDefault();
			this.#type(`\n${indent}`);
		} else if (event.key === "Tab" && !this.#isFree && !event.ctrlKey && !event.altKey) {
			if (!event.shiftKey) {
				event.preventDefault();
				return this.#type(INDENT);
			}
			const line = this.#line();
			if (!line.startsWith(INDENT)) return;
			event.preventDefault();
			const { selectionStart: at } = area;
			const start = at - line.length;
			area.setSelectionRange(start, start + INDENT.length);
			this.#type("");
			area.setSelectionRange(at - INDENT.length, at - INDENT.length);
		}
	}

	/* The caret's line, as far as the caret. */
	#line() {
		const { value, selectionStart: at } = this.area;
		return value.slice(value.lastIndexOf("\n", at - 1) + 1, at);
	}

	/* As if typed, so that it can be undone. */
	#type(text) {
		if (document.execCommand(text ? "insertText" : "delete", false, text)) return;
		const { area } = this;
		area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
		area.dispatchEvent(new InputEvent("input", { bubbles: true }));
	}
}
