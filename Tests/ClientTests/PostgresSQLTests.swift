import Testing

@testable import Postgres

struct PostgresSQLTests {
    @Test func `values become numbered parameters in order`() {
        let sql: SQL = "SELECT \(1), \("two"), \(true) WHERE x = \(Optional<String>.none)"

        #expect(sql.text == "SELECT $1, $2, $3 WHERE x = $4")
        #expect(sql.parameters == [.text("1"), .text("two"), .text("t"), .null])
    }

    @Test func `joined statements are renumbered`() {
        let filter: SQL = " WHERE a = \("x")"
        let sql: SQL = "SELECT \(1)" + filter + " AND b = \([UInt8]([1, 2]))"

        #expect(sql.text == "SELECT $1 WHERE a = $2 AND b = $3")
        #expect(sql.parameters == [.text("1"), .text("x"), .bytes([1, 2])])
    }

    @Test func `a part inside another keeps its parameters`() {
        let parts: [SQL] = ["a = \(1)", "b = \(2)"]
        let sql: SQL = "SELECT \(0) WHERE \(parts.joined(separator: " AND ")) LIMIT \(3)"

        #expect(sql.text == "SELECT $1 WHERE a = $2 AND b = $3 LIMIT $4")
        #expect(sql.parameters == [.text("0"), .text("1"), .text("2"), .text("3")])
    }

    @Test func `a hostile value never reaches the text`() {
        let value = "'; DROP TABLE jobs; --"
        let sql: SQL = "SELECT \(value)"

        #expect(sql.text == "SELECT $1")
        #expect(sql.parameters == [.text(value)])
    }

    @Test func `identifiers are quoted and their quotes doubled`() {
        let sql: SQL = "SELECT * FROM \(identifier: "a\"; DROP TABLE b; --")"

        #expect(sql.text == "SELECT * FROM \"a\"\"; DROP TABLE b; --\"")
        #expect(sql.parameters == [])
    }

    @Test func `JSON text is bound as text`() {
        let sql: SQL = "SELECT \(.json(#"{"a":1}"#))::jsonb"

        #expect(sql.text == "SELECT $1::jsonb")
        #expect(sql.parameters == [.text(#"{"a":1}"#)])
    }

    @Test func `errors say whether waiting helps`() {
        func server(_ state: String) -> PostgresError {
            .server(sqlState: state, message: "", detail: nil, constraint: nil)
        }
        let passing = [
            "08006", "57P01", "57P02", "57P03", "53300", "53100", "53200", "25006", "40001",
            "40P01", "55P03", "57014", "58030",
        ]
        for state in passing {
            #expect(server(state).isUnavailable, "\(state)")
        }
        for state in ["23505", "28P01", "3D000", "42601", "42P01", "XX001"] {
            #expect(!server(state).isUnavailable, "\(state)")
        }
        #expect(PostgresError.connectTimedOut.isUnavailable)
        #expect(PostgresError.connectionLost(reason: "").isUnavailable)
        #expect(!PostgresError.timedOut(statement: "").isUnavailable)
    }

    @Test func `descriptions leave out details and quoted values`() {
        let error = PostgresError.server(
            sqlState: "23505",
            message: "duplicate key value violates unique constraint",
            detail: "Key (token)=(secret) already exists.",
            constraint: "token_key"
        )
        let malformed = PostgresError.server(
            sqlState: "22P02",
            message: "invalid input syntax for type integer: \"secret\"",
            detail: nil,
            constraint: nil
        )

        #expect(!"\(error)".contains("secret"))
        #expect("\(error)".contains("token_key"))
        #expect("\(malformed)" == "PostgreSQL error 22P02")
    }

    @Test func `a refused connection keeps the server's code`() {
        let text = """
            connection to server on socket "/x/.s.PGSQL.5432" failed: FATAL:  53300: sorry, too \
            many clients already
            LOCATION:  InitProcess, proc.c:361
            """

        #expect(
            ErrorText.connectFailure(text)
                == .server(
                    sqlState: "53300",
                    message: "sorry, too many clients already",
                    detail: nil,
                    constraint: nil
                )
        )
        #expect(
            ErrorText.connectFailure("connection to server at \"::1\", port 54321 failed: No\n")
                == .notConnected(
                    reason: "connection to server at \"::1\", port 54321 failed: No"
                )
        )
    }

    @Test func `attempts to connect spread out, up to five seconds`() {
        var backOff = BackOff()
        let waits = (0..<50).map { _ in backOff.next() }

        #expect(waits.allSatisfy { $0 >= .milliseconds(10) && $0 <= .seconds(5) })
        #expect(waits[0] <= .milliseconds(100))
        #expect(Set(waits.suffix(40)).count > 30)
    }
}
