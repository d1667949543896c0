/*
 * text_test.c - buffers and their limits, UTF-8, addresses, times.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/net.h"
#include "base/str.h"

#include <unistd.h>

#include "tap.h"

static void
test_buf(void)
{
	Buf buf;

	buf_init(&buf, 300);
	is_str(buf_text(&buf), "", "a new buffer reads as empty");
	for (int i = 0; i < 30; i++)
		check(buf_puts(&buf, "0123456789"));
	checks_held("it takes as much as its limit");
	ok(!buf_putc(&buf, 'x'), "and not a byte more");
	is_int((int64_t) buf.len, 300, "what did not fit was not written");
	ok(!buf_puts(&buf, ""), "it stays overflowed");
	buf_reset(&buf);
	ok(buf_printf(&buf, "%d-%s", 7, "x"), "until it is emptied");
	buf_consume(&buf, 2);
	is_str(buf_text(&buf), "x", "bytes are taken from the front");
	ok(buf_reserve(&buf, 301) == NULL, "more than the limit cannot be reserved");
	buf_clear(&buf);
}

static void
test_utf8(void)
{
	static const char *const good[] = {"",
									   "ascii",
									   "\xc3\xa9",
									   "\xe2\x82\xac",
									   "\xf0\x9f\x98\x80",
									   "\xef\xbf\xbf",
									   "\xf4\x8f\xbf\xbf",
									   "\xed\x9f\xbf"};
	static const char *const bad[] = {
		"\x80",			"\xc3",			"\xc0\x80",			"\xc1\xbf",			"\xe0\x80\x80",
		"\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
		"12345678\xff", "\xe2\x82",		"\xc3\x28",			"1234567\xc3"};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		check(str_is_utf8(good[i], strlen(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check(!str_is_utf8(bad[i], strlen(bad[i])));
	checks_held("UTF-8 is told from what is not: overlong, surrogates, cut off, too high");
}

static void
is_address(const char *text, const char *expected, bool loopback)
{
	NetAddress address;
	char written[NET_TEXT_SIZE] = "refused";
	const char *error;

	if (net_parse(text, &address, &error))
	{
		net_format(&address, written);
		check(net_is_loopback(&address) == loopback);
	}
	is_str(written, expected, text);
}

static void
test_addresses(void)
{
	NetAddress first = {0};
	NetAddress second;
	const char *error;
	int holder;
	int listener;

	is_address("127.0.0.1:80", "127.0.0.1:80", true);
	is_address("localhost:0", "127.0.0.1:0", true);
	is_address(":8080", "0.0.0.0:8080", false);
	is_address("[::1]:1", "[::1]:1", true);
	is_address("[::ffff:127.0.0.1]:1", "[::ffff:127.0.0.1]:1", true);
	is_address("10.0.0.1:65535", "10.0.0.1:65535", false);
	is_address("127.0.0.1", "refused", false);
	is_address("127.0.0.1:", "refused", false);
	is_address("127.0.0.1:65536", "refused", false);
	is_address("127.0.0.1:-1", "refused", false);
	is_address("::1:80", "refused", false);
	is_address("[::1:80", "refused", false);
	is_address("example.org:80", "refused", false);
	is_address("", "refused", false);

	check(net_parse("127.0.0.1:0", &first, &error));
	holder = net_bind(&first);
	ok(holder >= 0 && net_port(&first) > 0, "port 0 becomes a real port");
	second = first;
	ok(!net_is_taken(&first), "a socket that holds a port does not take it");
	listener = net_listen(&second);
	ok(listener >= 0, "others can listen on it");
	ok(net_is_taken(&first), "and then it is taken");
	close(listener);
	close(holder);
}

static void
test_times(void)
{
	char text[CLOCK_TEXT_SIZE];
	bool differs = false;

	is_str(clock_format(0, text), "1970-01-01T00:00:00.000000Z", "the start of time");
	is_str(clock_format(-1, text), "1969-12-31T23:59:59.999999Z", "and the moment before");
	for (int i = 0; i < 1000; i++)
	{
		check(clock_jitter(10) < 10);
		differs |= clock_jitter(1000) != clock_jitter(1000);
	}
	checks_held("jitter stays in its bound");
	ok(differs, "and is not constant");
	is_int(clock_jitter(0), 0, "a bound of 0 gives 0");
}

int
main(void)
{
	test_buf();
	test_utf8();
	test_addresses();
	test_times();
	return tap_done();
}
