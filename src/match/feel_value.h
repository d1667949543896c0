/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_value.h: the values of FEEL (DMN 1.5, 10.3.2).
 *
 * A value is 16 bytes, passed by value.  What it points to lives in the memory
 * of the run (feel_run.h), of the compiled expression, or of the jsonb datum of
 * the context: nothing is freed one by one.  Values never change once made.
 *
 * Strings are in the database's encoding and have no NUL at their end.  Numbers
 * are finite and have at most 34 significant digits (feel_number.h).
 *
 * Lists and contexts out of jsonb are looked at where they lie; their elements
 * are made into values when somebody asks for them.
 */
#ifndef EV_FEEL_VALUE_H
#define EV_FEEL_VALUE_H

#include "base/view.h"
#include "pgtime.h"

typedef enum EvFeelType
{
	EV_FEEL_NULL,
	EV_FEEL_BOOLEAN,
	EV_FEEL_NUMBER,
	EV_FEEL_STRING,
	EV_FEEL_DATE,
	EV_FEEL_TIME,
	EV_FEEL_DATE_TIME,
	EV_FEEL_YEARS_MONTHS, /* years and months duration */
	EV_FEEL_DAYS_TIME,	  /* days and time duration */
	EV_FEEL_LIST,
	EV_FEEL_CONTEXT,
	EV_FEEL_RANGE,
	EV_FEEL_FUNCTION
} EvFeelType;

#define EV_FEEL_NTYPES (EV_FEEL_FUNCTION + 1)

typedef struct EvFeelList EvFeelList;
typedef struct EvFeelContext EvFeelContext;
typedef struct EvFeelRange EvFeelRange;
typedef struct EvFeelTemporal EvFeelTemporal;
typedef struct EvFeelDuration EvFeelDuration;
typedef struct EvFeelClosure EvFeelClosure; /* feel_function.h */

typedef struct EvFeelValue
{
	EvFeelType type;
	int length; /* EV_FEEL_STRING: bytes */
	union
	{
		bool boolean;
		Numeric number;
		const char *string;
		const EvFeelTemporal *temporal; /* DATE, TIME, DATE_TIME */
		int64 months;					/* YEARS_MONTHS */
		const EvFeelDuration *duration; /* DAYS_TIME */
		EvFeelList *list;
		EvFeelContext *context;
		const EvFeelRange *range;
		const EvFeelClosure *function;
	};
} EvFeelValue;

/* Elements are made on demand: ask ev_feel_items() of feel_run.h. */
struct EvFeelList
{
	int count;
	EvFeelValue *items; /* NULL while only `view` is there */
	EvView view;		/* EV_JSON_ARRAY */
};

typedef struct EvFeelEntry
{
	const char *name;
	int name_length;
	EvFeelValue value;
} EvFeelEntry;

/* Names are unique; the order is that of making. */
struct EvFeelContext
{
	int count;
	EvFeelEntry *entries; /* NULL while only `view` is there */
	const int *order;	  /* numbers of the entries, sorted by name; NULL until it is needed */
	EvView view;		  /* EV_JSON_OBJECT */
};

/* An endpoint that is NULL by type and not included is open for ever: (> 5), (<= 7). */
struct EvFeelRange
{
	EvFeelValue start;
	EvFeelValue end;
	bool start_included;
	bool end_included;
	bool comparison; /* (= 5), and (!= 5) where neither is included: not the same as [5..5] */
};

typedef enum EvFeelZoneKind
{
	EV_FEEL_ZONE_NONE,	 /* local */
	EV_FEEL_ZONE_OFFSET, /* +02:00, Z */
	EV_FEEL_ZONE_REGION	 /* @Europe/Paris */
} EvFeelZoneKind;

typedef struct EvFeelZone
{
	EvFeelZoneKind kind;
	int offset;		  /* seconds east of UTC; EV_FEEL_ZONE_OFFSET */
	const char *name; /* as written, NUL at its end; EV_FEEL_ZONE_REGION */
	pg_tz *region;
} EvFeelZone;

/* Which members count is said by the value's type: date, time and zone, or all. */
struct EvFeelTemporal
{
	int year; /* proleptic Gregorian, -999999999 to 999999999 */
	int month;
	int day;
	int hour;
	int minute;
	int second;
	int nanosecond;
	EvFeelZone zone;
};

/* Both of one sign; nanoseconds below 10^9 in magnitude. */
struct EvFeelDuration
{
	int64 seconds;
	int nanoseconds;
};

static inline EvFeelValue
ev_feel_null(void)
{
	return (EvFeelValue) {.type = EV_FEEL_NULL};
}

static inline EvFeelValue
ev_feel_boolean(bool boolean)
{
	return (EvFeelValue) {.type = EV_FEEL_BOOLEAN, .boolean = boolean};
}

static inline EvFeelValue
ev_feel_string(const char *string, int length)
{
	return (EvFeelValue) {.type = EV_FEEL_STRING, .length = length, .string = string};
}

/* The value is the number; it has to keep the rules of feel_number.h. */
static inline EvFeelValue
ev_feel_number(Numeric number)
{
	return (EvFeelValue) {.type = EV_FEEL_NUMBER, .number = number};
}

static inline EvFeelValue
ev_feel_months(int64 months)
{
	return (EvFeelValue) {.type = EV_FEEL_YEARS_MONTHS, .months = months};
}

static inline bool
ev_feel_is_null(EvFeelValue value)
{
	return value.type == EV_FEEL_NULL;
}

static inline bool
ev_feel_is_true(EvFeelValue value)
{
	return value.type == EV_FEEL_BOOLEAN && value.boolean;
}

/* "number", "date and time", "years and months duration", ... as FEEL calls it. */
extern const char *ev_feel_type_name(EvFeelType type);

#endif /* EV_FEEL_VALUE_H */
