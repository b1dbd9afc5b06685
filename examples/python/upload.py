"""Uploads the files whose names it reads, then lists and reads what is there."""

import os
import sys
from pathlib import Path

import alibabacloud_oss_v2 as oss

from broker import Broker
from files import upload_and_list

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
upload_and_list(oss.Client(config), bucket, prefix)
