"""The sample queries of the documentation, letter by letter.

Source: CloudWatch Logs User Guide, "Sample queries" and the pages of the commands.
"""

QUERIES: dict[str, str] = {
    # any log
    "newest": "fields @timestamp, @message | sort @timestamp desc | limit 25",
    "exceptions by hour": "filter @message like /Exception/ | stats count(*) as exceptionCount by bin(1h) | sort exceptionCount desc",
    "no exceptions": "fields @message | filter @message not like /Exception/",
    "newest of a server": "fields @timestamp, server, severity, message | sort @timestamp desc | dedup server",
    "newest of a server and severity": "fields @timestamp, server, severity, message | sort @timestamp desc | dedup server, severity",
    "any case": "fields f1, f2, f3 | filter f1 like /(?i)Exception/",
    "one of a list": 'fields @timestamp, @message | filter logGroup in ["example_group"]',
    "recent errors": "fields @timestamp, @message | filter @message like /(?i)(error|failure)/ | filter toMillis(@timestamp) >= (now() * 1000 - 18000000)",
    "two conditions": "fields @timestamp, @message | filter (range>3000 and accountId=123456789012) | sort @timestamp desc | limit 20",
    # Lambda
    "memory": 'filter @type = "REPORT" | stats max(@memorySize / 1000 / 1000) as provisonedMemoryMB, min(@maxMemoryUsed / 1000 / 1000) as smallestMemoryRequestMB, avg(@maxMemoryUsed / 1000 / 1000) as avgMemoryUsedMB, max(@maxMemoryUsed / 1000 / 1000) as maxMemoryUsedMB, provisonedMemoryMB - maxMemoryUsedMB as overProvisionedMB',
    "durations": 'filter @type = "REPORT" | stats avg(@duration), max(@duration), min(@duration) by bin(5m)',
    "slow requests": 'fields @timestamp, @requestId, @message, @logStream | filter @type = "REPORT" and @duration > 1000 | sort @timestamp desc | dedup @requestId | limit 20',
    # VPC flow logs
    "top talkers": "stats sum(packets) as packetsTransferred by srcAddr, dstAddr | sort packetsTransferred desc | limit 15",
    "bytes from a subnet": 'filter isIpv4InSubnet(srcAddr, "192.0.2.0/24") | stats sum(bytes) as bytesTransferred by dstAddr | sort bytesTransferred desc | limit 15',
    "udp": "filter protocol=17 | stats count(*) by srcAddr",
    "skipped by hour": 'filter logStatus="SKIPDATA" | stats count(*) by bin(1h) as t | sort t',
    "bytes by target": "stats avg(bytes), max(bytes) by dstAddr",
    "nat": "filter (dstAddr like 'x.x.x.x' and srcAddr like 'y.y.') | stats sum(bytes) as bytesTransferred by srcAddr, dstAddr | sort bytesTransferred desc | limit 10",
    # Route 53
    "dns by type": "stats count(*) by queryType, bin(1h)",
    "dns resolvers": "stats count(*) as numRequests by resolverIp | sort numRequests desc | limit 10",
    "dns failures": 'filter responseCode="SERVFAIL" | stats count(*) by queryName',
    # CloudTrail
    "trail by source": "stats count(*) by eventSource, eventName, awsRegion",
    "starts and stops": 'filter (eventName="StartInstances" or eventName="StopInstances") and awsRegion="us-east-2"',
    "new users": 'filter eventName="CreateUser" | fields awsRegion, requestParameters.userName, responseElements.user.arn',
    "trail errors": 'filter eventName="UpdateTrail" and ispresent(errorCode) | stats count(*) by errorCode, errorMessage',
    "old tls": 'filter tlsDetails.tlsVersion in [ "TLSv1", "TLSv1.1" ] | stats count(*) as numOutdatedTlsCalls by eventSource | sort numOutdatedTlsCalls desc',
    "one instance": 'fields @timestamp, @message | filter requestParameters.instancesSet.items.0.instanceId="i-abcde123" | sort @timestamp desc',
    # API Gateway
    "client errors": "fields @timestamp, status, ip, path, httpMethod | filter status>=400 and status<=499 | sort @timestamp desc | limit 10",
    "slowest": "fields @timestamp, status, ip, path, httpMethod, responseLatency | sort responseLatency desc | limit 10",
    "latencies": "filter status=200 | stats avg(integrationLatency), max(integrationLatency), min(integrationLatency) by bin(1m)",
    # Apache, EventBridge
    "unique visits": 'fields @timestamp, remoteIP, method, status | filter status="200" and referrer= http://34.250.27.141/ and method= "GET" | stats count_distinct(remoteIP) as UniqueVisits | limit 10',
    "events by type": "fields @timestamp, @message | stats count(*) as numberOfEvents by `detail-type` | sort numberOfEvents desc",
    # parse
    "glob": 'parse @message "user=*, method:*, latency := *" as @user, @method, @latency | stats avg(@latency) by @method, @user',
    "groups with other names": "parse @message /user=(?<user2>.*?), method:(?<method2>.*?), latency := (?<latency2>.*?)/ | stats avg(latency2) by @method2, @user2",
    "parse and display": 'FIELDS @message | PARSE @message "* [*] *" as loggingTime, loggingType, loggingMessage | FILTER loggingType IN ["ERROR", "INFO"] | DISPLAY loggingMessage, loggingType = "ERROR" as isError',
    "interfaces": "parse @message /(?<NetworkInterface>eni-.*?) / | display NetworkInterface, @message",
    "recent client errors": 'parse @message "Status Code: *;" as statusCode | filter statusCode >= 400 and statusCode <= 499 | filter toMillis(@timestamp) >= (now() * 1000 - 7200000)',
    # two stats
    "peaks": "FIELDS strlen(@message) AS message_length | STATS sum(message_length)/1024/1024 as logs_mb BY bin(5m) | STATS max(logs_mb) AS peak_ingest_mb, min(logs_mb) AS min_ingest_mb, avg(logs_mb) AS avg_ingest_mb",
    "sessions": "STATS count_distinct(client_ip) AS session_ips, count(*) AS requests BY session_id, client_platform | FILTER session_ips > 1 | STATS count(*) AS multiple_ip_sessions, sum(requests) / count(*) AS avg_session_requests BY client_platform",
    "stream averages": "FIELDS strlen(@message) AS message_length | STATS sum(message_length) AS ingested_bytes, max(@timestamp) as @t BY @logStream | STATS avg(ingested_bytes) BY dateceil(@t, 5m)",
    # more commands
    "unnest": "fields jsonParse(@message) as json_message | unnest json_message.events into event | display event.name",
    "pattern": "filter @message like /ERROR/ | parse @message 'Failed to do: *' as cause | pattern cause | sort @sampleCount asc",
    "lookup": 'fields user_id, action | lookup user_data user_id OUTPUT username, email, department | filter department = "Engineering"',
    "source": "SOURCE logGroups(namePrefix: ['Query']) | fields @message | limit 5",
    # given as examples of what is not valid
    "a field stats did not keep": "FIELDS @message | STATS SUM(Fault) by Operation | STATS MAX(strlen(@message)) AS x",
    "bin in the second stats": "FIELDS strlen(@message) AS l | STATS sum(l) AS b BY @logStream | STATS avg(b) BY bin(5m)",
}
