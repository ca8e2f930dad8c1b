"""Spark's daemon of Python workers, which loads once what each worker would load for itself."""

import pandas  # noqa: F401
from pyspark import daemon

import rtcp.spark.lookups
import rtcp.spark.registering  # noqa: F401

if __name__ == "__main__":
    daemon.manager()
