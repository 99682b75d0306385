internal import JSON
internal import Publishing

extension Command {
    static let migrate = Command(
        name: "migrate",
        synopsis: "[--print | --status] [--json]",
        summary: "brings the database schema up to date",
        help: """
            Applies the missing migrations to DATABASE_SCHEMA, in one transaction, one process at a
            time.

            --print    writes the SQL and changes nothing
            --status   says which version is there and which this program needs
            """,
        flags: ["--print", "--status", "--json"],
        run: { arguments, console in
            if arguments.has("--print") {
                console.out(Migrator.script)
                return .done
            }
            let assembly = Assembly(try Environment.settings(arguments, console))
            let migrator = Migrator(database: assembly.database, schema: assembly.settings.schema)
            defer { assembly.stop() }
            if arguments.has("--status") {
                let version = try await migrator.version()
                if arguments.has("--json") {
                    console.json([
                        "version": .integer(Int64(version)),
                        "needed": .integer(Int64(Migrator.current)),
                    ])
                } else {
                    console.out("version \(version); this program needs \(Migrator.current)")
                }
                return version >= Migrator.current ? .done : .failed
            }
            let applied = try await migrator.migrate()
            for migration in applied {
                console.out("applied V\(migration.number) \(migration.name)")
            }
            if applied.isEmpty { console.out("up to date") }
            return .done
        }
    )
}
