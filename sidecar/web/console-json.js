/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * console-json.js: reads JSON text for its faults and its places, not for its values.
 *
 *	scanJson('{"a": [1]}')	→ { compact: '{"a":[1]}', places: Map { "/a/0" → [7, 8], … } }
 *
 * The place of a member begins with its name.
 *
 * A pattern that is typed into the console is sent on as its text, so that its
 * numbers keep their digits; what is needed here is to know that it is JSON, to
 * say where it is not, and to find the place that a JSON Pointer in an answer
 * of eventsd names.  JSON.parse tells neither, and each browser words its
 * errors in another way.
 */
const DEEPEST = 500;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const STRING_START = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y;
const BLANK = /[ \t\r\n]*/y;
const ANY_WORD = /[\p{L}\p{N}_.+-]+/uy;

export class JsonFault extends Error {
	constructor(message, from, to = from + 1) {
		super(message);
		Object.assign(this, { from, to });
	}
}

/* Line and column, from 1, of an index into a text; columns are characters. */
export function lineAndColumn(text, index) {
	const lines = text.slice(0, index).split("\n");
	return { line: lines.length, column: [...lines.at(-1)].length + 1 };
}

/* The other way round; beyond the end of a line means its end. */
export function indexOf(text, line, column) {
	const lines = text.split("\n");
	if (line > lines.length) return text.length;
	const before = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
	return before + [...lines[line - 1]].slice(0, column - 1).join("").length;
}

class Scanner {
	at = 0;
	compact = "";
	places = new Map();

	constructor(text) {
		this.text = text;
	}

	match(expression) {
		expression.lastIndex = this.at;
		return expression.exec(this.text)?.[0] ?? "";
	}

	take(expression) {
		const found = this.match(expression);
		this.at += found.length;
		this.compact += found;
		return found;
	}

	get next() {
		this.at += this.match(BLANK).length;
		return this.text[this.at];
	}

	/* Takes the sign if it comes next. */
	sign(sign) {
		if (this.next !== sign) return false;
		this.at++;
		this.compact += sign;
		return true;
	}

	fail(wanted) {
		if (this.next === undefined)
			throw new JsonFault(`it ends where ${wanted} is expected`, this.at, this.at);
		const found = this.match(ANY_WORD) || String.fromCodePoint(this.text.codePointAt(this.at));
		throw new JsonFault(
			`${wanted} is expected in place of ${found}`,
			this.at,
			this.at + found.length,
		);
	}

	value(pointer, depth, start) {
		if (depth > DEEPEST) throw new JsonFault("it is nested too deeply", this.at);
		const first = this.next;
		const from = start ?? this.at;
		if (first === "{") this.object(pointer, depth);
		else if (first === "[") this.array(pointer, depth);
		else if (first === '"') this.string();
		else if (!this.take(NUMBER) && !this.take(WORD)) this.fail("a value");
		this.places.set(pointer, [from, this.at]);
	}

	string() {
		const from = this.at;
		const found = this.take(STRING);
		if (found) return JSON.parse(found);
		const to = from + this.match(STRING_START).length;
		const stop = this.text[to];
		if (stop === "\\") throw new JsonFault("there is no such escape in JSON", to, to + 2);
		if (stop === undefined) throw new JsonFault("the string does not end", from, to);
		if (stop === "\n") throw new JsonFault("the string does not end on its line", from, to);
		throw new JsonFault("a control character must be written as \\u00…", to);
	}

	object(pointer, depth) {
		this.sign("{");
		if (this.sign("}")) return;
		do {
			if (this.next !== '"') this.fail("a name in double quotes");
			const from = this.at;
			const name = this.string().replace(/~/g, "~0").replace(/\//g, "~1");
			if (!this.sign(":")) this.fail("a colon");
			this.value(`${pointer}/${name}`, depth + 1, from);
		} while (this.sign(","));
		if (!this.sign("}")) this.fail("a comma or }");
	}

	array(pointer, depth) {
		this.sign("[");
		if (this.sign("]")) return;
		let i = 0;
		do this.value(`${pointer}/${i++}`, depth + 1);
		while (this.sign(","));
		if (!this.sign("]")) this.fail("a comma or ]");
	}
}

/* Throws a JsonFault for what is not one JSON value. */
export function scanJson(text) {
	const scanner = new Scanner(text);
	scanner.value("", 0);
	if (scanner.next !== undefined) scanner.fail("the end");
	return { compact: scanner.compact, places: scanner.places };
}
