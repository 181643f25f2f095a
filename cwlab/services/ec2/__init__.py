"""Amazon EC2: instances, the network around them, and the metrics AWS/EC2."""
