"""
Pass pipelines as MLIR users type them.

    builtin.module(tt-infer-layout, func.func(cse), tt-lower{arch=blackhole fidelity=HiFi2})

Blanks are free and anchors nest: our passes run on builtin.module and are refused elsewhere, for
those of xDSL an anchor only groups. Option values need no quotes, `-` and `_` are the same in an
option's name, and a bare flag is true. Values are read by the type of the pass's field. Every
mistake is a located `CompileError`.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping
from types import NoneType, UnionType
from typing import Any, Literal, NoReturn, Union, get_args, get_origin, get_type_hints

from xdsl.passes import ModulePass, get_pass_option_infos
from xdsl.utils.arg_spec import parse_spec
from xdsl.utils.exceptions import ArgSpecParseError
from xdsl.utils.hints import type_repr

from tt_dialect.diagnostics import CompileError, Location, error_at

PassFactory = Callable[[], type[ModulePass]]

_NAME = re.compile(r"[A-Za-z0-9_.\-]+")
_QUOTED = re.compile(r'"((?:\\.|[^"\\])*)"|\'([^\']*)\'')
_CLOSING = {"[": "]", "{": "}", "(": ")"}


@dataclasses.dataclass(frozen=True)
class Option:
    """One `key=value` or bare `key`, as written."""

    key: str
    text: str | None
    offset: int


@dataclasses.dataclass(frozen=True)
class Element:
    """One pass of a pipeline, as written."""

    name: str
    options: tuple[Option, ...]
    offset: int
    mlir_pipeline: str | None = None
    anchor: str = "builtin.module"
    """The innermost operation it is anchored on."""


def suggest(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """A `did you mean` note, when something known is close."""
    import difflib

    close = difflib.get_close_matches(name, list(known), n=3, cutoff=0.6)
    return (f"did you mean {' or '.join(repr(c) for c in close)}?",) if close else ()


class PipelineReader:
    """Recursive descent over the text of one option of the command line."""

    def __init__(self, text: str, source: str):
        self.text = text
        self.source = source
        self.pos = 0
        self.anchor = "builtin.module"

    def fail(self, message: str, *notes: str, at: int | None = None) -> NoReturn:
        offset = self.pos if at is None else at
        raise error_at(self.place(offset), message, *notes)

    def place(self, offset: int) -> Location:
        line = self.text.count("\n", 0, offset)
        return Location(self.source, line + 1, offset - (self.text.rfind("\n", 0, offset) + 1) + 1)

    def skip_blanks(self) -> None:
        while self.pos < len(self.text) and self.text[self.pos].isspace():
            self.pos += 1

    def peek(self) -> str:
        self.skip_blanks()
        return self.text[self.pos] if self.pos < len(self.text) else ""

    def eat(self, character: str) -> bool:
        if self.peek() == character:
            self.pos += 1
            return True
        return False

    def name(self, what: str) -> str:
        self.skip_blanks()
        match = _NAME.match(self.text, self.pos)
        if match is None:
            got = repr(self.text[self.pos]) if self.pos < len(self.text) else "the end"
            self.fail(f"expected {what}, got {got}")
        self.pos = match.end()
        return match.group()

    def pipeline(self) -> list[Element]:
        """The whole text."""
        elements = self.sequence("") if self.peek() else []
        if self.peek():
            self.fail(f"expected ',' between passes, got {self.text[self.pos]!r}")
        return elements

    def sequence(self, closing: str) -> list[Element]:
        elements: list[Element] = []
        while self.peek() != closing:
            elements += self.element()
            if not self.eat(","):
                break
        return elements

    def element(self) -> list[Element]:
        self.skip_blanks()
        offset = self.pos
        name = self.name("a pass name")
        if self.peek() == "(":
            if "." not in name and name != "any":
                self.fail(
                    f"'{name}' is not an operation to anchor a pipeline on",
                    "write builtin.module(..), func.func(..) or any(..)",
                    at=offset,
                )
            opening = self.pos
            self.pos += 1
            outer, self.anchor = self.anchor, name
            elements = self.sequence(")")
            self.anchor = outer
            if not self.eat(")"):
                if self.peek():
                    self.fail(f"expected ',' or ')', got {self.text[self.pos]!r}")
                self.fail("this '(' is never closed", at=opening)
            return elements
        if self.peek() == "[":
            return [Element(name, (), offset, self.bracketed(), self.anchor)]
        options = self.options() if self.peek() == "{" else ()
        return [Element(name, options, offset, anchor=self.anchor)]

    def options(self) -> tuple[Option, ...]:
        opening = self.pos
        self.pos += 1
        options: list[Option] = []
        while not self.eat("}"):
            if not self.peek():
                self.fail("this '{' is never closed", at=opening)
            offset = self.pos
            key = self.name("an option name")
            options.append(Option(key, self.value() if self.eat("=") else None, offset))
            self.eat(",")
        return tuple(options)

    def value(self) -> str:
        """Text up to a blank or `}` outside quotes and brackets; a blank may follow a comma."""
        self.skip_blanks()
        start = self.pos
        while self.pos < len(self.text):
            character = self.text[self.pos]
            if quoted := _QUOTED.match(self.text, self.pos):
                self.pos = quoted.end()
            elif character in "\"'":
                self.fail("this string is never closed")
            elif character in _CLOSING:
                self.bracketed()
            elif character == "}" or character.isspace():
                break
            else:
                self.pos += 1
        if self.pos == start:
            self.fail("expected a value after '='")
        return self.text[start : self.pos]

    def bracketed(self) -> str:
        opening = self.pos
        pending = [_CLOSING[self.text[opening]]]
        self.pos += 1
        while pending:
            if self.pos >= len(self.text):
                self.fail(f"this {self.text[opening]!r} is never closed", at=opening)
            character = self.text[self.pos]
            if quoted := _QUOTED.match(self.text, self.pos):
                self.pos = quoted.end()
                continue
            if character == pending[-1]:
                pending.pop()
            elif character in _CLOSING:
                pending.append(_CLOSING[character])
            self.pos += 1
        return self.text[opening : self.pos]


# ------------------------------------------------------------------------------- option values


def _unquote(text: str) -> str:
    if match := _QUOTED.fullmatch(text):
        body = match.group(1)
        return match.group(2) if body is None else re.sub(r"\\(.)", r"\1", body)
    return text


def _items(text: str) -> list[str]:
    if text and text[0] in _CLOSING and text.endswith(_CLOSING[text[0]]):
        text = text[1:-1]
    return [match.group() for match in re.finditer(r'"(?:\\.|[^"\\])*"|\'[^\']*\'|[^,\s]+', text)]


def convert(text: str | None, kind: Any) -> Any:
    """The value of type `kind` that `text` spells; raises ValueError."""
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        if NoneType in args and text in (None, "none"):
            return None
        members = sorted((a for a in args if a is not NoneType), key=lambda a: a is str)
        for member in members:
            try:
                return convert(text, member)
            except ValueError:
                continue
        raise ValueError
    if kind is bool:
        lowered = "true" if text is None else _unquote(text).lower()
        if lowered not in ("true", "false", "1", "0"):
            raise ValueError
        return lowered in ("true", "1")
    if text is None:
        raise ValueError
    if origin is Literal:
        for choice in args:
            if _unquote(text) == str(choice):
                return choice
        raise ValueError
    if origin is tuple:
        parts = _items(text)
        if len(args) == 2 and args[1] is Ellipsis:
            return tuple(convert(part, args[0]) for part in parts)
        if len(args) != len(parts):
            raise ValueError
        return tuple(convert(part, arg) for part, arg in zip(parts, args, strict=True))
    if kind is int:
        return int(_unquote(text), 0)
    if kind is float:
        return float(_unquote(text))
    return _unquote(text)


def option_text(kind: Any) -> str:
    """How a field's type is shown to a user."""
    if get_origin(kind) is Literal:
        return "|".join(str(choice) for choice in get_args(kind))
    if get_origin(kind) in (Union, UnionType):
        return "|".join(option_text(a) for a in get_args(kind) if a is not NoneType)
    return type_repr(kind)


def build_pass(element: Element, cls: type[ModulePass], reader: PipelineReader) -> ModulePass:
    """An instance of `cls` with the options of `element`."""
    if element.mlir_pipeline is not None:
        return cls.from_spec(parse_spec(f"{element.name}{element.mlir_pipeline}"))
    types = get_type_hints(cls)
    fields = [f.name for f in dataclasses.fields(cls) if f.init and f.name != "name"]
    values: dict[str, Any] = {}
    for option in element.options:
        name = option.key.replace("-", "_")
        if name not in fields:
            shown = [f.replace("_", "-") for f in fields]
            known = f"its options are: {', '.join(shown)}" if fields else "it takes no options"
            reader.fail(
                f"pass '{element.name}' has no option '{option.key}'",
                *suggest(option.key.replace("_", "-"), shown),
                known,
                at=option.offset,
            )
        try:
            values[name] = convert(option.text, types[name])
        except ValueError:
            got = f"got '{option.text}'" if option.text is not None else "got no value"
            reader.fail(
                f"option '{option.key}' of pass '{element.name}' expects "
                f"{option_text(types[name])}, {got}",
                at=option.offset,
            )
    missing = sorted(cls.required_fields() - values.keys() - {"name"})
    if missing:
        reader.fail(f"pass '{element.name}' needs option '{missing[0]}'", at=element.offset)
    try:
        return cls(**values)
    except CompileError:
        raise
    except Exception as error:
        reader.fail(f"pass '{element.name}': {error}", at=element.offset)


def read_pipeline(
    text: str, available: Mapping[str, PassFactory], *, source: str = "--pass-pipeline"
) -> tuple[ModulePass, ...]:
    """The passes `text` names."""
    reader = PipelineReader(text, source)
    passes: list[ModulePass] = []
    for element in reader.pipeline():
        if element.name not in available:
            reader.fail(
                f"unknown pass '{element.name}'",
                *suggest(element.name, available),
                "tt-opt --list-passes lists them",
                at=element.offset,
            )
        cls = available[element.name]()
        ours = cls.__module__.startswith("tt_dialect.")
        if ours and element.anchor not in ("builtin.module", "any"):
            reader.fail(
                f"pass '{element.name}' runs on builtin.module, not {element.anchor}",
                at=element.offset,
            )
        try:
            passes.append(build_pass(element, cls, reader))
        except ArgSpecParseError as error:
            reader.fail(str(error).splitlines()[-1], at=element.offset)
    return tuple(passes)


def describe_passes(available: Mapping[str, PassFactory], names: Iterable[str]) -> str:
    """The text of `--list-passes`: each pass with its first sentence, options, types, defaults."""
    lines: list[str] = []
    for name in names:
        cls = available[name]()
        doc = (cls.__doc__ or "").strip().split("\n\n")[0]
        lines.append(name)
        if doc and not doc.startswith(f"{cls.__name__}("):
            lines.append("    " + " ".join(doc.split()))
        types = get_type_hints(cls)
        for info in get_pass_option_infos(cls):
            if info.name == "name":
                continue
            default = "" if info.default_value is None else f" (default {info.default_value})"
            kind = option_text(types[info.name])
            lines.append(f"    {info.name.replace('_', '-')}={kind}{default}")
    return "\n".join(lines)
