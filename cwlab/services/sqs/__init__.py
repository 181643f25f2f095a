"""SQS: queues on the virtual clock, standard and FIFO.

records      what a queue and a message are
settings     a queue's attributes: what may be set, to what, and what is told
backlog      the messages of one queue: which can be received now, and what time does to them (pure)
shelf        a queue with all its tables, found by its URL
digest       the MD5 sums a sender checks its message by
errors       SQS's codes and texts
queues, redriving    operations on queues          sending, receiving    operations on messages
sealing      queues under a key of KMS
tally        what is counted for AWS/SQS   metrics   its metrics, computed when somebody reads them
"""
