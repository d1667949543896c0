// SPDX-License-Identifier: PostgreSQL
//
// watch.mjs [TYPE...]: prints events as they come, with events.js in Node.
import { EventsClient } from "../sidecar/web/events.js";

const types = process.argv.slice(2);

new EventsClient({
	url: `${process.env.EVENTS_URL || "http://127.0.0.1:8080"}/v1/events`,
	types: types.length ? types : undefined,
	onevent: ({ time, type, topic, data }) =>
		console.log(time, type, `[${topic}]`, JSON.stringify(data)),
	onstate: ({ state, transport }) =>
		console.error(`${state}${transport ? ` (${transport})` : ""}`),
	onreset: ({ reason }) => console.error(`events may be missing here: ${reason}`),
	onerror: (error) => console.error(error.message),
});
