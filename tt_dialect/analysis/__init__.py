"""Pure functions over the IR: index arithmetic, accesses, work division, page order."""
