"""Save the kernels of `test/tvm_kernels.py` as `.tir.json`; run it where apache-tvm is installed.

python tools/save_tvm.py
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from save_tir import ROOT, load, save


def main() -> None:
    """Regenerate every saved kernel of plain TVM."""
    for case, make in load(ROOT / "test" / "tvm_kernels.py").TVM_CASES.items():
        save(make(), ROOT / "test" / "data" / "tir" / "tvm" / f"{case}.tir.json")


if __name__ == "__main__":
    main()
