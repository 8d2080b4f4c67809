"""The quick check of a plan agrees with jsonschema, on a plan and plans with one thing wrong."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import tt_dialect
from tt_dialect.emit.plan import plan_schema
from tt_dialect.emit.schema import compiled

KERNEL = Path(__file__).parents[1] / "data" / "tir" / "tile" / "eltwise_add.tir.json"
WRONG = (None, True, -1, 1.5, "", [], {"x": 1})


@pytest.fixture(scope="module")
def plan() -> dict[str, Any]:
    return json.loads(tt_dialect.compile(KERNEL).sources["tt.plan.json"])


def edits(part: Any, seen: set[str], place: str = "") -> Iterator[tuple[Any, Any, Any]]:
    """(container, key, value): one wrong thing at a time, each kind of place once."""
    keys = list(part) if isinstance(part, dict) else list(range(len(part)))
    for key in keys:
        here = f"{place}/{'' if place in ('/layouts', '/work_partition') else key}"
        here = here if isinstance(part, dict) else f"{place}/-"
        if here not in seen:
            seen.add(here)
            for value in WRONG:
                yield part, key, value
        if isinstance(part[key], dict | list):
            yield from edits(part[key], seen, here)


def test_agrees_with_jsonschema(plan: dict[str, Any]) -> None:
    fits, exact = compiled(plan_schema()), Draft202012Validator(plan_schema())
    assert fits(plan)
    assert exact.is_valid(plan)
    refused = 0
    work = copy.deepcopy(plan)
    for part, key, value in list(edits(work, set())):
        kept = part[key]
        part[key] = value
        assert fits(work) == exact.is_valid(work), (key, value)
        refused += not fits(work)
        part[key] = kept
    assert work == plan
    assert refused > 150


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "integer"}, 1, True),
        ({"type": ["integer", "null"]}, None, "1"),
        ({"const": 1}, 1, True),
        ({"required": ["a"]}, {"a": 0, "b": 0}, {"b": 0}),
        ({"additionalProperties": False, "properties": {"a": {}}}, {"a": 0}, {"b": 0}),
        ({"additionalProperties": {"minimum": 2}}, {"b": 2}, {"b": 1}),
        ({"propertyNames": {"pattern": "^a"}}, {"ab": 0}, {"ba": 0}),
        ({"minItems": 1, "maxItems": 2}, [0], [0, 0, 0]),
        ({"minProperties": 1}, {"a": 0}, {}),
        ({"$defs": {"p": {"maximum": 3}}, "items": {"$ref": "#/$defs/p"}}, [3], [4]),
    ],
)
def test_keywords(schema: dict[str, Any], good: object, bad: object) -> None:
    check, exact = compiled(schema), Draft202012Validator(schema)
    assert (check(good), check(bad)) == (True, False)
    assert (exact.is_valid(good), exact.is_valid(bad)) == (True, False)


def test_an_unknown_keyword_is_an_error() -> None:
    with pytest.raises(ValueError, match="uniqueItems"):
        compiled({"uniqueItems": True})
