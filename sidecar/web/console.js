/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * console.js: the live console: wires client, store, list, details, form and search together.
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
 *
 * The search over the history (console-search.js) takes the place of the list,
 * and the stream goes on behind it.  From an event that was found the list can
 * go on: it then begins after that event's cursor (?from=<cursor>).
 */
import { EventsClient } from "/events.js";
import { Detail, element } from "/console-detail.js";
import { List, clock } from "/console-list.js";
import { PublishForm } from "/console-publish.js";
import { SearchView } from "/console-search.js";
import { KEEP, Store } from "/console-store.js";
import { TryPanel } from "/console-try.js";

const $ = (id) => document.getElementById(id);
const TRANSPORTS = { websocket: "WebSocket", sse: "Server-Sent Events", poll: "long-poll" };
const SECONDS = 60;
const CURSOR = /^[a-z0-9]{8}-\d{19}$/;

const store = new Store();
const rates = new Array(SECONDS).fill(0);
let client = null;
let begin = null; // where the list begins, as options of the client
let wanted = {}; // pattern and filter, as texts
let address = ""; // the query that the stream was made of
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
	if (!search.isOpen) detail.close();
	list.select(null);
	notice("from", "");
	anchored = false;
	draw();
}

/* ---- filters, kept in the address */

const isFiltered = () => Object.keys(wanted).length > 0;

function writeAddress(isPushed = false) {
	const fields = {
		topic: $("filter-topic").value,
		type: $("filter-type").value,
		from: $("from").value === "latest" ? "" : $("from").value,
		...wanted,
	};
	const kept = new URLSearchParams(Object.entries(fields).filter(([, value]) => value));
	const draft = search.state ?? (trial.state && new URLSearchParams(trial.state).toString());
	address = kept.size ? `?${kept}` : "";
	const whole = (address || location.pathname) + (draft === null ? "" : `#${draft}`);
	if (isPushed) history.pushState(null, "", whole);
	else history.replaceState(null, "", whole);
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
	setFrom(query.get("from") || "latest");
	const kinds = ["pattern", "filter"].filter((kind) => query.get(kind));
	wanted = Object.fromEntries(kinds.map((kind) => [kind, query.get(kind)]));
	drawWanted();
	readDraft();
}

/* A cursor is a choice too, once somebody has come with one. */
function setFrom(from) {
	$("from").querySelector("[data-cursor]")?.remove();
	if (CURSOR.test(from)) {
		const option = new Option("a chosen event", from);
		option.dataset.cursor = "";
		$("from").append(option);
	}
	$("from").value = from;
	if ($("from").selectedIndex < 0) $("from").value = "latest";
}

function readDraft() {
	const draft = new URLSearchParams(location.hash.slice(1));
	search.restore(draft);
	trial.restore(search.isOpen ? {} : Object.fromEntries(draft));
	drawView();
}

/* Back or forward, or an address typed by hand. */
function visit() {
	if (location.search !== address) {
		address = location.search;
		readAddress();
		store.filter({ topic: $("filter-topic").value, type: $("filter-type").value });
		empty();
		connect();
	} else readDraft();
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
	if (trial.isOpen) return trial.close();
	if (search.isOpen) search.close();
	return trial.open();
}

/* ---- search */

/*
 * Which of the three is shown; the details stand beside each but the trial.  Classes of the
 * body say so: body:has() would be looked at anew with each row, for all that is on the page.
 */
function drawView() {
	const { classList } = document.body;
	if (classList.contains("searching") !== search.isOpen && detail.open) detail.hide();
	classList.toggle("trying", trial.isOpen);
	classList.toggle("searching", search.isOpen);
	$("try-open").setAttribute("aria-pressed", trial.isOpen);
}

function openSearch() {
	if (trial.isOpen) trial.close();
	search.open();
}

/* The stream begins after an event that was found; what can filter it comes along. */
function streamFrom(
	event,
	{ words, type, topic, source, user, subject, contains, pattern, filter },
) {
	search.close();
	$("filter-topic").value = topic.join(", ");
	$("filter-type").value = type.join(", ");
	wanted = { ...(pattern && { pattern }), ...(filter && { filter }) };
	setFrom(event.sequence);
	if (store.paused) pause(false);
	applyFilter();
	empty();
	drawWanted();
	connect();
	const others = Object.entries({ words, source, user, subject, contains });
	const left = others.filter(([, value]) => value.length > 0).map(([name]) => name);
	const only = left.length ? ` Not filtered by ${left.join(", ")} of the search.` : "";
	const when = clock(event.recordedtime ?? event.time);
	notice("from", `What came after ${event.type} of ${when}.${only}`);
	$("list").focus();
}

/* ---- keys */

const KEYS = {
	p: () => pause(!store.paused),
	n: () => form.open(),
	t: () => toggleTrial(),
	s: () => openSearch(),
	r: () => search.isOpen && search.again(),
	"/": () => (search.isOpen ? search.focus() : $("filter-topic").focus()),
};

/* Escape closes what was opened last; in the search box it takes the words away first. */
function escape({ target }) {
	if ($("publish").open) return;
	if (target === $("search-text") && target.value) return;
	if (detail.open) detail.close();
	else search.close();
}

document.addEventListener("keydown", (event) => {
	if (event.key === "Escape" && !event.defaultPrevented) escape(event);
	if (event.ctrlKey || event.altKey || event.metaKey || $("publish").open) return;
	if (event.target.closest("input, select, textarea") || !KEYS[event.key]) return;
	event.preventDefault();
	KEYS[event.key]();
});

/* ---- put together */

const detail = new Detail({
	box: $("detail"),
	onclose() {
		if (!search.isOpen) return $("list").focus();
		search.results.focus();
		return search.results.select(null);
	},
	onstream: (event) => streamFrom(event, search.question),
	ononly(kind, value) {
		if (search.isOpen) return search.only(kind, value);
		$(`filter-${kind}`).value = value;
		return applyFilter();
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
		drawView();
		writeAddress();
	},
	onclose: () => $("try-open").focus(),
});
const search = new SearchView({
	box: $("search"),
	form: $("search-form"),
	onselect(entry, open) {
		if (open || detail.open) detail.show(entry);
		return detail.open;
	},
	onstream: streamFrom,
	onchange(isPushed) {
		if (search.isOpen && trial.isOpen) trial.close();
		drawView();
		writeAddress(isPushed);
	},
	onclose: () => $("list").focus(),
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
$("notice-from").lastElementChild.addEventListener("click", () => openSearch());
addEventListener("popstate", visit);
setInterval(drawRate, 1000);
drawRate();
readAddress();
applyFilter();
connect();
