/*
 * export_file.h - what an export has left in a file, and how to go on with it.
 *
 * SPDX-License-Identifier: PostgreSQL
 */
#ifndef EVENTSD_CMD_EXPORT_FILE_H
#define EVENTSD_CMD_EXPORT_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "hub/cursor.h"

typedef struct ExportFile
{
	bool compressed;
	int64_t end;   /* of what is good: whatever follows is to be cut off */
	bool any;	   /* it has events */
	Cursor cursor; /* then: after which to go on */
} ExportFile;

/*
 * Reads a regular file, and changes nothing; returns NULL, or why nobody should go on with it:
 * it is no export, it is damaged, it cannot be read, or *stop was set meanwhile.  A file that ends
 * anywhere in what an export writes is good.
 */
const char *export_file_look(int fd, const volatile int *stop, ExportFile *file);

#endif /* EVENTSD_CMD_EXPORT_FILE_H */
