/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * console-publish.js: the form that publishes a test event.
 *
 * What is wrong is said beside the form, in the server's words: a problem
 * document's detail, or for each refused event what its validation found and
 * where.  What went well is said twice: when the server has committed the
 * event, and when the event came back on the console's own stream.
 */

/* The sentences in an error answer, whichever shape it has. */
function sentences(error) {
	const { problem = {} } = error;
	const failed = [...(problem.invalid || []), ...(problem.error || [])];
	const found = failed
		.flatMap(({ context }) => context?.errors || (context?.message ? [context] : []))
		.map(({ instanceLocation, message }) =>
			instanceLocation ? `${instanceLocation}: ${message}` : message,
		);
	return found.length ? found.join("\n") : error.message;
}

export class PublishForm {
	#sent = null; // { id, at } of what is still to come back

	constructor({ dialog, publish }) {
		const find = (name) => dialog.querySelector(`#publish-${name}`);
		Object.assign(this, { dialog, publish });
		this.parts = Object.fromEntries(
			["type", "topic", "data", "error", "done", "send", "form"].map((name) => [
				name,
				find(name),
			]),
		);
		this.parts.form.addEventListener("submit", (event) => {
			event.preventDefault();
			this.#submit();
		});
		this.parts.form.addEventListener("keydown", (event) => {
			if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.#submit();
		});
		find("close").addEventListener("click", () => dialog.close());
	}

	open() {
		this.#say("error", "");
		this.#say("done", "");
		this.dialog.showModal();
		this.parts.type.select();
	}

	/* The console shows every event that comes to us too. */
	seen(event) {
		if (!this.#sent || event.id !== this.#sent.id) return;
		const took = Math.round(performance.now() - this.#sent.at);
		this.#say(
			"done",
			`Published as ${event.id}.\nIt came back on the stream after ${took} ms.`,
		);
		this.#sent = null;
	}

	#say(part, text, field) {
		this.parts[part].textContent = text;
		this.parts[part].hidden = !text;
		for (const name of ["type", "topic", "data"])
			if (part === "error") this.parts[name].toggleAttribute("aria-invalid", false);
		if (field) this.parts[field].setAttribute("aria-invalid", "true");
		if (field) this.parts[field].focus();
	}

	#read() {
		const type = this.parts.type.value.trim();
		const topic = this.parts.topic.value.trim();
		const text = this.parts.data.value.trim();
		if (!type) return this.#say("error", "A type is needed, such as order.created.", "type");
		try {
			const id = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
				byte.toString(16).padStart(2, "0"),
			);
			return {
				id: id.join(""),
				type,
				...(topic && { topic }),
				time: new Date().toISOString(),
				...(text && { datacontenttype: "application/json", data: JSON.parse(text) }),
			};
		} catch (error) {
			return this.#say("error", `The data is not JSON: ${error.message}`, "data");
		}
	}

	async #submit() {
		if (this.parts.send.disabled) return;
		this.#say("error", "");
		this.#say("done", "");
		const event = this.#read();
		if (!event) return;
		this.parts.send.disabled = true;
		this.#sent = { id: event.id, at: performance.now() };
		try {
			await this.publish(event);
			if (this.#sent) this.#say("done", `Published as ${event.id}.`);
		} catch (error) {
			this.#sent = null;
			this.#say("error", sentences(error));
		} finally {
			this.parts.send.disabled = false;
		}
	}
}
