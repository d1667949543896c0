/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * console.js: the live console: wires client, store, list, details and form together.
 *
 *	EventsClient --onevent--> Store --once a frame--> List --onselect--> Detail
 *
 * Events go into the store as they come; the page is drawn at most once a
 * frame, whatever their rate.  Pausing holds the list still: events are held
 * in the store, and when its room is used up the client itself is paused and
 * later goes on from its cursor, so nothing is lost.  The filters are in the
 * address (?topic=…&type=…&from=…), which can be kept or sent to somebody.
 *
 * Topic and type are looked at here.  A pattern and a FEEL filter (?pattern=…,
 * ?filter=…) are eventsd's to apply: with another one the list is made anew,
 * from where it began.  They are tried out in a panel first (console-try.js).
 */
import { EventsClient } from "/events.js";
import { Detail, element } from "/console-detail.js";
import { List } from "/console-list.js";
import { PublishForm } from "/console-publish.js";
import { KEEP, Store } from "/console-store.js";
import { TryPanel } from "/console-try.js";

const $ = (id) => document.getElementById(id);
const TRANSPORTS = { websocket: "WebSocket", sse: "Server-Sent Events", poll: "long-poll" };
const SECONDS = 60;

const store = new Store();
const rates = new Array(SECONDS).fill(0);
let client = null;
let begin = null; // where the list begins, as options of the client
let wanted = {}; // pattern and filter, as texts
let frame = 0;
let anchored = true;

const plural = (count, noun) => `${count.toLocaleString()} ${noun}${count === 1 ? "" : "s"}`;

/* ---- drawing */

function draw() {
	frame ||= requestAnimationFrame(() => {
		frame = 0;
		list.update(store.view, anchored);
		trial.update(store.view);
		anchored = true;
		drawCount();
	});
}

function drawCount() {
	const shown = store.view.length;
	const all = store.entries.length;
	$("count").textContent =
		shown === all
			? plural(all, "event")
			: `${shown.toLocaleString()} of ${plural(all, "event")}`;
	notice("held", store.paused && store.held.length ? heldText() : "");
	notice("dropped", store.dropped ? droppedText() : "");
	$("empty").hidden = shown > 0;
	$("empty-title").textContent = all ? "Nothing matches the filter" : "Waiting for events";
	$("empty-text").textContent = all
		? `${plural(all, "event")} came that ${all === 1 ? "does" : "do"} not match it.`
		: `${isFiltered() ? "Those that match the filter" : "They"} appear here when their ` +
			"transaction has committed. Publish one from psql:";
	$("empty-sample").hidden = all > 0;
}

function heldText() {
	const held = `Paused: ${plural(store.held.length, "new event")} held here`;
	if (!store.full) return `${held}.`;
	return `${held}, the others wait in the database: the stream goes on from its cursor.`;
}

function droppedText() {
	const kept = `this page keeps about ${KEEP.toLocaleString()}`;
	return `${plural(store.dropped, "older event")} dropped: ${kept}. The database has them all.`;
}

function notice(name, text) {
	const box = $(`notice-${name}`);
	const line = box.firstElementChild;
	if (line.textContent !== text) line.textContent = text;
	box.hidden = !text;
}

/* Once a second: events a second over the last five, and the minute as a curve. */
function drawRate() {
	const recent = rates.slice(-6, -1).reduce((sum, count) => sum + count, 0) / 5;
	$("rate").textContent =
		recent >= 10 || recent === 0 ? Math.round(recent).toLocaleString() : recent.toFixed(1);
	const most = Math.max(4, ...rates);
	const points = rates.map(
		(count, i) =>
			`${((i / (SECONDS - 1)) * 120).toFixed(1)},${(24.5 - (count / most) * 22).toFixed(1)}`,
	);
	$("spark-line").setAttribute("d", `M${points.join("L")}`);
	$("spark-area").setAttribute("d", `M0,26L${points.join("L")}L120,26Z`);
	rates.push(0);
	rates.shift();
}

function drawState({ state, transport, delay, error }) {
	const name = TRANSPORTS[transport];
	const text = {
		connecting: `Connecting (${name || "…"})`,
		open: `Live, ${name}`,
		waiting: `No connection, again in ${((delay || 0) / 1000).toFixed(1)} s`,
		paused: "Paused",
		closed: "Stopped",
	}[state];
	$("connection").dataset.state = state;
	$("connection").dataset.transport = transport || "";
	$("connection").title = error?.message || "";
	$("connection-text").textContent = text;
}

/* ---- the stream */

/* Where to begin: the value of the `from` field as options of the client. */
function start(from) {
	const seconds = Number(from);
	if (!seconds) return { after: from };
	return { since: new Date(Date.now() - 1000 * seconds).toISOString() };
}

function connect(from = start($("from").value)) {
	client?.close();
	begin = from;
	const own = (client = new EventsClient({
		...from,
		...wanted,
		source: `${location.origin}/console`,
		onevent(event) {
			store.add(event);
			rates[SECONDS - 1]++;
			form.seen(event);
			if (store.full) client.pause();
			draw();
		},
		onstate(state) {
			if (own !== client && own) return;
			if (state.state === "open" && begin.after === "latest") begin = { after: own.cursor };
			drawState(state);
		},
		onreset({ reason }) {
			const why = {
				epoch: "the database was restored",
				too_old: "the oldest ones were dropped by retention",
			}[reason];
			begin = { after: own.cursor ?? "latest" };
			const text = `The stream could not go on where it was: ${why || reason}.`;
			notice("trouble", `${text} Events may be missing here.`);
		},
		onerror(error) {
			if (error.isFinal) notice("trouble", `The server refuses the stream: ${error.message}`);
		},
	}));
}

function pause(on) {
	if (on) store.pause();
	else {
		store.resume();
		client.resume();
	}
	$("pause").setAttribute("aria-pressed", on);
	$("pause-text").textContent = on ? "Resume" : "Pause";
	draw();
}

function clear() {
	if (client?.cursor) begin = { after: client.cursor };
	empty();
}

function empty() {
	store.clear();
	detail.close();
	list.select(null);
	anchored = false;
	draw();
}

/* ---- filters, kept in the address */

const isFiltered = () => Object.keys(wanted).length > 0;

function writeAddress() {
	const fields = {
		topic: $("filter-topic").value,
		type: $("filter-type").value,
		from: $("from").value === "latest" ? "" : $("from").value,
		...wanted,
	};
	const kept = new URLSearchParams(Object.entries(fields).filter(([, value]) => value));
	const draft = trial.state ? `#${new URLSearchParams(trial.state)}` : "";
	history.replaceState(null, "", (kept.size ? `?${kept}` : location.pathname) + draft);
}

function applyFilter() {
	writeAddress();
	store.filter({ topic: $("filter-topic").value, type: $("filter-type").value });
	anchored = false;
	draw();
}

function readAddress() {
	const query = new URLSearchParams(location.search);
	$("filter-topic").value = query.get("topic") || "";
	$("filter-type").value = query.get("type") || "";
	$("from").value = query.get("from") || "latest";
	if ($("from").selectedIndex < 0) $("from").value = "latest";
	const kinds = ["pattern", "filter"].filter((kind) => query.get(kind));
	wanted = Object.fromEntries(kinds.map((kind) => [kind, query.get(kind)]));
	drawWanted();
	readDraft();
}

function readDraft() {
	trial.restore(Object.fromEntries(new URLSearchParams(location.hash.slice(1))));
}

/* Another pattern or filter: what the list shows is asked for again. */
function want(filters) {
	wanted = filters;
	notice("trouble", "");
	empty();
	drawWanted();
	connect(begin);
	applyFilter();
}

function drawWanted() {
	const button = (text, label, onclick) => {
		const made = element("button", "quiet", text);
		made.type = "button";
		made.setAttribute("aria-label", label);
		made.addEventListener("click", onclick);
		return made;
	};
	const made = Object.entries(wanted).map(([kind, text]) => {
		const { [kind]: taken, ...others } = wanted;
		return element(
			"span",
			"chip",
			element("b", "", { pattern: "Pattern", filter: "FEEL" }[kind]),
			element("code", "", text),
			button("Edit", `Edit the ${kind} of the stream`, () => trial.edit(kind, taken)),
			button("✕", `Remove the ${kind} of the stream`, () => want(others)),
		);
	});
	$("applied").replaceChildren(...made);
	$("applied").hidden = !isFiltered();
}

function toggleTrial() {
	if (trial.isOpen) trial.close();
	else trial.open();
}

/* ---- keys */

const KEYS = {
	p: () => pause(!store.paused),
	n: () => form.open(),
	t: () => toggleTrial(),
	"/": () => $("filter-topic").focus(),
};

document.addEventListener("keydown", (event) => {
	if (event.key === "Escape" && detail.open && !$("publish").open) detail.close();
	if (event.ctrlKey || event.altKey || event.metaKey || $("publish").open) return;
	if (event.target.closest("input, select, textarea") || !KEYS[event.key]) return;
	event.preventDefault();
	KEYS[event.key]();
});

/* ---- put together */

const detail = new Detail({
	box: $("detail"),
	onclose: () => $("list").focus(),
	ononly(kind, value) {
		$(`filter-${kind}`).value = value;
		applyFilter();
	},
});
const list = new List({
	box: $("list"),
	rows: $("rows"),
	newest: $("newest"),
	onselect(entry, open) {
		if (entry && (open || detail.open)) detail.show(entry);
	},
});
const form = new PublishForm({ dialog: $("publish"), publish: (event) => client.publish(event) });
const trial = new TryPanel({
	box: $("try"),
	getSelected: () => list.selected,
	onuse: (kind, text) => want({ [kind]: text }),
	onchange() {
		$("try-open").setAttribute("aria-pressed", trial.isOpen);
		document.querySelector("main").classList.toggle("trying", trial.isOpen);
		writeAddress();
	},
	onclose: () => $("try-open").focus(),
});

for (const id of ["filter-topic", "filter-type"]) $(id).addEventListener("input", applyFilter);
document.querySelector(".filters").addEventListener("submit", (event) => event.preventDefault());
$("from").addEventListener("change", () => {
	applyFilter();
	empty();
	connect();
});
$("clear").addEventListener("click", clear);
$("pause").addEventListener("click", () => pause(!store.paused));
$("notice-held").lastElementChild.addEventListener("click", () => pause(false));
$("notice-trouble").lastElementChild.addEventListener("click", () => notice("trouble", ""));
$("publish-open").addEventListener("click", () => form.open());
$("try-open").addEventListener("click", toggleTrial);
$("try-hour").addEventListener("click", () => {
	$("from").value = "3600";
	$("from").dispatchEvent(new Event("change"));
});
addEventListener("hashchange", readDraft);
setInterval(drawRate, 1000);
drawRate();
readAddress();
applyFilter();
connect();
