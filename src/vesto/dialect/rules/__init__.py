"""How Redshift SQL becomes DuckDB's: rules over sqlglot's trees, a file a subject.

Functions that DuckDB lacks, or has with another meaning, are macros of schema ``vesto``; the
engine chooses among their forms by the types of the arguments, so that no rule has to know them.
"""
