"""Command lines that are wrong: reported as every other error is, with exit code 1."""

from __future__ import annotations

import argparse
from typing import NoReturn

from tt_dialect.diagnostics import CompileError, Diagnostic


def usage_error(parser: argparse.ArgumentParser, message: str) -> NoReturn:
    """Raises what a parser finds wrong as a `CompileError`."""
    note = f"'{parser.prog} --help' shows what is accepted"
    raise CompileError(Diagnostic(message, notes=(note,)))


class ArgumentParser(argparse.ArgumentParser):
    """A parser, of subcommands too, that raises."""

    def error(self, message: str) -> NoReturn:
        usage_error(self, message)
