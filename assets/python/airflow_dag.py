"""@TITLE@

Written by Spikeloom @VERSION@ for Airflow 2.10 and later; `spikeloom submit` writes it anew for what is not done.
Each task calls `spikeloom task`, which finds in the store what is there already: a retry, or a task that is cleared and
run again, does what is missing and nothing else.
"""

import json
from datetime import timedelta

try:
    from airflow.providers.standard.operators.bash import BashOperator
    from airflow.sdk import DAG, TaskGroup
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.operators.bash import BashOperator
    from airflow.utils.task_group import TaskGroup

PLAN = json.loads(r'''@PLAN@''')

with DAG(
    PLAN["dag"],
    description=PLAN["pipeline"],
    schedule=None,
    catchup=False,
    max_active_runs=1,
    tags=["spikeloom"],
    default_args={"retries": PLAN["retries"], "retry_delay": timedelta(seconds=PLAN["retry_delay_s"])},
) as dag:
    operators = []
    for node in PLAN["nodes"]:
        limit = node["time_limit_s"]
        operators.append([])
        with TaskGroup(node["group"], tooltip=node["node"]):
            for index, element in enumerate(node["elements"]):
                operator = BashOperator(
                    task_id=f"item_{index:03}",
                    task_display_name=element["title"],
                    bash_command=element["command"],
                    cwd=PLAN["folder"],
                    trigger_rule=node["trigger_rule"],
                    pool_slots=node["pool_slots"],
                    execution_timeout=timedelta(seconds=limit) if limit else None,
                    **({"queue": node["queue"]} if node["queue"] else {}),
                )
                for before, same_place in node["waits"]:
                    first = operators[before]
                    (first[index : index + 1] if same_place else first) >> operator
                operators[-1].append(operator)
    # What gathers goes on without what failed: that something did is the word on the whole all the same.
    watcher = BashOperator(
        task_id="something_failed",
        task_display_name="Something failed",
        bash_command="echo 'a task failed: see the others'; exit 1",
        trigger_rule="one_failed",
        retries=0,
    )
    [operator for group in operators for operator in group] >> watcher
