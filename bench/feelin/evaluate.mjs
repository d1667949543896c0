// SPDX-License-Identifier: PostgreSQL
//
// node evaluate.mjs FILTER EVENT OTHER SECONDS: how many filters a second feelin evaluates.
//
// The three are files: an expression, an event for which it is true, and one for which it is not.
// Each thousandth event is the other one, and the number of true answers is checked at the end. The
// events are objects already: that is what a service has, and JSON.parse is left out. feelin
// parses the expression each time it is given one, unless its tree is kept: it has no function
// for that, so its cost is part of the figure, as it is for whoever uses it.
// The first third of the time warms up the compiler of node and is not counted.

import { readFileSync } from "node:fs";
import { evaluate } from "feelin";

const [filterFile, eventFile, otherFile, seconds] = process.argv.slice(2);
const filter = readFileSync(filterFile, "utf8");
const events = [eventFile, otherFile].map((file) => JSON.parse(readFileSync(file, "utf8")));

function answer(event) {
	const result = evaluate(filter, event);
	return (result !== null && typeof result === "object" ? result.value : result) === true;
}

function round(count) {
	let matches = 0;
	for (let i = 1; i <= count; i++) {
		if (answer(events[i % 1000 === 0 ? 1 : 0])) matches++;
	}
	if (matches !== count - Math.floor(count / 1000)) throw new Error(`${matches} of ${count} match`);
}

function run(milliseconds) {
	const begin = performance.now();
	let count = 0, now = begin;
	while (now - begin < milliseconds) {
		round(1000);
		count += 1000;
		now = performance.now();
	}
	return (count * 1000) / (now - begin);
}

run((seconds * 1000) / 3);
console.log(Math.round(run((seconds * 2000) / 3)));
