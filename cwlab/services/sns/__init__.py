"""SNS: topics, subscriptions, and where a message goes.

records        what a topic and a subscription are        errors    SNS's codes and texts
settings       their attributes: what may be set          access    a topic's own policy
topics, subscriptions, publishing   the operations
filters        which messages a subscription wants (pure)
envelope       the JSON that queues and functions get, and the text of an e-mail (pure)
delivery       to queues, functions, and the mailboxes that ``lab.inbox`` shows
tally          what is counted for AWS/SNS                metrics   its metrics, computed when somebody reads them
"""
