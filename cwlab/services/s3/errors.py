"""The errors of S3, in S3's words. Source: API Reference, "Error responses", list of error codes."""

from __future__ import annotations

from cwlab.errors import AwsError


def _error(code: str, message: str, status: int, **more: str) -> AwsError:
    """What S3 adds to an error (BucketName, Key) stands beside code and message, as in its XML."""
    return AwsError(
        code, message, status, fields={"Error": {"Code": code, "Message": message, **more}} if more else None
    )


def no_bucket(name: str) -> AwsError:
    return _error("NoSuchBucket", "The specified bucket does not exist", 404, BucketName=name)


def no_key(key: str) -> AwsError:
    return _error("NoSuchKey", "The specified key does not exist.", 404, Key=key)


def no_version(key: str, version: str) -> AwsError:
    return _error("NoSuchVersion", "The specified version does not exist.", 404, Key=key, VersionId=version)


def no_upload(upload: str) -> AwsError:
    return _error(
        "NoSuchUpload",
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
        404,
        UploadId=upload,
    )


def bare(status: int) -> AwsError:
    """What a HEAD request gets: a status and no body, which botocore shows as a code."""
    words = {
        301: "Moved Permanently",
        304: "Not Modified",
        403: "Forbidden",
        404: "Not Found",
        412: "Precondition Failed",
        416: "Requested Range Not Satisfiable",
    }
    return AwsError(str(status), words[status], status)


def redirect(name: str, region: str) -> AwsError:
    """The bucket is in another Region. boto3 follows."""
    return _error(
        "PermanentRedirect",
        "The bucket you are attempting to access must be addressed using the specified endpoint. "
        "Please send all future requests to this endpoint.",
        301,
        Bucket=name,
        Endpoint=f"{name}.s3.{region}.amazonaws.com",
    )


def denied(message: str = "Access Denied") -> AwsError:
    return AwsError("AccessDenied", message, 403)


def invalid(message: str) -> AwsError:
    return AwsError("InvalidArgument", message)


def invalid_request(message: str) -> AwsError:
    return AwsError("InvalidRequest", message)


def malformed() -> AwsError:
    return AwsError(
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
    )
