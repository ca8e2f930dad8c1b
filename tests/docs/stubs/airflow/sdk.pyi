# Airflow lives in environments of its own: this is the little of it that examples use.
from typing import Any

DAG: Any
