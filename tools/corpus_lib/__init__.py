"""The corpus: kernels with expected numbers, run through every stage of the compiler.

`tools/corpus` is the command. `cases` says what a case is, `examples` and `upstream` list them with
their NumPy references in `references`; `worker` runs one case in a process of its own, `runner`
all of them, `table` shows the outcome.
"""
