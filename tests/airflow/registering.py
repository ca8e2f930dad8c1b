"""Making a DAG known to Airflow's database."""

from __future__ import annotations

import os
from typing import Any


def register(dag: Any) -> None:
    """Airflow 3 runs only DAGs that its database knows; 2 does not ask."""
    try:
        from airflow.dag_processing.bundles.manager import DagBundlesManager
        from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    except ImportError:
        return
    DagBundlesManager().sync_bundles_to_db()
    bag = DagBag(dag_folder=os.devnull)
    bag.bag_dag(dag)
    sync_bag_to_db(bag, "dags-folder", None)
