/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * console-facets.js: the values that the found events have, counted; a click filters by one.
 *
 * The counts of a field leave its own filter out, so that a second value can be
 * added to the first.  Elements are kept for their value, so that the one that
 * was clicked keeps the focus when the counts change.
 */
import { element } from "/console-detail.js";
import { hue } from "/console-list.js";
import { clip } from "/console-results.js";

const FEW = 6;
const TITLES = { type: "Type", source: "Source", topic: "Topic", user: "User" };

export const FIELDS = Object.keys(TITLES);

class Facet {
	#items = new Map(); // by value
	#values = [];
	#isLong = false;

	constructor(field, ontoggle) {
		Object.assign(this, { field, ontoggle });
		this.list = element("ul", "facet-values");
		this.more = element("button", "link facet-more");
		this.more.type = "button";
		this.more.addEventListener("click", () => {
			this.#isLong = !this.#isLong;
			this.#draw();
		});
		const title = element("h3", "", TITLES[field]);
		title.id = `facet-${field}`;
		this.list.setAttribute("aria-labelledby", title.id);
		this.box = element("section", "facet", title, this.list, this.more);
		this.box.dataset.field = field;
	}

	/* Without values before they are known. */
	show(values = [], chosen = [], isKnown = true) {
		const isThere = new Set(values.map(({ value }) => value));
		const others = chosen.filter((value) => !isThere.has(value));
		this.#values = [...others.map((value) => ({ value, count: null })), ...values];
		this.chosen = new Set(chosen);
		this.isKnown = isKnown;
		this.#draw();
	}

	#draw() {
		const all = this.#values;
		const shown = all.filter(
			({ value }, i) => this.#isLong || i < FEW || this.chosen.has(value),
		);
		const most = Math.max(1, ...all.map(({ count }) => count ?? 0));
		const focused = document.activeElement;
		this.list.replaceChildren(...shown.map((one) => this.#item(one, most)));
		if (this.list.contains(focused)) focused.focus({ preventScroll: true });
		const wanted = new Set(shown.map(({ value }) => value));
		for (const value of this.#items.keys()) if (!wanted.has(value)) this.#items.delete(value);
		this.box.hidden = this.isKnown && all.length === 0;
		this.more.hidden = all.length <= FEW;
		this.more.textContent = this.#isLong ? "Fewer" : `${all.length - FEW} more`;
		this.more.setAttribute("aria-expanded", this.#isLong);
	}

	#item({ value, count }, most) {
		if (!this.#items.has(value)) this.#items.set(value, this.#make(value));
		const item = this.#items.get(value);
		const button = item.firstElementChild;
		button.setAttribute("aria-pressed", this.chosen.has(value));
		button.lastElementChild.textContent = count === null ? "" : count.toLocaleString();
		button.style.setProperty("--share", `${(100 * (count ?? 0)) / most}%`);
		return item;
	}

	#make(value) {
		const text = this.field === "topic" ? value.split("/").join(" / ") : value;
		const name = element("span", "value clip", ...clip(text));
		const button = element("button", "facet-value", name, " ", element("span", "number"));
		button.type = "button";
		button.title = value;
		if (this.field === "type") button.style.setProperty("--hue", hue(value));
		button.addEventListener("click", () => this.ontoggle(this.field, value));
		return element("li", "", button);
	}
}

export class Facets {
	constructor({ box, ontoggle }) {
		this.facets = FIELDS.map((field) => new Facet(field, ontoggle));
		box.replaceChildren(...this.facets.map((facet) => facet.box));
	}

	/* { type: [{ value, count }, ...], ... } and the chosen values of each */
	show(counts, chosen) {
		for (const facet of this.facets) {
			const values = counts[facet.field];
			facet.show(values, chosen[facet.field], values !== undefined);
		}
	}
}
