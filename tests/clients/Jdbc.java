import java.io.*;
import java.sql.*;
import java.util.Timer;
import java.util.TimerTask;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

/** What pgjdbc does with a server: arguments are the URL, the user, the password and a model's function. */
public class Jdbc {
    static void check(String what, Object wanted, Object found) {
        if (!String.valueOf(wanted).equals(String.valueOf(found))) {
            throw new AssertionError(what + ": wanted " + wanted + ", found " + found);
        }
    }

    public static void main(String[] given) throws Exception {
        try (Connection db = DriverManager.getConnection(given[0], given[1], given[2])) {
            check("isValid", true, db.isValid(5));
            try (Statement s = db.createStatement()) {
                s.execute("DROP TABLE IF EXISTS jdbc");
                s.execute("CREATE TABLE jdbc (i int, v varchar(20), d date, n numeric(10,2), t timestamp)");
            }
            try (PreparedStatement s = db.prepareStatement("INSERT INTO jdbc VALUES (?, ?, ?, ?, ?)")) {
                for (int i = 0; i < 20; i++) {
                    s.setInt(1, i);
                    s.setString(2, i == 3 ? null : "v" + i);
                    s.setDate(3, Date.valueOf("2020-02-03"));
                    s.setBigDecimal(4, new java.math.BigDecimal("100.25"));
                    s.setTimestamp(5, Timestamp.valueOf("2020-02-03 04:05:06.5"));
                    s.addBatch();
                }
                check("batch", 20, s.executeBatch().length);
            }
            // After five runs the driver prepares on the server, and takes binary.
            try (PreparedStatement s = db.prepareStatement("SELECT v, d, n, t FROM jdbc WHERE i = ?")) {
                for (int i = 4; i < 14; i++) {
                    s.setInt(1, i);
                    try (ResultSet r = s.executeQuery()) {
                        r.next();
                        check("text", "v" + i, r.getString(1));
                        check("date", "2020-02-03", r.getDate(2));
                        check("numeric", "100.25", r.getBigDecimal(3));
                        check("timestamp", "2020-02-03 04:05:06.5", r.getTimestamp(4));
                    }
                }
            }
            db.setAutoCommit(false);
            try (Statement s = db.createStatement()) {
                s.setFetchSize(3);
                int count = 0;
                try (ResultSet r = s.executeQuery("SELECT i FROM jdbc ORDER BY i")) {
                    while (r.next()) {
                        check("row", count++, r.getInt(1));
                    }
                }
                check("rows", 20, count);
            }
            try (Statement s = db.createStatement()) {
                s.executeQuery("SELECT nope");
                throw new AssertionError("no error");
            } catch (SQLException error) {
                check("state", "42703", error.getSQLState());
            }
            db.rollback();
            db.setAutoCommit(true);
            try (Statement s = db.createStatement()) {
                s.setQueryTimeout(1);
                s.executeQuery("SELECT count(*) FROM generate_series(1, 10000000) a(i), "
                    + "generate_series(1, 1000000) b(j) WHERE (i + j) % 7 = 3");
                throw new AssertionError("no timeout");
            } catch (SQLException error) {
                check("state", "57014", error.getSQLState());
            }
            check("isValid", true, db.isValid(5));
            interleaved(db);
            copied(db);
            predicted(db, given[3]);
            cancelled(db);
            kept(db);
            JdbcCatalogue.check(db, given[3]);
        }
        System.out.println("passed");
    }

    /** Two results of one connection, read a few rows at a time by turns. */
    static void interleaved(Connection db) throws SQLException {
        db.setAutoCommit(false);
        String asked = "SELECT i FROM generate_series(1, 100) t(i) ORDER BY i";
        try (Statement one = db.createStatement(); Statement other = db.createStatement()) {
            one.setFetchSize(7);
            other.setFetchSize(3);
            try (ResultSet first = one.executeQuery(asked); ResultSet second = other.executeQuery(asked)) {
                for (int i = 1; i <= 100; i++) {
                    check("first", true, first.next());
                    check("second", true, second.next());
                    check("row", i, first.getInt(1));
                    check("row", i, second.getInt(1));
                }
                check("end", false, first.next() || second.next());
            }
        }
        db.commit();
        db.setAutoCommit(true);
    }

    static void copied(Connection db) throws SQLException, IOException {
        CopyManager copy = db.unwrap(PGConnection.class).getCopyAPI();
        try (Statement s = db.createStatement()) {
            s.execute("DROP TABLE IF EXISTS copied_by_jdbc; CREATE TABLE copied_by_jdbc (i int, v varchar(20))");
        }
        check("in", 2L, copy.copyIn("COPY copied_by_jdbc FROM STDIN WITH (FORMAT csv)", new StringReader("1,\"a, b\"\n2,\n")));
        StringWriter text = new StringWriter();
        check("out", 2L, copy.copyOut("COPY (SELECT * FROM copied_by_jdbc ORDER BY i) TO STDOUT", text));
        check("copied", "1\ta, b\n2\t\\N\n", text);
        ByteArrayOutputStream binary = new ByteArrayOutputStream();
        copy.copyOut("COPY copied_by_jdbc TO STDOUT (FORMAT binary)", binary);
        check("binary in", 2L, copy.copyIn("COPY copied_by_jdbc FROM STDIN (FORMAT binary)", new ByteArrayInputStream(binary.toByteArray())));
        try {
            copy.copyIn("COPY copied_by_jdbc FROM STDIN", new StringReader("one\tx\n"));
            throw new AssertionError("no error");
        } catch (SQLException error) {
            check("state", "22P02", error.getSQLState());
        }
    }

    static void predicted(Connection db, String function) throws SQLException {
        try (PreparedStatement s = db.prepareStatement("SELECT " + function + "(?, ?, ?)")) {
            for (int i = 0; i < 8; i++) {
                s.setLong(1, 6);
                s.setDouble(2, 1.5);
                s.setBoolean(3, true);
                try (ResultSet r = s.executeQuery()) {
                    check("row", true, r.next());
                    check("prediction", 1, r.getInt(1));
                    check("type", Types.INTEGER, r.getMetaData().getColumnType(1));
                }
            }
        }
    }

    static void cancelled(Connection db) throws SQLException {
        try (Statement s = db.createStatement()) {
            new Timer(true).schedule(new TimerTask() {
                @Override
                public void run() {
                    try {
                        s.cancel();
                    } catch (SQLException error) {
                        throw new IllegalStateException(error);
                    }
                }
            }, 300);
            s.executeQuery("SELECT count(*) FROM generate_series(1, 10000000) a(i), "
                + "generate_series(1, 1000000) b(j) WHERE (i + j) % 7 = 3");
            throw new AssertionError("not cancelled");
        } catch (SQLException error) {
            check("state", "57014", error.getSQLState());
        }
        check("isValid", true, db.isValid(5));
    }

    /** Counts, several results of one text, NULLs, large text, a transaction undone. */
    static void kept(Connection db) throws SQLException {
        db.setAutoCommit(false);
        try (Statement s = db.createStatement()) {
            check("updated", 20, s.executeUpdate("UPDATE jdbc SET v = 'x'"));
            db.rollback();
            try (ResultSet r = s.executeQuery("SELECT count(*), count(v), max(v) FROM jdbc WHERE i < 4")) {
                r.next();
                check("counts", "4 3 v2", r.getLong(1) + " " + r.getLong(2) + " " + r.getString(3));
            }
            check("first is a result", true, s.execute("SELECT 1; SELECT 'two'"));
            check("more", true, s.getMoreResults());
            try (ResultSet r = s.getResultSet()) {
                r.next();
                check("second", "two", r.getString(1));
            }
        }
        db.commit();
        db.setAutoCommit(true);
        try (PreparedStatement s = db.prepareStatement("SELECT ?::varchar(65535), ?::date, ?::numeric(38,10), i FROM jdbc WHERE i = ?")) {
            String large = "é".repeat(20_000);
            s.setString(1, large);
            s.setNull(2, Types.DATE);
            s.setBigDecimal(3, new java.math.BigDecimal("-1234567890123456789012345.0123456789"));
            s.setObject(4, 7);
            check("parameters", 4, s.getParameterMetaData().getParameterCount());
            try (ResultSet r = s.executeQuery()) {
                r.next();
                check("large", large, r.getString(1));
                check("null", "null", r.getDate(2));
                check("numeric", "-1234567890123456789012345.0123456789", r.getBigDecimal(3));
                check("int", 7, r.getObject(4));
            }
        }
    }
}
