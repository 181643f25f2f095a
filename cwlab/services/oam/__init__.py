"""CloudWatch Observability Access Manager: sinks, links and what they share between accounts.

    records     what a sink and a link are
    sinks       the monitoring account's side: one sink a Region, and the policy that says who may link to it
    links       the source account's side: which kinds of data it shares, and which log groups
    tags        tags of both

What a link shares is for the services to heed: CloudWatch Logs does (its queries and lists of groups). Metrics and traces
of other accounts are not modeled, so a link may name them and nothing follows. Source: OAM API reference; CloudWatch
User Guide, "CloudWatch cross-account observability".
"""
