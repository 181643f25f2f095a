"""Everything Auto Scaling can be asked. Importing this module declares it all."""

from cwlab.services.autoscaling import capacity, groups

__all__ = ["capacity", "groups"]
