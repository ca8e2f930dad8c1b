from airflow.sdk import DAG as DAG
