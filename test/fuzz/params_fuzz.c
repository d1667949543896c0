/*
 * params_fuzz.c - the parameters of a GET; input is a query string, a line break, Last-Event-ID.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#include "fuzz.h"

#include "web/params.h"

static void
look_at(const Params *params, const ParamsLimits *limits)
{
	must(params->wait_ms <= limits->max_wait_ms && params->limit <= limits->max_limit);
	must(params->start != PARAMS_CURSOR || params->after.position >= 0);
	must(params->start != PARAMS_SINCE || params->since != NULL);
	must(params->filter.topic_count + params->filter.types.count <= limits->max_subscriptions);
	if (params->pattern != NULL && params->expression != NULL)
		must(strlen(params->pattern) + strlen(params->expression) <= limits->max_filter_size);
	if (params->expression != NULL)
		must(str_is_utf8(params->expression, strlen(params->expression)));
	for (int i = 0; i < params->filter.topic_count; i++)
	{
		for (int j = 0; j < params->filter.topics[i].count; j++)
		{
			Str element = params->filter.topics[i].items[j];

			must(str_is_utf8(element.data, element.len));
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const ParamsLimits limits = {
		.max_wait_ms = 60000, .max_limit = 1000, .max_subscriptions = 10, .max_filter_size = 100};
	const uint8_t *line = size > 0 ? memchr(data, '\n', size) : NULL;
	size_t query_len = line ? (size_t) (line - data) : size;
	size_t id_len = line ? size - query_len - 1 : 0;
	char *query = fuzz_copy(data, query_len);
	char *id = fuzz_copy(line ? line + 1 : data, id_len);
	Params params;
	ParamsFault fault = {0};

	if (params_parse(&params, (HttpSlice) {query, query_len}, (HttpSlice) {id, id_len}, &limits,
					 &fault))
	{
		look_at(&params, &limits);
		params_clear(&params);
	}
	else
	{
		must(fault.detail[0] != '\0' && strlen(fault.detail) < sizeof(fault.detail));
		must(str_is_utf8(fault.detail, strlen(fault.detail)));
	}
	free(query);
	free(id);
	return 0;
}
