"""Fields of an annotation: plain data, read by key; what does not fit is an `AnnotationError`."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from tt_dialect.analysis.sharding import ORDERS, RESERVED_ORDERS

PLACE_KEY = "at"
"""Where an annotation stands, `file:line`; added when it is read from a file."""


class AnnotationError(ValueError):
    """An annotation that says nothing sensible; `hint` says what would."""

    def __init__(self, message: str, *hints: str, key: str = ""):
        super().__init__(message)
        self.hints = tuple(hint for hint in hints if hint)
        self.key = key
        """The key whose place in a file is the error's place."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The note for a name that is not known: the closest one, or all."""
    names = list(known)
    folded = {n.lower(): n for n in names}
    close = [n for n in folded if name and n.startswith(name.lower())]
    close = close or difflib.get_close_matches(name.lower(), list(folded), n=1, cutoff=0.5)
    if close:
        return f"did you mean '{folded[close[0]]}'?"
    return f"expected {', '.join(names)}"


MAX_NESTING = 16


def check_plain(value: object, key: str = "", depth: int = 0) -> None:
    """Numbers of 64 bits, text of Unicode, a few levels: what attributes and files can hold.

    `key` is where a value stands; an `AnnotationError` names it.
    """
    where = f" in '{key}'" if key else ""
    match value:
        case bool():
            pass
        case int():
            if not -(1 << 63) <= value < 1 << 63:
                raise AnnotationError(
                    f"a number of {value.bit_length()} bits{where}",
                    "numbers are at most 2**63 - 1",
                    key=key,
                )
        case str():
            if any("\ud800" <= c <= "\udfff" for c in value):
                raise AnnotationError(
                    f"{value!a}{where} is no text",
                    "a surrogate stands alone; write the character itself",
                    key=key,
                )
        case Mapping() | list() | tuple():
            if depth > MAX_NESTING:
                raise AnnotationError(
                    f"nested too deeply{where}", f"at most {MAX_NESTING} levels", key=key
                )
            if isinstance(value, Mapping):
                for name, entry in cast("Mapping[object, object]", value).items():
                    check_plain(name, key)
                    check_plain(entry, str(name), depth + 1)
                return
            for entry in cast("Sequence[object]", value):
                check_plain(entry, key, depth + 1)
        case _:
            pass


def mapping(value: object, what: str, form: str) -> dict[str, Any]:
    """A map by text; `what` and `form` say what it is, and what it should be."""
    check_plain(value)
    if not isinstance(value, Mapping):
        raise AnnotationError(f"{what} is {value!r}", f"expected {form}")
    return {str(k): v for k, v in cast("Mapping[object, Any]", value).items()}


def keys_of(
    fields: dict[str, Any],
    known: Sequence[str],
    what: str,
    old: Mapping[str, str],
    extra: Sequence[str] = (),
) -> dict[str, Any]:
    """The fields under the names they have here."""
    found: dict[str, Any] = {}
    for key, value in fields.items():
        name = old.get(key, key)
        if key == "halo":
            raise AnnotationError(
                f"halo unsupported: {what} asks for one",
                "shards do not overlap; read the neighbour's rows in the kernel",
                key=key,
            )
        if name not in (*known, *extra, PLACE_KEY):
            raise AnnotationError(f"{what} has no key '{key}'", did_you_mean(key, known), key=key)
        if name in found:
            first = next(k for k in fields if old.get(k, k) == name)
            raise AnnotationError(
                f"{what} says '{name}' twice, as '{first}' and as '{key}'",
                "keep one of them",
                key=key,
            )
        found[name] = value
    return found


def word(
    fields: dict[str, Any],
    key: str,
    known: Sequence[str],
    whose: str,
    fold: Callable[[str], str] = str.lower,
) -> str | None:
    """One of a list of words, in any case."""
    value = fields.get(key)
    if value is None:
        return None
    word = fold(value) if isinstance(value, str) else value
    if word not in known:
        hint = did_you_mean(str(value), known)
        raise AnnotationError(f"unknown {key} '{value}' {whose}", hint, key=key)
    return cast(str, word)


def order_of(fields: dict[str, Any], whose: str, offered: Sequence[str] = ORDERS) -> str | None:
    """How shards or blocks are numbered; `offered` are the orders that hints name."""
    value = fields.get("order")
    if isinstance(value, str) and value.lower().partition("(")[0].strip() in RESERVED_ORDERS:
        raise AnnotationError(
            f"order '{value}' {whose} is reserved: it has no meaning yet",
            f"expected {', '.join(offered)}",
            key="order",
        )
    if value not in (None, *ORDERS) and str(value).lower() not in ORDERS:
        hint = did_you_mean(str(value), offered)
        raise AnnotationError(f"unknown order '{value}' {whose}", hint, key="order")
    return word(fields, "order", ORDERS, whose)


def extents(fields: dict[str, Any], key: str, whose: str, least: int = 1) -> tuple[int, ...] | None:
    value = fields.get(key)
    if value is None:
        return None
    listed = cast("Sequence[object]", value) if isinstance(value, list | tuple) else (value,)
    found = [v for v in listed if isinstance(v, int) and not isinstance(v, bool) and v >= least]
    if not listed or len(found) != len(listed):
        kind = "positive" if least else "non-negative"
        raise AnnotationError(f"{key} {whose} is {value!r}", f"expected {kind} integers", key=key)
    return tuple(found)


def place_text(fields: dict[str, Any]) -> str | None:
    value = fields.get(PLACE_KEY)
    if value is not None and not isinstance(value, str):
        raise AnnotationError(f"'{PLACE_KEY}' is {value!r}", "expected 'file:line'")
    return value
