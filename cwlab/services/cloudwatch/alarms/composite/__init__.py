"""Composite alarms: rules over the states of other alarms.

rule.lark   the language
nodes       a rule as data
parse       from text to a rule, with AWS's messages
evaluate    whether a rule holds, and because of which alarms
relations   children, parents, suppressors
suppressor  when actions are held back
requests    PutCompositeAlarm
view        a composite as DescribeAlarms tells it
"""

from cwlab.services.cloudwatch.alarms.composite.relations import children, dependents, parents
from cwlab.services.cloudwatch.alarms.composite.view import view

__all__ = ["children", "dependents", "parents", "view"]
