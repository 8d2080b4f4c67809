"""The command line tools: parse arguments, call the library, print errors."""
