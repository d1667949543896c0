/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * console-question.js: what is searched for, as a value that never changes.
 *
 *	address  ⇄  question  →  parameters of GET /v1/events/search
 *	                      →  chips, each with the question that is left without it
 *
 * In the address it is the fragment, which no server gets to see, one
 * parameter for each value.  A time range is either one that moves along (the
 * last hour: `range`, in seconds) or two times; a zoom lays the two times over
 * the range, which comes back when they are taken away.
 */

const LISTS = ["type", "topic", "source", "user"];
const TEXTS = ["subject", "contains", "pattern", "filter"];
const RANGES = ["900", "3600", "14400", "86400", "604800", "2592000"]; // as in index.html
const LABELS = {
	type: "Type",
	topic: "Topic",
	source: "Source",
	user: "User",
	subject: "Subject",
	contains: "Contains",
	pattern: "Pattern",
	filter: "FEEL",
};

export const NOTHING = Object.freeze({
	words: "",
	order: "newest",
	range: "",
	since: "",
	until: "",
	...Object.fromEntries(LISTS.map((name) => [name, Object.freeze([])])),
	...Object.fromEntries(TEXTS.map((name) => [name, ""])),
});

/* "a, b\\,c" → ["a", "b,c"], each once */
export const listOf = (text) => [
	...new Set(
		(text.match(/(?:\\[\\,]|[^,])+/g) ?? [])
			.map((one) => one.trim().replace(/\\([\\,])/g, "$1"))
			.filter(Boolean),
	),
];

/* ["a", "b,c"] → "a, b\\,c" */
export const textOf = (list) => list.map((one) => one.replace(/[\\,]/g, "\\$&")).join(", ");

/* A time as it is asked for; "" for what is none, or has a year that nobody can ask for. */
export function timeOf(text) {
	const time = Date.parse(text);
	const iso = Number.isNaN(time) ? "" : new Date(time).toISOString();
	return /^(?!0000)\d{4}-/.test(iso) ? iso : "";
}

/* ---- the address */

export function fromAddress(parameters) {
	const question = { ...NOTHING, words: parameters.get("search") ?? "" };
	for (const name of LISTS)
		question[name] = [...new Set(parameters.getAll(name))].filter(Boolean);
	for (const name of TEXTS) question[name] = parameters.get(name) ?? "";
	const order = parameters.get("order");
	if (order === "oldest" || order === "rank") question.order = order;
	if (RANGES.includes(parameters.get("range"))) question.range = parameters.get("range");
	for (const name of ["since", "until"]) question[name] = timeOf(parameters.get(name));
	return question;
}

export function toAddress(question) {
	const parameters = new URLSearchParams({ search: question.words });
	for (const name of LISTS) for (const value of question[name]) parameters.append(name, value);
	for (const name of ["range", "since", "until", ...TEXTS])
		if (question[name]) parameters.set(name, question[name]);
	if (question.order !== "newest") parameters.set("order", question.order);
	return parameters.toString();
}

/* ---- the request */

/* An element's own "/" and "%" are escaped in a path. */
const pathOf = (topic) =>
	topic.split("/").map((one) => one.replace(/%2F/gi, "/").replace(/%25/g, "%"));

/* The order that can be had: without words nothing has a rank. */
export const orderOf = ({ order, words }) => (order === "rank" && !words.trim() ? "newest" : order);

export function toRequest(question, now) {
	const parameters = new URLSearchParams();
	const put = (name, value) => value && parameters.append(name, value);
	const { since, until, range } = question;
	put("q", question.words.trim());
	for (const value of question.type) put("type", value);
	if (question.topic.length) put("topics", JSON.stringify(question.topic.map(pathOf)));
	for (const value of question.source) put("source", value);
	for (const value of question.user) put("user", value);
	put("subject", question.subject);
	if (since || until) {
		put("since", since);
		put("until", until);
	} else if (range) put("since", new Date(now - 1000 * range).toISOString());
	for (const name of ["contains", "pattern", "filter"]) put(name, question[name]);
	return parameters;
}

/* ---- parts of it */

export const isSame = (one, other) => toAddress(one) === toAddress(other);

/* With or without one value of a list. */
export function toggle(question, name, value) {
	const values = question[name];
	const others = values.filter((one) => one !== value);
	return { ...question, [name]: others.length < values.length ? others : [...values, value] };
}

/* [{ label, value, rest }, ...]; the time range has its own place on the page. */
export function chips(question) {
	const ofList = LISTS.flatMap((name) =>
		question[name].map((value) => ({
			label: LABELS[name],
			value,
			rest: toggle(question, name, value),
		})),
	);
	const ofText = TEXTS.filter((name) => question[name]).map((name) => ({
		label: LABELS[name],
		value: question[name].replace(/\s+/g, " "),
		rest: { ...question, [name]: "" },
	}));
	return [...ofList, ...ofText];
}
