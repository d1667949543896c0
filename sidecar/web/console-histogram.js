/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * console-histogram.js: events over time as bars; a range of them can be chosen.
 *
 *	drag, or a click on a bar		→ onzoom({ since, until })
 *	arrow keys						a bar: its time and count are said and shown
 *	Shift + arrow keys, Enter		a range of bars, and zoom into it
 *	Escape							takes the range away
 *
 * For keyboards and screen readers it is a listbox whose options are the bars.
 * It is drawn in pixels, again for each width, and labelled in local time.
 */
const NS = "http://www.w3.org/2000/svg";
const HEIGHT = 72; // of the bars
const AXIS = 20;
const LEAST = 2; // px of a bar that is not empty
const APART = 92; // px between two labels
const DRAGGED = 5; // px that make a click a drag
const [SECOND, MINUTE, HOUR, DAY] = [1000, 60000, 3600000, 86400000];
const STEPS = [
	...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
	...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
	...[1, 2, 3, 6, 12].map((n) => n * HOUR),
	...[1, 2, 7, 14, 30, 90, 180, 365].map((n) => n * DAY),
];

const words = (options) => new Intl.DateTimeFormat(undefined, { hourCycle: "h23", ...options });
const TIME = words({ hour: "2-digit", minute: "2-digit" });
const EXACT = words({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DATE = words({ month: "short", day: "numeric" });
const MONTH = words({ month: "short", year: "numeric" });
const FULL = words({ year: "numeric", month: "short", day: "numeric" });

function draw(name, attributes = {}, ...content) {
	const made = document.createElementNS(NS, name);
	for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
	made.append(...content);
	return made;
}

const midnight = (time) => new Date(time).setHours(0, 0, 0, 0);

/* "Nov 30, 14:05 – 14:10"; the end is not in it. */
export function span(since, until) {
	const [from, to] = [new Date(since), new Date(until)];
	const clock = [from, to].some((one) => one.getSeconds() || one.getMilliseconds())
		? EXACT
		: TIME;
	const [fromDay, toDay] = [midnight(from), midnight(to)];
	const isThisYear = [from, to].every((one) => one.getFullYear() === new Date().getFullYear());
	const date = isThisYear ? DATE : FULL;
	if (from.getTime() === fromDay && to.getTime() === toDay) {
		const last = new Date(to.getTime() - 1);
		const first = date.format(from);
		return midnight(last) === fromDay ? first : `${first} – ${date.format(last)}`;
	}
	const day =
		fromDay === midnight(Date.now()) && fromDay === toDay ? "" : `${date.format(from)}, `;
	const end = fromDay === toDay ? "" : `${date.format(to)}, `;
	return `${day}${clock.format(from)} – ${end}${clock.format(to)}`;
}

/* The times that get a label, at round local times. */
function ticks(from, to, width) {
	const most = Math.max(2, Math.floor(width / APART));
	const step = STEPS.find((one) => (to - from) / one <= most) ?? 365 * DAY;
	const found = [];
	if (step < DAY) {
		const start = midnight(from);
		for (let at = start + Math.ceil((from - start) / step) * step; at < to; at += step)
			found.push({ at, text: label(at, step) });
		return found;
	}
	/* By the calendar: not every day has 24 hours. */
	const at = new Date(midnight(from));
	for (; at < to; at.setDate(at.getDate() + step / DAY))
		if (at >= from) found.push({ at: at.getTime(), text: label(at.getTime(), step) });
	return found;
}

function label(at, step) {
	if (step >= 90 * DAY) return MONTH.format(at);
	if (step >= DAY || midnight(at) === at) return DATE.format(at);
	return (step < MINUTE ? EXACT : TIME).format(at);
}

export class Histogram {
	#bars = []; // { from, to, since, until, count, group }
	#size = 0; // ms of a bucket
	#width = 0;
	#active = -1;
	#anchor = -1; // the other end of the chosen range; -1: there is none
	#drag = null;

	constructor({ box, chart, tip, most, onzoom }) {
		Object.assign(this, { box, chart, tip, most, onzoom });
		chart.addEventListener("keydown", (event) => this.#key(event));
		chart.addEventListener("pointerdown", (event) => this.#down(event));
		chart.addEventListener("pointermove", (event) => this.#move(event));
		chart.addEventListener("pointerup", (event) => this.#up(event));
		chart.addEventListener("pointercancel", () => this.#drop());
		chart.addEventListener("pointerleave", () => this.#drag ?? this.#hideTip());
		chart.addEventListener(
			"focus",
			() => this.#bars.length && this.#point(Math.max(0, this.#active)),
		);
		chart.addEventListener("blur", () => this.#drop());
		new ResizeObserver(() => this.#resize()).observe(chart);
	}

	/*
	 * bucket: in seconds, null where there is only one; buckets: [{ time, count }, ...].
	 * since and until, where they are asked for, cut the bars at the ends: what is beyond
	 * them is not counted.
	 */
	show({ bucket, buckets }, { since, until }) {
		this.#size = 1000 * (bucket ?? 1);
		const [first, last] = [
			since ? Date.parse(since) : -Infinity,
			until ? Date.parse(until) : Infinity,
		];
		this.#bars = buckets.map(({ time, count }) => {
			const from = Date.parse(time);
			const to = from + this.#size;
			return { from, to, since: Math.max(from, first), until: Math.min(to, last), count };
		});
		this.#active = Math.min(this.#active, this.#bars.length - 1);
		this.#anchor = -1;
		this.#drag = null;
		this.#hideTip();
		this.box.hidden = this.#bars.length === 0;
		this.#draw();
	}

	/* ---- drawing */

	#resize() {
		const width = this.chart.clientWidth;
		if (width !== this.#width) this.#draw();
	}

	#draw() {
		const width = (this.#width = this.chart.clientWidth);
		if (!width || !this.#bars.length) return this.chart.replaceChildren();
		const highest = Math.max(1, ...this.#bars.map(({ count }) => count));
		const slot = width / this.#bars.length;
		const gap = slot > 6 ? 2 : slot > 3 ? 1 : 0;
		const svg = draw("svg", {
			width,
			height: HEIGHT + AXIS,
			viewBox: `0 0 ${width} ${HEIGHT + AXIS}`,
			role: "presentation",
		});
		for (const share of [0.5, 1]) svg.append(this.#line(width, HEIGHT - share * (HEIGHT - 4)));
		this.#bars.forEach((bar, i) => svg.append(this.#bar(bar, i, { slot, gap, highest })));
		this.band = draw("rect", { class: "band", y: 0, height: HEIGHT, visibility: "hidden" });
		svg.append(this.#line(width, HEIGHT, "base"), this.band, this.#axis(width));
		this.most.textContent = highest.toLocaleString();
		this.#markActive();
		return this.chart.replaceChildren(svg);
	}

	#line(width, y, name = "") {
		const at = Math.round(y) - 0.5;
		return draw("line", { class: `grid ${name}`, x1: 0, x2: width, y1: at, y2: at });
	}

	#bar(bar, i, { slot, gap, highest }) {
		const share = (bar.count / highest) * (HEIGHT - 4);
		const height = bar.count ? Math.max(LEAST, share) : 0;
		const x = i * slot;
		const events = `${bar.count.toLocaleString()} event${bar.count === 1 ? "" : "s"}`;
		bar.text = { time: span(bar.since, bar.until), events };
		bar.group = draw(
			"g",
			{
				id: `histogram-${i}`,
				role: "option",
				"aria-label": `${bar.text.time}: ${events}`,
				"aria-selected": false,
			},
			draw("rect", { class: "slot", x, y: 0, width: slot, height: HEIGHT }),
			draw("rect", {
				class: "bar",
				x: x + gap / 2,
				y: HEIGHT - height,
				width: Math.max(0.75, slot - gap),
				height,
				rx: Math.min(2, slot / 5),
			}),
		);
		return bar.group;
	}

	#axis(width) {
		const [from, to] = [this.#bars[0].from, this.#bars.at(-1).to];
		const axis = draw("g", { class: "axis", "aria-hidden": true });
		for (const { at, text } of ticks(from, to, width)) {
			const x = ((at - from) / (to - from)) * width;
			const anchor = x < 30 ? "start" : x > width - 30 ? "end" : "middle";
			axis.append(
				draw("line", { x1: x, x2: x, y1: HEIGHT, y2: HEIGHT + 4 }),
				draw("text", { x, y: HEIGHT + 16, "text-anchor": anchor }, text),
			);
		}
		return axis;
	}

	/* The bars from one to the other, whichever comes first. */
	#range(one, other) {
		return [Math.min(one, other), Math.max(one, other)];
	}

	#markBand() {
		if (!this.band) return;
		const other = this.#drag?.isDrag ? this.#drag.index : this.#anchor;
		const isShown = other >= 0;
		const [first, last] = this.#range(this.#active, other);
		const slot = this.#width / this.#bars.length;
		this.band.setAttribute("visibility", isShown ? "visible" : "hidden");
		this.band.setAttribute("x", first * slot);
		this.band.setAttribute("width", (last - first + 1) * slot);
		this.#bars.forEach(({ group }, i) => {
			group.setAttribute("aria-selected", isShown && i >= first && i <= last);
		});
	}

	#markActive() {
		this.#bars.forEach(({ group }, i) => group.classList.toggle("active", i === this.#active));
		if (this.#active < 0) this.chart.removeAttribute("aria-activedescendant");
		else this.chart.setAttribute("aria-activedescendant", `histogram-${this.#active}`);
		this.#markBand();
	}

	/* ---- the bar that is pointed at */

	#point(index) {
		this.#active = index;
		this.#markActive();
		const other = this.#drag?.isDrag ? this.#drag.index : this.#anchor;
		const [first, last] = this.#range(index, other < 0 ? index : other);
		const chosen = this.#bars.slice(first, last + 1);
		const count = chosen.reduce((sum, bar) => sum + bar.count, 0);
		const [time, events] = this.tip.children;
		time.textContent = span(chosen[0].since, chosen.at(-1).until);
		events.textContent = `${count.toLocaleString()} event${count === 1 ? "" : "s"}`;
		this.tip.hidden = false;
		const middle = ((first + last + 1) / 2 / this.#bars.length) * this.#width;
		const half = this.tip.offsetWidth / 2;
		const left = Math.min(Math.max(middle, half), Math.max(half, this.#width - half));
		this.tip.style.setProperty("--at", `${left}px`);
	}

	#hideTip() {
		this.tip.hidden = true;
		if (this.#active >= 0 && document.activeElement !== this.chart) {
			this.#active = -1;
			this.#markActive();
		}
	}

	#drop() {
		this.#drag = null;
		this.#anchor = -1;
		this.#markBand();
		this.#hideTip();
	}

	#zoom(one, other) {
		const [first, last] = this.#range(one, other);
		this.#drop();
		if (this.#bars.length === 1) return;
		this.onzoom({
			since: new Date(this.#bars[first].since).toISOString(),
			until: new Date(this.#bars[last].until).toISOString(),
		});
	}

	/* ---- mouse and finger */

	#at({ clientX }) {
		const { left, width } = this.chart.getBoundingClientRect();
		const index = Math.floor(((clientX - left) / width) * this.#bars.length);
		return Math.min(this.#bars.length - 1, Math.max(0, index));
	}

	#down(event) {
		if (event.button !== 0 || !this.#bars.length) return;
		this.#anchor = -1;
		this.#drag = { x: event.clientX, index: this.#at(event), isDrag: false };
		this.chart.setPointerCapture(event.pointerId);
	}

	#move(event) {
		if (!this.#bars.length) return;
		const drag = this.#drag;
		if (drag && Math.abs(event.clientX - drag.x) >= DRAGGED) drag.isDrag = true;
		this.#point(this.#at(event));
	}

	#up(event) {
		const drag = this.#drag;
		if (!drag) return;
		const index = this.#at(event);
		if (drag.isDrag || this.#bars[index].count) this.#zoom(drag.index, index);
		else this.#drop();
	}

	/* ---- keys */

	#key(event) {
		if (event.altKey || event.ctrlKey || event.metaKey || !this.#bars.length) return;
		const last = this.#bars.length - 1;
		const target = {
			ArrowRight: this.#active + 1,
			ArrowLeft: this.#active - 1,
			PageDown: this.#active + 10,
			PageUp: this.#active - 10,
			Home: 0,
			End: last,
		}[event.key];
		if (target !== undefined) {
			if (!event.shiftKey) this.#anchor = -1;
			else if (this.#anchor < 0) this.#anchor = Math.max(0, this.#active);
			this.#point(Math.min(last, Math.max(0, target)));
		} else if ((event.key === "Enter" || event.key === " ") && this.#active >= 0)
			this.#zoom(this.#active, this.#anchor < 0 ? this.#active : this.#anchor);
		else if (event.key === "Escape" && (this.#anchor >= 0 || this.#drag)) this.#drop();
		else return;
		event.preventDefault();
		event.stopPropagation();
	}
}
