"""Amazon EC2 Auto Scaling: groups that keep their number of instances."""
