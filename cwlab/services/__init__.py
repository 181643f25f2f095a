"""AWS services, side by side. None imports another; they meet at the door."""
