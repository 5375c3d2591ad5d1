"""How fast input pipelines give rows, beside other libraries."""
