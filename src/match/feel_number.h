/* SPDX-License-Identifier: PostgreSQL
 *
 * feel_number.h: the numbers of FEEL: decimals of 34 significant digits.
 *
 * IEEE 754-2008 decimal128, as DMN 1.5 asks (10.3.2.3.1): results are rounded
 * half to even to 34 digits, the exponent is -6111 to 6144, and what has no
 * finite result is null.
 */
#ifndef EV_FEEL_NUMBER_H
#define EV_FEEL_NUMBER_H

#include "base/decimal.h"
#include "lib/stringinfo.h"
#include "match/feel_run.h"

/* Operands are numbers. */
extern EvFeelValue ev_feel_number_add(EvFeelRun *run, EvFeelValue a, EvFeelValue b);
extern EvFeelValue ev_feel_number_subtract(EvFeelRun *run, EvFeelValue a, EvFeelValue b);
extern EvFeelValue ev_feel_number_multiply(EvFeelRun *run, EvFeelValue a, EvFeelValue b);
extern EvFeelValue ev_feel_number_divide(EvFeelRun *run, EvFeelValue a, EvFeelValue b);
extern EvFeelValue ev_feel_number_power(EvFeelRun *run, EvFeelValue a, EvFeelValue b);
extern EvFeelValue ev_feel_number_negate(EvFeelRun *run, EvFeelValue a);
extern int ev_feel_number_compare(EvFeelValue a, EvFeelValue b);

extern EvFeelValue ev_feel_number_from_int64(EvFeelRun *run, int64 n);

/* Of any Numeric (out of JSON, or a result): rounded to 34 digits; null when it is out of range. */
extern EvFeelValue ev_feel_number_from_numeric(EvFeelRun *run, Numeric numeric);

/* A literal of FEEL: digits, point, digits, perhaps an exponent.  Null if it is none. */
extern EvFeelValue ev_feel_number_from_text(EvFeelRun *run, const char *text, int length);

/* false if it has a fraction, or more than 16 digits. */
extern bool ev_feel_number_to_int64(EvFeelValue number, int64 *n);

/* true if it is a whole number. */
extern bool ev_feel_number_is_integer(EvFeelValue number);

/* Without an exponent, without trailing zeros after the point. */
extern void ev_feel_number_append(StringInfo out, EvFeelValue number);

/* ---- for functions of numbers ---- */

/* The number as a decimal; false if it is out of range, which no value of FEEL is. */
extern bool ev_feel_number_read(EvFeelValue number, EvDecimal *decimal);

/* The decimal as a value, if the result exists; else null, since it is too large. */
extern EvFeelValue ev_feel_number_make(EvFeelRun *run, bool exists, const EvDecimal *decimal);

/* Count the work of a root, logarithm or power; false past a limit. */
extern bool ev_feel_number_spend(EvFeelRun *run);

#endif /* EV_FEEL_NUMBER_H */
