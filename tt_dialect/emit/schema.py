"""Whether JSON fits a schema, in a fraction of the time that jsonschema takes to find errors.

For what is printed, which nearly always fits; what is wrong with the rest jsonschema says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

Check: TypeAlias = Callable[[Any], bool]
Schema: TypeAlias = Mapping[str, Any]

_TYPES: Mapping[str, type] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "null": type(None),
}
_SILENT = frozenset({"$schema", "$id", "$defs", "title", "description"})
"""Keywords that check nothing."""


def _kinds(names: str | list[str]) -> Check:
    # A boolean is an int in Python. A float without fraction is left to jsonschema.
    kinds = tuple(_TYPES[name] for name in ([names] if isinstance(names, str) else names))
    return lambda value: isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))


def _one_of(values: list[Any]) -> Check:
    return lambda value: any(
        value == v and isinstance(value, bool) == isinstance(v, bool) for v in values
    )


def _of(kind: type, check: Check) -> Check:
    """A check of values of one type, that passes all others."""
    return lambda value: not isinstance(value, kind) or check(value)


def _members(schema: Schema, root: Schema) -> Check:
    parts: Mapping[str, Schema] = schema.get("properties", {})
    known = {name: compiled(part, root) for name, part in parts.items()}
    others: Schema | bool = schema.get("additionalProperties", True)
    rest = compiled(others, root) if isinstance(others, Mapping) else _always(bool(others))
    return lambda value: all(known.get(name, rest)(part) for name, part in value.items())


def _always(answer: bool) -> Check:
    return lambda value: answer


def _keyword(name: str, given: Any, schema: Schema, root: Schema) -> Check:
    match name:
        case "type":
            return _kinds(given)
        case "enum" | "const":
            return _one_of(given if name == "enum" else [given])
        case "anyOf":
            parts = [compiled(part, root) for part in given]
            return lambda value: any(part(value) for part in parts)
        case "$ref":
            return compiled(root["$defs"][given.removeprefix("#/$defs/")], root)
        case "required":
            return _of(dict, frozenset(given).issubset)
        case "properties" | "additionalProperties":
            return _of(dict, _members(schema, root))
        case "propertyNames":
            fits_name = compiled(given, root)
            return _of(dict, lambda value: all(map(fits_name, value)))
        case "items":
            fits_item = compiled(given, root)
            return _of(list, lambda value: all(map(fits_item, value)))
        case "pattern":
            pattern = re.compile(given)
            return _of(str, lambda value: pattern.search(value) is not None)
        case "minimum":
            return _of(int, lambda value: value >= given)
        case "maximum":
            return _of(int, lambda value: value <= given)
        case "minLength" | "minItems" | "minProperties":
            kind = {"minLength": str, "minItems": list, "minProperties": dict}[name]
            return _of(kind, lambda value: len(value) >= given)
        case "maxItems":
            return _of(list, lambda value: len(value) <= given)
        case _:
            raise ValueError(f"unknown keyword '{name}' in a schema")


def compiled(schema: Schema, root: Schema | None = None) -> Check:
    """
    A check that accepts only what the schema accepts. It may refuse what fits: `2.0` for an
    integer. References are to `$defs` of `root`. An unknown keyword is a `ValueError`.
    """
    root = schema if root is None else root
    checks = [
        _keyword(name, given, schema, root)
        for name, given in schema.items()
        if name not in _SILENT and not (name == "additionalProperties" and "properties" in schema)
    ]
    if len(checks) == 1:
        return checks[0]
    return lambda value: all(check(value) for check in checks)
