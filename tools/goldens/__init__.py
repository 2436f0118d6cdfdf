"""One module for each golden file; see ../golden.py."""
