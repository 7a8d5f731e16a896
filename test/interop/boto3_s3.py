"""boto3's S3 with nothing but the environment that `pitwall local` prints. Prints what it saw as one JSON document."""

import io
import json
import urllib.request

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.client import Config
from botocore.exceptions import ClientError

seen = {}


def error_of(call):
    try:
        call()
    except ClientError as error:
        return [error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]]
    return None


s3 = boto3.client("s3")
bucket = {"Bucket": "boto3"}
s3.create_bucket(**bucket)

keys = ["../up", "a//b", "sp ace+plus", "ü/ñ😀", "trail/"]
for key in keys:
    s3.put_object(**bucket, Key=key, Body=key.encode(), Metadata={"n": "1"})
seen["bodies"] = [s3.get_object(**bucket, Key=key)["Body"].read().decode() == key for key in keys]
pages = s3.get_paginator("list_objects_v2").paginate(**bucket, PaginationConfig={"PageSize": 2})
seen["listed"] = [entry["Key"] for page in pages for entry in page["Contents"]] == sorted(keys)

large = bytes(range(256)) * 80_000
config = TransferConfig(multipart_threshold=8 << 20, multipart_chunksize=8 << 20)
s3.upload_fileobj(io.BytesIO(large), "boto3", "large", Config=config)
seen["etag"] = s3.head_object(**bucket, Key="large")["ETag"].rsplit("-")[-1]
back = io.BytesIO()
s3.download_fileobj("boto3", "large", back, Config=config)
seen["large"] = back.getvalue() == large
seen["range"] = s3.get_object(**bucket, Key="large", Range="bytes=-3")["Body"].read().hex()

for algorithm in ["CRC32", "SHA1", "SHA256"]:
    s3.put_object(**bucket, Key="sum", Body=b"sum", ChecksumAlgorithm=algorithm)
    seen[algorithm] = s3.head_object(**bucket, Key="sum", ChecksumMode="ENABLED")[f"Checksum{algorithm}"]

seen["once"] = error_of(lambda: s3.put_object(**bucket, Key="sum", Body=b"x", IfNoneMatch="*"))
seen["noKey"] = error_of(lambda: s3.get_object(**bucket, Key="none"))
seen["acl"] = error_of(lambda: s3.get_bucket_acl(**bucket))

version4 = boto3.client("s3", config=Config(signature_version="s3v4"))
url = version4.generate_presigned_url("get_object", Params={**bucket, "Key": "ü/ñ😀"}, ExpiresIn=60)
seen["presigned"] = urllib.request.urlopen(url).read().decode()

seen["notEmpty"] = error_of(lambda: s3.delete_bucket(**bucket))
objects = [{"Key": key} for key in [*keys, "large", "sum"]]
seen["deleted"] = len(s3.delete_objects(**bucket, Delete={"Objects": objects})["Deleted"])
s3.delete_bucket(**bucket)
print(json.dumps(seen))
