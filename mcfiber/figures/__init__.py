"""Figures of results, fibres, crosstalk and mixing."""
