"""The compiled model: arrays and formulas, their file form and the reference scorer."""
