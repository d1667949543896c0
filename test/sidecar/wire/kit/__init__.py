# SPDX-License-Identifier: PostgreSQL
"""The parts of the wire tests: one module, one idea.

tap        registers test functions, runs them, prints TAP
deadline   waiting for conditions, never for time
postgres   a private server, and sessions with it through libpq
eventsd    one process under test: its ready line, its logs, its end
http       an HTTP/1.1 client that can also say what no client should
websocket  RFC 6455 from the client's side, likewise
readers    the four ways of delivery behind one shape
tail       `eventsd tail` behind the same shape
"""
