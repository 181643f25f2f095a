"""Route 53: public hosted zones, their records, DNS queries, and the query log, which is always in us-east-1.

names      domain names and record values (pure)
records    what a zone and a record set are
zones      hosted zones
recordsets ChangeResourceRecordSets and listing
answering  what Route 53 answers to a query (pure)
queries    DNS queries, which are no AWS API: the verbs ``resolve`` and ``traffic``
querylog   query logging configurations, and the log's lines

Not modeled, and refused by name: private zones, alias records, routing policies, health checks, reusable delegation sets.
"""
