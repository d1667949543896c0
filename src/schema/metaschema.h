/* SPDX-License-Identifier: PostgreSQL
 *
 * metaschema.h: the meta-schemas built into the library.
 *
 * metaschema_data.c, which has the table, is made by tools/metaschema-data out
 * of share/metaschema when the library is built.
 */
#ifndef EV_METASCHEMA_H
#define EV_METASCHEMA_H

typedef struct EvMetaschema
{
	const char *uri; /* without fragment */
	const char *text;
} EvMetaschema;

extern const EvMetaschema ev_metaschemas[]; /* ends with a NULL */

#endif /* EV_METASCHEMA_H */
