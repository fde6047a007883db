"""The engine behind `fit`: derivatives of formulas, thousands of problems solved at once, every result verified."""
