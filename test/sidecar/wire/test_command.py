#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""The command line: tail, publish, check-config, --version, --help, and settings that are
refused with one clear line before anything is bound."""

import re
import socket
import tempfile
import threading

from harness import *

stand = at_end(Stand())


def config(**values):
    """A configuration file for the running test."""
    file = closing(tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8"))
    if "text" in values:
        file.write(values["text"])
    else:
        json.dump({"database": stand.database, **values}, file)
    file.flush()
    return file.name


def refused(*arguments, mention, env=None):
    """Checks that it ends at once, with a status that is not 0 and a line that says why."""
    done = run(*arguments, env=env)
    true(done.returncode > 0, f"exit status {done.returncode} of {arguments}")
    said = done.stderr + done.stdout
    true(mention.lower() in said.lower(), f"{mention!r} is mentioned in {said!r}")
    true(len(said.strip().splitlines()) <= 6, f"few lines: {said!r}")
    return done


def tail(*arguments):
    return closing(TailReader(stand.database, *arguments))


@test("command_version_says_name_and_version")
def _():
    done = run("--version")
    equal(done.returncode, 0, "exit status")
    true(re.match(r"eventsd .*\d+\.\d+", done.stdout), f"{done.stdout!r}")


@test("command_help_names_commands_and_settings")
def _():
    for arguments in (("--help",), ("help",)):
        done = run(*arguments)
        equal(done.returncode, 0, f"exit status of {arguments}: {done.stderr}")
        for word in ("serve", "tail", "publish", "check-config", "--database", "--listen"):
            true(word in done.stdout, f"{word} is in the help")


@test("command_that_is_unknown_is_refused")
def _():
    refused("dance", mention="dance")


@test("command_flag_that_is_unknown_is_refused")
def _():
    refused("serve", "--databse=x", mention="databse")


@test("command_variable_that_is_unknown_is_refused")
def _():
    refused("serve", "--database", stand.database, mention="EVENTSD_DATABSE",
            env={"EVENTSD_DATABSE": "x"})


@test("config_key_that_is_unknown_is_refused")
def _():
    refused("serve", "--config", config(databse="x"), mention="databse")
    refused("check-config", "--config", config(databse="x"), mention="databse")


@test("config_that_is_not_json_is_refused")
def _():
    for text in ("", "{", "[]", "5", '{"database":1}', '{"database":"a","database":"b"}'):
        path = config(text=text)
        refused("check-config", "--config", path, mention="")


@test("config_file_that_is_not_there_is_refused")
def _():
    refused("check-config", "--config", "/nonexistent/eventsd.json", mention="/nonexistent")


@test("config_values_out_of_range_are_refused")
def _():
    for key, value in (("processes", 0), ("processes", -1), ("processes", "many"),
                       ("max_body_size", "1 parsec"), ("head_timeout", "-1s"),
                       ("log_level", "loud"), ("listen", "127.0.0.1:99999"),
                       ("listen", "127.0.0.1"), ("listen", "nonsense:x"),
                       ("max_wait", 1e30), ("anonymous", "perhaps")):
        refused("check-config", "--config", config(**{key: value}), mention=key)


@test("config_that_is_good_is_accepted")
def _():
    done = run("check-config", "--config", config(listen="127.0.0.1:0", processes=2,
                                                  head_timeout="5s", max_body_size="2MB",
                                                  cors_origins=["https://a.example"]))
    equal(done.returncode, 0, f"exit status; {done.stderr}")


@test("config_flag_wins_over_variable_and_variable_over_file")
def _():
    path = config(listen="127.0.0.1:99998")
    refused("check-config", "--config", path, mention="listen")
    equal(run("check-config", "--config", path, env={"EVENTSD_LISTEN": "127.0.0.1:0"}).returncode,
          0, "the variable wins")
    refused("check-config", "--config", path, "--listen", "127.0.0.1:99997", mention="listen",
            env={"EVENTSD_LISTEN": "127.0.0.1:0"})


@test("config_check_does_not_show_the_password")
def _():
    done = run("check-config", "--database", "host=x dbname=y password=hush-hush")
    true("hush-hush" not in done.stdout + done.stderr, "the password is hidden")


@test("config_address_that_is_not_loopback_is_refused_without_authentication")
def _():
    for address in ("0.0.0.0:0", "[::]:0", "192.0.2.1:0"):
        refused("serve", "--database", stand.database, "--listen", address, mention="anonymous")
    refused("check-config", "--config", config(listen=["127.0.0.1:0", "0.0.0.0:0"]),
            mention="anonymous")


@test("config_address_that_is_not_loopback_is_taken_when_anonymous_is_said")
def _():
    eventsd = stand.another(listen="0.0.0.0:0", anonymous="true")
    equal(fetch(("127.0.0.1", eventsd.address[1]), "GET", PATH + "?wait=0").status, 204)


@test("config_jwt_keys_are_refused_until_they_do_something")
def _():
    refused("check-config", "--config", config(jwt_keys="/some/key"), mention="jwt_keys")


@test("config_address_in_use_ends_with_a_clear_line")
def _():
    # SO_REUSEPORT lets processes of one owner share a port; somebody else's must not be.
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = "127.0.0.1:%d" % other.getsockname()[1]
        done = run("serve", "--database", stand.database, "--listen", taken)
        true(done.returncode > 0, f"exit status {done.returncode}")
        true(taken in done.stderr, f"the address is named in {done.stderr!r}")


@test("tail_prints_events_as_lines_of_json")
def _():
    kind = fresh()
    stand.publish(kind, {"n": 0})
    reader = tail("--type", kind, "--after", "earliest")
    stand.publish(kind, {"n": 1})
    equal(numbers(reader.take(2)), [0, 1])


@test("tail_follows_from_now_on")
def _():
    kind = fresh()
    stand.publish(kind, {"n": 0})
    reader = tail("--type", kind)
    # It says nothing when it begins; so publish until something comes.
    stop = threading.Event()

    def write():
        session, number = stand.cluster.session(), 1
        while not stop.is_set():
            stand.publish(kind, {"n": number}, session=session)
            number += 1
            stop.wait(0.05)
        session.close()
    writer = threading.Thread(target=write)
    writer.start()
    try:
        got = numbers(reader.take(5))
    finally:
        stop.set()
        writer.join()
    true(got[0] >= 1, f"nothing of the past: {got}")
    equal(got, list(range(got[0], got[0] + 5)), "in order")


@test("tail_filters_by_topic")
def _():
    kind, root = fresh(), fresh("root")
    stand.publish(kind, {"n": 0}, [root, "a"])
    stand.publish(kind, {"n": 1}, [root, "b", "c"])
    reader = tail("--topic", f"{root}/b", "--after", "earliest")
    equal(numbers(reader.take(1)), [1])


@test("tail_into_a_closed_pipe_ends")
def _():
    kind = fresh()
    reader = tail("--type", kind, "--after", "earliest")
    stand.publish(kind, {"n": 0})
    reader.take(1)
    reader.process.stdout.close()
    reader.process.stdout = None

    def ended():
        stand.publish(kind, {"n": 1})
        return reader.process.poll() is not None
    wait_until(ended, "tail ends")
    equal(reader.process.returncode, 0, "exit status")


@test("tail_ends_after_count_or_with_what_is_there")
def _():
    kind = fresh()
    stand.publish_many(kind, 5)
    for arguments, count in ((["--count", "3"], 3), (["--no-follow"], 5)):
        done = run("tail", "--database", stand.database, "--type", kind, "--after", "earliest",
                   *arguments)
        equal(done.returncode, 0, f"exit status; {done.stderr}")
        equal(numbers([json.loads(line) for line in done.stdout.splitlines()]),
              list(range(count)), f"{arguments}")


@test("tail_goes_on_by_itself_when_postgresql_comes_back")
def _():
    kind = fresh()
    reader = tail("--type", kind, "--after", stand.cursor())
    stand.publish(kind, {"n": 0})
    equal(numbers(reader.take(1)), [0])
    for mode in ("fast", "immediate"):
        stand.sql.close()
        stand.cluster.restart(mode)
        stand.reconnect()
        stand.publish(kind, {"n": 1})
        equal(numbers(reader.take(1)), [1], mode)


@test("publish_one_event_from_its_arguments_or_input")
def _():
    kind = fresh()
    event = {"specversion": "1.0", "id": "c1", "source": "/c", "type": kind, "data": {"n": 1}}
    done = run("publish", "--database", stand.database, stdin=json.dumps(event))
    equal(done.returncode, 0, f"exit status; {done.stderr}")
    equal([data["n"] for _, _, data in stand.table(kind)], [1])
    true("c1" in done.stdout, f"the id is printed: {done.stdout!r}")


@test("publish_many_lines_of_input")
def _():
    kind = fresh()
    lines = "".join(json.dumps({"specversion": "1.0", "id": f"m{n}", "source": f"/{kind}",
                                "type": kind, "data": {"n": n}}) + "\n" for n in range(500))
    done = run("publish", "--database", stand.database, stdin=lines)
    equal(done.returncode, 0, f"exit status; {done.stderr}")
    equal([data["n"] for _, _, data in stand.table(kind)], list(range(500)))


@test("publish_of_an_invalid_event_fails_and_says_why")
def _():
    for text in ('{"specversion":"1.0"}', "{", "5"):
        done = run("publish", "--database", stand.database, stdin=text)
        true(done.returncode > 0, f"exit status {done.returncode} of {text}")
        true(done.stderr.strip(), "it says why")


@test("publish_without_a_database_fails_and_says_why")
def _():
    done = run("publish", "--database", "host=/nonexistent dbname=x",
               stdin='{"specversion":"1.0","type":"a","source":"/s","id":"1"}')
    true(done.returncode > 0, f"exit status {done.returncode}")
    true(done.stderr.strip(), "it says why")


if __name__ == "__main__":
    main()
