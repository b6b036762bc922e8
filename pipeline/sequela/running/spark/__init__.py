"""The pipeline over many reports on Apache Spark.

`extract` is the way in. `session` starts Spark, `places` knows the files of a Hadoop file system, `plan` lays the
reports out over the cluster, `worker` is what runs there, `table` writes Parquet. Nothing but `session` decides
how Spark is set; nothing but `worker` loads a model.
"""

from sequela.running.spark.extract import extract

__all__ = ["extract"]
