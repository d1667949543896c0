/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * console-examples.js: patterns and FEEL filters to begin with, made from an event.
 *
 * They are about that event, so that something matches, and each shows
 * another part of the language.  Nothing is promised about their number.
 */
const SAMPLE = {
	type: "order.created",
	source: "/shop",
	data: { status: "new", total: 120, items: [{ sku: "A-1", quantity: 2 }] },
};
const MOST = 5;
const LONGEST = 40; // characters of a value that makes a good example
const AMOUNT = /total|amount|price|sum|count|quantity|size|seconds|duration|value|age$/i;
const NAME = /^[a-z_]\w*$/i;
const WORDS =
	/^(?:and|between|else|every|external|false|for|function|if|in|null|or|return|some|then|true)$/;

const isPlain = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const isName = (name) => NAME.test(name) && !WORDS.test(name);
const quote = JSON.stringify;

/* The scalar members of the data and of the objects in it, as [[name, ...], value]. */
function* scalars(data, path = []) {
	if (!isPlain(data) || path.length > 3) return;
	for (const [name, value] of Object.entries(data).slice(0, 50)) {
		const isShort = typeof value !== "string" || (value && value.length <= LONGEST);
		if (value === null || typeof value !== "object") {
			if (isShort) yield [[...path, name], value];
		} else yield* scalars(value, [...path, name]);
	}
}

/* A round number somewhat below, so that the event itself still matches. */
function below(number) {
	if (number <= 0) return Math.floor(number) - 1;
	if (number <= 1) return 0;
	const unit = 10 ** Math.floor(Math.log10(number));
	const round = Math.floor(number / unit) * unit;
	return round < number ? round : round - unit / 2;
}

function facts({ type, data }) {
	const found = [...scalars(data)];
	const numbers = found.filter(([, value]) => Number.isFinite(value));
	return {
		text: found.find(([, value]) => typeof value === "string"),
		number:
			numbers.find(([path]) => AMOUNT.test(path.at(-1))) ??
			numbers.find(([path]) => !/id$/i.test(path.at(-1))),
		flag: found.find(([, value]) => typeof value === "boolean"),
		prefix: type.includes(".") ? type.slice(0, type.indexOf(".") + 1) : null,
	};
}

/* {"data": {"a": {"b": condition}}} */
const nest = (path, conditions) =>
	path.reduceRight((inner, name) => ({ [name]: inner }), conditions);

/* JSON that is easy to go on from: members on lines, arrays on one. */
export function write(value, indent = "") {
	if (Array.isArray(value)) return `[${value.map((one) => write(one, null)).join(", ")}]`;
	if (!isPlain(value)) return quote(value);
	const inner = indent === null ? null : `${indent}  `;
	const members = Object.entries(value).map(
		([name, one]) => `${inner ?? ""}${quote(name)}: ${write(one, inner)}`,
	);
	return inner === null ? `{ ${members.join(", ")} }` : `{\n${members.join(",\n")}\n${indent}}`;
}

function patterns(event) {
	const { type } = event;
	const { text, number, flag, prefix } = facts(event);
	const found = [["this type", { type: [type] }]];
	if (prefix) found.push([`${prefix}*`, { type: [{ prefix }] }]);
	if (number) {
		const [path, value] = number;
		const condition = [{ numeric: [">", below(value)] }];
		found.push([`${path.at(-1)} above`, { type: [type], data: nest(path, condition) }]);
	}
	if (text) {
		const [path, value] = text;
		found.push([`${path.at(-1)} is`, { data: nest(path, [value]) }]);
		const either = [{ data: nest(path, [{ "anything-but": [value] }]) }, { type: [type] }];
		found.push(["either, or", { $or: either }]);
	} else if (flag) found.push([`${flag[0].at(-1)} is`, { data: nest(flag[0], [flag[1]]) }]);
	else found.push(["without a subject", { type: [type], subject: [{ exists: false }] }]);
	return found.map(([label, pattern]) => ({ label, text: write(pattern) }));
}

function filters(event) {
	const { type, data } = event;
	const { text, number, flag, prefix } = facts({
		...event,
		data: isPlain(data)
			? Object.fromEntries(Object.entries(data).filter(([n]) => isName(n)))
			: {},
	});
	const name = (path) => ["data", ...path].join(".");
	const usable = (fact) => fact?.[0].every(isName);
	const found = [["this type", `type = ${quote(type)}`]];
	if (prefix) found.push([`${prefix}*`, `starts with(type, ${quote(prefix)})`]);
	if (usable(number)) {
		const [path, value] = number;
		const condition = `type = ${quote(type)} and ${name(path)} > ${below(value)}`;
		found.push([`${path.at(-1)} above`, condition]);
	}
	if (usable(text)) {
		const [path, value] = text;
		found.push([`${path.at(-1)} contains`, `contains(${name(path)}, ${quote(value)})`]);
	} else if (usable(flag)) found.push([`${flag[0].at(-1)} is`, `${name(flag[0])} = ${flag[1]}`]);
	const list = Object.entries(isPlain(data) ? data : {}).find(
		([key, value]) => isName(key) && Array.isArray(value) && value.length,
	);
	if (list) found.push([`${list[0]} in number`, `count(data.${list[0]}) >= ${list[1].length}`]);
	else found.push(["of the last hour", 'time > now() - duration("PT1H")']);
	return found.map(([label, text]) => ({ label, text }));
}

/* [{ label, text }, ...] in a language, about an event if there is one. */
export function examples(language, event) {
	const about = event?.type ? event : SAMPLE;
	return (language === "pattern" ? patterns(about) : filters(about)).slice(0, MOST);
}
