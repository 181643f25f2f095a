"""AWS/SQS: a queue's metrics, one point a minute while it is active, computed when somebody reads them."""
