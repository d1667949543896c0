/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * console-search-filters.js: the fields under "More filters" of the search.
 *
 * Each field writes one member of the question; a question from elsewhere (a
 * chip, a facet) is written into all fields but the one that is being typed in,
 * and one from the address (Back, too) into that as well.  JSON is read here, to
 * say at once where it is none.
 */
import { Editor } from "/console-editor.js";
import { JsonFault, lineAndColumn, scanJson } from "/console-json.js";
import { listOf, textOf, timeOf } from "/console-question.js";
import { placeOf } from "/console-try.js";

const LISTS = ["type", "topic", "source", "user"];
const TIMES = ["since", "until"];
const EDITORS = { contains: "pattern", pattern: "pattern", filter: "filter" };
const ABOUT = { pattern: /pattern/i, contains: /contains/i, filter: /FEEL|expression/i };
const NAMES = { contains: "Contains", pattern: "The pattern" };

/* What a datetime-local field wants: local time, without a zone. */
function local(iso) {
	if (!iso) return "";
	const at = new Date(iso);
	const shifted = new Date(at.getTime() - 60000 * at.getTimezoneOffset());
	return shifted.toISOString().slice(0, 19);
}

export class SearchFilters {
	constructor({ form, onchange }) {
		const find = (name) => form.querySelector(`#search-${name}`);
		this.fields = Object.fromEntries(
			[...LISTS, ...TIMES, "subject"].map((name) => [name, find(name)]),
		);
		for (const name of LISTS)
			this.fields[name].addEventListener("input", ({ target }) =>
				onchange({ [name]: listOf(target.value) }),
			);
		for (const name of TIMES)
			this.fields[name].addEventListener("change", ({ target }) =>
				onchange({ [name]: timeOf(target.value) }),
			);
		this.fields.subject.addEventListener("input", ({ target }) =>
			onchange({ subject: target.value.trim() }),
		);
		this.editors = Object.fromEntries(
			Object.keys(EDITORS).map((name) => {
				const editor = new Editor({
					area: find(name),
					back: find(`${name}-back`),
					onchange: () => onchange({ [name]: editor.value.trim() }),
					onsubmit: () => onchange({}),
				});
				return [name, editor];
			}),
		);
		form.addEventListener("submit", (event) => {
			event.preventDefault();
			onchange({});
		});
	}

	/* isWhole: what is being typed is of an earlier question. */
	show(question, isWhole = false) {
		const isFree = (field) => isWhole || field !== document.activeElement;
		const write = (field, text) => {
			if (isFree(field) && field.value !== text) field.value = text;
		};
		for (const name of LISTS) write(this.fields[name], textOf(question[name]));
		for (const name of TIMES) write(this.fields[name], local(question[name]));
		write(this.fields.subject, question.subject);
		for (const [name, editor] of Object.entries(this.editors))
			if (isFree(editor.area) && editor.value.trim() !== question[name])
				editor.show(question[name], EDITORS[name]);
	}

	/* What cannot be asked, in words; "" when all can. */
	fault(question) {
		for (const name of Object.keys(NAMES)) {
			const editor = this.editors[name];
			editor.mark();
			if (!question[name]) continue;
			try {
				scanJson(editor.value);
			} catch (error) {
				if (!(error instanceof JsonFault)) throw error;
				const { line, column } = lineAndColumn(editor.value, error.from);
				editor.mark(error.from, error.to);
				const place = `line ${line}, column ${column}`;
				return `${NAMES[name]} is not JSON: ${place}: ${error.message}.`;
			}
		}
		return "";
	}

	/* What a refusal of the server is about is marked, when it says so. */
	refuse({ message, problem = {} }) {
		const name = Object.keys(ABOUT).find((one) => ABOUT[one].test(message));
		const editor = this.editors[name];
		const text = editor?.value ?? "";
		if (!text.trim()) return;
		const place = name === "contains" ? null : placeOf(name, text, { message, problem });
		editor.mark(...(place ?? [0, text.length]));
	}
}
