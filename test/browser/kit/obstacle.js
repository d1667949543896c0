// SPDX-License-Identifier: PostgreSQL
//
// obstacle.js: a proxy before eventsd that refuses what it is told to refuse.
//
//	refuse.websocket	an upgrade is answered by 403, as by a company's proxy
//	refuse.sse			an event stream is answered by 406
//	refuse.mute			an event stream opens, and nothing of it comes through
//	cut()				breaks every connection off
import http from "node:http";
import net from "node:net";

export class Obstacle {
	refuse = {};
	#sockets = new Set();

	static async start(target) {
		const proxy = new Obstacle();
		const { hostname, port } = new URL(target);
		proxy.server = http.createServer((request, response) =>
			proxy.#pass(request, response, { hostname, port }),
		);
		proxy.server.on("upgrade", (request, socket, head) =>
			proxy.#upgrade(request, socket, head, { hostname, port }),
		);
		proxy.server.on("connection", (socket) => proxy.#keep(socket));
		await new Promise((resolve) => proxy.server.listen(0, "127.0.0.1", resolve));
		proxy.url = `http://127.0.0.1:${proxy.server.address().port}`;
		return proxy;
	}

	#keep(socket) {
		if (this.#sockets.has(socket)) return;
		this.#sockets.add(socket);
		socket.on("error", () => socket.destroy());
		socket.on("close", () => this.#sockets.delete(socket));
	}

	#pass(request, response, target) {
		const isStream = request.headers.accept === "text/event-stream";
		if (isStream && this.refuse.sse) return response.writeHead(406).end();
		const onward = http.request(
			{ ...target, path: request.url, method: request.method, headers: request.headers },
			(answer) => {
				response.writeHead(answer.statusCode, answer.headers);
				response.flushHeaders();
				if (isStream && this.refuse.mute) answer.resume();
				else answer.pipe(response);
				answer.on("error", () => response.destroy());
			},
		);
		onward.on("socket", (socket) => this.#keep(socket));
		onward.on("error", () => response.destroy());
		response.on("close", () => onward.destroy());
		return request.pipe(onward);
	}

	#upgrade(request, socket, head, { hostname, port }) {
		if (this.refuse.websocket)
			return socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
		const onward = net.connect(port, hostname, () => {
			const lines = [`${request.method} ${request.url} HTTP/1.1`];
			for (let i = 0; i < request.rawHeaders.length; i += 2)
				lines.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`);
			onward.write(`${lines.join("\r\n")}\r\n\r\n`);
			onward.write(head);
			onward.pipe(socket);
			socket.pipe(onward);
		});
		this.#keep(onward);
		socket.on("close", () => onward.destroy());
		onward.on("close", () => socket.destroy());
		return onward;
	}

	cut() {
		for (const socket of this.#sockets) socket.destroy();
	}

	async stop() {
		this.cut();
		await new Promise((resolve) => this.server.close(resolve));
	}
}
