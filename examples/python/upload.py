"""Uploads the files whose names it reads, then lists and reads what is there."""

import os
import sys
from pathlib import Path

import alibabacloud_oss_v2 as oss

from broker import Broker

broker = Broker(
    os.environ["BROKER_URL"],
    lambda: Path(os.environ["SUBJECT_TOKEN_FILE"]).read_text().strip(),
    os.environ.get("GRANT"),
)


def credentials():
    """The SDK calls this for every request, and caches nothing. The broker is asked when it is time."""
    held = broker.credential()
    return oss.credentials.Credentials(held["AccessKeyId"], held["AccessKeySecret"], held["SecurityToken"])


target = broker.credential()["Grant"]["Targets"][0]
where = sys.argv[1] if len(sys.argv) > 1 else target["Target"]
bucket, _, prefix = where.removeprefix("oss://").partition("/")

config = oss.config.load_default()
config.credentials_provider = oss.credentials.CredentialsProviderFunc(credentials)
config.region = target["Region"]
config.endpoint = target["Endpoint"]
config.use_cname = target.get("Cname", False)
client = oss.Client(config)

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
