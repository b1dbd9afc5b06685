"""Runs a program whose DuckDB goes through the proxy of the environment, which DuckDB does not read itself."""

import os
import runpy
import sys

import duckdb

connect = duckdb.connect


def connect_through_proxy(*args, **options):
    database = connect(*args, **options)
    database.execute(f"LOAD httpfs; SET http_proxy = '{os.environ['http_proxy']}'")
    return database


duckdb.connect = connect_through_proxy
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
