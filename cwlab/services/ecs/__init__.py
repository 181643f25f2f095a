"""ECS: clusters, task definitions and tasks on Fargate, whose containers write through the awslogs driver.

records      what a task definition and a task is
names        names, ARNs, and finding what a request names
definitions  clusters and task definitions
tasks        RunTask, StopTask and what becomes of a task
awslogs      the log driver: streams and lines, with the execution role
output       what containers print, which is no AWS API: the verbs ``log`` and ``output``

Not modeled, and refused by name: services, EC2 container instances, other log drivers, multi-line options, health checks.
"""
