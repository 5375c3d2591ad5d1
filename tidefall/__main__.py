"""``python -m tidefall``: the command line."""

from tidefall.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
