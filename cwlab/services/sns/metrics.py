"""AWS/SNS: a topic's metrics, computed when somebody reads them."""
