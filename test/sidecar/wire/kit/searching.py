# SPDX-License-Identifier: PostgreSQL
"""What the test files of searches ask: searches, single events, figures; and holding searches up.

A search is held up by a lock on events.search_state, which only searches and those who file
documents ask for.
"""

import urllib.parse

from kit.deadline import wait_until
from kit.http import Connection, fetch
from kit.tap import closing, equal

SEARCH = "/v1/events/search"
EVENT = "/v1/events/"
_RUNNING = ("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'eventsd search' "
            "AND state = 'active' AND query LIKE 'SELECT events.\\__%'")


def ask(address, path=SEARCH, method="GET", **query):
    """The answer; query as urlencode takes it, None for what is not given."""
    words = {key: value for key, value in query.items() if value is not None}
    return fetch(address, method,
                 f"{path}?{urllib.parse.urlencode(words, doseq=True)}" if words else path)


def ask_event(address, identity, method="GET", base=EVENT, **query):
    """The answer to a request for the event of this id."""
    return ask(address, base + urllib.parse.quote(identity, safe=""), method, **query)


def search(address, **query):
    """The document of a search that is answered."""
    answer = ask(address, **query)
    equal(answer.status, 200, f"status of {answer}")
    equal(answer.header("content-type"), "application/json", "content type")
    return answer.json()


def metric(name, eventsd):
    """A figure of /metrics, one without labels."""
    for line in fetch(eventsd.admin, "GET", "/metrics").body.decode().splitlines():
        if line.startswith(f"eventsd_{name} "):
            return float(line.split()[1])
    raise AssertionError(f"there is no {name}")


class Held:
    """While it is open no search gets anywhere."""

    def __init__(self, cluster):
        self._session = cluster.session()
        self._session.query("BEGIN; LOCK TABLE events.search_state IN ACCESS EXCLUSIVE MODE")

    def close(self):
        self._session.close()


def running(session):
    """How many searches the database works on."""
    return int(session.value(_RUNNING))


def started(session, address, query=""):
    """A connection whose search the database works on."""
    before = running(session)
    connection = closing(Connection(address))
    connection.request("GET", SEARCH + query)
    wait_until(lambda: running(session) > before, "the search has begun")
    return connection
