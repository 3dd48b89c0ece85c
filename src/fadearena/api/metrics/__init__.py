"""What is measured of the windows, and how it is given out together with what the worker measured."""
