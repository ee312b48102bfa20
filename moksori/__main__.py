"""`python -m moksori`: the command line, for processes that moksori starts itself."""

from moksori.cli import main

main()
