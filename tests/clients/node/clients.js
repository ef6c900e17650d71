// What node-postgres does with a server; PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE say which.
"use strict";

const assert = require("node:assert/strict");
const { after, before, describe, it } = require("node:test");
const { Client, Pool, types } = require("pg");
const Cursor = require("pg-cursor");
const QueryStream = require("pg-query-stream");

const LONG = "SELECT count(*) FROM generate_series(1, 10000000) a(i), "
  + "generate_series(1, 1000000) b(j) WHERE (i + j) % 7 = 3";

describe("a client", () => {
  const client = new Client();
  before(() => client.connect());
  after(() => client.end());

  it("gets values of every type", async () => {
    const asked = "SELECT 1::int2 AS i2, 2::int4 AS i4, 9007199254740993::int8 AS i8, 1.5::float8 AS f, 1.50::numeric(5,2) AS n, "
      + "true AS b, 'hé'::varchar AS v, 'ab '::char(3) AS c, DATE '2020-02-03' AS d, TIMESTAMP '2020-02-03 04:05:06.5' AS t, "
      + "TIMESTAMPTZ '2020-02-03 04:05:06+00' AS tz, NULL AS nothing, json_parse('{\"a\":[1,2]}') AS s, 'ab'::varbyte AS raw";
    const { rows: [row], fields, command, rowCount } = await client.query(asked);
    assert.deepEqual([command, rowCount], ["SELECT", 1]);
    assert.deepEqual([row.i2, row.i4, row.i8, row.f, row.n], [1, 2, "9007199254740993", 1.5, "1.50"]);
    assert.deepEqual([row.b, row.v, row.c, row.nothing], [true, "hé", "ab ", null]);
    assert.equal(row.d.getTime(), new Date(2020, 1, 3).getTime());
    assert.equal(row.t.getTime(), new Date(2020, 1, 3, 4, 5, 6, 500).getTime());
    assert.equal(row.tz.toISOString(), "2020-02-03T04:05:06.000Z");
    assert.deepEqual(JSON.parse(row.s), { a: [1, 2] });
    const numbers = Object.fromEntries(fields.map((field) => [field.name, field.dataTypeID]));
    assert.deepEqual(
      [numbers.i2, numbers.i4, numbers.i8, numbers.f, numbers.n, numbers.b, numbers.d, numbers.tz],
      [types.builtins.INT2, types.builtins.INT4, types.builtins.INT8, types.builtins.FLOAT8, types.builtins.NUMERIC,
        types.builtins.BOOL, types.builtins.DATE, types.builtins.TIMESTAMPTZ]);
  });

  it("gives parameters, which are values and nothing else", async () => {
    const hostile = "it's \\' or 1=1 -- \"; DROP TABLE points";
    const moment = new Date("2020-02-03T04:05:06.789Z");
    const { rows: [row] } = await client.query(
      "SELECT $1::varchar AS v, $2::int AS i, $3::timestamptz AS t, $4::boolean AS b, $5::float8 AS f, $6::int AS n",
      [hostile, 7, moment, false, 2.5, null]);
    assert.deepEqual(row, { v: hostile, i: 7, t: moment, b: false, f: 2.5, n: null });
    const { rows } = await client.query("SELECT count(*)::int AS n FROM points WHERE id < $1", [10]);
    assert.deepEqual(rows, [{ n: 10 }]);
  });

  it("gets rows as arrays, and several results of one text", async () => {
    const asArrays = await client.query({ text: "SELECT 1 AS a, 2 AS a", rowMode: "array" });
    assert.deepEqual(asArrays.rows, [[1, 2]]);
    const [first, second] = await client.query("SELECT 1 AS a; SELECT 'two' AS b");
    assert.deepEqual([first.rows, second.rows], [[{ a: 1 }], [{ b: "two" }]]);
    assert.deepEqual((await client.query("")).rows, []);
  });

  it("runs a prepared statement again, and not with another text", async () => {
    const twice = { name: "twice", text: "SELECT $1::int * 2 AS n" };
    for (const value of [1, 2, 3]) {
      const { rows } = await client.query({ ...twice, values: [value] });
      assert.deepEqual(rows, [{ n: value * 2 }]);
    }
    await assert.rejects(client.query({ name: "twice", text: "SELECT 1" }), /must be unique/);
  });

  it("gets errors with their codes and goes on", async () => {
    const failing = [
      ["SELECT nope FROM points", "42703"], ["SELECT * FROM nothing", "42P01"], ["SELECT FROM WHERE", "42601"],
      ["SELECT 'one'::int", "22P02"], ["SELECT nofunction(1)", "42883"],
    ];
    for (const [text, code] of failing) {
      for (const asked of [text, { text, values: [] , queryMode: "extended" }]) {
        await assert.rejects(client.query(asked), { code, severity: "ERROR" });
      }
    }
    assert.deepEqual((await client.query("SELECT 1 AS a")).rows, [{ a: 1 }]);
  });

  it("undoes a transaction that failed", async () => {
    await client.query("DROP TABLE IF EXISTS kept; CREATE TABLE kept (i int)");
    await client.query("BEGIN");
    await client.query("INSERT INTO kept VALUES ($1)", [1]);
    await assert.rejects(client.query("SELECT nope"), { code: "42703" });
    await assert.rejects(client.query("SELECT 1"), { code: "25P02" });
    assert.equal((await client.query("COMMIT")).command, "ROLLBACK");
    const { rowCount } = await client.query("INSERT INTO kept VALUES (1), (2)");
    assert.equal(rowCount, 2);
    assert.equal((await client.query("UPDATE kept SET i = i + 1 WHERE i > $1", [1])).rowCount, 1);
    assert.deepEqual((await client.query("SELECT sum(i)::int AS n FROM kept")).rows, [{ n: 4 }]);
    assert.equal((await client.query("DELETE FROM kept")).rowCount, 2);
  });

  it("takes rows in parts by a cursor", async () => {
    const cursor = client.query(new Cursor("SELECT i FROM generate_series(1, $1) t(i) ORDER BY i", [100000]));
    assert.deepEqual((await cursor.read(2)).map(({ i }) => Number(i)), [1, 2]);
    assert.equal((await cursor.read(1000)).length, 1000);
    await cursor.close();
    assert.deepEqual((await client.query("SELECT 1 AS a")).rows, [{ a: 1 }]);
  });

  it("streams many rows", async () => {
    const stream = client.query(new QueryStream("SELECT i FROM generate_series(1, 20000) t(i)", [], { batchSize: 1000 }));
    let sum = 0;
    for await (const row of stream) sum += Number(row.i);
    assert.equal(sum, 200010000);
  });
});

describe("a connection", () => {
  it("is refused with a wrong password", async () => {
    const client = new Client({ password: "wrong" });
    client.on("error", () => {});
    await assert.rejects(client.connect(), { code: "28P01" });
  });

  it("tells what it is", async () => {
    const client = new Client({ application_name: "node" });
    await client.connect();
    assert.deepEqual((await client.query("SHOW application_name")).rows, [{ application_name: "node" }]);
    await client.end();
  });

  it("has a statement that takes too long cancelled by the server", async () => {
    const client = new Client({ statement_timeout: 300 });
    await client.connect();
    await assert.rejects(client.query(LONG), { code: "57014" });
    assert.deepEqual((await client.query("SELECT 1 AS a")).rows, [{ a: 1 }]);
    await client.end();
  });
});

describe("a pool", () => {
  it("answers many at once, and gives its connections back", async () => {
    const pool = new Pool({ max: 4 });
    const asked = Array.from({ length: 40 }, (_, i) => pool.query("SELECT $1::int AS i", [i]));
    const found = (await Promise.all(asked)).map(({ rows: [row] }) => row.i);
    assert.deepEqual(found, Array.from({ length: 40 }, (_, i) => i));
    assert.ok(pool.totalCount <= 4);
    await assert.rejects(pool.query("SELECT nope"), { code: "42703" });
    assert.equal(pool.idleCount, pool.totalCount);
    await pool.end();
  });
});
