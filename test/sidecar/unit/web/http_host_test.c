/*
 * http_host_test.c - which names a server on loopback answers for.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "web/http_host.h"

#include "tap.h"

static bool
known(const char *host, const ConfList *allowed)
{
	return http_host_is_known((HttpSlice) {host, strlen(host)}, allowed);
}

int
main(void)
{
	char *names[] = {"shop.example"};
	char *any[] = {"*"};
	const ConfList none = {NULL, 0};
	const ConfList listed = {names, 1};
	const ConfList all = {any, 1};

	ok(known("127.0.0.1:8080", &none) && known("10.1.2.3", &none), "IPv4 addresses");
	ok(known("[::1]:8080", &none) && known("[::1]", &none), "IPv6 addresses");
	ok(known("localhost:8080", &none) && known("LOCALHOST", &none), "localhost");
	ok(known("app.localhost:80", &none), "names below localhost");
	ok(known("eventsd", &none) && known("", &none), "a word without dots, and nothing");
	ok(!known("evil.example", &none) && !known("evil.example:8080", &none), "not other names");
	ok(!known("127.0.0.1.evil.example", &none), "nor one that looks like an address");
	ok(!known("localhost.", &none) && !known("xlocalhost.evil.example", &none),
	   "nor one that looks local");
	ok(known("shop.example:443", &listed) && known("Shop.Example", &listed), "listed names");
	ok(!known("a.shop.example", &listed) && !known("evil.example", &listed), "and no others");
	ok(known("evil.example", &all), "all of them with a star");
	return tap_done();
}
