"""The documentation agrees with the code."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path


def test_generated_pages_are_up_to_date(root: Path) -> None:
    command = [sys.executable, str(root / "tools" / "gen_docs.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_links_between_pages_resolve(root: Path) -> None:
    pages = [root / "README.md", *sorted((root / "docs").glob("*.md"))]
    assert len(pages) > 4
    for page in pages:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_pass_and_operation_is_documented(root: Path) -> None:
    for page in ("passes.md", "dialect.md"):
        text = (root / "docs" / page).read_text(encoding="utf-8")
        sections = re.split(r"^###? ", text, flags=re.MULTILINE)[1:]
        empty = [s.splitlines()[0] for s in sections if len(s.split("\n\n")) < 2]
        assert not empty, f"{page}: {empty}"
