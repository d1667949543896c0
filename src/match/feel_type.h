/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_type.h: types as they are written in expressions: list<number>,
 * context<a: string>, function<number> -> Any.
 *
 * They occur behind `instance of` and behind parameters of functions.  There
 * a value that is not of the type is converted if FEEL has a conversion for it
 * (10.3.2.9.4), else the call is null.
 */
#ifndef EV_FEEL_TYPE_H
#define EV_FEEL_TYPE_H

#include "match/feel_ast.h"

typedef enum EvFeelShapeKind
{
	EV_FEEL_SHAPE_ANY,
	EV_FEEL_SHAPE_NULL,
	EV_FEEL_SHAPE_TYPE,
	EV_FEEL_SHAPE_UNKNOWN /* a name that is no type: no value is of it */
} EvFeelShapeKind;

struct EvFeelShape
{
	EvFeelShapeKind kind;
	EvFeelType type;
	const EvFeelShape *element; /* LIST, RANGE; FUNCTION: the result; NULL: any */
	int count;					/* members of CONTEXT, parameters of FUNCTION; -1: not said */
	EvFeelPair *members;		/* names (FUNCTION: none) and types */
};

/* Is the value of the type?  null is of no type but Null. */
extern bool ev_feel_type_has(EvFeelRun *run, const EvFeelShape *shape, EvFeelValue value);

/* The value as one of the type; false if there is no conversion.  null stays null. */
extern bool ev_feel_type_convert(EvFeelRun *run, const EvFeelShape *shape, EvFeelValue *value);

#endif /* EV_FEEL_TYPE_H */
