/*
 * SPDX-License-Identifier: PostgreSQL
 *
 * static.c: the embedded files of sidecar/web/; see static.h.
 *
 * There is no folder behind this: a path is looked up in the table of what
 * was compiled in, so there is nothing to traverse.  Browsers revalidate each
 * time (no-cache), which costs a 304, and never run yesterday's client.
 *
 * The content security policy lets the console load what is ours and talk to
 * our own origin only; no inline scripts.  events.js may be used by pages
 * from elsewhere, hence its Cross-Origin-Resource-Policy.
 */
#include <stdio.h>
#include <string.h>

#include "base/embedded.h"
#include "web/static.h"

#define POLICY                                                                           \
	"Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; " \
	"img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "    \
	"frame-ancestors 'none'\r\n"

static const char *
content_type(const char *name)
{
	static const char *const types[][2] = {
		{".html", "text/html; charset=utf-8"},
		{".css", "text/css; charset=utf-8"},
		{".js", "text/javascript; charset=utf-8"},
		{".svg", "image/svg+xml"},
		{".ico", "image/x-icon"},
	};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot != NULL && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(dot, types[i][0]) == 0)
			return types[i][1];
	return "application/octet-stream";
}

static const EmbeddedFile *
find_file(HttpSlice path)
{
	const char *name = path.at + 1;
	size_t len = path.len - 1;

	if (path.len == 0 || path.at[0] != '/')
		return NULL;
	if (len == 0)
		return find_file((HttpSlice) {"/index.html", 11});
	for (const EmbeddedFile *file = embedded_files; file->name != NULL; file++)
		if (strlen(file->name) == len && memcmp(file->name, name, len) == 0)
			return file;
	return NULL;
}

static bool
is_unchanged(const HttpHead *head, const char *etag)
{
	const HttpHeader *header = http_find_header(head, "if-none-match");
	HttpSlice rest;
	HttpSlice tag;

	if (header == NULL)
		return false;
	rest = header->value;
	while (http_list_next(&rest, &tag))
	{
		if (tag.len > 2 && memcmp(tag.at, "W/", 2) == 0)
			tag = (HttpSlice) {tag.at + 2, tag.len - 2};
		if ((tag.len == 1 && tag.at[0] == '*') ||
			(tag.len == strlen(etag) && memcmp(tag.at, etag, tag.len) == 0))
			return true;
	}
	return false;
}

bool
static_serve(HttpConn *conn, const HttpRequest *request)
{
	const EmbeddedFile *file = find_file(request->head.path);
	char extra[768];

	if (file == NULL)
		return false;
	snprintf(extra, sizeof(extra),
			 "ETag: %s\r\nCache-Control: no-cache\r\n%sReferrer-Policy: no-referrer\r\n"
			 "Cross-Origin-Resource-Policy: %s\r\n",
			 file->etag, POLICY,
			 strcmp(file->name, "events.js") == 0 ? "cross-origin" : "same-origin");
	if (is_unchanged(&request->head, file->etag))
		http_respond(conn, &(HttpResponse) {.status = 304, .extra = extra});
	else
		http_respond(conn, &(HttpResponse) {.status = 200,
											.content_type = content_type(file->name),
											.extra = extra,
											.body = (const char *) file->data,
											.body_len = file->len});
	return true;
}
