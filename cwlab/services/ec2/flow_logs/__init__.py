"""VPC flow logs: what passed, or did not pass, the network interfaces.

fields      what a record holds, and how a format writes it: pure
journey     which interfaces see a connection, and what the two filters say there: pure
capture     packets come (a verb), are judged at their instant, and counted in windows
delivery    a window is written to CloudWatch Logs five minutes after its end, with the flow log's role
operations  CreateFlowLogs, DescribeFlowLogs, DeleteFlowLogs
"""
