"""Amazon S3: buckets, and objects as bytes in the world."""
