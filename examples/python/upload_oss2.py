"""Uploads the files whose names it reads, with oss2, the older SDK; then lists and reads what is there."""

import os
import sys
from pathlib import Path

import oss2
from oss2.credentials import Credentials, CredentialsProvider

from broker import Broker


class BrokerCredentialsProvider(CredentialsProvider):
    """oss2 calls it for every request. The broker is asked when it is time."""

    def __init__(self, broker):
        self._broker = broker

    def get_credentials(self):
        held = self._broker.credential()
        return Credentials(held["AccessKeyId"], held["AccessKeySecret"], held["SecurityToken"])


broker = Broker(
    os.environ["BROKER_URL"],
    lambda: Path(os.environ["SUBJECT_TOKEN_FILE"]).read_text().strip(),
    os.environ.get("GRANT"),
)
target = broker.credential()["Grant"]["Targets"][0]
where = sys.argv[1] if len(sys.argv) > 1 else target["Target"]
name_of_bucket, _, prefix = where.removeprefix("oss://").partition("/")
bucket = oss2.Bucket(
    oss2.ProviderAuthV4(BrokerCredentialsProvider(broker)),
    target["Endpoint"],
    name_of_bucket,
    region=target["Region"],
    is_cname=target.get("Cname", False),
)

for line in sys.stdin:
    name = line.rstrip("\n")
    key = prefix + Path(name).name
    # in parts if the file is larger than 10 MiB
    oss2.resumable_upload(bucket, key, name)
    print("uploaded", key, flush=True)

for entry in oss2.ObjectIteratorV2(bucket, prefix=prefix):
    print("read", entry.key, len(bucket.get_object(entry.key).read()))
