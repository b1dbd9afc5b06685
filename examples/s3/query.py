"""Writes tables as Parquet with DuckDB, and queries them where they are. The environment has all the rest."""

import os
import sys
from urllib.parse import urlsplit

import duckdb

endpoint = urlsplit(os.environ["AWS_ENDPOINT_URL_S3"])
SECRET = f"""
    CREATE OR REPLACE SECRET oss (
        TYPE s3, PROVIDER credential_chain, URL_STYLE 'vhost', ENDPOINT '{endpoint.netloc}',
        USE_SSL {endpoint.scheme == "https"}, REGION '{os.environ["AWS_REGION"]}'
    )
"""
database = duckdb.connect()
database.execute("INSTALL httpfs; INSTALL aws; LOAD httpfs; LOAD aws")


def run(sql):
    """A new secret each time: DuckDB keeps a credential beyond its end, and REFRESH auto does not help with every request."""
    database.execute(SECRET)
    return database.execute(sql).fetchone()


where = sys.argv[1]
for line in sys.stdin:
    name = line.strip()
    run(f"COPY (SELECT * FROM range(1000) AS rows(id)) TO '{where}{name}.parquet'")
    print("wrote", f"{name}.parquet", flush=True)
print("read", *run(f"SELECT count(*), sum(id) FROM '{where}*.parquet'"))
