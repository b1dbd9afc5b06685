"""Uploads the files whose names it reads, with s3fs; then lists and reads what is there. The environment has all the rest."""

import sys
from pathlib import Path

import s3fs

where = sys.argv[1].removeprefix("s3://")
bucket, _, prefix = where.partition("/")
fs = s3fs.S3FileSystem(config_kwargs={"s3": {"addressing_style": "virtual"}}, use_listings_cache=False)

for line in sys.stdin:
    name = line.rstrip("\n")
    key = prefix + Path(name).name
    fs.put_file(name, f"{bucket}/{key}", chunksize=5 << 20)  # in parts from 10 MiB
    print("uploaded", key, flush=True)

for path in fs.find(where):
    print("read", path.removeprefix(f"{bucket}/"), len(fs.cat_file(path)))
