"""The command line: each file is one command, a thin call into the library. Imports stand inside the commands."""
