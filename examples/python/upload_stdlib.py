"""Uploads the files whose names it reads, then lists and reads what is there. Needs no package.

Each file is sent in one request, which OSS takes up to 5 GB, and is read into memory before.
"""

import hashlib
import hmac
import os
import sys
import urllib.error
import urllib.request
import xml.etree.ElementTree as xml
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

from broker import Broker

broker = Broker(
    os.environ["BROKER_URL"],
    lambda: Path(os.environ["SUBJECT_TOKEN_FILE"]).read_text().strip(),
    os.environ.get("GRANT"),
)
target = broker.credential()["Grant"]["Targets"][0]
where = sys.argv[1] if len(sys.argv) > 1 else target["Target"]
bucket, _, prefix = where.removeprefix("oss://").partition("/")


def send(method, key="", query=(), body=None):
    """Sends one request with OSS signature version 4, and returns the body of the answer."""
    held = broker.credential()
    at = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    headers = {
        "content-type": "application/octet-stream",
        "x-oss-content-sha256": "UNSIGNED-PAYLOAD",
        "x-oss-date": at,
        "x-oss-security-token": held["SecurityToken"],
    }
    search = urlencode(sorted(query), quote_via=quote)
    signed = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = f"{method}\n/{bucket}/{quote(key)}\n{search}\n{signed}\n\nUNSIGNED-PAYLOAD"
    scope = f"{at[:8]}/{target['Region']}/oss/aliyun_v4_request"
    text = f"OSS4-HMAC-SHA256\n{at}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    secret = b"aliyun_v4" + held["AccessKeySecret"].encode()
    for part in [*scope.split("/"), text]:
        secret = hmac.digest(secret, part.encode(), "sha256")
    headers["authorization"] = (
        f"OSS4-HMAC-SHA256 Credential={held['AccessKeyId']}/{scope},Signature={secret.hex()}"
    )
    url = f"{address}/{quote(key)}" + (f"?{search}" if search else "")
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, method=method, headers=headers, data=body), timeout=60
        ) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        sys.exit(f"OSS refuses: {error.read().decode()}")


endpoint = urlsplit(target["Endpoint"])
if target.get("Cname"):
    address = target["Endpoint"]
elif endpoint.hostname.replace(".", "").isdigit():
    address = f"{target['Endpoint']}/{bucket}"  # an IP address
else:
    address = f"{endpoint.scheme}://{bucket}.{endpoint.netloc}"

for line in sys.stdin:
    name = Path(line.rstrip("\n"))
    send("PUT", prefix + name.name, body=name.read_bytes())
    print("uploaded", prefix + name.name, flush=True)

token = ""
while token is not None:
    query = {"list-type": "2", "prefix": prefix, **({"continuation-token": token} if token else {})}
    page = xml.fromstring(send("GET", query=query.items()))
    for key in page.iterfind("Contents/Key"):
        print("read", key.text, len(send("GET", key.text)))
    token = page.findtext("NextContinuationToken")
