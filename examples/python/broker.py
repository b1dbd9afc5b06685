"""Holds a credential of the broker, and asks for the next one in time. Needs Python 3.9 and no package."""

import json
import threading
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime, timedelta, timezone


class BrokerError(Exception):
    """A refusal. `code` is stable; quote `request_id` to the operator."""

    def __init__(self, code, request_id):
        super().__init__(f"the broker refuses: {code} (request {request_id})")
        self.code = code
        self.request_id = request_id


class Broker:
    """`get_subject_token` is called for each credential. Several threads may share one Broker."""

    def __init__(self, url, get_subject_token, grant=None):
        self._url = f"{url}/v1/credentials" + (f"?{urllib.parse.urlencode({'Grant': grant})}" if grant else "")
        self._get_subject_token = get_subject_token
        self._lock = threading.Lock()
        self._held = None
        self._ask_at = datetime.min.replace(tzinfo=timezone.utc)

    def credential(self):
        """The broker's answer as a dict. It is good for one request to OSS: call this again for the next."""
        with self._lock:
            if _now() >= self._ask_at:
                try:
                    self._held = self._ask()
                    self._ask_at = _instant(self._held["RefreshAfter"])
                except (BrokerError, OSError):
                    if self._held is None or _now() >= _instant(self._held["Expiration"]):
                        raise
                    self._ask_at = _now() + timedelta(seconds=10)  # the old one still works
            return self._held

    def _ask(self):
        request = urllib.request.Request(self._url)
        # urllib would send a header of the request to wherever a redirect leads
        request.add_unredirected_header("Authorization", f"Bearer {self._get_subject_token()}")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            try:
                problem = json.load(error)
            except ValueError:
                raise error from None  # a proxy answered, and not the broker
            raise BrokerError(problem.get("code"), problem.get("requestId")) from None


def _now():
    return datetime.now(timezone.utc)


def _instant(text):
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
