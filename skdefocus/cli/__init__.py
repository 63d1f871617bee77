"""The command ``skdefocus``: one module a group of verbs."""
