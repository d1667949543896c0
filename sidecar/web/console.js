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
 */
import { EventsClient } from "/events.js";
import { Detail } from "/console-detail.js";
import { List } from "/console-list.js";
import { PublishForm } from "/console-publish.js";
import { KEEP, Store } from "/console-store.js";

const $ = (id) => document.getElementById(id);
const TRANSPORTS = { websocket: "WebSocket", sse: "Server-Sent Events", poll: "long-poll" };
const SECONDS = 60;

const store = new Store();
const rates = new Array(SECONDS).fill(0);
let client = null;
let frame = 0;
let anchored = true;

const plural = (count, noun) => `${count.toLocaleString()} ${noun}${count === 1 ? "" : "s"}`;

/* ---- drawing */

function draw() {
	frame ||= requestAnimationFrame(() => {
		frame = 0;
		list.update(store.view, anchored);
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
		: "They appear here when their transaction has committed. Publish one from psql:";
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

function connect() {
	client?.close();
	const own = (client = new EventsClient({
		...start($("from").value),
		source: `${location.origin}/console`,
		onevent(event) {
			store.add(event);
			rates[SECONDS - 1]++;
			form.seen(event);
			if (store.full) client.pause();
			draw();
		},
		onstate(state) {
			if (own === client || !own) drawState(state);
		},
		onreset({ reason }) {
			const why = {
				epoch: "the database was restored",
				too_old: "the oldest ones were dropped by retention",
			}[reason];
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
	store.clear();
	detail.close();
	list.select(null);
	anchored = false;
	draw();
}

/* ---- filters, kept in the address */

function applyFilter() {
	const filter = { topic: $("filter-topic").value, type: $("filter-type").value };
	const kept = new URLSearchParams(
		Object.entries({ ...filter, from: $("from").value }).filter(
			([name, value]) => value && !(name === "from" && value === "latest"),
		),
	);
	history.replaceState(null, "", kept.size ? `?${kept}` : location.pathname);
	store.filter(filter);
	anchored = false;
	draw();
}

function readAddress() {
	const query = new URLSearchParams(location.search);
	$("filter-topic").value = query.get("topic") || "";
	$("filter-type").value = query.get("type") || "";
	$("from").value = query.get("from") || "latest";
	if ($("from").selectedIndex < 0) $("from").value = "latest";
}

/* ---- keys */

const KEYS = {
	p: () => pause(!store.paused),
	n: () => form.open(),
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

for (const id of ["filter-topic", "filter-type"]) $(id).addEventListener("input", applyFilter);
document.querySelector(".filters").addEventListener("submit", (event) => event.preventDefault());
$("from").addEventListener("change", () => {
	applyFilter();
	clear();
	connect();
});
$("clear").addEventListener("click", clear);
$("pause").addEventListener("click", () => pause(!store.paused));
$("notice-held").lastElementChild.addEventListener("click", () => pause(false));
$("notice-trouble").lastElementChild.addEventListener("click", () => notice("trouble", ""));
$("publish-open").addEventListener("click", () => form.open());
setInterval(drawRate, 1000);
drawRate();
readAddress();
applyFilter();
connect();
