"""AWS IoT's data plane: a program publishes a message, which then goes where a device's goes."""
