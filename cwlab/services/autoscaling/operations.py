"""Everything Auto Scaling can be asked. Importing this module declares it all."""

from cwlab.services.autoscaling import capacity, execute, groups, policies

__all__ = ["capacity", "execute", "groups", "policies"]
