"""Alarms: what they watch, how they decide, when, and what follows.

records        an alarm's configuration, and its state
put            PutMetricAlarm; describe, switching, tags: the rest of the API
watched        what an alarm sees; decide, reasons: the decision and its words
cadence        when it looks; ahead, outlook: how far ahead nothing can change; evaluation: doing it
contributors   alarms over many series
transitions    a change of state, and everything that follows from it
lines, history what happened, for 30 days
events         what EventBridge and functions are told; messages: what SNS is told; words, configuration: the spellings
action_arns    what an action may be; actions: running them; repeating: scaling again each minute
composite      rules over other alarms, and suppressors (phases)
mutes          mute rules (mute_schedule, muting)
"""
