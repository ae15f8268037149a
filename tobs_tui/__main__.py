"""`python -m tobs_tui` is `tobs-tui`."""

from tobs_tui.cli import main

if __name__ == "__main__":
    main()
