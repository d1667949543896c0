/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * console-search.js: the search over the history: what is asked for, and what came of it.
 *
 *	words, chips, facets, zoom --> question --> GET /v1/events/search --> results
 *	                                  |                    '--> histogram, facets
 *	                               address
 *
 * A question never changes; each change makes another one, which is drawn, put
 * into the address and asked.  What was asked before is cancelled, and what it
 * found stays, dimmed, until the answer is there.  The events are asked for
 * first and alone, a page at a time; the counts, which may take longer, beside
 * them.  The counts of a field that is filtered by are those without its own
 * filter, and so each such field costs a request more.
 *
 * The address gets an entry in the browser's history for each question, but
 * one only for what is typed in one go.
 */
import { element } from "/console-detail.js";
import { FIELDS, Facets } from "/console-facets.js";
import { Histogram, span } from "/console-histogram.js";
import { Refusal } from "/console-match.js";
import {
	NOTHING,
	chips,
	fromAddress,
	isSame,
	orderOf,
	toAddress,
	toRequest,
	toggle,
} from "/console-question.js";
import { Results } from "/console-results.js";
import { SearchFilters } from "/console-search-filters.js";

const URL = "/v1/events/search";
const PARTS = [
	...["text", "range", "more", "narrow", "count", "took", "again"],
	...["filters", "chips", "error", "retry", "facets", "zoom", "zoom-text", "reset"],
	...["found", "rows", "end", "end-text", "ahead", "next", "empty", "wide"],
];
const PAGE = 50;
const BY_ITSELF = 2000; // rows; beyond them a page more is had by the button only
const MOST = 10000; // rows
const TYPED = 220; // ms after the last key

const plural = (count, noun) => `${count.toLocaleString()} ${noun}${count === 1 ? "" : "s"}`;

/* An estimate is not said more exactly than it is. */
function about(count) {
	const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, count))) - 1);
	return `about ${plural(Math.round(count / unit) * unit, "event")}`;
}

async function get(parameters, signal) {
	const response = await fetch(`${URL}?${parameters}`, {
		headers: { Accept: "application/json" },
		cache: "no-store",
		signal,
	});
	if (response.ok) return response.json();
	throw new Refusal(response.status, await response.json().catch(() => ({})));
}

export class SearchView {
	#question = NOTHING;
	#asked = null; // the AbortController of what is under way
	#timer = 0;
	#isTyping = false; // the address of this entry may be written over
	#next = null; // the cursor of the next page
	#request = null; // the parameters of the first page
	#isPaging = false;
	#counts = {};
	#isCounted = false; // the total is exact

	constructor({ box, form, onselect, onstream, onchange, onclose }) {
		const find = (name) => document.getElementById(`search-${name}`);
		Object.assign(this, { box, onstream, onchange, onclose });
		this.parts = Object.fromEntries(PARTS.map((name) => [name, find(name)]));
		this.orders = [...box.querySelectorAll("input[name=search-order]")];
		this.filters = new SearchFilters({
			form: this.parts.filters,
			onchange: (change) => this.#typed({ ...this.#question, ...change }),
		});
		this.histogram = new Histogram({
			box: find("histogram"),
			chart: find("chart"),
			tip: find("tip"),
			most: find("most"),
			onzoom: (times) => this.#change({ ...this.#question, ...times }),
		});
		this.facets = new Facets({
			box: this.parts.facets,
			ontoggle: (field, value) => this.#change(toggle(this.#question, field, value)),
		});
		this.results = new Results({
			list: this.parts.rows,
			onselect,
			onstream: (event) => this.onstream(event, this.#question),
		});
		this.#listen(form, find("close"));
	}

	#listen(form, close) {
		const { parts } = this;
		form.addEventListener("submit", (event) => {
			event.preventDefault();
			if (!this.isOpen) return this.open();
			this.#isTyping = false;
			return this.#plan(0);
		});
		parts.text.addEventListener("input", () => {
			if (!this.isOpen) this.open(false);
			this.#typed({ ...this.#question, words: parts.text.value });
		});
		parts.text.addEventListener("click", () => this.isOpen || this.open(false));
		parts.range.addEventListener("change", () => {
			if (parts.range.value !== "times") this.#setRange(parts.range.value);
		});
		for (const order of this.orders)
			order.addEventListener("change", () =>
				this.#change({ ...this.#question, order: order.value }),
			);
		for (const [button, panel] of [
			["more", "filters"],
			["narrow", "facets"],
		])
			parts[button].addEventListener("click", () => this.#unfold(button, panel));
		parts.again.addEventListener("click", () => this.again());
		parts.retry.addEventListener("click", () => this.again());
		parts.wide.addEventListener("click", () => this.#change({ ...NOTHING }));
		parts.reset.addEventListener("click", () => {
			this.#setRange(this.#question.range);
			this.histogram.chart.focus();
		});
		parts.next.addEventListener("click", () => this.#page());
		close.addEventListener("click", () => this.close());
		const atEnd = ([{ isIntersecting }]) =>
			isIntersecting && this.results.size < BY_ITSELF && this.#page();
		this.end = new IntersectionObserver(atEnd);
		this.end.observe(parts.ahead);
		this.box.addEventListener("keydown", (event) => {
			if (event.key === "Escape" && parts.filters.contains(event.target)) {
				event.stopPropagation();
				this.#unfold("more", "filters", false);
				parts.more.focus();
			}
		});
	}

	/* ---- opened and closed */

	get isOpen() {
		return !this.box.hidden;
	}

	get question() {
		return this.#question;
	}

	open(focus = true) {
		if (!this.isOpen) {
			this.box.hidden = false;
			this.#draw();
			this.onchange(true);
			this.#isTyping = true;
			this.#plan(0);
		}
		if (focus) this.focus();
	}

	focus() {
		this.parts.text.focus();
		this.parts.text.select();
	}

	close() {
		if (!this.isOpen) return;
		this.#hide();
		this.onchange(true);
		this.onclose();
	}

	#hide() {
		this.box.hidden = true;
		this.#cancel();
		this.results.select(null);
	}

	/* For the fragment of the address; null when the search is closed. */
	get state() {
		return this.isOpen ? toAddress(this.#question) : null;
	}

	restore(parameters) {
		const isWanted = parameters.has("search");
		if (!isWanted) return this.isOpen && this.#hide();
		const question = fromAddress(parameters);
		if (this.isOpen && isSame(question, this.#question)) return undefined;
		this.box.hidden = false;
		this.#isTyping = false;
		this.#question = question;
		this.parts.text.value = question.words;
		if (question.subject || question.contains || question.pattern || question.filter)
			this.#unfold("more", "filters", true);
		this.filters.show(question, true);
		this.#draw();
		this.onchange(false);
		return this.#plan(0);
	}

	/* Only events with this value. */
	only(name, value) {
		this.#change({ ...this.#question, [name]: [value] });
	}

	again() {
		this.#plan(0);
	}

	/* ---- the question */

	#typed(question) {
		const isPushed = !this.#isTyping;
		this.#change(question, TYPED, isPushed);
		this.#isTyping = true;
	}

	#change(question, delay = 0, isPushed = true) {
		const isSameQuestion = isSame(question, this.#question);
		this.#isTyping = false;
		this.#question = question;
		if (delay === 0 && this.parts.text.value !== question.words)
			this.parts.text.value = question.words;
		this.#draw();
		if (!isSameQuestion) this.onchange(isPushed);
		this.#plan(delay);
	}

	#setRange(range) {
		this.#change({ ...this.#question, range, since: "", until: "" });
	}

	#unfold(button, panel, isOpen = !this.#isUnfolded(button)) {
		this.parts[button].setAttribute("aria-expanded", isOpen);
		this.parts[panel].classList.toggle("unfolded", isOpen);
		if (panel === "filters") this.parts.filters.hidden = !isOpen;
	}

	#isUnfolded(button) {
		return this.parts[button].getAttribute("aria-expanded") === "true";
	}

	#cancel() {
		clearTimeout(this.#timer);
		this.#asked?.abort();
		this.#asked = null;
		this.#isPaging = false;
		this.box.removeAttribute("aria-busy");
	}

	#plan(delay) {
		this.#cancel();
		this.#timer = setTimeout(() => this.#ask(), delay);
	}

	async #ask() {
		const fault = this.filters.fault(this.#question);
		this.#say(fault);
		this.#dim(true, true);
		if (fault) return;
		this.#isCounted = false;
		const asked = (this.#asked = new AbortController());
		const now = Date.now();
		const began = performance.now();
		this.box.setAttribute("aria-busy", "true");
		this.#request = toRequest(this.#question, now);
		this.#request.set("limit", PAGE);
		this.#request.set("order", orderOf(this.#question));
		const counting = this.#count(now, asked);
		try {
			const page = await get(this.#request, asked.signal);
			if (asked.signal.aborted) return;
			this.#found(page, performance.now() - began);
			await counting;
		} catch (error) {
			if (asked.signal.aborted) return;
			this.#cancel(); // the counts of what was refused
			this.#failed(error);
		}
		if (asked === this.#asked) this.box.removeAttribute("aria-busy");
	}

	/* The histogram and the facets, drawn as they come. */
	async #count(now, asked) {
		const question = this.#question;
		const others = FIELDS.filter((field) => question[field].length === 0);
		const ask = async (changed, fields, more = {}) => {
			const parameters = toRequest({ ...question, ...changed }, now);
			for (const [name, value] of Object.entries({ limit: 0, ...more }))
				parameters.set(name, value);
			if (fields.length) parameters.set("facets", fields.join(","));
			const answer = await get(parameters, asked.signal);
			if (asked.signal.aborted) return;
			Object.assign(this.#counts, answer.facets);
			if (answer.histogram)
				this.#drawHistogram(answer.histogram, Object.fromEntries(parameters));
			this.facets.show(this.#counts, question);
		};
		const filtered = FIELDS.filter((field) => question[field].length > 0);
		const requests = [
			ask({}, others, { bucket: "auto" }),
			...filtered.map((field) => ask({ [field]: [] }, [field])),
		];
		const failure = (await Promise.allSettled(requests)).find(({ reason }) => reason);
		if (asked.signal.aborted) return;
		if (failure) this.#failed(failure.reason);
		else this.#dim(undefined, false);
	}

	/* ---- the answers */

	#found({ events, highlights, next, total_estimate: total }, took) {
		this.#next = next ?? null;
		this.#dim(false);
		for (const scroller of [this.parts.found, this.box]) scroller.scrollTop = 0;
		this.results.show(events, highlights);
		this.parts.took.textContent = `${Math.max(1, Math.round(took))} ms`;
		if (!this.#isCounted) this.#drawTotal(next === null ? events.length : about(total));
		this.#drawEnd();
		this.parts.empty.hidden = events.length > 0;
		if (!events.length) this.#drawEmpty();
	}

	async #page() {
		if (!this.#next || this.#isPaging || !this.#asked || this.results.size >= MOST) return;
		const asked = this.#asked;
		this.#isPaging = true;
		this.#drawEnd();
		const parameters = new URLSearchParams(this.#request);
		parameters.set("cursor", this.#next);
		try {
			const { events, highlights, next } = await get(parameters, asked.signal);
			if (asked.signal.aborted) return;
			this.#next = next ?? null;
			this.results.add(events, highlights);
			this.#isPaging = false;
			this.#drawEnd();
			/* What is in sight already does not come into sight again. */
			this.end.unobserve(this.parts.ahead);
			this.end.observe(this.parts.ahead);
		} catch (error) {
			if (asked.signal.aborted) return;
			this.#isPaging = false;
			this.#failed(error);
			this.#drawEnd();
		}
	}

	#failed(error) {
		if (!(error instanceof Refusal)) return this.#say("eventsd does not answer.", true);
		const { hint } = error.problem;
		this.#say(`${error.message}${hint ? `\n${hint}` : ""}`, !error.isFinal);
		return this.filters.refuse(error);
	}

	/* ---- drawing */

	/* What an earlier question found; undefined: as it is. */
	#dim(results, counts) {
		const { rows, facets } = this.parts;
		const dim = (part, isOld) => isOld !== undefined && part.classList.toggle("old", isOld);
		dim(rows, results);
		for (const part of [facets, this.histogram.box]) dim(part, counts);
	}

	#say(text, isPassing = false) {
		const line = this.parts.error.firstElementChild;
		if (line.textContent !== text) line.textContent = text;
		this.parts.error.hidden = !text;
		this.parts.error.dataset.tone = isPassing ? "wait" : "bad";
		this.parts.retry.hidden = !isPassing;
	}

	#draw() {
		const question = this.#question;
		const { range, since, until } = question;
		const isTimes = since !== "" || until !== "";
		const times = isTimes ? this.#times(question) : "";
		const own = this.parts.range.querySelector("option[value=times]");
		own.hidden = !isTimes;
		own.textContent = times;
		this.parts.range.value = isTimes ? "times" : range;
		this.parts.zoom.hidden = !isTimes;
		this.parts["zoom-text"].textContent = times;
		const hasWords = question.words.trim() !== "";
		for (const order of this.orders) {
			order.checked = order.value === orderOf(question);
			if (order.value === "rank") order.disabled = !hasWords;
		}
		this.filters.show(question);
		this.#drawChips(question);
		this.facets.show(this.#counts, question);
	}

	#times({ since, until }) {
		if (since && until) return span(since, until);
		return since
			? `since ${span(since, since).split(" – ")[0]}`
			: `until ${span(until, until).split(" – ")[0]}`;
	}

	#drawChips(question) {
		const made = chips(question).map(({ label, value, rest }) => {
			const remove = element("button", "quiet", "✕");
			remove.type = "button";
			remove.setAttribute("aria-label", `Remove the filter ${label} ${value}`);
			remove.addEventListener("click", () => {
				this.#change(rest);
				(this.parts.chips.querySelector("button") ?? this.parts.text).focus();
			});
			return element(
				"span",
				"chip",
				element("b", "", label),
				element("code", "", value),
				remove,
			);
		});
		if (made.length > 1) {
			const clear = element("button", "quiet", "Remove all");
			clear.type = "button";
			clear.addEventListener("click", () => {
				const { words, order, range, since, until } = question;
				this.#change({ ...NOTHING, words, order, range, since, until });
				this.parts.text.focus();
			});
			made.push(clear);
		}
		this.parts.chips.replaceChildren(...made);
		this.parts.chips.hidden = made.length === 0;
	}

	#drawHistogram(histogram, asked) {
		this.histogram.show(histogram, asked);
		this.#isCounted = true;
		this.#drawTotal(histogram.buckets.reduce((sum, { count }) => sum + count, 0));
	}

	/* A number is exact, a text is not. */
	#drawTotal(total) {
		const text = typeof total === "number" ? plural(total, "event") : total;
		if (this.parts.count.textContent !== text) this.parts.count.textContent = text;
	}

	#drawEnd() {
		const { size } = this.results;
		const isFull = size >= MOST;
		this.parts.end.hidden = size === 0;
		this.parts.next.hidden = this.#next === null || isFull;
		this.parts.next.disabled = this.#isPaging;
		this.parts.next.textContent = this.#isPaging ? "Loading …" : "More";
		const end = isFull
			? `These are ${plural(size, "event")}. Narrow the search to see others.`
			: `That is all: ${plural(size, "event")}.`;
		this.parts["end-text"].textContent = this.#next === null || isFull ? end : "";
	}

	#drawEmpty() {
		const question = this.#question;
		const isNarrowed = !isSame({ ...NOTHING, order: question.order }, question);
		const [title, text] = this.parts.empty.children;
		title.textContent = isNarrowed ? "Nothing was found" : "There are no events yet";
		text.textContent = isNarrowed
			? "Every word must be in the event, and every filter must let it through. " +
				"Try fewer of them, begin* for the start of a word, or one or other."
			: "What is published can be found here with its commit.";
		this.parts.wide.hidden = !isNarrowed;
	}
}
