"""s3://bucket/key with boto3 (extra `s3`). Credentials, region and AWS_ENDPOINT_URL are found by boto3 in its usual places."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

from backbeat.errors import ModelError
from backbeat.extras import how_to_add
from backbeat.models.remote_file import CHUNK_BYTES, RemoteFile, TransferFailed

_REFUSED = {"NoSuchKey", "NoSuchBucket", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "403", "404"}


@contextmanager
def open_s3(uri: str) -> Iterator[RemoteFile]:
    """Open an object; raises ModelError without boto3 or when S3 refuses, TransferFailed when it could not be reached."""
    try:
        import boto3  # noqa: PLC0415 - an extra, and slow to import
        from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, ParamValidationError  # noqa: PLC0415
    except ImportError as error:
        raise ModelError(
            f"Fetching {uri} needs boto3, which is not installed.",
            advice=how_to_add("s3"),
        ) from error

    parts = urlsplit(uri)
    bucket, key = parts.netloc, unquote(parts.path).lstrip("/")
    if not bucket or not key:
        raise ModelError(f"{uri} is not an S3 address.", advice="Write it like s3://bucket/folder/complete_network.h5.")
    try:
        answer: dict[str, Any] = boto3.client("s3").get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        message = f"S3 refused {uri}: {error}."
        if code in _REFUSED:
            raise ModelError(message, advice="Check bucket, key and credentials (AWS_PROFILE, AWS_ENDPOINT_URL).") from error
        raise TransferFailed(message) from error
    except (NoCredentialsError, ParamValidationError) as error:
        raise ModelError(
            f"{uri} could not be opened: {error}.", advice="Set up the AWS credentials (`aws configure`)."
        ) from error
    except BotoCoreError as error:
        raise TransferFailed(f"{uri} could not be reached: {error}.") from error
    with closing(answer["Body"]) as body:
        yield RemoteFile(size_bytes=answer.get("ContentLength"), chunks=_chunks(body))


def _chunks(body: Any) -> Iterator[bytes]:
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - see open_s3

    try:
        yield from body.iter_chunks(CHUNK_BYTES)
    except (BotoCoreError, OSError) as error:
        raise TransferFailed(f"The connection broke: {error}.") from error
