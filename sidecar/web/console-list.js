/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * console-list.js: the list of events, of which only the visible rows exist.
 *
 * Rows have one height (--row in the style sheet).  The element that scrolls
 * is as high as all rows together; some forty row elements are moved and
 * filled again as it scrolls and as events come, once a frame at most.  The
 * newest event is on top.  At the top the list follows the stream; scrolled
 * down it stays where it is, and new events push the scroll position instead.
 *
 * For keyboards and screen readers it is a listbox: it has the focus, and
 * aria-activedescendant names the selected row.
 */
const HUES = 18;

/* A type keeps its colour: a hue from the part before the first dot. */
export function hue(type) {
	let sum = 7;
	for (const letter of type.split(".", 1)[0]) sum = (sum * 131 + letter.charCodeAt(0)) % 65521;
	return ((sum % HUES) * 360) / HUES;
}

/* Where a key leads to from row `here` of a list that ends with row `last`; undefined: nowhere. */
export function rowOfKey(event, here, last, page = 10) {
	const target = {
		ArrowDown: here + 1,
		ArrowUp: here - 1,
		PageDown: here + page,
		PageUp: here - page,
		Home: 0,
		End: last,
	}[event.key];
	if (target === undefined || last < 0 || event.altKey || event.ctrlKey || event.metaKey)
		return undefined;
	return Math.min(last, Math.max(0, target));
}

/* 14:05:09.123, with the date before it when that is not today. */
export function clock(time) {
	const at = new Date(time);
	if (Number.isNaN(at.getTime())) return time || "";
	const pad = (number, width = 2) => String(number).padStart(width, "0");
	const day =
		at.toDateString() === new Date().toDateString()
			? ""
			: `${pad(at.getMonth() + 1)}-${pad(at.getDate())} `;
	const clockTime = `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
	return day ? day + clockTime : `${clockTime}.${pad(at.getMilliseconds(), 3)}`;
}

export class List {
	#pool = [];
	#view = [];
	#top = 0; // serial of the newest row at the last update
	#height = 34;
	#frame = 0;

	constructor({ box, rows, newest, onselect }) {
		Object.assign(this, { box, rows, newest, onselect, selected: null });
		box.addEventListener("scroll", () => this.#draw());
		box.addEventListener("keydown", (event) => this.#key(event));
		rows.addEventListener("click", ({ target }) => {
			const row = target.closest(".row");
			if (row) this.select(row.entry, true);
		});
		newest.addEventListener("click", () => {
			box.scrollTop = 0;
			box.focus();
		});
		new ResizeObserver(() => this.#measure()).observe(box);
		this.#measure();
	}

	/* The view has changed; anchored: keep what is in sight where it is. */
	update(view, anchored = true) {
		const added = anchored ? this.#added(view) : 0;
		this.#view = view;
		this.#top = view.at(-1)?.serial ?? 0;
		this.rows.style.height = `${view.length * this.#height}px`;
		if (!anchored) this.box.scrollTop = 0;
		else if (this.box.scrollTop > this.#height / 2) this.box.scrollTop += added * this.#height;
		this.#fill();
	}

	select(entry, open = false) {
		this.selected = entry;
		this.#draw();
		this.onselect(entry, open);
	}

	#added(view) {
		let i = view.length;
		while (i > 0 && view[i - 1].serial > this.#top) i--;
		return view.length - i;
	}

	#measure() {
		this.#height = parseInt(getComputedStyle(this.box).getPropertyValue("--row"), 10) || 34;
		this.rows.style.height = `${this.#view.length * this.#height}px`;
		this.#draw();
	}

	#draw() {
		this.#frame ||= requestAnimationFrame(() => {
			this.#frame = 0;
			this.#fill();
		});
	}

	#fill() {
		const { scrollTop, clientHeight } = this.box;
		const first = Math.max(0, Math.floor(scrollTop / this.#height) - 4);
		const count = Math.min(
			this.#view.length - first,
			Math.ceil(clientHeight / this.#height) + 8,
		);
		let active = "";
		while (this.#pool.length < count) this.#pool.push(this.#makeRow());
		this.#pool.forEach((row, i) => {
			row.hidden = i >= count;
			if (row.hidden) return;
			const entry = this.#view[this.#view.length - 1 - first - i];
			if (row.entry !== entry) this.#fillRow(row, entry);
			row.style.transform = `translateY(${(first + i) * this.#height}px)`;
			row.setAttribute("aria-setsize", this.#view.length);
			row.setAttribute("aria-posinset", first + i + 1);
			row.setAttribute("aria-selected", entry === this.selected);
			if (entry === this.selected) active = row.id;
		});
		if (active) this.box.setAttribute("aria-activedescendant", active);
		else this.box.removeAttribute("aria-activedescendant");
		const above = Math.round(scrollTop / this.#height);
		this.newest.hidden = above < 3;
		this.newest.lastElementChild.textContent = `${above.toLocaleString()} newer`;
	}

	#makeRow() {
		const row = document.createElement("div");
		row.className = "row";
		row.id = `row-${this.#pool.length}`;
		row.setAttribute("role", "option");
		for (const name of ["time", "type", "topic", "data"]) {
			const cell = document.createElement("span");
			cell.className = name;
			row.append(cell);
			row[`${name}Cell`] = cell;
		}
		this.rows.append(row);
		return row;
	}

	#fillRow(row, entry) {
		const { event, preview } = entry;
		row.entry = entry;
		row.timeCell.textContent = clock(event.time || event.recordedtime);
		row.typeCell.textContent = event.type;
		row.title = event.type;
		row.topicCell.textContent = (event.topic || "").split("/").join(" / ");
		row.dataCell.textContent = preview;
		row.style.setProperty("--hue", hue(event.type));
	}

	#key(event) {
		if (event.altKey || event.ctrlKey || event.metaKey) return;
		const page = Math.max(1, Math.floor(this.box.clientHeight / this.#height) - 1);
		const last = this.#view.length - 1;
		const at = this.selected ? last - this.#view.indexOf(this.selected) : -1;
		const known = at >= 0 && at <= last ? at : -1;
		const target = rowOfKey(event, known, last, page);
		if (target !== undefined) this.#goto(target);
		else if (event.key === "Enter" && this.selected) this.onselect(this.selected, true);
		else return;
		event.preventDefault();
	}

	#goto(index) {
		const top = index * this.#height;
		const { scrollTop, clientHeight } = this.box;
		if (top < scrollTop) this.box.scrollTop = top;
		else if (top + this.#height > scrollTop + clientHeight)
			this.box.scrollTop = top + this.#height - clientHeight;
		this.select(this.#view[this.#view.length - 1 - index]);
	}
}
