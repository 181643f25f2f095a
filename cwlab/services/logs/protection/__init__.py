"""Data protection: sensitive data is found in what comes in under a policy, and shown as asterisks wherever it leaves.

    identifiers  what counts as an e-mail address, a card number, …; and expressions of one's own
    documents    what a policy may say
    masking      texts and chunks with asterisks
    reading      a stream's events as those see them who may not see all
    arriving     what comes in: found, counted, reported
    policies     the operations

What is stored is never changed. Which identifiers an event is under is settled by when it came in (``history``), and
what is masked by its text and them alone; so it is worked out when somebody reads it, and a group without a policy pays
nothing. Source: User Guide, "Help protect sensitive log data with masking".
"""

from cwlab.services.logs.protection.reading import pieces, rules

__all__ = ["pieces", "rules"]
