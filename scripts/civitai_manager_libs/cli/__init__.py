"""The command line: the page's actions from a terminal."""
