"""The command line: one file per command. A command parses, calls the rooms below, and prints; it computes nothing."""
