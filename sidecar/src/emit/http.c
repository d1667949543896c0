/*
 * http.c - sending events to an HTTP endpoint, by libcurl.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * Redirections are not followed: a POST that is sent elsewhere is a mistake in the URL, and is told
 * as one.  A URL may have a password or a token in it, so it is never told as it is.
 */
#include "emit/http.h"

#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

#include "base/buf.h"
#include "base/mem.h"

#define CONNECT_TIMEOUT 10L
#define ANSWER_TIMEOUT 60L
#define ANSWER_KEPT 400
#define HEADER_LIMIT (64 * 1024)

struct HttpSender
{
	CURL *curl;
	struct curl_slist *headers;
	const volatile int *stop;
	char *name;
	char error[CURL_ERROR_SIZE];
	Buf answer; /* the beginning of the body */
};

static size_t
keep_answer(char *data, size_t size, size_t count, void *arg)
{
	HttpSender *sender = arg;
	size_t len = size * count;
	size_t room = ANSWER_KEPT - sender->answer.len;

	buf_append(&sender->answer, data, len < room ? len : room);
	return len;
}

static int
look_for_stop(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const HttpSender *sender = arg;

	(void) a;
	(void) b;
	(void) c;
	(void) d;
	return *sender->stop;
}

/* the URL without what may be secret */
static char *
name_of(CURLU *url)
{
	static const CURLUPart secrets[] = {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS,
										CURLUPART_QUERY, CURLUPART_FRAGMENT};
	char *text = NULL;
	char *name;

	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		curl_url_set(url, secrets[i], NULL, 0);
	curl_url_get(url, CURLUPART_URL, &text, 0);
	name = mem_strdup(text ? text : "the endpoint");
	curl_free(text);
	return name;
}

/* is it a whole URL of http or https?  Then *name is how it is told */
static const char *
judge_url(const char *url, char **name)
{
	CURLU *parsed = curl_url();
	char *scheme = NULL;
	CURLUcode code = curl_url_set(parsed, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME);
	const char *why = NULL;

	if (code != CURLUE_OK || curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
		why = "is no URL";
	else if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)
		why = "is no URL of http or https";
	else
		*name = name_of(parsed);
	curl_free(scheme);
	curl_url_cleanup(parsed);
	return why;
}

HttpSender *
http_sender_new(const char *url, const volatile int *stop, const char **why)
{
	HttpSender *sender;
	char *name = NULL;

	*why = curl_global_init(CURL_GLOBAL_DEFAULT) == 0 ? judge_url(url, &name)
													  : "cannot start libcurl";
	if (*why)
		return NULL;
	sender = mem_zalloc(sizeof(*sender));
	sender->name = name;
	sender->stop = stop;
	buf_init(&sender->answer, ANSWER_KEPT);
	sender->curl = curl_easy_init();
	curl_easy_setopt(sender->curl, CURLOPT_URL, url);
	curl_easy_setopt(sender->curl, CURLOPT_POST, 1L);
	curl_easy_setopt(sender->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(sender->curl, CURLOPT_USERAGENT, "eventsd/" EVENTSD_VERSION);
	curl_easy_setopt(sender->curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT);
	curl_easy_setopt(sender->curl, CURLOPT_TIMEOUT, ANSWER_TIMEOUT);
	curl_easy_setopt(sender->curl, CURLOPT_ERRORBUFFER, sender->error);
	curl_easy_setopt(sender->curl, CURLOPT_WRITEFUNCTION, keep_answer);
	curl_easy_setopt(sender->curl, CURLOPT_WRITEDATA, sender);
	curl_easy_setopt(sender->curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(sender->curl, CURLOPT_XFERINFOFUNCTION, look_for_stop);
	curl_easy_setopt(sender->curl, CURLOPT_XFERINFODATA, sender);
	/* a body is not held back until the server has said that it wants it */
	http_sender_add_header(sender, "Expect:");
	return sender;
}

void
http_sender_free(HttpSender *sender)
{
	if (!sender)
		return;
	curl_easy_cleanup(sender->curl);
	curl_slist_free_all(sender->headers);
	buf_clear(&sender->answer);
	mem_free(sender->name);
	mem_free(sender);
	curl_global_cleanup();
}

const char *
http_sender_name(const HttpSender *sender)
{
	return sender->name;
}

bool
http_sender_add_header(HttpSender *sender, const char *line)
{
	struct curl_slist *headers;

	if (!strchr(line, ':') || strpbrk(line, "\r\n") || strlen(line) > HEADER_LIMIT)
		return false;
	headers = curl_slist_append(sender->headers, line);
	if (headers)
		sender->headers = headers;
	return headers != NULL;
}

static bool
is_worth_another_try(int status)
{
	return status == 408 || status == 425 || status == 429 || status >= 500;
}

/* one line out of the answer's body */
static const char *
reason_of(HttpSender *sender)
{
	for (size_t i = 0; i < sender->answer.len; i++)
	{
		if ((unsigned char) sender->answer.data[i] < ' ')
			sender->answer.data[i] = ' ';
	}
	return buf_text(&sender->answer);
}

HttpReply
http_sender_post(HttpSender *sender, const char *content_type, Str body)
{
	HttpReply reply = {.retry_after_ms = -1};
	char *line = mem_printf("Content-Type: %s", content_type);
	struct curl_slist own = {.data = line, .next = sender->headers};
	curl_off_t after = 0;
	long status = 0;
	CURLcode code;

	buf_reset(&sender->answer);
	sender->error[0] = '\0';
	curl_easy_setopt(sender->curl, CURLOPT_HTTPHEADER, &own);
	curl_easy_setopt(sender->curl, CURLOPT_POSTFIELDS, body.data);
	curl_easy_setopt(sender->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) body.len);
	code = curl_easy_perform(sender->curl);
	curl_easy_setopt(sender->curl, CURLOPT_HTTPHEADER, sender->headers);
	mem_free(line);
	if (code != CURLE_OK)
	{
		reply.again = code != CURLE_ABORTED_BY_CALLBACK;
		reply.reason = sender->error[0] ? sender->error : curl_easy_strerror(code);
		return reply;
	}
	curl_easy_getinfo(sender->curl, CURLINFO_RESPONSE_CODE, &status);
	reply.status = (int) status;
	reply.done = status >= 200 && status < 300 && status != 207;
	reply.again = is_worth_another_try(reply.status);
	if (curl_easy_getinfo(sender->curl, CURLINFO_RETRY_AFTER, &after) == CURLE_OK && after > 0)
		reply.retry_after_ms = (int64_t) after * 1000;
	reply.reason = reason_of(sender);
	return reply;
}
