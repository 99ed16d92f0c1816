"""How a model draws one job: the pipeline, its texts, and what changes a picture while it is drawn."""
