"""Uploads the files whose names it reads, with boto3; then lists and reads what is there. The environment has all the rest."""

import sys
from pathlib import Path

import boto3
from botocore.config import Config

bucket, _, prefix = sys.argv[1].removeprefix("s3://").partition("/")
s3 = boto3.client("s3", config=Config(s3={"addressing_style": "virtual"}))

for line in sys.stdin:
    name = line.rstrip("\n")
    key = prefix + Path(name).name
    # in parts if the file is larger than 8 MiB
    s3.upload_file(name, bucket, key)
    print("uploaded", key, flush=True)

for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
    for entry in page.get("Contents", []):
        content = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
        print("read", entry["Key"], len(content))
