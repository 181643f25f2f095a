"""Elastic Beanstalk: environments whose instances stream their log files, a group for each file.

records      what an environment is
environments applications and environments
streaming    a file's lines to its group, with the instance's own role and agent; the verb ``log``

Modeled: single instances or a few, launched through EC2, and the option settings that concern logs. Not modeled, and
refused by name: application versions, load balancers, platforms, health streaming, updates.
"""
