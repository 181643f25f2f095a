"""Alarms: what they watch (`records`), how they decide (`decide`), when (`evaluation`), and what follows (`transitions`)."""
