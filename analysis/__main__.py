"""`python -m analysis` is `postmortem`."""

from analysis.cli import main

if __name__ == "__main__":
    main()
