"""What would probably be right where a value is not in its enum: the one allowed value that reads alike."""

from __future__ import annotations

from nhip.datasets.conform.plan import Column, Room

MOST_COMPARISONS = 3_000_000
"""Wrong values x allowed values that are compared; the most frequent wrong values come first."""

FOLDED = "trim(regexp_replace(replace(strip_accents(lower({})), 'đ', 'd'), '\\s+', ' ', 'g'))"
"""`kernel.text.fold` in SQL."""


def folded(value: str) -> str:
    """SQL that folds the SQL text `value` for comparing."""
    return FOLDED.replace("{}", value)


def suggest_enums(room: Room, columns: list[Column]) -> None:
    """For each of `columns` with an enum the table `near_{at}`: `wrong` value, `near` allowed value; equal when folded, or one
    slip (letter left out, added, changed, two swapped) away, and the only such value."""
    for column in columns:
        for place, rule in enumerate(column.rules):
            if rule.rule == "enum":
                _suggest(room, column, place)


def _suggest(room: Room, column: Column, place: int) -> None:
    rule = column.rules[place]
    allowed = list(dict.fromkeys(column.field.enum))
    value = f"CAST({column.value} AS VARCHAR)"
    if rule.among:
        broken = f"{column.value} NOT IN (SELECT allowed FROM {room.table('enum', column.at)})"
    else:
        broken = rule.on(column.value)
    most = max(1, MOST_COMPARISONS // len(allowed))
    room.con.execute(
        f"""CREATE TABLE {room.table("near", column.at)} AS
        WITH wrong AS (SELECT {value} AS wrong, {folded(value)} AS folded, count(*) AS n FROM {room.table("cell", column.at)}
                       WHERE {broken} AND length({value}) <= 200 GROUP BY ALL ORDER BY n DESC, wrong LIMIT {most}),
             allowed AS (SELECT a, {folded("a")} AS folded FROM (SELECT unnest(?::VARCHAR[]) AS a)),
             pairs AS (SELECT wrong, a, wrong.folded = allowed.folded AS same FROM wrong, allowed
                       WHERE wrong.folded = allowed.folded OR (length(wrong.folded) > 3
                             AND abs(length(wrong.folded) - length(allowed.folded)) <= 1
                             AND damerau_levenshtein(wrong.folded, allowed.folded) <= 1)),
             best AS (SELECT wrong, a FROM pairs QUALIFY same = bool_or(same) OVER (PARTITION BY wrong))
        SELECT wrong, min(a) AS near FROM best GROUP BY wrong HAVING count(*) = 1""",
        [allowed],
    )
