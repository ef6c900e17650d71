"""SQLAlchemy by four pairs of dialect and driver: reflection, ORM, Core, pandas, predictions."""

from __future__ import annotations

import asyncio
import datetime as dt
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from clients_support import driver
from sqlalchemy import orm

asyncio_engine = driver("sqlalchemy.ext.asyncio")
for needed in ("psycopg", "asyncpg", "redshift_connector", "psycopg2", "sqlalchemy_redshift"):
    driver(needed)

Work = Callable[[sa.Connection], Any]
PAIRS: dict[str, dict[str, Any]] = {
    "postgresql+psycopg": {},
    "postgresql+asyncpg": {},
    "redshift+redshift_connector": {"ssl": False},
    "redshift+psycopg2": {"sslmode": "disable"},
}
FAST = {"postgresql+psycopg"}
SHOP = """
CREATE SCHEMA {s};
CREATE TABLE {s}.customers (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL UNIQUE, born DATE,
  credit NUMERIC(10,2) DEFAULT 1.5, seen TIMESTAMPTZ, made TIMESTAMP, big BIGINT, f FLOAT8, r REAL,
  b BOOLEAN, t TIME, s SMALLINT, c CHAR(3));
CREATE TABLE {s}.orders (id INTEGER IDENTITY(1,1) PRIMARY KEY,
  customer_id INTEGER NOT NULL REFERENCES {s}.customers (id), line INTEGER,
  CONSTRAINT one_line UNIQUE (customer_id, line));
CREATE VIEW {s}.rich AS SELECT id, name FROM {s}.customers WHERE credit > 100;
COMMENT ON TABLE {s}.customers IS 'who buys';
COMMENT ON COLUMN {s}.customers.name IS 'full name'
"""


@dataclass(frozen=True)
class Database:
    """Runs work in a transaction; ``schema`` is the pair's own."""

    run: Callable[[Work], Any]
    schema: str
    is_redshift: bool


@pytest.fixture(
    name="db", scope="module",
    params=[pytest.param(pair, marks=[] if pair in FAST else pytest.mark.slow_client) for pair in PAIRS],
)  # fmt: skip
def _database(request: pytest.FixtureRequest, server: Any) -> Iterator[Database]:
    pair = request.param
    address = f"{server.user}:{server.password}@{server.host}:{server.port}/{server.database}"
    place = f"{pair}://{address}", PAIRS[pair]
    opened = _asynchronous(*place) if pair.endswith("asyncpg") else _synchronous(*place)
    schema = pair.replace("+", "_")
    for run in opened:
        run(lambda c: [c.execute(sa.text(part)) for part in SHOP.format(s=schema).split(";")])
        yield Database(run, schema, pair.startswith("redshift"))


def _synchronous(url: str, arguments: dict[str, Any]) -> Iterator[Callable[[Work], Any]]:
    engine = sa.create_engine(url, connect_args=arguments)

    def run(work: Work) -> Any:
        with engine.begin() as connection:
            return work(connection)

    yield run
    engine.dispose()


def _asynchronous(url: str, arguments: dict[str, Any]) -> Iterator[Callable[[Work], Any]]:
    engine = asyncio_engine.create_async_engine(url, connect_args=arguments)

    async def within(work: Work) -> Any:
        async with engine.begin() as connection:
            return await connection.run_sync(work)

    with asyncio.Runner() as runner:
        yield lambda work: runner.run(within(work))
        runner.run(engine.dispose())


@pytest.fixture
def columns_are_read(db: Database) -> None:
    """The newest dialect of Redshift is broken with SQLAlchemy 2.1; make test-clients runs it with 2.0."""
    if db.is_redshift and not sa.__version__.startswith("2.0."):
        pytest.skip("sqlalchemy-redshift 1.0 reads no columns with SQLAlchemy 2.1")


# --- Reflection -----------------------------------------------------------------------------------


def inspected(db: Database, look: Callable[[Any], Any]) -> Any:
    return db.run(lambda connection: look(sa.inspect(connection)))


def test_schemas_tables_and_views_are_listed(db: Database) -> None:
    place = {"schema": db.schema}

    def look(found: Any) -> None:
        assert {"public", db.schema} <= set(found.get_schema_names())
        assert found.default_schema_name == "public"
        assert "points" in found.get_table_names()
        assert {"customers", "orders"} <= set(found.get_table_names(**place))
        assert found.get_view_names(**place) == ["rich"]
        assert "credit > 100" in found.get_view_definition("rich", **place)
        assert found.has_table("customers", **place)
        assert not found.has_table("nothing", **place)
        assert found.get_table_comment("customers", **place) == {"text": "who buys"}

    inspected(db, look)


@pytest.mark.slow_client
def test_keys_are_reflected(db: Database) -> None:
    place = {"schema": db.schema}

    def look(found: Any) -> None:
        key = found.get_pk_constraint("customers", **place)
        assert (key["constrained_columns"], key["name"]) == (["id"], "customers_pkey")
        (foreign,) = found.get_foreign_keys("orders", **place)
        assert foreign["constrained_columns"] == ["customer_id"]
        assert foreign["referred_columns"] == ["id"]
        assert (foreign["referred_schema"], foreign["referred_table"]) == (db.schema, "customers")
        (unique,) = found.get_unique_constraints("orders", **place)
        assert (unique["name"], unique["column_names"]) == ("one_line", ["customer_id", "line"])
        assert found.get_check_constraints("orders", **place) == []
        # Redshift has no indexes; PostgreSQL has one for each key.
        names = {index["name"] for index in found.get_indexes("orders", **place)}
        assert names == (set() if db.is_redshift else {"one_line"})

    inspected(db, look)


KINDS = {
    "id": "INTEGER", "name": "VARCHAR(20)", "born": "DATE", "credit": "NUMERIC(10, 2)",
    "seen": "TIMESTAMP WITH TIME ZONE", "made": "TIMESTAMP WITHOUT TIME ZONE", "big": "BIGINT",
    "f": "DOUBLE PRECISION", "r": "REAL", "b": "BOOLEAN", "t": "TIME WITHOUT TIME ZONE",
    "s": "SMALLINT", "c": "CHAR(3)",
}  # fmt: skip


@pytest.mark.slow_client
@pytest.mark.usefixtures("columns_are_read")
def test_columns_are_reflected_with_their_types(db: Database) -> None:
    def look(connection: sa.Connection) -> None:
        found = sa.inspect(connection)
        columns = {c["name"]: c for c in found.get_columns("customers", schema=db.schema)}
        kinds = {n: str(c["type"].compile(connection.dialect)) for n, c in columns.items()}
        if db.is_redshift:
            kinds |= {"seen": KINDS["seen"]} if kinds["seen"] == "TIMESTAMPTZ" else {}
        assert kinds == KINDS
        assert [n for n, c in columns.items() if not c["nullable"]] == ["id", "name"]
        assert columns["credit"]["default"] == "1.5"
        assert columns["name"]["comment"] == "full name"
        names = [c["name"] for c in found.get_columns("rich", schema=db.schema)]
        assert names == ["id", "name"]

    db.run(look)


@pytest.mark.slow_client
@pytest.mark.usefixtures("columns_are_read")
def test_tables_and_views_are_reflected_together_and_queried(db: Database) -> None:
    def look(connection: sa.Connection) -> None:
        known = sa.MetaData()
        names = ["customers", "orders", "rich"]
        known.reflect(connection, schema=db.schema, views=True, only=names)
        tables = {name.partition(".")[2]: table for name, table in known.tables.items()}
        assert sorted(tables) == names
        orders, customers = tables["orders"], tables["customers"]
        assert [k.column for k in orders.foreign_keys] == [customers.c.id]
        connection.execute(customers.insert().values(id=1, name="ann", credit=500))
        connection.execute(orders.insert().values(customer_id=1, line=2))
        query = sa.select(customers.c.name, orders.c.line).join_from(orders, customers)
        assert connection.execute(query).all() == [("ann", 2)]
        assert connection.execute(sa.select(tables["rich"])).all() == [(1, "ann")]

    db.run(look)


# --- ORM ------------------------------------------------------------------------------------------


class Base(orm.DeclarativeBase):
    metadata = sa.MetaData(schema="teams")


class Team(Base):
    __tablename__ = "teams"
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    name: orm.Mapped[str] = orm.mapped_column(sa.String(30), unique=True)
    players: orm.Mapped[list[Player]] = orm.relationship(
        back_populates="team", cascade="all, delete-orphan"
    )


class Player(Base):
    __tablename__ = "players"
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    name: orm.Mapped[str] = orm.mapped_column(sa.String(30))
    born: orm.Mapped[dt.date | None]
    score: orm.Mapped[float] = orm.mapped_column(default=0.0)
    team_id: orm.Mapped[int] = orm.mapped_column(sa.ForeignKey(Team.id))
    team: orm.Mapped[Team] = orm.relationship(back_populates="players")


def test_objects_are_stored_changed_and_removed(db: Database) -> None:
    def numbered(number: int) -> dict[str, int]:
        # Redshift does not tell the keys that it made, so its dialect asks for them.
        return {"id": number} if db.is_redshift else {}

    def work(connection: sa.Connection) -> None:
        connection.execute(sa.text("DROP SCHEMA IF EXISTS teams CASCADE"))
        connection.execute(sa.text("CREATE SCHEMA teams"))
        Base.metadata.create_all(connection)
        with orm.Session(bind=connection) as session:
            ann = Player(name="ann", born=dt.date(2000, 1, 2), score=1.5, **numbered(1))
            reds = Team(
                name="reds", players=[ann, Player(name="bob", **numbered(2))], **numbered(1)
            )
            session.add_all([reds, Team(name="blues", **numbered(2))])
            session.commit()
        with orm.Session(bind=connection) as session:
            query = sa.select(Team).where(Team.name == "reds")
            reds = session.scalars(query.options(orm.selectinload(Team.players))).one()
            first, second = sorted(reds.players, key=lambda player: player.name)
            assert (first.name, first.born, first.score) == ("ann", dt.date(2000, 1, 2), 1.5)
            first.score = 9.5
            session.delete(second)
            session.commit()
            counted = (
                sa.select(Team.name, sa.func.count(Player.id), sa.func.max(Player.score))
                .outerjoin(Player).group_by(Team.name).order_by(Team.name)
            )  # fmt: skip
            assert session.execute(counted).all() == [("blues", 0, None), ("reds", 1, 9.5)]
            session.delete(reds)
            session.commit()
            assert session.scalar(sa.select(sa.func.count()).select_from(Player)) == 0
        Base.metadata.drop_all(connection)

    db.run(work)


# --- Core -----------------------------------------------------------------------------------------

MOMENT = dt.datetime(2020, 1, 2, 3, 4, 5, 600)  # noqa: DTZ001 - it has none
VALUES: dict[str, tuple[Any, Any]] = {
    "i": (sa.Integer(), -5),
    "s": (sa.SmallInteger(), 2),
    "g": (sa.BigInteger(), 2**40),
    "n": (sa.Numeric(12, 3), Decimal("1.250")),
    "f": (sa.Float(), 0.5),
    "d": (sa.Double(), 1.25),
    "v": (sa.String(40), "hé'\\% :x"),
    "x": (sa.Text(), "long"),
    "b": (sa.Boolean(), True),
    "day": (sa.Date(), dt.date(2020, 2, 3)),
    "t": (sa.Time(), dt.time(10, 11, 12)),
    "ts": (sa.DateTime(), MOMENT),
    "tz": (sa.DateTime(timezone=True), MOMENT.replace(tzinfo=dt.UTC)),
}


def test_parameters_of_each_type(db: Database) -> None:
    columns = [sa.Column(name, kind) for name, (kind, _) in VALUES.items()]
    table = sa.Table("kinds", sa.MetaData(schema=db.schema), sa.Column("k", sa.Integer), *columns)
    row = {name: value for name, (_, value) in VALUES.items()}

    def work(connection: sa.Connection) -> None:
        table.drop(connection, checkfirst=True)
        table.create(connection)
        connection.execute(table.insert(), [{"k": 1, **row}, {"k": 2, **dict.fromkeys(row)}])
        connection.execute(table.insert().values(k=3, **row))
        found = connection.execute(sa.select(*table.c[1:]).order_by(table.c.k)).mappings().all()
        assert found == [row, dict.fromkeys(row), row]
        same = sa.and_(*(table.c[name] == value for name, value in row.items()))
        among = sa.and_(*(table.c[name].in_([value]) for name, value in row.items()))
        for condition in (same, among):
            query = sa.select(table.c.k).where(condition).order_by(table.c.k)
            assert connection.scalars(query).all() == [1, 3]
        literals = [sa.literal(value, kind).label(name) for name, (kind, value) in VALUES.items()]
        assert connection.execute(sa.select(*literals)).mappings().one() == row
        changed = connection.execute(table.update().where(table.c.k == 2).values(**row))
        assert changed.rowcount == 1
        assert connection.execute(table.delete().where(same)).rowcount == 3

    db.run(work)


def test_rows_are_streamed_and_errors_told(db: Database) -> None:
    def work(connection: sa.Connection) -> int:
        options = connection.execution_options(yield_per=100)
        result = options.execute(sa.text("SELECT id FROM points"))
        return sum(len(part) for part in result.partitions())

    assert db.run(work) == 600
    with pytest.raises(sa.exc.ProgrammingError, match="nope"):
        db.run(lambda connection: connection.execute(sa.text("SELECT nope")))
    assert db.run(lambda connection: connection.scalar(sa.text("SELECT 1"))) == 1


def test_a_nested_transaction_is_a_savepoint(db: Database) -> None:
    def work(connection: sa.Connection) -> Any:
        with connection.begin_nested():
            return connection.scalar(sa.text("SELECT 1"))

    assert db.run(work) == 1


# --- pandas and predictions -----------------------------------------------------------------------


@pytest.mark.slow_client
@pytest.mark.usefixtures("columns_are_read")
def test_data_frames_go_in_and_come_back(db: Database) -> None:
    frame = pd.DataFrame({
        "a": [1, 2, 3], "b": [1.5, None, 2.5], "c": ["x", "y", None], "e": [True, False, True],
        "d": pd.to_datetime(["2020-01-01", "2020-01-02", "2020-01-03"]),
    })  # fmt: skip

    def work(connection: sa.Connection) -> None:
        place = {"schema": db.schema, "index": False}
        frame.to_sql("frame", connection, if_exists="replace", **place)
        frame.to_sql("frame", connection, if_exists="append", method="multi", **place)
        query = sa.text(f"SELECT * FROM {db.schema}.frame WHERE a > :least ORDER BY a")
        found = pd.read_sql(query, connection, params={"least": 1})
        assert found["a"].tolist() == [2, 2, 3, 3]
        assert found["d"].tolist()[:1] == [pd.Timestamp("2020-01-02")]
        whole = pd.read_sql_table("frame", connection, schema=db.schema)
        assert (len(whole), list(whole.columns)) == (6, list(frame.columns))
        assert whole["e"].tolist() == [True, False, True] * 2

    db.run(work)


def test_a_query_predicts(db: Database, model: str) -> None:
    points = sa.table("points", *map(sa.column, ["id", "a", "b", "c", "label"]))
    predict = getattr(sa.func, model)

    def work(connection: sa.Connection) -> None:
        predicted = predict(points.c.a, points.c.b, points.c.c)
        query = sa.select(sa.func.count()).where(predicted == points.c.label)
        assert connection.scalar(query.select_from(points)) > 500
        high = (
            sa.bindparam("a", 6, sa.Integer),
            sa.bindparam("b", 9.0),
            sa.bindparam("c", value=True),
        )
        assert connection.scalar(sa.select(predict(*high))) == 1
        read = pd.read_sql(sa.select(points.c.id, predicted.label("p")).limit(10), connection)
        assert set(read["p"]) <= {0, 1}

    db.run(work)


def test_no_warning_but_of_types_that_a_dialect_does_not_know(db: Database) -> None:
    def work(connection: sa.Connection) -> None:
        connection.execute(sa.text(f"DROP TABLE IF EXISTS {db.schema}.documents"))
        connection.execute(sa.text(f"CREATE TABLE {db.schema}.documents (doc SUPER)"))
        connection.execute(sa.text(f"INSERT INTO {db.schema}.documents VALUES (array(1, 2))"))
        query = sa.text(f"SELECT doc, doc[0] FROM {db.schema}.documents")
        assert connection.execute(query).all() == [("[1,2]", "1")]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        db.run(work)
