package import EventLoop
internal import Files
internal import HTTP

/// Serves a folder on the loopback address, as a public server of media does: whole or by ranges,
/// with an ETag.
package struct MediaHost: Sendable {
    /// `http://127.0.0.1:PORT/`; what follows is a path below the folder.
    package let url: String
    private let server: HTTPServer

    /// - Throws: `HTTPServerError`; `FileError` when there is no such folder.
    package static func start(
        serving folder: String,
        on loop: EventLoop
    ) async throws -> MediaHost {
        let directory = try MediaDirectory(path: folder)
        let server = HTTPServer(on: loop) { await answer($0, from: directory) }
        let port = try await server.listen(host: "127.0.0.1", port: 0)
        return MediaHost(url: "http://127.0.0.1:\(port)/", server: server)
    }

    package func stop() async { await server.stop() }

    private static func answer(
        _ request: HTTPServerRequest,
        from directory: MediaDirectory
    ) async -> HTTPServerResponse {
        do throws(FileError) {
            let file = try await directory.open(String(request.path.dropFirst()))
            let size = file.identity.size
            let part = request.headers["Range"].flatMap { asked(in: $0) }
            let range = part.map { $0.clamped(to: 0..<size) } ?? 0..<size
            guard range.count <= OpenFile.pieceBytesMax else {
                return HTTPServerResponse(status: 413, text: "too much at once")
            }
            var headers: HTTPHeaders = ["ETag": "\"\(size)-\(file.identity.modified)\""]
            if part != nil {
                headers.add(
                    "Content-Range",
                    "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)"
                )
            }
            return HTTPServerResponse(
                status: part == nil ? 200 : 206,
                headers: headers,
                body: try await file.read(at: range.lowerBound, count: range.count)
            )
        } catch {
            return HTTPServerResponse(status: 404, text: error.description)
        }
    }

    /// Reads `bytes=FIRST-LAST`, the only form that is asked for here.
    private static func asked(in header: String) -> Range<Int64>? {
        let ends = header.split(separator: "=").last?.split(separator: "-").compactMap { Int64($0) }
        guard header.hasPrefix("bytes="), let ends, ends.count == 2, ends[0] <= ends[1],
            ends[1] < .max
        else { return nil }
        return ends[0]..<ends[1] + 1
    }
}
