"""Expressions of `expressions.py` as MLIR: in a launch grid of blocks, and as loop nests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from expressions import BINARY, FLOAT, INTEGER, INTEGERS, LOGIC, ROUNDING, UNARY, Input, Node


def body(
    root: Node, names: Mapping[int, str], prefix: str, loops: tuple[str, str] | None = None
) -> tuple[list[str], str]:
    """The operations of a region and the name of the result; `names` are those of inputs.

    `loops` are the variables of a loop nest, where it is no region of a `linalg.generic`.
    """
    lines: list[str] = []
    known: dict[int, str] = {}
    for count, node in enumerate(root.walk()):
        name = f"%{prefix}{count}"
        kind, args = node.kind, [known[id(a)] for a in node.args]
        known[id(node)] = name
        first = node.args[0].kind if node.args else ""
        if node.op == "input":
            known[id(node)] = names[int(node.number)]
        elif node.op == "constant":
            number = str(int(node.number)) if kind == "index" else repr(float(node.number))
            lines.append(f"{name} = arith.constant {number} : {kind}")
        elif node.op == "index":
            lines += _index(name, node.extra, loops)
        elif node.op in UNARY:
            lines.append(f"{name} = {UNARY[node.op][0]} {args[0]} : {kind}")
        elif node.op in BINARY:
            lines.append(f"{name} = {BINARY[node.op][0]} {args[0]}, {args[1]} : {kind}")
        elif node.op.startswith("cmp_"):
            table, how = (INTEGER, "cmpi") if first == "index" else (FLOAT, "cmpf")
            lines.append(
                f"{name} = arith.{how} {table[node.op[4:]]}, {args[0]}, {args[1]} : {first}"
            )
        elif node.op in LOGIC:
            lines.append(f"{name} = arith.{node.op} {args[0]}, {args[1]} : i1")
        elif node.op == "select":
            lines.append(f"{name} = arith.select {', '.join(args)} : {kind}")
        elif node.op in INTEGERS:
            lines += [
                f"{name}_d = arith.constant {int(node.number)} : index",
                f"{name} = arith.{node.op} {args[0]}, {name}_d : index",
            ]
        elif node.op == "from_index":
            lines += [
                f"{name}_i = arith.index_cast {args[0]} : index to i32",
                f"{name} = arith.sitofp {name}_i : i32 to {kind}",
            ]
        else:
            how = "extf" if ROUNDING[kind] < ROUNDING[first] else "truncf"
            lines.append(f"{name} = arith.{how} {args[0]} : {first} to {kind}")
    return lines, known[id(root)]


def _index(name: str, factors: tuple[int, ...], loops: tuple[str, str] | None) -> list[str]:
    """Of the global position: loop variables, or the place in the block plus where it starts."""
    lines = [f"{name}_o = arith.constant {factors[2]} : index"]
    total = f"{name}_o"
    for dim, (factor, start) in enumerate(zip(factors, ("%row", "%column"), strict=False)):
        if not factor:
            continue
        if loops is None:
            lines += [
                f"{name}_i{dim} = linalg.index {dim} : index",
                f"{name}_g{dim} = arith.addi {name}_i{dim}, {start} : index",
            ]
        position = f"{name}_g{dim}" if loops is None else loops[dim]
        last = not any(factors[dim + 1 : 2])
        lines += [
            f"{name}_f{dim} = arith.constant {factor} : index",
            f"{name}_p{dim} = arith.muli {position}, {name}_f{dim} : index",
            f"{name if last else f'{name}_s'} = arith.addi {total}, {name}_p{dim} : index",
        ]
        total = f"{name}_s"
    return lines


@dataclass(frozen=True)
class Kernel:
    """Expressions over shared inputs, each with the element type of its output."""

    inputs: tuple[Input, ...]
    results: tuple[tuple[Node, str], ...]
    shape: tuple[int, int] = (64, 128)
    block: tuple[int, int] = (32, 64)

    @property
    def used(self) -> list[int]:
        """Inputs that are read."""
        nodes = [n for root, _ in self.results for n in root.walk()]
        return sorted({int(n.number) for n in nodes if n.op == "input"})

    def text(self) -> str:
        """At TILE: a launch grid, blocks loaded, one `linalg.generic` per expression."""
        parameters: list[str] = []
        loads: list[str] = []
        blocks: dict[int, str] = {}
        place = {"full": "%row, %column", "row": "%column", "col": "%row"}
        for number in self.used:
            one = self.inputs[number]
            if one.form == "scalar":
                parameters.append(f"%X{number}: {one.element}")
                continue
            whole, part = one.shape(*self.shape), one.shape(*self.block)
            parameters.append(f"%X{number}: {memref(whole, one.element)}")
            blocks[number] = f"memref<{sizes(part)}x{one.element}, 1 : i64>"
            loads += [
                f"%x{number} = memref.alloc() : {blocks[number]}",
                f"%v{number} = memref.subview %X{number}[{place[one.form]}] "
                f"[{', '.join(map(str, part))}] [{', '.join('1' for _ in part)}] : "
                f"{memref(whole, one.element)} to {view(whole, part, one.element)}",
                f"linalg.copy ins(%v{number} : {view(whole, part, one.element)}) "
                f"outs(%x{number} : {blocks[number]})",
            ]
        for i, (_, element) in enumerate(self.results):
            parameters.append(f"%Y{i}: {memref(self.shape, element)}")
        statements = [line for i in range(len(self.results)) for line in self._statement(i, blocks)]
        grid = tuple(w // b for w, b in zip(self.shape, self.block, strict=True))
        lines = "\n".join
        return f"""
        func.func @f({", ".join(parameters)}) {{
          %c0 = arith.constant 0 : index
          %c1 = arith.constant 1 : index
          %gm = arith.constant {grid[0]} : index
          %gn = arith.constant {grid[1]} : index
          %bm = arith.constant {self.block[0]} : index
          %bn = arith.constant {self.block[1]} : index
          scf.parallel (%by, %bx) = (%c0, %c0) to (%gm, %gn) step (%c1, %c1) {{
            %row = arith.muli %by, %bm : index
            %column = arith.muli %bx, %bn : index
            {lines(loads)}
            {lines(statements)}
            scf.reduce
          }}
          func.return
        }}"""

    def loops(self) -> str:
        """The same as the importer makes of plain TVM: a nest of loops on elements for each."""
        parameters: list[str] = []
        for number in self.used:
            one = self.inputs[number]
            shape = one.shape(*self.shape)
            kind = memref(shape, one.element) if shape else one.element
            parameters.append(f"%X{number}: {kind}")
        lines: list[str] = []
        for i, (root, element) in enumerate(self.results):
            tensor = memref(self.shape, element)
            parameters.append(f"%Y{i}: {tensor}")
            lines.append(f"scf.for %i{i} = %c0 to %rows step %c1 {{")
            lines.append(f"scf.for %j{i} = %c0 to %cols step %c1 {{")
            names: dict[int, str] = {}
            for number in sorted({int(n.number) for n in root.walk() if n.op == "input"}):
                one = self.inputs[number]
                names[number] = f"%X{number}" if one.form == "scalar" else f"%e{i}_{number}"
                if one.form != "scalar":
                    place = {"full": f"%i{i}, %j{i}", "row": f"%j{i}", "col": f"%i{i}"}[one.form]
                    source = memref(one.shape(*self.shape), one.element)
                    lines.append(f"{names[number]} = memref.load %X{number}[{place}] : {source}")
            inner, result = body(root, names, f"n{i}_", (f"%i{i}", f"%j{i}"))
            lines += [*inner, f"memref.store {result}, %Y{i}[%i{i}, %j{i}] : {tensor}", "}", "}"]
        text = "\n".join(lines)
        return f"""
        func.func @f({", ".join(parameters)}) {{
          %c0 = arith.constant 0 : index
          %c1 = arith.constant 1 : index
          %rows = arith.constant {self.shape[0]} : index
          %cols = arith.constant {self.shape[1]} : index
          {text}
          func.return
        }}"""

    def _statement(self, number: int, blocks: Mapping[int, str]) -> list[str]:
        root, element = self.results[number]
        maps = {"full": "(i, j)", "row": "(j)", "col": "(i)"}
        read = sorted({int(n.number) for n in root.walk() if n.op == "input"})
        read = [i for i in read if i in blocks]
        names = {i: f"%e{number}_{i}" for i in read}
        names |= {i: f"%X{i}" for i in self.used if i not in blocks}
        lines, result = body(root, names, f"n{number}_")
        affine = [f"affine_map<(i, j) -> {maps[self.inputs[i].form]}>" for i in read]
        affine.append("affine_map<(i, j) -> (i, j)>")
        target = f"memref<{sizes(self.block)}x{element}, 2 : i64>"
        ins = ""
        if read:
            values = ", ".join(f"%x{i}" for i in read)
            ins = f"ins({values} : {', '.join(blocks[i] for i in read)}) "
        arguments = [f"{names[i]}: {self.inputs[i].element}" for i in read]
        arguments.append(f"%o{number}: {element}")
        out = view(self.shape, self.block, element)
        return [
            f"%y{number} = memref.alloc() : {target}",
            f"linalg.generic {{indexing_maps = [{', '.join(affine)}], "
            f'iterator_types = ["parallel", "parallel"]}} {ins}outs(%y{number} : {target}) {{',
            f"^bb0({', '.join(arguments)}):",
            *lines,
            f"linalg.yield {result} : {element}",
            "}",
            f"%w{number} = memref.subview %Y{number}[%row, %column] "
            f"[{self.block[0]}, {self.block[1]}] [1, 1] : "
            f"{memref(self.shape, element)} to {out}",
            f"linalg.copy ins(%y{number} : {target}) outs(%w{number} : {out})",
        ]


def sizes(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))


def memref(shape: tuple[int, ...], element: str) -> str:
    return f"memref<{sizes(shape)}x{element}>"


def view(whole: tuple[int, ...], part: tuple[int, ...], element: str) -> str:
    strides = f"{whole[1]}, 1" if len(whole) == 2 else "1"
    return f"memref<{sizes(part)}x{element}, strided<[{strides}], offset: ?>>"
