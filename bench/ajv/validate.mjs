// SPDX-License-Identifier: PostgreSQL
//
// node validate.mjs SCHEMA EVENT WRONG SECONDS: how many validations a second ajv makes.
//
// The three are files. A validation is JSON.parse of the text and a call of the compiled schema:
// what a service pays that takes an event from the network. Each thousandth text is the wrong
// one, and the number of valid ones is checked at the end, so that nothing is left out. The first
// third of the time warms up the compiler of node and is not counted. `format` is an annotation.

import { readFileSync } from "node:fs";
import Ajv from "ajv";

const [schemaFile, eventFile, wrongFile, seconds] = process.argv.slice(2);
const read = (file) => readFileSync(file, "utf8");

const schema = JSON.parse(read(schemaFile));
// ajv knows its meta-schema by the address with http, and not by the other.
delete schema.$schema;
const validate = new Ajv({ strict: false, validateFormats: false, logger: false }).compile(schema);
const texts = [read(eventFile), read(wrongFile)];

function round(count) {
	let valid = 0;
	for (let i = 1; i <= count; i++) {
		if (validate(JSON.parse(texts[i % 1000 === 0 ? 1 : 0]))) valid++;
	}
	if (valid !== count - Math.floor(count / 1000)) throw new Error(`${valid} of ${count} are valid`);
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
