"""INSERT, UPDATE, DELETE and MERGE where sqlglot writes them otherwise than the engine reads."""

from __future__ import annotations

from sqlglot import exp


def correct(node: exp.Expr) -> None:
    """Put a write into the form that the engine reads."""
    if isinstance(node, exp.Delete) and not node.this and node.args.get("tables"):
        # DELETE t: Redshift's FROM is optional.
        node.set("this", node.args["tables"][0])
        node.set("tables", None)
    elif isinstance(node, exp.Update):
        for assignment in node.expressions:
            value = assignment.expression
            if _is_default(value):
                value.replace(exp.Var(this="DEFAULT"))
    elif isinstance(node, exp.When) and isinstance(node.args.get("then"), exp.Insert):
        insert = node.args["then"]
        call = insert.this.expressions[0] if isinstance(insert.this, exp.Tuple) else None
        if isinstance(call, exp.Anonymous) and call.name.upper() == "VALUES":
            insert.set("expression", exp.Tuple(expressions=call.expressions))
            insert.set("this", None)


def _is_default(value: exp.Expr) -> bool:
    return (
        isinstance(value, exp.Column)
        and not value.table
        and value.name.upper() == "DEFAULT"
        and not value.this.quoted
    )
