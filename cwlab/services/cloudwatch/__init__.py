"""CloudWatch metrics and alarms.

ingest      from the datums of a request to rows, with every check
chunk       datapoints in columns, and how they add up
series      the datapoints of one metric in one unit: a value that grows
histogram   the base-1.1 bins behind percentiles
statistics  names of statistics, and what each makes of one period
window      which buckets a query asks for; retention
labels      default and dynamic labels
metrics     what is stored and what is vended, read alike
queries     what GetMetricData and GetMetricStatistics ask, checked
data        every query of GetMetricData answered, by the three languages below among others
math        metric math, pure
search      SEARCH: metrics found by their names, pure
insights    Metrics Insights: SQL over metrics, pure
anomaly     the seasonal model, what it is trained on, detectors, bands
alarms      what alarms watch, how and when they decide, and what follows
dashboards  dashboards and the checks of their bodies (dashboard_body)
operations  the API
csvfile     your own data from a file
"""
