import Testing

@testable import Postgres

struct PostgresAddressTests {
    @Test func `a full URL is taken apart and percent-decoded`() throws {
        let address = try PostgresAddress(
            "postgresql://us%40er:p%3A%2F%25w@db.example:5433/na%20me?sslmode=require"
        )

        #expect(address.options["user"] == "us@er")
        #expect(address.options["password"] == "p:/%w")
        #expect(address.options["host"] == "db.example")
        #expect(address.options["port"] == "5433")
        #expect(address.options["dbname"] == "na me")
        #expect(address.options["sslmode"] == "require")
    }

    @Test(arguments: [
        ("postgresql://u@[::1]:5432/d", "::1", "postgresql://u@[::1]:5432/d"),
        ("postgres://u:pw@127.0.0.1/d", "127.0.0.1", "postgresql://u@127.0.0.1/d"),
        ("postgresql://u@/d?host=/run/my%20pg", "/run/my pg", "postgresql://u@/run/my pg/d"),
        ("postgresql://u@%2Frun%2Fpg/d", "/run/pg", "postgresql://u@/run/pg/d"),
        ("postgresql://a:1,b:2/d", "a,b", "postgresql://a:1,b:2/d"),
        ("postgresql:///d", nil, "postgresql:///d"),
        ("postgresql://", nil, "postgresql://"),
    ])
    func `every form of a host is understood`(url: String, host: String?, shown: String) throws {
        let address = try PostgresAddress(url)

        #expect(address.options["host"] == host)
        #expect(address.description == shown)
    }

    @Test(arguments: [
        "postgresql://u:secret@[::1/d",
        "postgresql://u:secret@h/d?nonsense=secret", "postgresql://u:sec%zzret@h/d",
        "postgresql://u:secret%00@h/d", "u:secret@h", "postgresql://u:secret@h/d?host",
        "postgresql+psycopg2://u:secret@h/d", "mysql://u:secret@h/d",
    ])
    func `a broken URL is refused without showing it`(url: String) {
        let error = #expect(throws: PostgresAddressError.self) { try PostgresAddress(url) }

        #expect(error.map { "\($0)".contains("sec") } == false)
    }

    @Test func `nothing that prints an address shows the password`() throws {
        let address = try PostgresAddress("postgresql://u:secret@h/d?sslpassword=secret")
        var dumped = ""
        dump(address, to: &dumped)

        #expect(!"\(address)".contains("secret"))
        #expect(!String(reflecting: address).contains("secret"))
        #expect(!dumped.contains("secret"))
    }

    @Test func `only names need looking up`() {
        #expect(HostLookup.isNeeded(["host": "db.example"]))
        #expect(HostLookup.isNeeded(["host": "127.0.0.1,db"]))
        #expect(!HostLookup.isNeeded(["host": "127.0.0.1"]))
        #expect(!HostLookup.isNeeded(["host": "::1,/run/pg"]))
        #expect(!HostLookup.isNeeded(["host": "db", "hostaddr": "10.0.0.1"]))
        #expect(!HostLookup.isNeeded([:]))
    }

    @Test func `each address of a name keeps its host and port`() throws {
        let options = try HostLookup.addAddresses([
            "host": "127.0.0.1,/run/pg", "port": "1,2",
        ])

        #expect(options["host"] == "127.0.0.1,/run/pg")
        #expect(options["hostaddr"] == "127.0.0.1,")
        #expect(options["port"] == "1,2")
    }
}
