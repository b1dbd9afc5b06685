"""Uploads files to OSS."""

import sys
from pathlib import Path

import alibabacloud_oss_v2 as oss


def upload_and_list(client, bucket, prefix):
    """Uploads the files whose names it reads, then lists and reads what is there."""
    for line in sys.stdin:
        name = line.rstrip("\n")
        key = prefix + Path(name).name
        # in parts if the file is larger than 6 MiB
        client.uploader().upload_file(oss.PutObjectRequest(bucket, key), name)
        print("uploaded", key, flush=True)

    for page in client.list_objects_v2_paginator().iter_page(oss.ListObjectsV2Request(bucket, prefix=prefix)):
        for entry in page.contents or []:
            content = client.get_object(oss.GetObjectRequest(bucket, entry.key)).body.read()
            print("read", entry.key, len(content))
