import java.sql.*;
import java.util.*;

/** What pgjdbc's DatabaseMetaData finds in a server's catalogue. */
class JdbcCatalogue {
    /** The named columns of all rows, a line a row. */
    static List<String> rows(ResultSet found, String... columns) throws SQLException {
        List<String> lines = new ArrayList<>();
        try (found) {
            while (found.next()) {
                StringJoiner line = new StringJoiner("|");
                for (String column : columns) {
                    line.add(found.getString(column));
                }
                lines.add(line.toString());
            }
        }
        return lines;
    }

    static void contains(String what, List<String> lines, String... wanted) {
        for (String line : wanted) {
            if (!lines.contains(line)) {
                throw new AssertionError(what + ": no " + line + " in " + lines);
            }
        }
    }

    static void check(Connection db, String function) throws SQLException {
        try (Statement s = db.createStatement()) {
            s.execute("DROP VIEW IF EXISTS jdbc_view; DROP TABLE IF EXISTS jdbc_child; DROP TABLE IF EXISTS jdbc_parent");
            s.execute("CREATE TABLE jdbc_parent (a int, b varchar(10), PRIMARY KEY (b, a))");
            s.execute("CREATE TABLE jdbc_child (id bigint PRIMARY KEY, a int NOT NULL DEFAULT 3, b varchar(10), n numeric(10,2), "
                + "t timestamp, z timestamptz, f float8, r real, s smallint, c char(3), d date, o boolean, u super, "
                + "FOREIGN KEY (b, a) REFERENCES jdbc_parent (b, a), UNIQUE (n))");
            s.execute("COMMENT ON TABLE jdbc_child IS 'a child'; COMMENT ON COLUMN jdbc_child.b IS 'its b'");
            s.execute("GRANT SELECT ON jdbc_child TO PUBLIC");
            s.execute("CREATE VIEW jdbc_view AS SELECT id, n FROM jdbc_child");
        }
        DatabaseMetaData meta = db.getMetaData();
        relations(meta);
        columns(meta);
        keys(meta);
        others(meta, function);
    }

    static void relations(DatabaseMetaData meta) throws SQLException {
        Jdbc.check("tables", List.of("public|jdbc_child|TABLE|a child", "public|jdbc_parent|TABLE|null", "public|jdbc_view|VIEW|null"),
            sorted(rows(meta.getTables(null, "public", "jdbc\\_%", new String[] {"TABLE", "VIEW"}),
                "TABLE_SCHEM", "TABLE_NAME", "TABLE_TYPE", "REMARKS")));
        contains("system tables", rows(meta.getTables(null, "pg_catalog", "pg_class", null), "TABLE_NAME", "TABLE_TYPE"),
            "pg_class|SYSTEM TABLE");
        contains("schemas", rows(meta.getSchemas(), "TABLE_SCHEM"), "public", "pg_catalog", "information_schema");
        contains("schemas like", rows(meta.getSchemas(null, "pub%"), "TABLE_SCHEM"), "public");
        Jdbc.check("catalogs", List.of("dev"), rows(meta.getCatalogs(), "TABLE_CAT"));
        contains("table types", rows(meta.getTableTypes(), "TABLE_TYPE"), "TABLE", "VIEW");
    }

    static void columns(DatabaseMetaData meta) throws SQLException {
        Jdbc.check("columns", List.of(
            "id|-5|int8|19|1|null|null", "a|4|int4|10|2|3|null", "b|12|varchar|10|3|null|its b", "n|2|numeric|10|4|null|null",
            "t|93|timestamp|29|5|null|null", "z|93|timestamptz|35|6|null|null", "f|8|float8|17|7|null|null", "r|7|float4|8|8|null|null",
            "s|5|int2|5|9|null|null", "c|1|bpchar|3|10|null|null", "d|91|date|13|11|null|null", "o|-7|bool|1|12|null|null"),
            rows(meta.getColumns(null, "public", "jdbc\\_child", "%"),
                "COLUMN_NAME", "DATA_TYPE", "TYPE_NAME", "COLUMN_SIZE", "ORDINAL_POSITION", "COLUMN_DEF", "REMARKS").subList(0, 12));
        contains("nullable", rows(meta.getColumns(null, null, "jdbc\\_child", null), "COLUMN_NAME", "IS_NULLABLE", "DECIMAL_DIGITS"),
            "id|NO|0", "a|NO|0", "b|YES|0", "n|YES|2");
        contains("types", rows(meta.getTypeInfo(), "TYPE_NAME", "DATA_TYPE"), "int4|4", "varchar|12", "timestamptz|93");
    }

    static void keys(DatabaseMetaData meta) throws SQLException {
        Jdbc.check("primary keys", List.of("a|2|jdbc_parent_pkey", "b|1|jdbc_parent_pkey"),
            sorted(rows(meta.getPrimaryKeys(null, "public", "jdbc_parent"), "COLUMN_NAME", "KEY_SEQ", "PK_NAME")));
        List<String> wanted = List.of("jdbc_parent|b|jdbc_child|b|1", "jdbc_parent|a|jdbc_child|a|2");
        String[] asked = {"PKTABLE_NAME", "PKCOLUMN_NAME", "FKTABLE_NAME", "FKCOLUMN_NAME", "KEY_SEQ"};
        Jdbc.check("imported keys", wanted, rows(meta.getImportedKeys(null, "public", "jdbc_child"), asked));
        Jdbc.check("exported keys", wanted, rows(meta.getExportedKeys(null, "public", "jdbc_parent"), asked));
        Jdbc.check("cross reference", wanted, rows(meta.getCrossReference(null, "public", "jdbc_parent", null, "public", "jdbc_child"), asked));
        Jdbc.check("indexes", List.of("jdbc_child_n_key|n|f", "jdbc_child_pkey|id|f"),
            sorted(rows(meta.getIndexInfo(null, "public", "jdbc_child", true, false), "INDEX_NAME", "COLUMN_NAME", "NON_UNIQUE")));
        contains("best row", rows(meta.getBestRowIdentifier(null, "public", "jdbc_child", DatabaseMetaData.bestRowSession, true), "COLUMN_NAME"), "id");
    }

    static void others(DatabaseMetaData meta, String function) throws SQLException {
        contains("functions", rows(meta.getFunctions(null, "public", "%"), "FUNCTION_NAME"), function);
        Jdbc.check("function columns", List.of("returnValue|4", "a|-5", "b|8", "c|-7"),
            rows(meta.getFunctionColumns(null, "public", function, "_"), "COLUMN_NAME", "DATA_TYPE"));
        rows(meta.getProcedures(null, "public", "%"), "PROCEDURE_NAME");
        rows(meta.getProcedureColumns(null, "public", "%", "%"), "COLUMN_NAME");
        contains("table privileges", rows(meta.getTablePrivileges(null, "public", "jdbc\\_child"), "GRANTEE", "PRIVILEGE"), "vesto|SELECT", "vesto|INSERT", "PUBLIC|SELECT");
        contains("column privileges", rows(meta.getColumnPrivileges(null, "public", "jdbc_child", "b"), "COLUMN_NAME", "PRIVILEGE"), "b|SELECT");
        Jdbc.check("versions", List.of(), rows(meta.getVersionColumns(null, "public", "jdbc_child"), "COLUMN_NAME").stream().filter(n -> !n.equals("ctid")).toList());
        rows(meta.getUDTs(null, null, "%", null), "TYPE_NAME");
        rows(meta.getClientInfoProperties(), "NAME");
        Jdbc.check("product", "PostgreSQL 8.0.2", meta.getDatabaseProductName() + " " + meta.getDatabaseProductVersion());
        Jdbc.check("user", "vesto", meta.getUserName());
        Jdbc.check("keywords", true, meta.getSQLKeywords().contains("analyse"));
        Jdbc.check("longest name", true, meta.getMaxColumnNameLength() > 0 && meta.getMaxColumnsInIndex() > 0);
        Jdbc.check("isolation", true, meta.supportsTransactionIsolationLevel(Connection.TRANSACTION_SERIALIZABLE));
    }

    static List<String> sorted(List<String> lines) {
        return lines.stream().sorted().toList();
    }
}
