"""From the atoms of a matched rule to a `TimeExpression`: what each rule of the grammar builds."""

from __future__ import annotations

from sequela.components.time.lengths import age, duration, first_unit, quarter_hour, vague, vague_duration
from sequela.components.time.moments import clock, date_expression, daypart, prefixed_date, recurring
from sequela.components.time.pieces import Builder
from sequela.components.time.positions import numbered_unit, ordinal_course, ordinal_unit, relative_unit

BUILDERS: dict[str, Builder] = {
    "age": age,
    "clock": clock,
    "date": date_expression,
    "daypart": daypart,
    "duration": duration,
    "first_unit": first_unit,
    "numbered_unit": numbered_unit,
    "ordinal_course": ordinal_course,
    "ordinal_unit": ordinal_unit,
    "prefixed_date": prefixed_date,
    "quarter_hour": quarter_hour,
    "relative_unit": relative_unit,
    "set": recurring,
    "vague": vague,
    "vague_duration": vague_duration,
}
