import HTTP
import Testing

@testable import Sandbox

struct UploadJournalTests {
    @Test func `the journal tells how long each chunk took, and of which post it is`() throws {
        var world = World()
        let upload = try world.begin(size: 1000, chunk: 1000)
        let begin = world.now
        let request = SandboxRequest(
            "PUT",
            "/video/",
            query: upload.query,
            headers: ["Content-Type": "video/webm", "Content-Range": "bytes 0-999/1000"],
            contentLength: 1000
        )
        for isBroken in [true, false] {
            guard case .receive(var chunk) = world.state.beginChunk(request, at: world.now) else {
                Issue.record("the chunk was refused")
                return
            }
            world.wait(seconds: 2)
            if isBroken {
                world.state.abandonChunk(chunk, at: world.now)
            } else {
                chunk.take([UInt8](repeating: 7, count: 1000))
                #expect(world.state.endChunk(chunk, at: world.now).status == 201)
            }
        }

        let entries = world.state.entries.filter { $0.endpoint == .upload }
        #expect(entries.map(\.publishID) == [upload.publishID, upload.publishID])
        #expect(entries.map(\.beganAt) == [begin, begin + 2000])
        #expect(entries.map(\.at) == [begin + 2000, begin + 4000])
        #expect(world.state.report(at: world.now).posts.first?.createdAt == begin)
    }
}
