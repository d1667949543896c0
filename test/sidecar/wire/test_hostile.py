#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""Crowds and bad manners: connections that never send, readers that never read, clients that
vanish. They get little memory and no attention; everybody else is served as before."""

import os
import resource
import select
import socket

from harness import *

stand = at_end(Stand(head_timeout="60s", idle_timeout="60s", ring_size="2MB", log_size="256kB",
                     connection_queue_size="64kB"))

SILENT = int(os.environ.get("EVENTS_SILENT_CONNECTIONS", "10000"))


def served(eventsd=None):
    """One request and one event through all transports, to see that all is well."""
    address = (eventsd or stand.eventsd).address
    equal(fetch(address, "GET", PATH + "?wait=0").status, 204)
    kind = fresh()
    readers = [closing(transport(address, types=[kind])) for transport in TRANSPORTS]
    stand.publish(kind, {"n": 1})
    for reader in readers:
        equal(numbers(reader.take(1)), [1])


@test("hostile_thousands_that_never_send_disturb_nobody")
def _():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(SILENT, hard - 500)
    silent = []
    try:
        for _ in range(count):
            one = socket.socket()
            one.connect(stand.address)
            silent.append(one)
        served()
        # half of them say something unfinished
        for one in silent[::2]:
            one.send(b"GET /v1/ev")
        served()
    finally:
        for one in silent:
            one.close()
    wait_until(lambda: stand.eventsd.descriptors() < 200, "descriptors are given back")
    served()


@test("hostile_connections_beyond_the_limit_are_refused_and_the_rest_served")
def _():
    eventsd = stand.another(max_connections="20", max_connections_per_address="0")
    kept = [closing(Connection(eventsd.address)) for _ in range(60)]
    answered = refused = 0
    for connection in kept:
        try:
            connection.request("GET", PATH + "?wait=0")
            status = connection.response().status
            one_of(status, (204, 503), "status")
            answered += status == 204
            refused += status == 503
        except ConnectionError:
            refused += 1
    true(answered >= 15, f"{answered} were answered")
    true(refused >= 35, f"{refused} were refused")
    for connection in kept:
        connection.close()
    wait_until(lambda: answers(eventsd), "there is room again")


def answers(eventsd):
    try:
        return fetch(eventsd.address, "GET", PATH + "?wait=0").status == 204
    except (ConnectionError, TimeoutError):
        return False


@test("hostile_connections_per_address_are_limited")
def _():
    eventsd = stand.another(max_connections_per_address="5")
    for _ in range(5):
        closing(SseReader(eventsd.address))
    try:
        answer = fetch(eventsd.address, "GET", PATH + "?wait=0")
        one_of(answer.status, (429, 503), f"{answer}")
    except ConnectionError:
        pass


@test("hostile_reader_that_does_not_read_costs_little_memory_and_misses_nothing")
def _():
    eventsd = closing(Eventsd(stand.database, plain=True, ring_size="2MB", log_size="256kB",
                              connection_queue_size="64kB", send_timeout="300s"))
    kind, count, size = fresh(), 8000, 4000
    slow = []
    for transport in (WebSocketReader, SseReader, NdjsonReader):
        reader = closing(transport(eventsd.address, types=[kind]))
        reader.connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        slow.append(reader)
    quick = closing(SseReader(eventsd.address, types=[kind]))
    before = eventsd.memory()
    # 32 MB of events, many times what may be kept in memory
    for first in range(0, count, 500):
        stand.publish_many(kind, 500, first, size)
        quick.take(500, 60)
    grown = eventsd.memory() - before
    true(grown < 24 * 1024 * 1024, f"memory grew by {grown >> 20} MiB for 32 MB of events")
    for reader in slow:
        equal(numbers(ordered(reader.take(count, 90))), list(range(count)), reader.name)


@test("hostile_reader_that_does_not_read_is_ended_after_send_timeout_and_can_resume")
def _():
    eventsd = stand.another(send_timeout="2s", connection_queue_size="64kB")
    kind, count = fresh(), 4000
    reader = SseReader(eventsd.address, types=[kind])
    closing(reader)
    stand.publish_many(kind, count, size=4000)
    wait_until(lambda: gone(eventsd), "the stuck reader is ended")
    got = []
    while len(got) < count:
        try:
            got += reader.take(1)
        except ConnectionError:
            reader.resume()
    equal(numbers(ordered(got)), list(range(count)))


def gone(eventsd):
    """Whether no stream is open: its figures say so."""
    text = fetch(eventsd.admin, "GET", "/metrics").body.decode()
    lines = [line for line in text.splitlines() if not line.startswith("#")
             and "client" in line and "sse" in line and "total" not in line]
    return lines and all(float(line.split()[-1]) == 0 for line in lines)


@test("hostile_large_bodies_that_never_end_are_bounded_and_small_ones_taken")
def _():
    head = (f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            f"Content-Length: {8_000_000}\r\n\r\n").encode()
    piece = b" " * 7_900_000
    refused = []
    senders = []
    while len(senders) < 30 and not refused:
        sender = closing(Connection(stand.address))
        senders.append(sender)
        try:
            sender.send(head + piece)
        except OSError:
            pass  # it is refused while it sends
        if select.select([sender.sock], [], [], 0.05)[0]:
            refused.append(sender.response())
    equal([problem(answer, 503)["code"] for answer in refused], ["too-many-bodies"])
    true(len(senders) > 8, f"{len(senders)} large bodies are taken")
    kind = fresh()
    equal(post_json(stand.address, {"specversion": "1.0", "id": "1", "source": "/x",
                                    "type": kind}).status, 201, "a small one beside them")
    for sender in senders:
        sender.close()


@test("hostile_clients_that_vanish_in_the_middle_leave_nothing")
def _():
    before = stand.eventsd.descriptors()
    kind = fresh()
    for number in range(60):
        reader = TRANSPORTS[number % 4](stand.address, types=[kind])
        if number % 3 == 0:
            stand.publish(kind, {"n": number})
        sock = reader.connection.sock
        # a reset, not a polite end
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        reader.close()
    wait_until(lambda: stand.eventsd.descriptors() <= before + 1, "descriptors are given back")
    served()


@test("hostile_garbage_on_every_listener_disturbs_nobody")
def _():
    for address in (stand.eventsd.address, stand.eventsd.admin):
        for _ in range(30):
            connection = Connection(address)
            try:
                connection.send(os.urandom(3000))
            except ConnectionError:
                pass
            connection.close()
    served()


@test("hostile_thousand_channels_are_served")
def _():
    kind = fresh()
    readers = [closing(SseReader(stand.address, types=[f"{kind}.{n}"])) for n in range(1000)]
    for number in (0, 500, 999):
        stand.publish(f"{kind}.{number}", {"n": number})
        equal(numbers(readers[number].take(1)), [number])


@test("hostile_many_readers_of_one_channel_each_get_everything")
def _():
    kind, readers, count = fresh(), [], 50
    for number in range(400):
        readers.append(closing(TRANSPORTS[number % 3](stand.address, types=[kind])))
    for number in range(count):
        stand.publish(kind, {"n": number})
    for reader in readers:
        equal(numbers(reader.take(count, 60)), list(range(count)), reader.name)


if __name__ == "__main__":
    main()
