"""Anomaly detection: what a metric is expected to be, and the detectors that say how to learn it.

model       the seasonal model, pure: columns in, a band out
training    which of the stored data a model learns from, and how a detector has it trained
bands       ANOMALY_DETECTION_BAND in a request: metric math's hook
detectors   PutAnomalyDetector, DescribeAnomalyDetectors, DeleteAnomalyDetector
requests    what a detector may be: every check of the three requests
"""
