"""Anomaly detection: what a metric is expected to be, and the detectors that say how to learn it.

model       the seasonal model, pure: columns in, a band out
training    which of the stored data a model learns from, and the band of a stored metric
detectors   PutAnomalyDetector, DescribeAnomalyDetectors, DeleteAnomalyDetector
requests    what a detector may be: every check of the three requests
"""
