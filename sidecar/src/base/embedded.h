/*
 * embedded.h - the files of sidecar/web/, compiled into the program.
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 * The build turns each of them into an array of bytes (sidecar/embed-files), so eventsd serves
 * its console and its browser client from memory and is one file to install.
 */
#ifndef EVENTSD_EMBEDDED_H
#define EVENTSD_EMBEDDED_H

#include <stddef.h>

typedef struct EmbeddedFile
{
	const char *name; /* without a folder: "index.html"; NULL ends the table */
	const unsigned char *data;
	size_t len;
	const char *etag; /* of the bytes, with its quotes */
} EmbeddedFile;

extern const EmbeddedFile embedded_files[];

#endif /* EVENTSD_EMBEDDED_H */
