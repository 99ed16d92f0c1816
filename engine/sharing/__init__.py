"""Many jobs in one forward pass: pipelines as coroutines, calls joined and divided, rows bounded."""
