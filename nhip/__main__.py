"""`python -m nhip` is the command `nhip`."""

from nhip.cli import main

main()
