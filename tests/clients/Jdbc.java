import java.sql.*;

/** What pgjdbc does with a server: arguments are the URL, the user and the password. */
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
        }
        System.out.println("passed");
    }
}
