"""Uploads the files whose names it reads, with alibabacloud-credentials; then lists and reads what is there.

The environment says where credentials come from: ALIBABA_CLOUD_CREDENTIALS_URI, or the three variables of
oidc_role_arn and the host of the broker as STS_ENDPOINT.
"""

import os
import sys

import alibabacloud_oss_v2 as oss
from alibabacloud_credentials.client import Client
from alibabacloud_credentials.models import Config

from files import upload_and_list

if "STS_ENDPOINT" in os.environ:
    source = Client(Config(type="oidc_role_arn", sts_endpoint=os.environ["STS_ENDPOINT"]))
else:
    source = Client(Config(type="credentials_uri"))


def credentials():
    held = source.get_credential()
    return oss.credentials.Credentials(held.access_key_id, held.access_key_secret, held.security_token)


bucket, _, prefix = sys.argv[1].removeprefix("oss://").partition("/")
config = oss.config.load_default()
config.credentials_provider = oss.credentials.CredentialsProviderFunc(credentials)
config.region = os.environ["OSS_REGION"]
config.endpoint = os.environ.get("OSS_ENDPOINT")
upload_and_list(oss.Client(config), bucket, prefix)
