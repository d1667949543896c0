/* SPDX-License-Identifier: PostgreSQL
 *
 * node.c: finding things in compiled schemas.
 */
#include "base/compat.h"

#include "schema/node.h"

const EvProperty *
ev_property_find(const EvObjectRules *rules, const char *name, int length)
{
	int low = 0, high = rules != NULL ? rules->nproperties : 0;

	while (low < high)
	{
		int middle = (low + high) / 2;
		const EvProperty *property = &rules->properties[middle];
		int order = ev_view_compare_keys(name, length, property->name, property->length);

		if (order == 0)
			return property;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}
