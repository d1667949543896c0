/* SPDX-License-Identifier: PostgreSQL
 *
 * check.mjs: gives what events.typescript() writes to the TypeScript compiler.
 *
 * For each schema a module is written: the types, a constant of the first type
 * for each valid value, as a literal (which is the strictest way: members that a
 * type does not know are errors in a literal), and one marked @ts-expect-error
 * for each value that the type must refuse.  One run of `tsc --strict --noEmit`
 * judges all modules; its messages are sorted by case, a TAP line each.
 *
 * Schemas are those of cases.json and, where they are there, those of the corpus
 * with its events and of the JSON Schema Test Suite with its values (a TAP line
 * for each of its files; the schemas that they refer to are registered).
 * Which values are valid is asked of events.is_valid(), so a case whose values
 * are not what it says fails, too.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync }
	from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const SUITES = process.env.EVENTS_SUITES;

const DRAFTS = { "draft4": "draft-04", "draft6": "draft-06", "draft7": "draft-07",
	"draft2019-09": "2019-09", "draft2020-12": "2020-12" };

/* ---- the cases: {name, schema, draft, valid: [...], invalid: [...]}; ask: some of `valid` are not */

const literal = (value) => `'${JSON.stringify(value).replaceAll("'", "''")}'`;

function ownCases()
{
	const cases = JSON.parse(readFileSync(join(HERE, "cases.json"), "utf8"));

	return cases.map((one) => ({ draft: "2020-12", ask: false, ...one }));
}

/* What the hub sends of a registered type. */
function registeredCase()
{
	const schema = { type: "object", required: ["total"], additionalProperties: false,
		properties: { total: { type: "number" } } };
	const event = { specversion: "1.0", id: "1", source: "/shop", type: "order.paid",
		data: { total: 9.5 } };

	return { name: "a registered type", type: "OrderPaid", draft: "2020-12", ask: false,
		setup: `SELECT NULL FROM events.register_schema('/order/paid/1.0.0', ${literal(schema)});
			SELECT NULL FROM events.register_type('order.paid', '/order/paid/1', '{"total": 1}');`,
		valid: [event, { ...event, time: "2026-01-02T03:04:05Z", sequence: "x", tenant: 7 }],
		invalid: [{ ...event, type: "order.unpaid" }, { ...event, data: {} }, { ...event, id: 1 },
			event.data] };
}

/* Which of the corpus' events are valid is for the database to say. */
function corpusCases()
{
	const cases = new Map();

	if (!SUITES || !existsSync(join(SUITES, "corpus-schemas")))
	{
		console.log("# no corpus in EVENTS_SUITES: its schemas and events are skipped");
		return [];
	}
	for (const file of readdirSync(join(SUITES, "corpus-schemas")).sort())
	{
		const text = readFileSync(join(SUITES, "corpus-schemas", file), "utf8");

		cases.set(file, { name: file.replace(/\.json$/, ""), schema: JSON.parse(text), valid: [],
			invalid: [], draft: "2020-12", ask: true });
	}
	for (const line of readFileSync(join(SUITES, "corpus.ndjson"), "utf8").split("\n"))
	{
		const entry = line === "" ? {} : JSON.parse(line);

		if (cases.has(entry.schema_file))
			cases.get(entry.schema_file).valid.push(entry.event);
	}
	return [...cases.values()];
}

function suiteCases()
{
	const cases = [];

	if (!SUITES || !existsSync(join(SUITES, "json-schema", "tests")))
	{
		console.log("# no JSON Schema Test Suite in EVENTS_SUITES: it is skipped");
		return [];
	}
	for (const [folder, draft] of Object.entries(DRAFTS))
	{
		const path = join(SUITES, "json-schema", "tests", folder);

		for (const file of readdirSync(path).filter((name) => name.endsWith(".json")).sort())
		{
			const text = readFileSync(join(path, file), "utf8");

			for (const group of JSON.parse(text))
			{
				/* jsonb has no U+0000 */
				if (!JSON.stringify(group).includes("\\u0000"))
					cases.push({ name: `${folder}/${file}`, schema: group.schema, draft,
						valid: group.tests.map((test) => test.data), invalid: [], ask: true });
			}
		}
	}
	return cases;
}

/* The schemas that those of the suite refer to, as SQL. */
function remotes()
{
	const folder = join(SUITES ?? "", "json-schema", "remotes");

	if (!SUITES || !existsSync(folder))
		return "";
	return readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".json")).sort()
		.map((name) => `SET events.schema_draft = '${DRAFTS[name.split("/")[0]] ?? "2020-12"}';
			SELECT pg_temp.register('http://localhost:1234/${name}',
				${literal(JSON.parse(readFileSync(join(folder, name), "utf8")))});`).join("\n");
}

/* ---- the database */

function psql(sql)
{
	const child = spawnSync("psql", ["-XAtq", "-v", "ON_ERROR_STOP=1", "postgres"],
		{ input: sql, encoding: "utf8", maxBuffer: 1 << 28 });

	if (child.status !== 0)
		throw new Error(child.stderr || String(child.error));
	return child.stdout.split("\n").filter((row) => row !== "").map((row) => JSON.parse(row));
}

/* The types of each case, and which of its values are valid; no types if a reference leads nowhere. */
const HELPERS = `
CREATE FUNCTION pg_temp.judge(schema jsonb, vals jsonb) RETURNS json LANGUAGE plpgsql AS $$
BEGIN
	RETURN json_build_object('types', events.typescript(schema, 'Event'),
		'valid', (SELECT coalesce(json_agg(events.is_valid(v, schema) ORDER BY n), '[]')
			FROM jsonb_array_elements(vals) WITH ORDINALITY AS e(v, n)));
EXCEPTION WHEN invalid_parameter_value THEN
	RETURN json_build_object('error', SQLERRM);
END $$;
CREATE FUNCTION pg_temp.register(uri text, schema jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM events.register_schema(uri, schema, allow_insecure => true);
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	RETURN NULL; -- of a draft that is not understood
END $$;
`;

function askDatabase(cases)
{
	const rows = cases.map((one) => `SET events.schema_draft = '${one.draft}';` +
		(one.type === undefined ?
			`SELECT pg_temp.judge(${literal(one.schema)}, ${literal(one.valid)});` :
			`${one.setup} SELECT json_build_object('types', events.typescript('order.paid'),
				'valid', ${literal(one.valid.map(() => true))}::json);`));

	return psql("SET client_min_messages = error; SET standard_conforming_strings = on;\n" +
		"CREATE EXTENSION IF NOT EXISTS events;\n" + HELPERS + remotes() + rows.join("\n"));
}

/* ---- the compiler */

function moduleOf(one, answer)
{
	const type = one.type ?? "Event";
	let text = answer.types;

	one.valid.forEach((value, i) =>
	{
		if (answer.valid[i])
			text += `\nexport const valid${i}: ${type} = ${JSON.stringify(value)};\n`;
	});
	one.invalid.forEach((value, i) =>
	{
		text += `\n// @ts-expect-error: invalid ${i}\n` +
			`export const invalid${i}: ${type} = ${JSON.stringify(value)};\n`;
	});
	return text;
}

function compile(folder)
{
	const tsc = join(HERE, "node_modules", "typescript", "bin", "tsc");
	const options = { strict: true, noEmit: true, target: "es2022", module: "es2022",
		moduleResolution: "node", types: [], skipLibCheck: true };

	writeFileSync(join(folder, "tsconfig.json"),
		JSON.stringify({ compilerOptions: options, include: ["*.ts"] }));
	const child = spawnSync(process.execPath, [tsc, "-p", folder, "--pretty", "false"],
		{ cwd: folder, encoding: "utf8", maxBuffer: 1 << 28 });
	const messages = new Map();
	let last = null;

	if (child.status === null)
		throw new Error(String(child.error ?? child.signal));
	for (const line of child.stdout.split("\n"))
	{
		const found = /^(?:.*\/)?([^/(]+)\.ts\((\d+),\d+\): (.*)$/.exec(line);

		if (found)
			last = messages.get(found[1]) ?? messages.set(found[1], []).get(found[1]);
		if (line !== "" && last !== null)
			last.push(found ? `line ${found[2]}: ${found[3]}` : line);
		else if (line !== "")
			throw new Error(line);
	}
	return messages;
}

/* ---- the report */

/* What is wrong with one case. */
function complaints(one, answer, messages)
{
	if (answer.types === undefined)
		return one.ask ? [] : [answer.error];
	if (!one.ask && answer.valid.includes(false))
		return [...messages, `which values are valid: ${answer.valid}`];
	return messages;
}

/* A line for each name. */
function report(cases, answers, messages)
{
	const lines = new Map();

	cases.forEach((one, i) =>
	{
		const line = lines.get(one.name) ??
			lines.set(one.name, { wrong: [], types: 0, valid: 0, refused: 0 }).get(one.name);

		line.wrong.push(...complaints(one, answers[i], messages.get(`m${i}`) ?? []));
		if (answers[i].types !== undefined)
		{
			line.types++;
			line.valid += answers[i].valid.filter((is) => is).length;
			line.refused += one.invalid.length;
		}
	});
	let number = 0;
	for (const [name, line] of lines)
	{
		console.log(`${line.wrong.length > 0 ? "not ok" : "ok"} ${++number} - ${name}: ` +
			`${line.types} schemas, ${line.valid} values assignable, ${line.refused} refused`);
		for (const text of line.wrong.slice(0, 5))
			console.log(`#   ${text.slice(0, 300)}`);
	}
	console.log(`1..${number}`);
	return [...lines.values()];
}

function main()
{
	const cases = [...ownCases(), registeredCase(), ...corpusCases(), ...suiteCases()];
	const answers = askDatabase(cases);
	const folder = mkdtempSync(join(tmpdir(), "events-typescript."));

	cases.forEach((one, i) =>
	{
		if (answers[i].types !== undefined)
			writeFileSync(join(folder, `m${i}.ts`), moduleOf(one, answers[i]));
	});
	const lines = report(cases, answers, compile(folder));
	const sum = (key) => lines.reduce((total, line) => total + line[key], 0);

	console.log(`# ${sum("types")} of ${cases.length} schemas, ${sum("valid")} values assignable, ` +
		`${sum("refused")} refused`);
	if (process.env.KEEP === "1")
		console.log(`# kept: ${folder}`);
	else
		rmSync(folder, { recursive: true });
	return lines.some((line) => line.wrong.length > 0) ? 1 : 0;
}

process.exit(main());
