"""`python -m fadearena` is the command `fadearena`."""

from fadearena.cli.main import main

if __name__ == "__main__":
    main()
