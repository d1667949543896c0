/*
 * search_params_fuzz.c - the parameters of a search; input is a query string.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * What is taken becomes JSON that a parser takes again.
 */
#include "fuzz.h"

#include "base/json.h"
#include "web/search_params.h"

static void
look_at(const SearchParams *params, const ParamsLimits *limits)
{
	Json *root;
	Buf out;

	must(params->limit >= -1 && params->limit <= limits->max_limit);
	must(params->bucket >= -1 && params->bucket <= INT64_C(1000000000));
	must(params->filter.topic_count + params->filter.types.count + params->sources.count <=
		 limits->max_subscriptions);
	must(params->facets.count <= 16);
	buf_init(&out, (size_t) 1 << 20);
	buf_putc(&out, '{');
	search_params_write(&out, params);
	buf_putc(&out, '}');
	must(!out.overflowed);
	root = json_parse(out.data, out.len, NULL);
	must(root != NULL && json_count(root) <= 16);
	must((json_member(root, "limit") != NULL) == (params->limit >= 0));
	json_release(root);
	buf_clear(&out);
}

static void
look_at_source(const char *query, size_t len)
{
	ParamsFault fault = {0};
	char *source;

	if (search_params_parse_source(&source, (HttpSlice) {query, len}, &fault))
		must(source == NULL || (source[0] != '\0' && str_is_utf8(source, strlen(source))));
	else
		must(source == NULL && fault.detail[0] != '\0');
	free(source);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const ParamsLimits limits = {.max_limit = 1000,
										.max_subscriptions = 10,
										.max_filter_size = 100};
	char *query = fuzz_copy(data, size);
	SearchParams params;
	ParamsFault fault = {0};

	if (search_params_parse(&params, (HttpSlice) {query, size}, &limits, &fault))
	{
		look_at(&params, &limits);
		search_params_clear(&params);
	}
	else
	{
		must(fault.detail[0] != '\0' && strlen(fault.detail) < sizeof(fault.detail));
		must(str_is_utf8(fault.detail, strlen(fault.detail)));
	}
	look_at_source(query, size);
	free(query);
	return 0;
}
