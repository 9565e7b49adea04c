"""Run the command line with ``python -m SpineGTRefineLib``."""

from .cli.app import main

if __name__ == "__main__":
    main()
